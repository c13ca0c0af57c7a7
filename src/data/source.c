#include "twoview/data/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "twoview/base/comm.h"
#include "twoview/base/escape.h"
#include "twoview/base/file.h"
#include "twoview/data/preparation.h"
#include "twoview/experiment/check.h"

const tv_word tv_source_roles[] = {{"sample", TV_AS_SAMPLE}, {"population", TV_AS_POPULATION}, {0}};

static const long long largest_digested = 1LL << 32;

int tv_source_digesting_rank(MPI_Comm comm) {
  MPI_Comm host;
  int last;
  MPI_Comm_rank(comm, &last);
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
  MPI_Allreduce(MPI_IN_PLACE, &last, 1, MPI_INT, MPI_MAX, host);
  MPI_Comm_free(&host);
  MPI_Bcast(&last, 1, MPI_INT, 0, comm);
  return last;
}

tv_error *tv_source_note_file(tv_source *source, const char *path) {
  int file, slot = 0;
  struct stat status;
  while (source->files[slot].path) ++slot;
  source->files[slot].path = strdup(path);
  if (!source->files[slot].path) return tv_fail("out of memory");
  TV_TRY(tv_file_open(path, &file));
  tv_error *error = fstat(file, &status) != 0 ? tv_fail_errno("%s", path) : NULL;
  source->files[slot].bytes = status.st_size;
  close(file);
  return error;
}

tv_error *tv_source_place(tv_source *source, const char *file, const char *dataset) {
  const int status = dataset ? asprintf(&source->where, "%s: '%s'", file, dataset)
                             : asprintf(&source->where, "%s", file);
  if (status < 0) source->where = NULL;
  return status < 0 ? tv_fail("out of memory") : NULL;
}

tv_error *tv_source_digest_files(tv_source *source) {
  for (int i = 0; i < TV_MOST_FILES && source->files[i].path; ++i)
    if (source->files[i].bytes <= largest_digested)
      TV_TRY(tv_digest_file(source->files[i].path, source->files[i].digest));
  return NULL;
}

tv_error *tv_source_hand_over_files(tv_source *from, tv_source *to) {
  int slot = 0;
  while (slot < TV_MOST_FILES && to->files[slot].path) ++slot;
  for (int i = 0; i < TV_MOST_FILES && from->files[i].path; ++i) {
    int is_known = 0;
    for (int j = 0; j < slot; ++j) is_known |= strcmp(to->files[j].path, from->files[i].path) == 0;
    if (is_known) continue;
    if (slot == TV_MOST_FILES)
      return tv_fail_usage("%s: an experiment reads %d files of data at the most; join some of "
                           "them",
                           from->files[i].path, TV_MOST_FILES);
    to->files[slot++] = from->files[i];
    from->files[i].path = NULL;
  }
  return NULL;
}

void tv_source_pass_digests(tv_source *source, MPI_Comm comm, int digesting_rank) {
  for (int i = 0; i < TV_MOST_FILES; ++i)
    MPI_Bcast(source->files[i].digest, TV_DIGEST_LENGTH, MPI_CHAR, digesting_rank, comm);
}

tv_error *tv_source_count_classes(tv_source *source, const char *file, const char *dataset,
                                  unsigned char *is_seen, int most, MPI_Comm comm) {
  int rank, empty = 0, first_empty = 0;
  MPI_Comm_rank(comm, &rank);
  MPI_Allreduce(MPI_IN_PLACE, is_seen, most, MPI_UNSIGNED_CHAR, MPI_MAX, comm);
  source->has_classes = 1;
  for (int label = 0; label < most; ++label)
    if (is_seen[label]) source->targets = label + 1;
  for (int label = source->targets - 1; label >= 0; --label) {
    if (is_seen[label]) continue;
    first_empty = label;
    ++empty;
  }
  if (rank == 0 && empty > 0)
    tv_print_line(stderr,
                  "twoview: warning: %s%s%s%s: labels go up to %d, but %d of the classes from 0 to "
                  "that, the first of them %d, have no sample; they cost memory and change no "
                  "score: number classes without gaps to avoid them",
                  file, dataset ? ": dataset '" : "", dataset ? dataset : "", dataset ? "'" : "",
                  source->targets - 1, empty, first_empty);
  TV_TRY(tv_agree(comm, tv_allocate(source->targets, 1, &source->class_is_seen)));
  memcpy(source->class_is_seen, is_seen, (size_t)source->targets);
  return NULL;
}

tv_error *tv_source_expect_one_answer(const tv_experiment *e, const char *labels,
                                      const char *targets) {
  TV_REQUIRE(e, "source.labels", !labels || !targets,
             "give either 'labels' (classes) or 'targets' (numbers), the dataset to learn from");
  return NULL;
}

const tv_source_kind *tv_source_kind_of(const tv_experiment *experiment) {
  return (const tv_source_kind *)experiment->source.kind;
}

/* The numbers of `source.shape`, as the experiment gives them. */
static tv_error *check_shape(const tv_experiment *e, int features) {
  const double *given = e->source.shape;
  const unsigned count = e->source.shape_count;
  char text[96] = "";
  double size = 1;
  for (unsigned i = 0; i < count; ++i) {
    const size_t length = strlen(text);
    snprintf(text + length, sizeof text - length, "%s%.0f", i ? " x " : "", given[i]);
    size *= given[i];
  }
  TV_REQUIRE(e, "source.shape", size == features,
             "%s are %.0f numbers, and a sample has %d features; give a shape of as many", text,
             size, features);
  return NULL;
}

/* The shape that the experiment gives goes before the file's; without either a sample is a vector.
 */
static tv_error *settle_shape(const tv_experiment *e, tv_source *source) {
  const unsigned count = e->source.shape_count;
  int numbers[3] = {0};
  if (count == 0 && source->shape.axes == 0) source->shape = (tv_shape){1, source->features, 1, 1};
  if (count == 0) return NULL;
  TV_TRY(check_shape(e, source->features));
  for (unsigned i = 0; i < count; ++i) numbers[i] = (int)e->source.shape[i];
  source->shape = tv_shape_make((int)count, numbers, source->shape.axes == 3);
  return NULL;
}

static tv_error *expect_views(const tv_experiment *e, const tv_source *source) {
  TV_REQUIRE(e, "source.views", !source->read_views || source->views >= 2,
             "has %d view of each sample; how views differ takes at least two", source->views);
  return NULL;
}

static tv_error *open_any(const tv_experiment *experiment, MPI_Comm comm, tv_source **out) {
  const tv_source_kind *kind = tv_source_kind_of(experiment);
  TV_TRY(tv_agree(comm, tv_allocate(1, sizeof(**out), out)));
  (*out)->kind = kind;
  (*out)->scale = experiment->source.scale;
  tv_error *error = kind->open(experiment, comm, *out);
  if (!error) error = settle_shape(experiment, *out);
  if (!error) error = expect_views(experiment, *out);
  if (error) tv_source_close(out);
  return error;
}

tv_error *tv_source_open(const tv_experiment *experiment, MPI_Comm comm, tv_source **out) {
  TV_TRY(open_any(experiment, comm, out));
  tv_error *error = tv_preparation_find(experiment, comm, *out);
  if (!error) error = tv_experiment_check_data(experiment, (*out)->rows, (*out)->features);
  if (error) tv_source_close(out);
  return error;
}

tv_error *tv_source_open_beside(const tv_experiment *experiment, const tv_source_spec *spec,
                                MPI_Comm comm, tv_source **out) {
  tv_experiment of_spec = *experiment; /* borrows */
  of_spec.source = *spec;
  if (spec->scale == 0) of_spec.source.scale = experiment->source.scale;
  return open_any(&of_spec, comm, out);
}

tv_error *tv_source_read(const tv_source *source, int replicate, int64_t first, int count,
                         double *x, double *y) {
  const int64_t numbers = (int64_t)count * source->features;
  if (source->preparation) return tv_preparation_read(source, replicate, first, count, x, y);
  TV_TRY(source->read(source, replicate, first, count, x, y));
  if (source->scale == 1) return NULL;
  for (int64_t i = 0; i < numbers; ++i) x[i] /= source->scale;
  return NULL;
}

tv_numbers tv_numbers_of(double number) {
  if (!(number >= 0)) return TV_ANY_NUMBERS;
  return number == floor(number) ? TV_COUNTS : TV_NOT_NEGATIVE;
}

tv_numbers tv_numbers_both(tv_numbers a, tv_numbers b) {
  return a < b ? a : b;
}

static void look_at(const tv_source *source, int64_t first, int count, const double *x,
                    tv_numbers_found *found) {
  const int64_t features = source->features;
  for (int64_t i = 0; i < count * features; ++i) {
    const tv_numbers numbers = tv_numbers_of(x[i]);
    if (numbers >= found->numbers) continue;
    *found = (tv_numbers_found){numbers, first + i / features, (int)(i % features), x[i]};
  }
}

/* Rows of this rank's shards. */
static tv_error *scan_rows(const tv_source *source, const tv_partition *p,
                           tv_numbers_found *found) {
  const int64_t end = tv_shard_first_row_of_rank(p, p->rank + 1);
  double *x = NULL, *y = NULL;
  tv_error *error = tv_allocate((int64_t)TV_BATCH * source->features, sizeof(*x), &x);
  if (!error) error = tv_allocate((int64_t)TV_BATCH * source->targets, sizeof(*y), &y);
  for (int64_t first = tv_shard_first_row_of_rank(p, p->rank);
       !error && first < end && found->numbers != TV_ANY_NUMBERS; first += TV_BATCH) {
    const int count = (int)(end - first < TV_BATCH ? end - first : TV_BATCH);
    error = tv_source_read(source, 0, first, count, x, y);
    if (!error) look_at(source, first, count, x, found);
  }
  free(x);
  free(y);
  return error;
}

/* The least of what is true on all ranks, of which the first has the first number. Collective. */
static void unite_found(MPI_Comm comm, tv_numbers_found *found) {
  int rank, least = (int)found->numbers, owner;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &owner);
  MPI_Allreduce(MPI_IN_PLACE, &least, 1, MPI_INT, MPI_MIN, comm);
  if ((int)found->numbers == least) owner = rank;
  MPI_Allreduce(MPI_IN_PLACE, &owner, 1, MPI_INT, MPI_MIN, comm);
  MPI_Bcast(found, (int)sizeof *found, MPI_BYTE, owner, comm);
}

tv_error *tv_source_find_numbers(const tv_source *source, int shards, MPI_Comm comm,
                                 tv_numbers_found *out) {
  const int is_scaled = tv_numbers_of(1 / source->scale) != TV_COUNTS;
  *out = (tv_numbers_found){source->kind->is_generated ? TV_ANY_NUMBERS : TV_COUNTS, .row = -1};
  if (source->bytes && is_scaled) out->numbers = TV_NOT_NEGATIVE;
  if (source->kind->is_generated || source->bytes) return NULL;
  const tv_partition partition = tv_partition_make(comm, source->rows, shards);
  TV_TRY(tv_agree(comm, scan_rows(source, &partition, out)));
  unite_found(comm, out);
  return NULL;
}

tv_error *tv_source_read_views(const tv_source *source, int64_t first, int64_t count, double *out) {
  const int64_t numbers = count * source->views * source->features;
  TV_TRY(source->read_views(source, first, count, out));
  for (int64_t i = 0; source->scale != 1 && i < numbers; ++i) out[i] /= source->scale;
  return NULL;
}

void tv_source_close(tv_source **source) {
  if (!*source) return;
  if ((*source)->close) (*source)->close(*source);
  for (int i = 0; i < TV_MOST_FILES; ++i) free((*source)->files[i].path);
  tv_preparation_destroy(&(*source)->preparation);
  free((*source)->class_is_seen);
  free((*source)->where);
  free((*source)->state);
  free(*source);
  *source = NULL;
}
