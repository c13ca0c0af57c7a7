#include <stdlib.h>
#include <string.h>

#include "bulk.h"
#include "provenance.h"
#include "twoview/archive/archive.h"
#include "twoview/archive/seal.h"
#include "twoview/base/comm.h"
#include "twoview/base/file.h"
#include "twoview/base/memory.h"
#include "twoview/hdf5/error.h"

/* ---- Coordinates and small arrays ---- */

tv_label tv_quantity_label(tv_quantity quantity) {
  static const tv_label labels[TV_QUANTITIES] = {
      {"score_clean", "score of the method on clean inputs", "1"},
      {"score_corrupted", "score of the method on corrupted inputs", "1"},
      {"distance", "distance to optimality, |score_clean - score_corrupted|", "1"},
      {"leakage",
       "S-whitened: largest squared sine between encoder and important components; SL: noise "
       "components' share of the energy of its predictions",
       "1"},
      {"objective", "objective attained", "1"},
      {"objective_optimum", "least objective by theory", "1"},
      {"residual",
       "relative residual of the stationarity equation, the largest of an encoder's rows", "1"},
      {"orthonormality", "largest entry of |E S E' - I|", "1"},
      {"status",
       "0: solved, -2: solved, but a row of this or of the clean encoder is inaccurate, -1: "
       "residual "
       "too large or score not finite, else the solver's info",
       "1"},
      {"alpha2_measured", "least alpha^2 at which the leakage is below 1/2", "1"},
      {"alpha2_status",
       "0: found, 1: no alignment needed, 2: none is enough, 3: lowest of several crossings, 4: "
       "found, not looked for others, as a solution failed, -1: a solution failed",
       "1"},
      {"alpha2_evaluations", "solutions that the search of alpha2_measured took", "1"},
      {"alpha2_predicted", "mean of alpha2_measured predicted for n; negative: none is needed",
       "1"}};
  return labels[quantity];
}

static tv_error *write_grid_coordinates(hid_t root, const tv_experiment *e) {
  const char *methods[TV_METHODS];
  for (unsigned m = 0; m < e->methods_count; ++m) methods[m] = tv_method_name(e->methods[m]);
  TV_TRY(tv_label_range(root, (tv_label){"replicate", "replicate", "1"}, e->first_replicate,
                        e->replicates));
  TV_TRY(tv_label_numbers(root, (tv_label){"lambda_max", "scale of the noise eigenvalues", "1"},
                          e->noise.lambda_max_count, e->noise.lambda_max));
  if (e->study != TV_STUDY_THRESHOLD)
    TV_TRY(tv_label_numbers(root, (tv_label){"alpha", "alignment of augmentation and noise", "1"},
                            e->augmentation.alpha_count, e->augmentation.alpha));
  TV_TRY(tv_label_counts(root, (tv_label){"n", "sample size", "1"}, e->sizes_count, e->sizes));
  return tv_label_words(root, (tv_label){"method", "method", "1"}, e->methods_count, methods);
}

static tv_error *write_size_coordinates(hid_t root, const tv_record *r) {
  const tv_sampling *s = r->sampling;
  TV_TRY(tv_label_indices(root, (tv_label){"component", "important component", "1"}, s->p));
  if (s->q)
    TV_TRY(tv_label_indices(root, (tv_label){"noise_component", "noise component", "1"}, s->q));
  TV_TRY(tv_label_indices(
      root, (tv_label){"input", "input: important components, then noise components", "1"},
      s->p + s->q));
  TV_TRY(tv_label_indices(root, (tv_label){"output", "target or class", "1"}, s->l));
  if (r->experiment->study == TV_STUDY_THRESHOLD) return NULL;
  return tv_label_indices(root, (tv_label){"encoder_row", "row of the encoder", "1"},
                          r->experiment->encoder.k);
}

static tv_error *write_features(hid_t root, const tv_record *r) {
  const tv_features *f = r->features;
  TV_TRY(tv_label_array(root,
                        (tv_label){"data_spectrum", "variances of the important components", "1"},
                        (const char *[]){"component", NULL}, 0, f->spectrum));
  if (!f->basis) return NULL;
  TV_TRY(tv_label_indices(root, (tv_label){"feature", "feature of the data", "1"}, f->inputs));
  TV_TRY(tv_label_array(root, (tv_label){"feature_mean", "mean of the data", "1"},
                        (const char *[]){"feature", NULL}, 0, f->mean));
  return tv_label_array(root, (tv_label){"principal_axes", "principal axes of the data", "1"},
                        (const char *[]){"component", "feature", NULL}, 0, f->basis);
}

static tv_error *write_spectra(hid_t root, const tv_spectra *s) {
  if (s->q)
    TV_TRY(tv_label_array(
        root, (tv_label){"gamma_eigenvalues", "eigenvalues of the noise covariance", "1"},
        (const char *[]){"replicate", "lambda_max", "noise_component", NULL}, 0, s->gamma));
  return tv_label_array(
      root, (tv_label){"theta_eigenvalues", "eigenvalues of the augmentation covariance", "1"},
      (const char *[]){"replicate", "input", NULL}, 0, s->theta);
}

static tv_error *write_digests(hid_t root, const tv_results *r) {
  const int64_t count = (int64_t)r->replicates * r->levels;
  const char **words = NULL;
  TV_TRY(tv_allocate(count, sizeof(*words), &words));
  for (int64_t i = 0; i < count; ++i) words[i] = r->digest[i];
  tv_error *error =
      tv_label_word_array(root, (tv_label){"moments_sha256", "SHA-256 of the moment matrix", "1"},
                          (const char *[]){"replicate", "n", NULL}, words);
  free(words);
  return error;
}

static tv_error *write_quantities(hid_t root, const tv_experiment *e, const tv_results *r) {
  static const char *const grid[] = {"replicate", "lambda_max", "alpha", "n", "method", NULL};
  static const char *const threshold[] = {"replicate", "lambda_max", "n", "method", NULL};
  const char *const *dimensions = e->study == TV_STUDY_THRESHOLD ? threshold : grid;
  for (int i = r->quantities.first; i < r->quantities.end; ++i)
    TV_TRY(tv_label_array(root, tv_quantity_label((tv_quantity)i), dimensions, 0, r->quantity[i]));
  return tv_label_array(
      root,
      (tv_label){"alpha2_threshold",
                 "least alpha^2 that recovers, n to infinity; negative: none is needed", "1"},
      (const char *[]){"replicate", "lambda_max", "method", NULL}, 0, r->alpha2_threshold);
}

/* ---- The file ---- */

static tv_error *write_root(hid_t root, const tv_record *record, int ranks) {
  TV_TRY(tv_provenance_write(root, record, ranks));
  TV_TRY(write_grid_coordinates(root, record->experiment));
  TV_TRY(write_size_coordinates(root, record));
  TV_TRY(write_quantities(root, record->experiment, record->results));
  TV_TRY(write_digests(root, record->results));
  TV_TRY(write_spectra(root, record->spectra));
  TV_TRY(write_features(root, record));
  return tv_bulk_reserve(root, record);
}

/* Rank 0 alone: all that is small, and room for what is not. */
static tv_error *create_file(const tv_output *o, const tv_record *record, int ranks) {
  hid_t file;
  TV_TRY(tv_label_create_file(o->part, o->file, &file));
  tv_error *error = write_root(file, record, ranks);
  if (H5Fclose(file) < 0 && !error) error = tv_hdf5_fail("%s: cannot be closed", o->part);
  return error;
}

/* ---- What every rank tells rank 0 ---- */

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

static tv_error *write_reports(hid_t root, int ranks, const rank_report *reports) {
  const char *stages[TV_STAGES], **hosts = NULL;
  double *seconds = NULL, *flops = NULL, *sent = NULL, *peaks = NULL, *archive = NULL;
  tv_error *error;
  for (int i = 0; i < TV_STAGES; ++i) stages[i] = tv_stage_name((tv_stage)i);
  TV_GO(tv_allocate(ranks, sizeof(*hosts), &hosts));
  TV_GO(tv_allocate(ranks * TV_STAGES, sizeof(*seconds), &seconds));
  TV_GO(tv_allocate(ranks * TV_STAGES, sizeof(*flops), &flops));
  TV_GO(tv_allocate(ranks * TV_STAGES, sizeof(*sent), &sent));
  TV_GO(tv_allocate(ranks, sizeof(*peaks), &peaks));
  TV_GO(tv_allocate(ranks, sizeof(*archive), &archive));
  for (int r = 0; r < ranks; ++r) {
    hosts[r] = reports[r].host;
    peaks[r] = reports[r].peak_bytes;
    archive[r] = reports[r].archive_seconds;
    for (int i = 0; i < TV_STAGES; ++i) {
      seconds[r * TV_STAGES + i] = reports[r].seconds[i];
      flops[r * TV_STAGES + i] = reports[r].work[i].flops;
      sent[r * TV_STAGES + i] = reports[r].work[i].sent_bytes;
    }
  }
  TV_GO(tv_label_indices(root, (tv_label){"rank", "MPI rank", "1"}, ranks));
  TV_GO(tv_label_words(root, (tv_label){"stage", "stage of the run", "1"}, TV_STAGES, stages));
  TV_GO(tv_label_word_array(root, (tv_label){"host", "host of the rank", "1"},
                            (const char *[]){"rank", NULL}, hosts));
  TV_GO(tv_label_array(root, (tv_label){"seconds", "wall time of the stage", "s"},
                       (const char *[]){"rank", "stage", NULL}, 0, seconds));
  TV_GO(tv_label_array(root, (tv_label){"flops", "floating-point operations counted", "1"},
                       (const char *[]){"rank", "stage", NULL}, 0, flops));
  TV_GO(tv_label_array(root, (tv_label){"sent", "bytes of sums sent along the tree", "byte"},
                       (const char *[]){"rank", "stage", NULL}, 0, sent));
  TV_GO(tv_label_array(root, (tv_label){"archive_seconds", "wall time of writing the archive", "s"},
                       (const char *[]){"rank", NULL}, 0, archive));
  TV_GO(tv_label_array(root, (tv_label){"peak_memory", "peak resident memory", "byte"},
                       (const char *[]){"rank", NULL}, 0, peaks));
done:
  free(hosts);
  free(seconds);
  free(flops);
  free(sent);
  free(peaks);
  free(archive);
  return error;
}

/* Rank 0 adds what only the end of the writing tells. */
static tv_error *append_reports(const tv_output *o, int ranks, const rank_report *reports) {
  char alias[TV_FILE_ALIAS];
  tv_file_alias(o->file, alias);
  const hid_t file = H5Fopen(alias, H5F_ACC_RDWR, H5P_DEFAULT);
  if (file < 0) return tv_hdf5_fail("%s: cannot be opened again", o->part);
  tv_error *error = write_reports(file, ranks, reports);
  if (H5Fclose(file) < 0 && !error) error = tv_hdf5_fail("%s: cannot be closed", o->part);
  return error;
}

/* ---- Before any work ---- */

/* Rank 0's part becomes everybody's.                                               Collective. */
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

static tv_error *write_part(const tv_output *o, const tv_record *record, MPI_Comm comm) {
  const double begun = MPI_Wtime();
  int rank, size;
  rank_report *reports = NULL;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  tv_error *error = tv_agree(comm, rank == 0 ? create_file(o, record, size) : NULL);
  if (!error) error = tv_bulk_write(o, record, comm);
  if (!error) error = gather_reports(record, MPI_Wtime() - begun, comm, &reports);
  if (!error && rank == 0) error = append_reports(o, size, reports);
  if (!error && rank == 0) error = tv_seal_write(o->part, o->file);
  free(reports);
  return tv_agree(comm, error);
}

tv_error *tv_archive_write(tv_output *o, const tv_record *record, MPI_Comm comm) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  TV_TRY(write_part(o, record, comm));
  return tv_agree(comm, rank == 0 ? tv_output_finish(o) : NULL);
}
