#include "twoview/archive/schema.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dimensions.h"
#include "twoview/data/source.h"
#include "twoview/hdf5/array_copy.h"
#include "twoview/hdf5/error.h"
#include "twoview/studies/study.h"

enum { PIECE_NUMBERS = 1 << 22 };

/* A schema that is being made. */
typedef struct {
  tv_schema *schema;
  tv_axis axes[TV_AXES];
} draft;

/* ---- The variables of one archive ---- */

static void add_dimension(const draft *d, enum tv_dimension dimension, tv_variable *v) {
  if (!d->axes[dimension].length) return;
  v->dimensions[v->rank] = tv_dimension_name(d->schema, dimension);
  v->shape[v->rank++] = d->axes[dimension].length;
}

/* A new variable of that row, without its dimensions. */
static tv_variable *add(const draft *d, const struct tv_variable_row *row, tv_label label) {
  tv_variable *v = &d->schema->variables[d->schema->count++];
  *v = (tv_variable){.long_name = label.long_name,
                     .units = label.units,
                     .element = row->element,
                     .place = row->place,
                     .domain = row->domain,
                     .row = row};
  snprintf(v->name, sizeof v->name, "%s", label.name);
  return v;
}

static void add_coordinate(const draft *d, enum tv_dimension dimension) {
  const struct tv_variable_row *row = &tv_coordinates[dimension];
  const tv_axis *a = &d->axes[dimension];
  tv_label label = row->label;
  if (!a->length) return;
  label.name = tv_dimension_name(d->schema, dimension);
  tv_variable *v = add(d, row, label);
  v->is_coordinate = 1;
  v->is_free = row->is_free;
  v->first = a->first;
  v->values = a->values;
  add_dimension(d, dimension, v);
}

/* `encoder_joint_embedding`, which programs may take as a name of theirs. */
static void name_method(const tv_kind *method, tv_variable *v) {
  const size_t used = strlen(v->name);
  char key[TV_KIND_KEY];
  tv_kind_key(method, key);
  snprintf(v->name + used, sizeof v->name - used, "_%s", key);
}

static void add_variable(const draft *d, const struct tv_variable_row *row, tv_label label,
                         int item) {
  const tv_schema *s = d->schema;
  if (row->since > s->extent.format || (row->exists && !row->exists(s, item))) return;
  tv_variable *v = add(d, row, label);
  v->item = item;
  if (row->repetition == TV_EACH_METHOD) name_method(s->experiment->methods[item], v);
  if (row->repetition == TV_EACH_QUANTITY)
    v->domain = &tv_study_of(s->experiment)->quantities[item].domain;
  if (row->repetition == TV_EACH_LIST) v->domain = &tv_study_of(s->experiment)->lists[item].domain;
  for (int i = 0; row->dimensions[i] != TV_AXIS_END; ++i)
    add_dimension(d, tv_dimension_resolve(s, row->dimensions[i], item), v);
  v->is_by_replicate = row->is_by_replicate;
  if (!row->values) v->outer = row->write ? v->rank - (row->item_rank ? row->item_rank : 2) : 1;
}

static void add_row(const draft *d, const struct tv_variable_row *row) {
  const tv_experiment *e = d->schema->experiment;
  const tv_study *study = tv_study_of(e);
  if (row->repetition == TV_ONCE) add_variable(d, row, row->label, 0);
  if (row->repetition == TV_EACH_METHOD)
    for (unsigned m = 0; m < e->methods_count; ++m) add_variable(d, row, row->label, (int)m);
  if (row->repetition == TV_EACH_QUANTITY)
    for (int i = 0; i < study->count; ++i) add_variable(d, row, study->quantities[i].label, i);
  if (row->repetition == TV_EACH_LIST)
    for (int i = 0; i < study->lists_count; ++i) add_variable(d, row, study->lists[i].label, i);
}

/* Every piece of a data set's samples costs a pass over its rows; pieces are therefore large. */
static int64_t choose_piece(const tv_experiment *e, const tv_extent *x) {
  const int64_t views = tv_experiment_archived_views(e);
  const int64_t width = (1 + views) * x->components + e->noise.components + x->targets + 1;
  const int64_t largest = e->sizes[e->sizes_count - 1];
  const int64_t most = (PIECE_NUMBERS / width / TV_PIECE_ROWS + 1) * TV_PIECE_ROWS;
  return largest < most ? largest : most;
}

static void fill(tv_schema *s) {
  const tv_experiment *e = s->experiment;
  draft d = {.schema = s};
  for (unsigned m = 0; m < e->methods_count; ++m) s->methods[m] = e->methods[m]->name;
  for (int i = 0; i < TV_STAGES; ++i) s->stages[i] = tv_stage_name((tv_stage)i);
  for (int i = 0; i < e->encoder.sizes_count; ++i) s->k[i] = e->encoder.sizes[i];
  s->is_rotated = !tv_source_kind_of(e)->has_components && !tv_experiment_has_views(e);
  s->has_features = s->extent.format > 1 || s->is_rotated;
  s->samples_piece = choose_piece(e, &s->extent);
  tv_axes_measure(s, d.axes);
  for (enum tv_dimension i = TV_AXIS_END + 1; i < TV_AXES; ++i) add_coordinate(&d, i);
  for (int i = 0; i < tv_row_count; ++i) add_row(&d, &tv_rows[i]);
}

tv_error *tv_schema_make(const tv_experiment *e, const tv_extent *extent, tv_schema **out) {
  const int most = TV_AXES + tv_row_count + TV_MOST_QUANTITIES + TV_MOST_LISTS +
                   tv_row_count * (int)e->methods_count;
  TV_TRY(tv_allocate(1, sizeof(**out), out));
  tv_schema *s = *out;
  s->experiment = e;
  s->extent = *extent;
  tv_error *error = tv_allocate(most, sizeof(*s->variables), &s->variables);
  if (!error) error = tv_allocate(e->methods_count, sizeof(*s->methods), &s->methods);
  if (!error) error = tv_allocate(e->encoder.sizes_count, sizeof(*s->k), &s->k);
  if (error)
    tv_schema_destroy(out);
  else
    fill(s);
  return error;
}

void tv_schema_destroy(tv_schema **schema) {
  if (!*schema) return;
  free((*schema)->variables);
  free((*schema)->methods);
  free((*schema)->k);
  free(*schema);
  *schema = NULL;
}

const tv_variable *tv_schema_find(const tv_schema *s, tv_place place, const char *name) {
  for (int i = 0; i < s->count; ++i)
    if (s->variables[i].place == place && strcmp(s->variables[i].name, name) == 0)
      return &s->variables[i];
  return NULL;
}

int tv_schema_is_of_replicates(const char *dimension) {
  return strcmp(dimension, tv_coordinates[TV_AXIS_REPLICATE].label.name) == 0;
}

int tv_schema_is_of_run(const char *dimension) {
  for (enum tv_dimension d = TV_AXIS_END + 1; d < TV_AXES; ++d)
    if (tv_coordinates[d].place == TV_IN_RUN &&
        strcmp(dimension, tv_coordinates[d].label.name) == 0)
      return 1;
  return 0;
}

/* The length in a file of a coordinate that the experiment does not determine; 1 where it is
 * missing, which is reported where it is needed. One that cannot be opened is reported here,
 * because HDF5 may open it when it tries again. */
static tv_error *read_length(hid_t file, enum tv_dimension dimension, int *length) {
  const char *name = tv_coordinates[dimension].label.name;
  const int is_there = H5Lexists(file, name, H5P_DEFAULT) > 0;
  const int64_t found = is_there ? tv_label_length(file, name) : 1;
  if (found < 0) return tv_hdf5_fail("dataset '%s' cannot be opened", name);
  *length = found > 1 && found <= INT_MAX / 4 ? (int)found : 1; /* sums of them are ints */
  return NULL;
}

tv_error *tv_schema_of_file(const tv_experiment *e, int format, hid_t file, tv_schema **out) {
  tv_extent extent = {.format = format};
  TV_TRY(read_length(file, TV_AXIS_COMPONENT, &extent.components));
  if (!e->source.is_unlabelled) TV_TRY(read_length(file, TV_AXIS_OUTPUT, &extent.targets));
  extent.has_class_names = H5Lexists(file, TV_CLASS_NAME, H5P_DEFAULT) > 0;
  if (H5Lexists(file, tv_coordinates[TV_AXIS_EXAMPLE].label.name, H5P_DEFAULT) > 0)
    TV_TRY(read_length(file, TV_AXIS_EXAMPLE, &extent.examples));
  TV_TRY(read_length(file, TV_AXIS_FEATURE, &extent.features));
  TV_TRY(read_length(file, TV_AXIS_RANK, &extent.ranks));
  return tv_schema_make(e, &extent, out);
}

/* ---- Counting ---- */

int64_t tv_variable_length(const tv_variable *v) {
  int64_t length = 1;
  for (int i = 0; i < v->rank; ++i) length *= v->shape[i];
  return length;
}

int tv_variable_holds(const tv_variable *v, double number) {
  const tv_domain *d = v->domain;
  if (!d) return 1;
  if (isnan(number)) return d->may_be_nan;
  return number >= d->low && number <= d->high && (!d->is_whole || number == rint(number));
}

double tv_variable_chunks(const tv_variable *v) {
  const double of_replicate = (double)tv_variable_length(v) / (double)v->shape[0];
  return v->outer > 1 ? (double)v->shape[0] * ceil(of_replicate / TV_SHARED_NUMBERS) : 0;
}

/* What HDF5 takes, by measurement, for each variable with its name, scales and attributes; and for
 * the index that finds chunks by their place in six dimensions, which is a B-tree three quarters
 * full: 72 bytes for each. */
double tv_schema_bytes(const tv_schema *s) {
  const double frame = 4e3, of_chunk = 96;
  double bytes = 0;
  for (int i = 0; i < s->count; ++i) {
    const tv_variable *v = &s->variables[i];
    const double of_value = v->element == TV_TEXT ? TV_DIGEST_LENGTH : sizeof(double);
    bytes += frame + of_value * (double)tv_variable_length(v) + of_chunk * tv_variable_chunks(v);
  }
  return bytes;
}
