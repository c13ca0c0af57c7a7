#include "twoview/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_info.h"
#include "twoview/archive.h"
#include "twoview/comm.h"
#include "twoview/experiment_file.h"
#include "twoview/law.h"
#include "twoview/memory.h"
#include "twoview/plan.h"
#include "twoview/provenance.h"

/* Everything that a run owns, in the order in which it comes to be. */
typedef struct {
  tv_experiment *experiment;
  char *output;
  tv_source *source;
  tv_features *features;
  tv_spectra *spectra;
  tv_plan plan;
  char *identity;
  tv_checkpoint *checkpoint;
  tv_group *group;
  tv_head *head;
  tv_moments *moments;
  tv_results *results;
  tv_stopwatch stopwatch;
  const char *stage; /* under way, for messages; NULL: checking what is asked for */
} run;

static void release(run *r) {
  tv_results_destroy(&r->results);
  tv_moments_destroy(&r->moments);
  tv_head_destroy(&r->head);
  tv_group_dissolve(&r->group);
  tv_checkpoint_destroy(&r->checkpoint);
  free(r->identity);
  tv_spectra_destroy(&r->spectra);
  tv_features_destroy(&r->features);
  tv_source_close(&r->source);
  tv_experiment_destroy(&r->experiment);
  free(r->output);
}

static tv_error *name_output(const tv_run_options *options, const tv_experiment *experiment,
                             char **out) {
  const char *name = options->output ? options->output : experiment->name;
  if (!options->output && (!*name || name[strcspn(name, "/\n\r")]))
    return tv_experiment_fault(experiment, "name",
                               "'%s' cannot name the output file; give one with -o", name);
  TV_TRY(tv_allocate((long long)strlen(name) + 4, 1, out));
  sprintf(*out, "%s%s", name, options->output ? "" : ".h5");
  return NULL;
}

static tv_error *print_plan(const run *r, MPI_Comm comm) {
  int rank;
  double seconds = 0;
  MPI_Comm_rank(comm, &rank);
  TV_TRY(tv_agree(comm, rank == 0 ? tv_plan_estimate(&r->plan, &seconds) : NULL));
  if (rank == 0) tv_plan_print(r->experiment, r->source, &r->plan, seconds);
  return tv_plan_expect_room(&r->plan);
}

/* ---- Going on where an earlier run was ---- */

/* What a run and its continuation have in common, line by line. */
static tv_error *identify(const run *r, char **out) {
  size_t size;
  char *resolved = NULL;
  TV_TRY(tv_experiment_print(r->experiment, &resolved));
  FILE *text = open_memstream(out, &size);
  if (!text) {
    free(resolved);
    return tv_fail_errno("the identity of the run");
  }
  fprintf(text, "twoview %s\n%s", TV_VERSION, resolved);
  for (int i = 0; i < TV_MOST_FILES && r->source->files[i].path; ++i)
    fprintf(text, "SHA-256 of %s: %s\n", r->source->files[i].path, r->source->files[i].digest);
  free(resolved);
  return fclose(text) == 0 ? NULL : tv_fail_errno("the identity of the run");
}

/* Rank 0: an archive that exists is whole; whether it is what this run would make. */
static tv_error *expect_same_experiment(const run *r) {
  char *theirs = NULL, *mine = NULL;
  TV_TRY(tv_archive_read_experiment(r->output, &theirs));
  tv_error *error = tv_experiment_print(r->experiment, &mine);
  if (!error && strcmp(theirs, mine) != 0)
    error = tv_fail_usage("%s: exists and is of another experiment; name another output with -o, "
                          "or add --force to replace it",
                          r->output);
  free(theirs);
  free(mine);
  return error;
}

/* Whether the run to be resumed is finished.                                       Collective. */
static tv_error *look_for_archive(const run *r, MPI_Comm comm, int *is_finished) {
  int rank;
  tv_error *error = NULL;
  MPI_Comm_rank(comm, &rank);
  *is_finished = rank == 0 && access(r->output, F_OK) == 0;
  if (*is_finished) error = expect_same_experiment(r);
  MPI_Bcast(is_finished, 1, MPI_INT, 0, comm);
  if (*is_finished && rank == 0 && !error)
    printf("%s: is complete; there is nothing to resume\n", r->output);
  return tv_agree(comm, error);
}

/* The sums of both sessions are right, but others than those of one on one kernel. */
static tv_error *compare_kernel(tv_checkpoint *c, int speaks) {
  const tv_saved_key key = {TV_SAVED_KERNEL, 0, 0, 1};
  const char *mine = tv_blas_kernel();
  const int64_t bytes = tv_checkpoint_find(c, key);
  char *theirs = NULL;
  if (!speaks) return NULL;
  if (bytes > 0) {
    TV_TRY(tv_allocate(bytes + 1, 1, &theirs));
    tv_error *error = tv_checkpoint_read(c, key, theirs, (size_t)bytes);
    if (!error && strcmp(theirs, mine) != 0)
      fprintf(stderr,
              "twoview: the run began on the BLAS kernel %s and goes on with %s: its moments "
              "will be right but not the same bits as on one (OPENBLAS_CORETYPE chooses)\n",
              theirs, mine);
    free(theirs);
    TV_TRY(error);
  }
  return tv_checkpoint_hold(c, key, mine, strlen(mine) + 1);
}

static tv_error *take_up_checkpoint(const tv_run_options *options, run *r, int speaks) {
  tv_checkpoint *c = r->checkpoint;
  const int exists = tv_checkpoint_exists(c);
  if (options->replaces && !options->resumes) return tv_checkpoint_remove(c);
  if (exists && !options->resumes)
    return tv_fail_usage("%s: an earlier run of it was interrupted; go on with --resume, or start "
                         "over with --force",
                         r->output);
  if (exists) TV_TRY(tv_checkpoint_resume(c));
  if (options->resumes && speaks)
    fprintf(stderr,
            exists ? "twoview: %s: going on from its checkpoint\n"
                   : "twoview: %s: there is no checkpoint; starting from the beginning\n",
            r->output);
  return NULL;
}

static tv_error *open_checkpoint(const tv_run_options *options, run *r, MPI_Comm comm) {
  int rank;
  const tv_checkpoint_policy policy = {r->stopwatch.begun, options->checkpoint_every,
                                       options->time_limit};
  MPI_Comm_rank(comm, &rank);
  TV_TRY(tv_agree(comm, identify(r, &r->identity)));
  TV_TRY(tv_checkpoint_create(r->output, r->identity, &policy, comm, &r->checkpoint));
  TV_TRY(take_up_checkpoint(options, r, rank == 0));
  return tv_agree(comm, compare_kernel(r->checkpoint, rank == 0));
}

/* ---- The run itself ---- */

/* The first samples of each replicate, and the moments unless they are to be distributed. */
static tv_error *take_moments(const tv_sampling *sampling, run *r, int speaks) {
  const tv_archive_spec *archive = &sampling->experiment->archive;
  const int64_t head =
      archive->representations == TV_KEEP_NONE ? 0 : archive->representation_samples;
  TV_TRY(tv_agree(sampling->partition.comm, tv_head_create(sampling, head, &r->head)));
  if (r->plan.layout.is_distributed)
    return tv_sampling_collect(sampling, &r->head->selection, r->head->rows);
  if (sampling->experiment->noise.sampler == TV_SAMPLER_LAW)
    return tv_law_collect(sampling, speaks, &r->moments);
  return tv_moments_collect(sampling, r->head, speaks, &r->moments);
}

/* Data -> moments -> solutions -> archive. */
static tv_error *compute(const tv_run_options *options, run *r, int speaks, MPI_Comm comm) {
  const tv_experiment *e = r->experiment;
  r->stage = "features";
  TV_TRY(tv_features_fit(e, r->source, comm, r->checkpoint, &r->features));
  tv_stopwatch_lap(&r->stopwatch, TV_STAGE_FEATURES);
  const tv_sampling sampling = tv_sampling_make(e, r->source, r->features, comm, r->checkpoint);
  TV_TRY(tv_agree(comm, tv_spectra_draw(e, sampling.p, &r->spectra)));
  TV_TRY(tv_group_form(comm, r->plan.layout.groups, r->plan.layout.block, &r->group));
  r->stage = "moments";
  TV_TRY(take_moments(&sampling, r, speaks));
  tv_stopwatch_lap(&r->stopwatch, TV_STAGE_MOMENTS);
  const tv_study study = {e,        r->features, &sampling,     r->spectra,
                          r->group, comm,        &r->stopwatch, speaks};
  r->stage = r->moments ? "solves" : "moments and solves";
  TV_TRY(tv_results_compute(&study, r->moments, &r->results));
  TV_TRY(tv_agree(comm, tv_results_represent(r->head, r->spectra, r->results)));
  tv_stopwatch_lap(&r->stopwatch, TV_STAGE_SOLVES);
  const tv_record record = {.experiment = e,
                            .source = r->source,
                            .features = r->features,
                            .sampling = &sampling,
                            .spectra = r->spectra,
                            .moments = r->moments,
                            .plan = &r->plan,
                            .results = r->results,
                            .stopwatch = &r->stopwatch,
                            .command = options->command,
                            .sessions = tv_checkpoint_sessions(r->checkpoint) + 1,
                            .replaces = options->replaces};
  r->stage = "archive";
  TV_TRY(tv_archive_write(r->output, &record, comm));
  return tv_checkpoint_remove(r->checkpoint);
}

static int64_t count_failures(const tv_results *results) {
  int64_t failures = 0;
  for (int64_t i = 0; i < results->points * results->methods; ++i)
    failures += results->quantity[TV_STATUS][i] != 0;
  return failures;
}

static void print_summary(const run *r, int64_t failures) {
  const tv_results *results = r->results;
  const double all = MPI_Wtime() - r->stopwatch.begun;
  double archive = all;
  char peak[64], planned[64], threads[64];
  printf("%s: %" PRId64 " points, %" PRId64 " solutions", r->output, results->points,
         results->points * results->methods);
  if (failures) printf(", %" PRId64 " of them failed (see 'status')", failures);
  for (int i = 0; i < TV_STAGES; ++i) {
    printf("%s %s %.2f s", i ? "," : ";", tv_stage_name((tv_stage)i), r->stopwatch.seconds[i]);
    archive -= r->stopwatch.seconds[i];
  }
  printf(", archive %.2f s, all %.2f s\n", archive, all);
  tv_format_bytes(tv_memory_peak(), peak);
  tv_format_bytes(r->plan.memory_bytes, planned);
  tv_describe_blas_threads(threads);
  printf("memory of rank 0 %s, planned for the fullest %s; %s\n", peak, planned, threads);
}

static tv_error *prepare(const tv_run_options *options, run *r, MPI_Comm comm, int *is_finished) {
  TV_TRY(tv_experiment_load(options->experiment, options->overrides, comm, &r->experiment));
  TV_TRY(tv_agree(comm, name_output(options, r->experiment, &r->output)));
  if (options->resumes) TV_TRY(look_for_archive(r, comm, is_finished));
  if (*is_finished) return NULL;
  TV_TRY(tv_source_open(r->experiment, comm, &r->source));
  TV_TRY(tv_plan_make(r->experiment, r->source, comm, &r->plan));
  const tv_record inputs = {.experiment = r->experiment,
                            .source = r->source,
                            .replaces = options->replaces || options->is_dry};
  return tv_archive_expect_writable(r->output, &inputs, comm);
}

static tv_error *carry_out(const tv_run_options *options, run *r, MPI_Comm comm) {
  int rank, is_finished = 0;
  MPI_Comm_rank(comm, &rank);
  TV_TRY(prepare(options, r, comm, &is_finished));
  if (is_finished) return NULL;
  if (options->is_dry) return print_plan(r, comm);
  TV_TRY(tv_plan_expect_room(&r->plan));
  TV_TRY(open_checkpoint(options, r, comm));
  tv_stopwatch_lap(&r->stopwatch, TV_STAGE_OPEN);
  TV_TRY(compute(options, r, rank == 0, comm));
  r->stage = NULL;
  const int64_t failures = count_failures(r->results);
  if (rank == 0) print_summary(r, failures);
  if (failures < r->results->points * r->results->methods) return NULL;
  return tv_fail("%s: no solution succeeded; 'status' tells why each failed", r->output);
}

/* An error of the run tells in which stage it happened. */
static tv_error *name_stage(const run *r, tv_error *error) {
  if (!error || !r->stage) return error;
  tv_error *named = tv_fail_as(error->exit_code, "%s: %s", r->stage, error->message);
  tv_error_free(error);
  return named;
}

tv_error *tv_run(const tv_run_options *options, MPI_Comm comm) {
  run r = {.stopwatch = tv_stopwatch_start()};
  tv_error *error = name_stage(&r, carry_out(options, &r, comm));
  release(&r);
  return error;
}
