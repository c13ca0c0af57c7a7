#include <stdlib.h>
#include <string.h>

#include "bulk.h"
#include "provenance.h"
#include "table.h"
#include "twoview/archive/archive.h"
#include "twoview/archive/seal.h"
#include "twoview/base/comm.h"
#include "twoview/base/file.h"
#include "twoview/base/memory.h"
#include "twoview/hdf5/error.h"

/* ---- By the table ---- */

/* The values that follow each other from the first one on. */
static tv_error *write_range(hid_t group, tv_label label, const tv_variable *v) {
  int64_t *numbers = NULL;
  TV_TRY(tv_allocate(v->shape[0], sizeof(*numbers), &numbers));
  for (int64_t i = 0; i < v->shape[0]; ++i) numbers[i] = v->first + i;
  tv_error *error = tv_label_coordinate(group, label, v->element, v->shape[0], numbers);
  free(numbers);
  return error;
}

static tv_error *write_variable(hid_t group, const tv_variable *v, const tv_contents *all) {
  const tv_label label = {v->name, v->long_name, v->units};
  if (v->is_coordinate && !v->values) return write_range(group, label, v);
  if (v->is_coordinate)
    return tv_label_coordinate(group, label, v->element, v->shape[0], v->values);
  const void *values = v->row->values ? v->row->values(all, v->item) : NULL;
  return tv_label_array(group, label, v->element, v->dimensions,
                        (tv_storage){v->outer, v->row->is_noise_like}, values);
}

/* All that there is in a place; what all ranks will write is only created. */
static tv_error *write_place(hid_t group, tv_place place, const tv_schema *schema,
                             const tv_contents *all) {
  for (const tv_variable *v = schema->variables; v < schema->variables + schema->count; ++v)
    if (v->place == place) TV_TRY(write_variable(group, v, all));
  return NULL;
}

static tv_error *write_samples(hid_t root, const tv_schema *schema, const tv_contents *all) {
  const hid_t group = tv_label_create_group(root, TV_SAMPLES);
  if (group < 0) return tv_hdf5_fail("group '%s' cannot be created", TV_SAMPLES);
  tv_error *error = write_place(group, TV_IN_SAMPLES, schema, all);
  H5Gclose(group);
  return error;
}

/* ---- The file ---- */

static tv_error *list_digests(const tv_results *r, const char ***out) {
  const int64_t count = (int64_t)r->cube.replicates * r->cube.levels;
  TV_TRY(tv_allocate(count, sizeof(**out), out));
  for (int64_t i = 0; i < count; ++i) (*out)[i] = r->digest[i];
  return NULL;
}

/* Of features that are components, too, so that all encoders are applied alike. */
static tv_error *list_means(const tv_features *f, double scale, double **out) {
  TV_TRY(tv_allocate(f->inputs, sizeof(**out), out));
  for (int i = 0; f->mean && i < f->inputs; ++i) (*out)[i] = scale * f->mean[i];
  return NULL;
}

/* The source's numbers are divided by `scale` before they meet them. */
static tv_error *list_weights(const tv_features *f, double scale, double **out) {
  const int64_t numbers = f->weights ? (int64_t)f->p / 2 * f->inputs : 0;
  TV_TRY(tv_allocate(numbers, sizeof(**out), out));
  for (int64_t i = 0; i < numbers; ++i) (*out)[i] = f->weights[i] / scale;
  return NULL;
}

static tv_error *list_rows(const tv_record *record, int64_t **out) {
  const tv_results *r = record->results;
  const int64_t samples = r->represented_samples;
  TV_TRY(tv_allocate(r->cube.replicates * samples, sizeof(**out), out));
  for (int i = 0; i < r->cube.replicates; ++i)
    tv_sampling_rows(record->sampling, i, 0, samples, *out + i * samples);
  return NULL;
}

static tv_error *write_small(hid_t root, const tv_schema *schema, const tv_contents *all) {
  TV_TRY(write_place(root, TV_IN_ROOT, schema, all));
  return all->record->experiment->archive.samples ? write_samples(root, schema, all) : NULL;
}

static tv_error *write_root(hid_t root, const tv_record *record, const tv_schema *schema,
                            int ranks) {
  const char **digest = NULL;
  double *mean = NULL, *weights = NULL;
  int64_t *row = NULL;
  tv_error *error = tv_provenance_write(root, record, ranks);
  if (!error) error = list_digests(record->results, &digest);
  if (!error) error = list_means(record->features, record->source->scale, &mean);
  if (!error) error = list_weights(record->features, record->source->scale, &weights);
  if (!error) error = list_rows(record, &row);
  if (!error)
    error = write_small(root, schema, &(tv_contents){record, digest, mean, weights, row, NULL});
  free(digest);
  free(mean);
  free(weights);
  free(row);
  return error;
}

/* Rank 0 alone: all that is small, and room for what is not. */
static tv_error *create_file(const tv_output *o, const tv_record *record, const tv_schema *schema,
                             int ranks) {
  hid_t file;
  TV_TRY(tv_label_create_file(o->part, o->file, &file));
  tv_error *error = write_root(file, record, schema, ranks);
  if (H5Fclose(file) < 0 && !error) error = tv_hdf5_fail("%s: cannot be closed", o->part);
  return error;
}

/* ---- What every rank reports to rank 0 ---- */

typedef struct {
  double seconds[TV_STAGES];
  tv_work work[TV_STAGES];
  double archive_seconds, peak_bytes;
  char host[MPI_MAX_PROCESSOR_NAME];
} rank_report;

static rank_report own_report(const tv_record *record, double archive_seconds) {
  const tv_results *r = record->results;
  rank_report report = {.archive_seconds = archive_seconds};
  int length;
  memcpy(report.seconds, record->stopwatch->seconds, sizeof report.seconds);
  report.work[TV_STAGE_FEATURES] = record->features->work;
  report.work[TV_STAGE_MOMENTS] = record->moments ? record->moments->work : r->moments_work;
  report.work[TV_STAGE_SOLVES] = r->work;
  report.peak_bytes = tv_memory_peak();
  MPI_Get_processor_name(report.host, &length);
  return report;
}

/* All ranks' reports on rank 0, which owns them; NULL elsewhere.                  Collective. */
static tv_error *gather_reports(const tv_record *record, double archive_seconds, MPI_Comm comm,
                                rank_report **out) {
  int rank, size;
  const rank_report mine = own_report(record, archive_seconds);
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  *out = NULL;
  TV_TRY(tv_agree(comm, rank == 0 ? tv_allocate(size, sizeof(mine), out) : NULL));
  MPI_Gather(&mine, sizeof mine, MPI_BYTE, *out, sizeof mine, MPI_BYTE, 0, comm);
  return NULL;
}

static void free_reports(tv_reports *r) {
  free(r->host);
  free(r->seconds);
  free(r->flops);
  free(r->sent);
  free(r->archive_seconds);
  free(r->peak_memory);
}

static tv_error *allocate_reports(int ranks, tv_reports *r) {
  r->ranks = ranks;
  TV_TRY(tv_allocate(ranks, sizeof(*r->host), &r->host));
  TV_TRY(tv_allocate(ranks * TV_STAGES, sizeof(double), &r->seconds));
  TV_TRY(tv_allocate(ranks * TV_STAGES, sizeof(double), &r->flops));
  TV_TRY(tv_allocate(ranks * TV_STAGES, sizeof(double), &r->sent));
  TV_TRY(tv_allocate(ranks, sizeof(double), &r->archive_seconds));
  return tv_allocate(ranks, sizeof(double), &r->peak_memory);
}

/* What the ranks report, one array for each variable. */
static void sort_reports(const rank_report *reports, tv_reports *out) {
  for (int r = 0; r < out->ranks; ++r) {
    out->host[r] = reports[r].host;
    out->peak_memory[r] = reports[r].peak_bytes;
    out->archive_seconds[r] = reports[r].archive_seconds;
    for (int i = 0; i < TV_STAGES; ++i) {
      out->seconds[r * TV_STAGES + i] = reports[r].seconds[i];
      out->flops[r * TV_STAGES + i] = reports[r].work[i].flops;
      out->sent[r * TV_STAGES + i] = reports[r].work[i].sent_bytes;
    }
  }
}

static tv_error *write_reports(hid_t root, const tv_schema *schema, const rank_report *reports) {
  tv_reports sorted = {0};
  tv_error *error = allocate_reports(schema->extent.ranks, &sorted);
  if (!error) {
    sort_reports(reports, &sorted);
    error = write_place(root, TV_IN_RUN, schema, &(tv_contents){.reports = &sorted});
  }
  free_reports(&sorted);
  return error;
}

/* Rank 0 adds what is known only at the end of the writing. */
static tv_error *append_reports(const tv_output *o, const tv_schema *schema,
                                const rank_report *reports) {
  char alias[TV_FILE_ALIAS];
  tv_file_alias(o->file, alias);
  const hid_t file = H5Fopen(alias, H5F_ACC_RDWR, H5P_DEFAULT);
  if (file < 0) return tv_hdf5_fail("%s: cannot be opened again", o->part);
  tv_error *error = write_reports(file, schema, reports);
  if (H5Fclose(file) < 0 && !error) error = tv_hdf5_fail("%s: cannot be closed", o->part);
  return error;
}

/* ---- Before any work ---- */

/* All ranks receive the name of rank 0's part.                                       Collective. */
static tv_error *join_part(MPI_Comm comm, tv_output *o) {
  int rank;
  uint64_t identity = 0;
  MPI_Comm_rank(comm, &rank);
  TV_TRY(tv_broadcast_text(comm, &o->part));
  if (rank == 0) identity = tv_file_identity(o->file);
  MPI_Bcast(&identity, 1, MPI_UINT64_T, 0, comm);
  return tv_agree(comm, rank != 0 ? tv_file_join(o->part, identity, &o->file) : NULL);
}

tv_error *tv_archive_begin(const char *path, const char *const *inputs, int replaces, MPI_Comm comm,
                           tv_output *out) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  *out = (tv_output){.file = -1};
  TV_TRY(tv_agree(comm, rank == 0 ? tv_output_begin(path, inputs, replaces, out) : NULL));
  tv_error *error = join_part(comm, out);
  if (!error) error = tv_bulk_try(out, comm);
  if (error) tv_output_abandon(out);
  return error;
}

/* ---- Together ---- */

static tv_error *write_part(const tv_output *o, const tv_record *record, const tv_schema *schema,
                            MPI_Comm comm) {
  const double begun = MPI_Wtime();
  int rank;
  rank_report *reports = NULL;
  MPI_Comm_rank(comm, &rank);
  const int ranks = schema->extent.ranks;
  tv_error *error = tv_agree(comm, rank == 0 ? create_file(o, record, schema, ranks) : NULL);
  if (!error) error = tv_bulk_write(o, record, schema, comm);
  if (!error) error = gather_reports(record, MPI_Wtime() - begun, comm, &reports);
  if (!error && rank == 0) error = append_reports(o, schema, reports);
  if (!error && rank == 0) error = tv_seal_write(o->part, o->file);
  free(reports);
  return tv_agree(comm, error);
}

tv_error *tv_archive_write(tv_output *o, const tv_record *record, MPI_Comm comm) {
  int rank;
  tv_schema *schema = NULL;
  tv_extent extent = {TV_FORMAT_VERSION,
                      record->features->p,
                      record->source->targets,
                      record->source->features,
                      0,
                      record->source->class_names != NULL,
                      record->examples ? record->examples->count : 0};
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &extent.ranks);
  tv_error *error = tv_agree(comm, tv_schema_make(record->experiment, &extent, &schema));
  if (!error) error = write_part(o, record, schema, comm);
  tv_schema_destroy(&schema);
  TV_TRY(error);
  return tv_agree(comm, rank == 0 ? tv_output_finish(o) : NULL);
}
