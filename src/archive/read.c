#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attributes.h"
#include "open.h"
#include "pictures.h"
#include "table.h"
#include "twoview/archive/archive.h"
#include "twoview/base/statistics.h"
#include "twoview/hdf5/array_copy.h"
#include "twoview/hdf5/error.h"

/* ---- Variables ---- */

/* Where a variable is read to, in the structure of its reader. */
static void *place_of(const tv_variable *v, void *structure) {
  const size_t item = v->row->repetition == TV_EACH_QUANTITY ? (size_t)v->item : 0;
  return (char *)structure + v->row->offset + item * sizeof(double *);
}

/* Some readers refuse numbers that the variable cannot hold. */
static tv_error *expect_numbers(const tv_variable *v, const double *numbers, int64_t count) {
  for (int64_t i = 0; v->row->beyond && i < count; ++i)
    if (!tv_variable_holds(v, numbers[i]))
      return tv_fail("dataset '%s' has the value %s at index %lld, which %s", v->name,
                     TV_EXACT(numbers[i]), (long long)i, v->row->beyond);
  return NULL;
}

static tv_error *expect_length(const tv_variable *v, int64_t count) {
  if (count == tv_variable_length(v)) return NULL;
  return tv_fail("dataset '%s' has %lld values where its dimensions make %lld", v->name,
                 (long long)count, (long long)tv_variable_length(v));
}

static tv_error *read_numbers(hid_t file, const tv_variable *v, double **out) {
  int64_t count = 0;
  TV_TRY(tv_archive_read_numbers(file, v->name, out, &count));
  TV_TRY(expect_length(v, count));
  return expect_numbers(v, *out, count);
}

/* Words are freed by their expected number. */
static tv_error *read_words(hid_t file, const tv_variable *v, char ***out) {
  int64_t count = 0;
  tv_error *error = tv_archive_read_words(file, v->name, out, &count);
  if (!error) error = expect_length(v, count);
  if (!error) return NULL;
  tv_archive_free_words(*out, count);
  *out = NULL;
  return error;
}

/* All variables of a reader. */
static tv_error *read_variables(const tv_opened *o, tv_reader reader, void *structure) {
  const tv_schema *schema = o->schema;
  for (const tv_variable *v = schema->variables; v < schema->variables + schema->count; ++v)
    if (v->row->reader == reader)
      TV_TRY(v->element == TV_TEXT ? read_words(o->file, v, place_of(v, structure))
                                   : read_numbers(o->file, v, place_of(v, structure)));
  return NULL;
}

/* ---- Root attributes ---- */

typedef struct {
  tv_archive *archive;
  tv_error *error;
} attribute_walk;

/* Takes over the value. */
static tv_error *keep_note(tv_archive *a, const char *name, char *value) {
  tv_note *notes = realloc(a->note, ((size_t)a->notes + 1) * sizeof(*notes));
  char *copy = strdup(name);
  if (notes) a->note = notes;
  if (notes && copy) {
    notes[a->notes++] = (tv_note){copy, value};
    return NULL;
  }
  free(copy);
  free(value);
  return tv_fail("out of memory for attribute '%s'", name);
}

static herr_t visit_attribute(hid_t root, const char *name, const H5A_info_t *info, void *context) {
  attribute_walk *walk = context;
  tv_archive *a = walk->archive;
  char *text = NULL;
  (void)info;
  walk->error = tv_attribute_print(root, name, &text);
  if (text && strcmp(name, tv_note_name(TV_NOTE_EXPERIMENT)) == 0)
    a->experiment_text = text;
  else if (text && strcmp(name, tv_note_name(TV_NOTE_TITLE)) == 0)
    a->experiment_name = text;
  else if (text)
    walk->error = keep_note(a, name, text);
  return walk->error ? -1 : 0;
}

static tv_error *read_attributes(hid_t file, tv_archive *a) {
  attribute_walk walk = {.archive = a};
  const herr_t status =
      H5Aiterate2(file, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, visit_attribute, &walk);
  if (walk.error) return walk.error;
  if (status < 0) return tv_hdf5_fail("the attributes cannot be read");
  if (!a->experiment_text || !a->experiment_name)
    return tv_fail("there is no experiment in it: not an archive of twoview run?");
  return NULL;
}

/* The lengths of its coordinates, which have been found to be those of the experiment. */
static tv_error *take_lengths(const tv_opened *o, tv_archive *a) {
  const tv_experiment *e = o->experiment;
  a->study = tv_study_of(e);
  a->kind = tv_experiment_has_views(e) ? &a->study->kind : e->study;
  a->cube = tv_cube_of(e);
  a->k = e->encoder.k;
  a->p = o->schema->extent.components;
  a->q = e->noise.components;
  a->is_unlabelled = e->source.is_unlabelled;
  a->examples = o->schema->extent.examples;
  a->is_held_out = tv_experiment_has_test(e);
  TV_TRY(tv_allocate(a->cube.encoders, sizeof(*a->encoder_k), &a->encoder_k));
  memcpy(a->encoder_k, e->encoder.sizes, (size_t)a->cube.encoders * sizeof(*a->encoder_k));
  return NULL;
}

/* What is not archived, because there are no targets to measure it against, or no rows to measure
 * it on. */
static tv_error *fill_unmeasured(tv_archive *a) {
  const int64_t entries = tv_cube_entries(&a->cube, tv_cube_points(&a->cube));
  for (int q = 0; q < a->study->count; ++q) {
    if (a->quantity[q]) continue;
    a->lacks[q] = 1;
    TV_TRY(tv_allocate(entries, sizeof(double), &a->quantity[q]));
    for (int64_t i = 0; i < entries; ++i) a->quantity[q][i] = NAN;
  }
  return NULL;
}

static tv_error *read_archive(const tv_opened *o, void *out) {
  tv_archive *a = out;
  TV_TRY(read_attributes(o->file, a));
  TV_TRY(take_lengths(o, a));
  TV_TRY(read_variables(o, TV_TO_ARCHIVE, a));
  TV_TRY(tv_pictures_read(o, a));
  return fill_unmeasured(a);
}

/* Open an archive, read from it and close it; the error names the archive. */
static tv_error *read_with(tv_error *(*reader)(const tv_opened *, void *), const char *path,
                           void *out) {
  tv_opened o;
  tv_error *error = tv_archive_open(path, &o);
  if (!error) error = tv_archive_locate(path, reader(&o, out));
  tv_archive_shut(&o);
  return error;
}

tv_error *tv_archive_read(const char *path, tv_archive **out) {
  TV_TRY(tv_allocate(1, sizeof(**out), out));
  tv_error *error = read_with(read_archive, path, *out);
  if (error) tv_archive_close(out);
  return error;
}

void tv_archive_close(tv_archive **archive) {
  tv_archive *a = *archive;
  if (!a) return;
  for (int i = 0; i < TV_MOST_QUANTITIES; ++i) free(a->quantity[i]);
  tv_archive_free_words(a->method, a->cube.methods);
  tv_pictures_free(a);
  free(a->example_clean);
  free(a->example_corrupted);
  free(a->example_view);
  free(a->alpha2_threshold);
  free(a->encoder_k);
  free(a->spectrum);
  free(a->gamma);
  free(a->theta);
  free(a->replicate);
  free(a->lambda_max);
  free(a->alpha);
  free(a->severity);
  free(a->strength);
  free(a->n);
  free(a->experiment_name);
  free(a->experiment_text);
  for (int i = 0; i < a->notes; ++i) {
    free(a->note[i].name);
    free(a->note[i].value);
  }
  free(a->note);
  free(a);
  *archive = NULL;
}

/* ---- One encoder of several ---- */

/* Of `count` groups of numbers of encoders and methods those of one encoder. */
static tv_error *pick_encoder(const tv_cube *c, int encoder, int64_t count, double **numbers) {
  double *picked;
  if (!*numbers) return NULL;
  TV_TRY(tv_allocate(count * c->methods, sizeof(*picked), &picked));
  for (int64_t i = 0; i < count; ++i)
    memcpy(picked + i * c->methods, *numbers + tv_cube_entry(c, i, encoder, 0),
           (size_t)c->methods * sizeof(*picked));
  *numbers = picked;
  return NULL;
}

/* Arrays that have not been picked are still the archive's. */
static void forget_borrowed(const tv_archive *a, tv_archive *one) {
  for (int q = 0; q < TV_MOST_QUANTITIES; ++q)
    if (one->quantity[q] == a->quantity[q]) one->quantity[q] = NULL;
  if (one->alpha2_threshold == a->alpha2_threshold) one->alpha2_threshold = NULL;
}

tv_error *tv_archive_of_encoder(const tv_archive *a, int i, tv_archive *out) {
  const int64_t settings = (int64_t)a->cube.replicates * a->cube.magnitudes;
  *out = *a;
  out->k = a->encoder_k[i];
  out->cube.encoders = 1;
  out->is_one_of_several = 1;
  tv_error *error = pick_encoder(&a->cube, i, settings, &out->alpha2_threshold);
  for (int q = 0; !error && q < TV_MOST_QUANTITIES; ++q)
    error = pick_encoder(&a->cube, i, tv_cube_points(&a->cube), &out->quantity[q]);
  if (!error) return NULL;
  forget_borrowed(a, out);
  tv_archive_drop(out);
  return error;
}

void tv_archive_drop(tv_archive *one) {
  for (int q = 0; q < TV_MOST_QUANTITIES; ++q) free(one->quantity[q]);
  free(one->alpha2_threshold);
  *one = (tv_archive){0};
}

/* ---- What the ranks report about their work ---- */

static int count_hosts(const tv_archive_work *w) {
  int hosts = 0;
  for (int i = 0; i < w->ranks; ++i) {
    int is_new = 1;
    for (int j = 0; is_new && j < i; ++j) is_new = strcmp(w->host[i], w->host[j]) != 0;
    hosts += is_new;
  }
  return hosts;
}

static tv_error *expect_one_session(hid_t file) {
  char *sessions = NULL;
  TV_TRY(tv_attribute_print(file, tv_note_name(TV_NOTE_SESSIONS), &sessions));
  tv_error *error = NULL;
  if (sessions && atoll(sessions) > 1)
    error = tv_fail(
        "the archive of a run that was resumed (attribute 'sessions' is %s) holds only the work of "
        "its last session, which cannot be compared; give the archive of an uninterrupted run",
        sessions);
  free(sessions);
  return error;
}

/* Archives of earlier versions do not say. */
static tv_error *read_solver(hid_t file, tv_archive_work *w) {
  char *passes = NULL;
  TV_TRY(tv_attribute_print(file, tv_note_name(TV_NOTE_PRINCIPAL_SOLVER), &w->solver));
  TV_TRY(tv_attribute_print(file, tv_note_name(TV_NOTE_PRINCIPAL_PASSES), &passes));
  w->principal_passes = passes ? strtol(passes, NULL, 10) : 0;
  free(passes);
  return NULL;
}

static tv_error *read_work(const tv_opened *o, void *out) {
  char *layout = NULL;
  tv_archive_work *w = out;
  const tv_extent *extent = &o->schema->extent;
  TV_TRY(tv_attribute_print(o->file, tv_note_name(TV_NOTE_TITLE), &w->experiment_name));
  TV_TRY(tv_attribute_print(o->file, tv_note_name(TV_NOTE_EXPERIMENT), &w->experiment_text));
  TV_TRY(tv_attribute_print(o->file, tv_note_name(TV_NOTE_LAYOUT), &layout));
  w->is_distributed = layout && strcmp(layout, "distributed") == 0;
  free(layout);
  if (!w->experiment_name)
    return tv_fail("there is no experiment in it: not an archive of twoview run?");
  if (H5Lexists(o->file, TV_PARTS, H5P_DEFAULT) > 0)
    return tv_fail("joined from several runs, whose times are not those of one; give the archives "
                   "of the runs");
  TV_TRY(expect_one_session(o->file));
  w->ranks = extent->ranks;
  w->p = extent->components;
  w->q = o->experiment->noise.components;
  w->l = extent->targets;
  w->inputs = o->schema->is_rotated ? extent->features : 0;
  TV_TRY(read_solver(o->file, w));
  TV_TRY(read_variables(o, TV_TO_WORK, w));
  w->hosts = count_hosts(w);
  return NULL;
}

static tv_error *read_origin(const tv_opened *opened, void *out) {
  tv_archive_origin *o = out;
  const hid_t file = opened->file;
  TV_TRY(tv_attribute_print(file, tv_note_name(TV_NOTE_EXPERIMENT), &o->experiment));
  for (int i = 0; i < TV_MOST_FILES; ++i) {
    TV_TRY(tv_attribute_print(file, tv_note_name(tv_note_of_file(i)), &o->file[i]));
    TV_TRY(tv_attribute_print(file, tv_note_name(tv_note_of_digest(i)), &o->sha[i]));
  }
  return NULL;
}

tv_error *tv_archive_read_origin(const char *path, tv_archive_origin *out) {
  *out = (tv_archive_origin){0};
  tv_error *error = read_with(read_origin, path, out);
  if (error) tv_archive_origin_free(out);
  return error;
}

void tv_archive_origin_free(tv_archive_origin *o) {
  free(o->experiment);
  for (int i = 0; i < TV_MOST_FILES; ++i) {
    free(o->file[i]);
    free(o->sha[i]);
  }
  *o = (tv_archive_origin){0};
}

tv_error *tv_archive_read_work(const char *path, tv_archive_work *out) {
  *out = (tv_archive_work){0};
  tv_error *error = read_with(read_work, path, out);
  if (error) tv_archive_work_free(out);
  return error;
}

void tv_archive_work_free(tv_archive_work *w) {
  free(w->experiment_name);
  free(w->experiment_text);
  free(w->solver);
  tv_archive_free_words(w->host, w->ranks);
  free(w->seconds);
  free(w->flops);
  free(w->sent);
  *w = (tv_archive_work){0};
}
