#include "twoview/archive/schema.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "twoview/data/source.h"
#include "twoview/hdf5/array_copy.h"
#include "twoview/hdf5/error.h"
#include "twoview/methods/method.h"
#include "twoview/theory/theory.h"

enum { PIECE_NUMBERS = 1 << 22 };

enum dimension {
  END,
  REPLICATE,
  LAMBDA_MAX,
  ALPHA,
  N,
  K,
  PARADIGM,
  COMPONENT,
  NOISE_COMPONENT,
  INPUT,
  OUTPUT,
  ENCODER_ROW,
  FEATURE,
  LAST_N,
  REPRESENTED_SAMPLE,
  SAMPLE,
  RANK,
  STAGE,
  DIMENSIONS,
  /* One of these, as the experiment and the method say: */
  ROW_OF_METHOD = DIMENSIONS,
  N_OF_ENCODERS,
  N_OF_REPRESENTATIONS
};

/* Of one archive. */
typedef struct {
  int64_t length; /* 0: there is no such dimension, and variables do not have it */
  int64_t first;
  const void *values;
} axis;

/* A schema that is being made. */
typedef struct {
  tv_schema *schema;
  axis axes[DIMENSIONS];
} draft;

/* ---- Coordinates: one for each dimension ---- */

#define TO_ARCHIVE(member) .reader = TV_TO_ARCHIVE, .offset = offsetof(tv_archive, member)
#define TO_WORK(member)    .reader = TV_TO_WORK, .offset = offsetof(tv_archive_work, member)

static const struct tv_variable_row coordinates[DIMENSIONS] = {
    [REPLICATE] = {{TV_REPLICATE, TV_REPLICATE, "1"}, TV_INTEGER, TO_ARCHIVE(replicate)},
    [LAMBDA_MAX] = {{TV_LAMBDA_MAX, "scale of the noise eigenvalues", "1"}, TO_ARCHIVE(lambda_max)},
    [ALPHA] = {{TV_ALPHA, "alignment of augmentation and noise", "1"}, TO_ARCHIVE(alpha)},
    [N] = {{TV_SAMPLE_SIZE, "sample size", "1"}, TV_INTEGER, TO_ARCHIVE(n)},
    [K] = {{"k", "rows of the encoder that are kept", "1"}, TV_INTEGER},
    [PARADIGM] = {{"paradigm", "how the encoder is learned", "1"},
                  TV_TEXT,
                  TO_ARCHIVE(method),
                  .first = "method"},
    [COMPONENT] = {{"component", "important component", "1"}, TV_INTEGER, .is_free = 1},
    [NOISE_COMPONENT] = {{"noise_component", "noise component", "1"}, TV_INTEGER},
    [INPUT] = {{"input", "input: important components, then noise components", "1"}, TV_INTEGER},
    [OUTPUT] = {{"output", "target or class", "1"}, TV_INTEGER, .is_free = 1},
    [ENCODER_ROW] = {{"encoder_row", "row of the encoder", "1"}, TV_INTEGER},
    [FEATURE] = {{"feature", "feature of the data", "1"}, TV_INTEGER, .is_free = 1},
    [LAST_N] = {{"last_n", "largest sample size", "1"}, TV_INTEGER},
    [REPRESENTED_SAMPLE] = {{"represented_sample", "sample, in nested order", "1"}, TV_INTEGER},
    [SAMPLE] = {{"sample", "sample, in nested order", "1"}, TV_INTEGER, TV_IN_SAMPLES},
    [RANK] = {{"rank", "MPI rank", "1"}, TV_INTEGER, TV_IN_RUN, .is_free = 1},
    [STAGE] = {{"stage", "stage of the run", "1"}, TV_TEXT, TV_IN_RUN}};

static int is_grid(const tv_experiment *e) {
  return !tv_study_of(e)->finds_alpha;
}

/* Features of other sources are rotated to components. */
static int are_rotated(const tv_experiment *e) {
  return !tv_source_kind_of(e)->has_components;
}

/* Whether the numbers of samples are those of rows that are there. */
static int has_rows(const tv_experiment *e) {
  return !tv_source_kind_of(e)->is_generated;
}

/* Format 1 names features only where they are no components. */
static int has_features(const tv_schema *s, int item) {
  (void)item;
  return s->extent.format > 1 || are_rotated(s->experiment);
}

static int keeps_solutions(const tv_experiment *e) {
  return e->archive.encoders != TV_KEEP_NONE || e->archive.representations != TV_KEEP_NONE;
}

static int64_t largest_size(const tv_experiment *e) {
  return e->sizes[e->sizes_count - 1];
}

/* How long each dimension is, and with which values. */
static void measure(const tv_schema *s, axis *a) {
  const tv_experiment *e = s->experiment;
  const tv_extent *x = &s->extent;
  const int has_last = keeps_solutions(e) && e->sizes_count > 1;
  a[REPLICATE] = (axis){.length = e->replicates, .first = e->first_replicate};
  a[LAMBDA_MAX] = (axis){.length = e->noise.lambda_max_count, .values = e->noise.lambda_max};
  a[ALPHA] = (axis){.length = e->augmentation.alpha_count, .values = e->augmentation.alpha};
  a[N] = (axis){.length = e->sizes_count, .values = e->sizes};
  a[K] = (axis){.length = x->format > 1 ? e->encoder.sizes_count : 0, .values = s->k};
  a[PARADIGM] = (axis){.length = e->methods_count, .values = s->methods};
  a[COMPONENT] = (axis){.length = x->components};
  a[NOISE_COMPONENT] = (axis){.length = e->noise.components};
  a[INPUT] = (axis){.length = (int64_t)x->components + e->noise.components};
  a[OUTPUT] = (axis){.length = x->targets};
  a[ENCODER_ROW] = (axis){.length = is_grid(e) ? e->encoder.k : 0};
  a[FEATURE] = (axis){.length = has_features(s, 0) ? x->features : 0};
  a[LAST_N] = (axis){.length = has_last, .first = largest_size(e)};
  a[REPRESENTED_SAMPLE] = (axis){
      .length = e->archive.representations == TV_KEEP_NONE ? 0 : e->archive.representation_samples};
  a[SAMPLE] = (axis){.length = e->archive.samples ? largest_size(e) : 0};
  a[RANK] = (axis){.length = x->ranks};
  a[STAGE] = (axis){.length = TV_STAGES, .values = s->stages};
}

/* ---- Variables: whether they are there, and what they hold ---- */

static int has_noise(const tv_schema *s, int item) {
  (void)item;
  return s->experiment->noise.components > 0;
}

static int is_rotated(const tv_schema *s, int item) {
  (void)item;
  return are_rotated(s->experiment);
}

static int has_encoder(const tv_schema *s, int method) {
  (void)method;
  return s->experiment->archive.encoders != TV_KEEP_NONE;
}

static int has_decoder(const tv_schema *s, int method) {
  return tv_method_of(s->experiment->methods[method])->has_decoder && has_encoder(s, method);
}

static int has_representation(const tv_schema *s, int method) {
  (void)method;
  return s->experiment->archive.representations != TV_KEEP_NONE;
}

static int has_samples(const tv_schema *s, int item) {
  (void)item;
  return s->experiment->archive.samples;
}

static int has_sampled_rows(const tv_schema *s, int item) {
  return has_samples(s, item) && has_rows(s->experiment);
}

static int has_represented_rows(const tv_schema *s, int item) {
  return has_representation(s, item) && has_rows(s->experiment);
}

static int has_noisy_samples(const tv_schema *s, int item) {
  return has_samples(s, item) && has_noise(s, item);
}

#define VALUES(name, expression)                                                                   \
  static const void *name(const tv_contents *all, int item) {                                      \
    (void)item;                                                                                    \
    return expression;                                                                             \
  }

VALUES(quantity_values, all->record->results->quantity[item])
VALUES(threshold_values, all->record->results->alpha2_threshold)
VALUES(digest_values, all->digest)
VALUES(gamma_values, all->record->spectra->gamma)
VALUES(theta_values, all->record->spectra->theta)
VALUES(spectrum_values, all->record->features->spectrum)
VALUES(mean_values, all->mean)
VALUES(axes_values, all->record->features->basis)
VALUES(row_values, all->row)
VALUES(host_values, all->reports->host)
VALUES(seconds_values, all->reports->seconds)
VALUES(flops_values, all->reports->flops)
VALUES(sent_values, all->reports->sent)
VALUES(archive_values, all->reports->archive_seconds)
VALUES(peak_values, all->reports->peak_memory)

static const tv_domain any_number = {-DBL_MAX, DBL_MAX, 0, 0};
static const tv_domain of_solutions = {-DBL_MAX, DBL_MAX, .may_be_nan = 1};
static const tv_domain not_negative = {0, DBL_MAX, 0, 0};
static const tv_domain of_unit_vectors = {-1 - TV_ROUNDING, 1 + TV_ROUNDING, 0, 0};

static const char no_eigenvalue[] = "is no eigenvalue of a covariance matrix";
static const char no_work[] = "is no time and no count";

static const struct tv_variable_row rows[] = {
    {{"", "", ""},
     .repetition = TV_EACH_QUANTITY,
     .dimensions = {REPLICATE, LAMBDA_MAX, ALPHA, N, K, PARADIGM},
     .values = quantity_values,
     TO_ARCHIVE(quantity)},
    {{TV_ALPHA2_THRESHOLD,
      "critical alignment alpha^2 as n grows; negative: no alignment is needed", "1"},
     .dimensions = {REPLICATE, LAMBDA_MAX, K, PARADIGM},
     .values = threshold_values,
     TO_ARCHIVE(alpha2_threshold)},
    {{"moments_sha256", "SHA-256 of the moment matrix", "1"},
     TV_TEXT,
     .dimensions = {REPLICATE, N},
     .values = digest_values,
     .holds_digests = 1},
    {{TV_GAMMA_EIGENVALUES, "eigenvalues of the noise covariance", "1"},
     .dimensions = {REPLICATE, LAMBDA_MAX, NOISE_COMPONENT},
     .exists = has_noise,
     .values = gamma_values,
     .domain = &not_negative,
     .beyond = no_eigenvalue,
     TO_ARCHIVE(gamma)},
    {{TV_THETA_EIGENVALUES, "eigenvalues of the augmentation covariance", "1"},
     .dimensions = {REPLICATE, INPUT},
     .values = theta_values,
     .domain = &not_negative,
     .beyond = no_eigenvalue,
     TO_ARCHIVE(theta)},
    {{TV_DATA_SPECTRUM, "variances of the important components", "1"},
     .dimensions = {COMPONENT},
     .values = spectrum_values,
     .domain = &not_negative,
     .beyond = no_eigenvalue,
     TO_ARCHIVE(spectrum)},
    {{"feature_mean", "mean of the features of the source", "1"},
     .dimensions = {FEATURE},
     .exists = has_features,
     .values = mean_values,
     .domain = &any_number},
    {{"principal_axes", "principal axes of the data", "1"},
     .dimensions = {COMPONENT, FEATURE},
     .exists = is_rotated,
     .is_noise_like = 1,
     .values = axes_values,
     .domain = &of_unit_vectors},
    {{"encoder", "encoder", "1"},
     .repetition = TV_EACH_METHOD,
     .dimensions = {REPLICATE, LAMBDA_MAX, ALPHA, N_OF_ENCODERS, ROW_OF_METHOD, INPUT},
     .exists = has_encoder,
     .write = tv_bulk_write_encoder,
     .is_noise_like = 1,
     .domain = &of_solutions},
    {{"decoder", "decoder, transposed", "1"},
     .repetition = TV_EACH_METHOD,
     .dimensions = {REPLICATE, LAMBDA_MAX, ALPHA, N_OF_ENCODERS, ROW_OF_METHOD, INPUT},
     .exists = has_decoder,
     .write = tv_bulk_write_decoder,
     .is_noise_like = 1,
     .domain = &of_solutions},
    {{"transform",
      "encoder of the source's features: z = (x - feature_mean) @ transform'; the encoder's "
      "columns "
      "of noise are left out",
      "1"},
     .repetition = TV_EACH_METHOD,
     .dimensions = {REPLICATE, LAMBDA_MAX, ALPHA, N_OF_ENCODERS, ROW_OF_METHOD, FEATURE},
     .exists = has_encoder,
     .write = tv_bulk_write_transform,
     .is_noise_like = 1,
     .domain = &of_solutions,
     .since = 2,
     .is_by_replicate = 1},
    {{"row", "number of the represented sample in the data set, from 0", "1"},
     TV_INTEGER,
     .dimensions = {REPLICATE, REPRESENTED_SAMPLE},
     .exists = has_represented_rows,
     .values = row_values,
     .since = 2},
    {{"representation", "encoder applied to corrupted, un-augmented inputs", "1"},
     .repetition = TV_EACH_METHOD,
     .dimensions = {REPLICATE, LAMBDA_MAX, ALPHA, N_OF_REPRESENTATIONS, REPRESENTED_SAMPLE,
                    ROW_OF_METHOD},
     .exists = has_representation,
     .write = tv_bulk_write_representation,
     .is_noise_like = 1,
     .domain = &of_solutions},
    /* The columns of a sample in the moments, in their order: */
    {{"clean", "important components", "1"},
     .is_noise_like = 1,
     .place = TV_IN_SAMPLES,
     .dimensions = {REPLICATE, SAMPLE, COMPONENT},
     .domain = &any_number,
     .exists = has_samples},
    {{"noise", "standard normals, before scaling by Gamma^(1/2)", "1"},
     .is_noise_like = 1,
     .place = TV_IN_SAMPLES,
     .dimensions = {REPLICATE, SAMPLE, NOISE_COMPONENT},
     .domain = &any_number,
     .exists = has_noisy_samples},
    {{"target", "targets", "1"},
     .place = TV_IN_SAMPLES,
     .dimensions = {REPLICATE, SAMPLE, OUTPUT},
     .domain = &any_number,
     .exists = has_samples},
    {{"row", "number of the sample in the data set, from 0", "1"},
     TV_INTEGER,
     TV_IN_SAMPLES,
     .dimensions = {REPLICATE, SAMPLE},
     .exists = has_sampled_rows,
     .since = 2},
    {{"host", "host of the rank", "1"},
     TV_TEXT,
     TV_IN_RUN,
     .dimensions = {RANK},
     .values = host_values,
     TO_WORK(host)},
    {{"seconds", "wall time of the stage", "s"},
     .place = TV_IN_RUN,
     .dimensions = {RANK, STAGE},
     .values = seconds_values,
     .domain = &not_negative,
     .beyond = no_work,
     TO_WORK(seconds)},
    {{"flops", "floating-point operations counted", "1"},
     .place = TV_IN_RUN,
     .dimensions = {RANK, STAGE},
     .values = flops_values,
     .domain = &not_negative,
     .beyond = no_work,
     TO_WORK(flops)},
    {{"sent", "bytes of sums sent along the tree", "byte"},
     .place = TV_IN_RUN,
     .dimensions = {RANK, STAGE},
     .values = sent_values,
     .domain = &not_negative,
     .beyond = no_work,
     TO_WORK(sent)},
    {{"archive_seconds", "wall time of writing the archive", "s"},
     .place = TV_IN_RUN,
     .dimensions = {RANK},
     .values = archive_values,
     .domain = &not_negative},
    {{"peak_memory", "peak resident memory", "byte"},
     .place = TV_IN_RUN,
     .dimensions = {RANK},
     .values = peak_values,
     .domain = &not_negative}};

enum { ROWS = sizeof rows / sizeof *rows };

/* ---- The variables of one archive ---- */

static enum dimension resolve(const tv_schema *s, enum dimension dimension, int item) {
  const tv_archive_spec *a = &s->experiment->archive;
  const int is_one_size = s->experiment->sizes_count == 1;
  switch (dimension) {
  case ROW_OF_METHOD:
    return tv_method_of(s->experiment->methods[item])->rows_are_outputs ? OUTPUT : ENCODER_ROW;
  case N_OF_ENCODERS:
    return is_one_size || a->encoders == TV_KEEP_ALL ? N : LAST_N;
  case N_OF_REPRESENTATIONS:
    return is_one_size || a->representations == TV_KEEP_ALL ? N : LAST_N;
  default:
    return dimension;
  }
}

static const char *name_of(const tv_schema *s, enum dimension dimension) {
  const struct tv_variable_row *row = &coordinates[dimension];
  return s->extent.format == 1 && row->first ? row->first : row->label.name;
}

static void add_dimension(const draft *d, enum dimension dimension, tv_variable *v) {
  if (!d->axes[dimension].length) return;
  v->dimensions[v->rank] = name_of(d->schema, dimension);
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

static void add_coordinate(const draft *d, enum dimension dimension) {
  const struct tv_variable_row *row = &coordinates[dimension];
  const axis *a = &d->axes[dimension];
  tv_label label = row->label;
  if (!a->length) return;
  label.name = name_of(d->schema, dimension);
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
  for (int i = 0; row->dimensions[i] != END; ++i)
    add_dimension(d, resolve(s, row->dimensions[i], item), v);
  v->is_by_replicate = row->is_by_replicate;
  if (!row->values) v->outer = row->write ? v->rank - 2 : 1;
}

static void add_row(const draft *d, const struct tv_variable_row *row) {
  const tv_experiment *e = d->schema->experiment;
  const tv_study *study = tv_study_of(e);
  if (row->repetition == TV_ONCE) add_variable(d, row, row->label, 0);
  if (row->repetition == TV_EACH_METHOD)
    for (unsigned m = 0; m < e->methods_count; ++m) add_variable(d, row, row->label, (int)m);
  if (row->repetition == TV_EACH_QUANTITY)
    for (int i = 0; i < study->count; ++i) add_variable(d, row, study->quantities[i].label, i);
}

/* Every piece of a data set's samples costs a pass over its rows; pieces are therefore large. */
static int64_t choose_piece(const tv_experiment *e, const tv_extent *x) {
  const int64_t width = (int64_t)x->components + e->noise.components + x->targets + 1;
  const int64_t most = (PIECE_NUMBERS / width / TV_PIECE_ROWS + 1) * TV_PIECE_ROWS;
  return largest_size(e) < most ? largest_size(e) : most;
}

static void fill(tv_schema *s) {
  const tv_experiment *e = s->experiment;
  draft d = {.schema = s};
  for (unsigned m = 0; m < e->methods_count; ++m) s->methods[m] = e->methods[m]->name;
  for (int i = 0; i < TV_STAGES; ++i) s->stages[i] = tv_stage_name((tv_stage)i);
  for (int i = 0; i < e->encoder.sizes_count; ++i) s->k[i] = e->encoder.sizes[i];
  s->is_rotated = are_rotated(e);
  s->samples_piece = choose_piece(e, &s->extent);
  measure(s, d.axes);
  for (enum dimension i = END + 1; i < DIMENSIONS; ++i) add_coordinate(&d, i);
  for (int i = 0; i < ROWS; ++i) add_row(&d, &rows[i]);
}

tv_error *tv_schema_make(const tv_experiment *e, const tv_extent *extent, tv_schema **out) {
  const int most = DIMENSIONS + ROWS + TV_MOST_QUANTITIES + ROWS * (int)e->methods_count;
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
  return strcmp(dimension, coordinates[REPLICATE].label.name) == 0;
}

int tv_schema_is_of_run(const char *dimension) {
  for (enum dimension d = END + 1; d < DIMENSIONS; ++d)
    if (coordinates[d].place == TV_IN_RUN && strcmp(dimension, coordinates[d].label.name) == 0)
      return 1;
  return 0;
}

/* The length in a file of a coordinate that the experiment does not determine; 1 where it is
 * missing, which is reported where it is needed. One that cannot be opened is reported here,
 * because HDF5 may open it when it tries again. */
static tv_error *read_length(hid_t file, enum dimension dimension, int *length) {
  const char *name = coordinates[dimension].label.name;
  const int is_there = H5Lexists(file, name, H5P_DEFAULT) > 0;
  const int64_t found = is_there ? tv_label_length(file, name) : 1;
  if (found < 0) return tv_hdf5_fail("dataset '%s' cannot be opened", name);
  *length = found > 1 && found <= INT_MAX / 4 ? (int)found : 1; /* sums of them are ints */
  return NULL;
}

tv_error *tv_schema_of_file(const tv_experiment *e, int format, hid_t file, tv_schema **out) {
  tv_extent extent = {.format = format};
  TV_TRY(read_length(file, COMPONENT, &extent.components));
  TV_TRY(read_length(file, OUTPUT, &extent.targets));
  TV_TRY(read_length(file, FEATURE, &extent.features));
  TV_TRY(read_length(file, RANK, &extent.ranks));
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
