#include "run.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "continuation.h"
#include "twoview/archive/archive.h"
#include "twoview/augmentations/view_model.h"
#include "twoview/base/build.h"
#include "twoview/base/comm.h"
#include "twoview/base/escape.h"
#include "twoview/base/interruption.h"
#include "twoview/base/memory.h"
#include "twoview/base/text.h"
#include "twoview/data/held_out.h"
#include "twoview/experiment/file.h"
#include "twoview/kinds.h"
#include "twoview/moments/law.h"
#include "twoview/plan/plan.h"
#include "twoview/plan/view_pilot.h"
#include "twoview/studies/examples.h"
#include "twoview/studies/tally.h"

/* Everything that a run owns, in the order in which it is made. */
typedef struct {
  tv_experiment *experiment;
  char *output;
  tv_source *source;
  tv_held_out held_out;
  tv_view_model *model; /* of the view model; else NULL */
  tv_output archive;    /* under way */
  tv_features *features;
  tv_spectra *spectra;
  tv_plan plan;
  char *identity;
  tv_checkpoint *checkpoint;
  tv_group *group;
  tv_head *head;
  tv_moments *moments, *held_out_moments;
  tv_sampling held_out_sampling;
  tv_view_moments *view_moments; /* of sampled views */
  tv_results *results;
  tv_examples *examples; /* of the view model; else NULL */
  tv_stopwatch stopwatch;
  const char *stage; /* under way, for messages; NULL: checking what is asked for */
} run;

static void release(run *r) {
  tv_examples_destroy(&r->examples);
  tv_results_destroy(&r->results);
  tv_view_moments_destroy(&r->view_moments);
  tv_moments_destroy(&r->held_out_moments);
  tv_moments_destroy(&r->moments);
  tv_head_destroy(&r->head);
  tv_group_dissolve(&r->group);
  tv_checkpoint_destroy(&r->checkpoint);
  free(r->identity);
  tv_spectra_destroy(&r->spectra);
  tv_features_destroy(&r->features);
  tv_output_abandon(&r->archive);
  tv_view_model_destroy(&r->model);
  tv_held_out_release(&r->held_out);
  tv_source_close(&r->source);
  tv_experiment_destroy(&r->experiment);
  free(r->output);
}

static tv_error *name_output(const tv_run_options *options, const tv_experiment *experiment,
                             char **out) {
  char *file = NULL;
  const char *name = experiment->name;
  if (options->output) return tv_output_locate(options->output, out);
  tv_error *unusable = tv_expect_file_name(name);
  tv_error_free(unusable);
  if (unusable || !*name || strchr(name, '/'))
    return tv_experiment_fault(experiment, "name",
                               "'%s' cannot name the output file; give one with -o", name);
  TV_TRY(tv_allocate((long long)strlen(name) + 4, 1, &file));
  sprintf(file, "%s.h5", name);
  tv_error *error = tv_output_locate(file, out);
  free(file);
  return error;
}

/* One rank looks where a link leads, and whether checkpoints can be beside.        Collective. */
static tv_error *agree_on_output(const tv_run_options *options, run *r, MPI_Comm comm) {
  int rank;
  tv_error *error = NULL;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) error = name_output(options, r->experiment, &r->output);
  if (rank == 0 && !error) error = tv_checkpoint_expect_names(r->output);
  TV_TRY(tv_agree(comm, error));
  return tv_broadcast_text(comm, &r->output);
}

/* What can be checked before the data are read: memory, and the number of samples for the
 * components. */
static tv_error *expect_feasible(const run *r) {
  TV_TRY(tv_plan_expect_room(&r->plan));
  return tv_features_expect_rows(r->experiment, r->source);
}

/* Where views are sampled or given.                                                 Collective. */
static tv_error *print_pilot(const run *r, MPI_Comm comm) {
  int rank;
  tv_view_pilot pilot;
  MPI_Comm_rank(comm, &rank);
  TV_TRY(tv_view_pilot_make(&r->plan, r->model, comm, &pilot));
  if (rank == 0) tv_view_pilot_print(r->experiment, r->source, &r->plan, &pilot);
  return NULL;
}

static tv_error *print_plan(const run *r, MPI_Comm comm) {
  int rank;
  tv_time_range time;
  MPI_Comm_rank(comm, &rank);
  tv_error *infeasible = expect_feasible(r), *error = NULL;
  if (!infeasible) error = tv_plan_estimate(r->experiment, &r->plan, comm, &time);
  if (!error && rank == 0)
    tv_plan_print(r->experiment, r->source, &r->plan, infeasible ? NULL : &time);
  if (!error && !infeasible && tv_experiment_samples_views(r->experiment))
    error = print_pilot(r, comm);
  if (!error) return infeasible;
  tv_error_free(infeasible);
  return error;
}

/* The first samples of each replicate, and the moments unless they are to be distributed. Nonlinear
 * features of samples cannot be corrupted: a pass of its own keeps the samples themselves. */
static tv_error *take_moments(const tv_sampling *sampling, run *r, int speaks) {
  const tv_archive_spec *archive = &sampling->experiment->archive;
  const int64_t head =
      archive->representations == TV_KEEP_NONE ? 0 : archive->representation_samples;
  const int is_apart = tv_experiment_has_fourier(sampling->experiment);
  const tv_sampling rows = is_apart ? tv_sampling_of_inputs(sampling) : *sampling;
  TV_TRY(tv_agree(sampling->partition.comm, tv_head_create(&rows, head, &r->head)));
  if (head > 0 && (is_apart || r->plan.layout.is_distributed))
    TV_TRY(tv_sampling_collect(&rows, &r->head->selection, r->head->rows));
  if (r->plan.layout.is_distributed) return NULL;
  if (sampling->experiment->noise.sampler == TV_SAMPLER_LAW)
    return tv_law_collect(sampling, speaks, &r->moments);
  return tv_moments_collect(sampling, is_apart ? NULL : r->head, speaks, &r->moments);
}

/* All moments are one stage. */
static void add_work(const tv_work *work, run *r) {
  r->moments->work.flops += work->flops;
  r->moments->work.sent_bytes += work->sent_bytes;
}

/* The moments of the rows held out, if there are any, unless they are to be distributed. */
static tv_error *take_held_out_moments(const tv_sampling *training, run *r, int speaks) {
  if (!r->held_out.size) return NULL;
  r->held_out_sampling = tv_held_out_sampling(&r->held_out, training);
  if (r->plan.layout.is_distributed) return NULL;
  TV_TRY(tv_moments_collect(&r->held_out_sampling, NULL, speaks, &r->held_out_moments));
  add_work(&r->held_out_moments->work, r);
  return NULL;
}

/* Those of sampled views, where views are sampled. */
static tv_error *take_view_moments(const tv_sampling *sampling, run *r, int speaks) {
  if (!tv_experiment_sums_views(r->experiment)) return NULL;
  const tv_row_views views = tv_view_model_views(r->model);
  TV_TRY(tv_view_moments_collect(sampling, &views, speaks, &r->view_moments));
  add_work(&r->view_moments->work, r);
  return NULL;
}

/* Data -> moments -> solutions -> archive. */
static tv_error *compute(const tv_run_options *options, run *r, int speaks, MPI_Comm comm) {
  const tv_experiment *e = r->experiment;
  r->stage = "features";
  TV_TRY(tv_features_fit(e, r->source, comm, r->checkpoint, &r->features));
  tv_stopwatch_lap(&r->stopwatch, TV_STAGE_FEATURES);
  tv_sampling sampling = tv_sampling_make(e, r->source, r->features, comm, r->checkpoint);
  tv_row_corruption corruption = {0};
  if (r->model) corruption = tv_view_model_rows(r->model);
  if (corruption.severities > 0) sampling.corruption = &corruption;
  TV_TRY(tv_agree(comm, tv_spectra_draw(e, sampling.p, &r->spectra)));
  TV_TRY(tv_group_form(comm, r->plan.layout.groups, r->plan.layout.block, &r->group));
  r->stage = "moments";
  if (r->model) TV_TRY(tv_view_model_read(r->model, &sampling, r->group->row));
  TV_TRY(take_moments(&sampling, r, speaks));
  TV_TRY(take_held_out_moments(&sampling, r, speaks));
  TV_TRY(take_view_moments(&sampling, r, speaks));
  tv_stopwatch_lap(&r->stopwatch, TV_STAGE_MOMENTS);
  const tv_study_inputs study = {.experiment = e,
                                 .features = r->features,
                                 .sampling = &sampling,
                                 .spectra = r->spectra,
                                 .group = r->group,
                                 .model = r->model,
                                 .held_out = r->held_out_moments,
                                 .view_moments = r->view_moments,
                                 .held_out_sampling =
                                     r->held_out.size ? &r->held_out_sampling : NULL,
                                 .comm = comm,
                                 .watch = &r->stopwatch,
                                 .shows_progress = speaks};
  r->stage = r->moments ? "solves" : "moments and solves";
  TV_TRY(tv_results_compute(&study, r->moments, &r->results));
  if (r->model) TV_TRY(tv_examples_take(r->model, &sampling, &r->examples));
  TV_TRY(tv_agree(comm, tv_results_represent(r->head, &study, r->results)));
  tv_stopwatch_lap(&r->stopwatch, TV_STAGE_SOLVES);
  const tv_record record = {.experiment = e,
                            .source = r->source,
                            .features = r->features,
                            .model = r->model,
                            .sampling = &sampling,
                            .spectra = r->spectra,
                            .moments = r->moments,
                            .layout = &r->plan.layout,
                            .planned_bytes = r->plan.memory_bytes,
                            .results = r->results,
                            .examples = r->examples,
                            .stopwatch = &r->stopwatch,
                            .command = options->command,
                            .sessions = tv_checkpoint_sessions(r->checkpoint) + 1};
  r->stage = "archive";
  TV_TRY(tv_archive_write(&r->archive, &record, comm));
  return tv_checkpoint_remove(r->checkpoint);
}

static tv_tally count_solutions(const run *r) {
  const tv_results *results = r->results;
  tv_cube clean = results->cube; /* whose scores differ by neither */
  clean.magnitudes = clean.alphas = 1;
  tv_tally tally = {.study = tv_study_of(r->experiment),
                    .solutions = tv_cube_entries(&results->cube, results->points),
                    .clean_failed = tv_count_clean_failures(&clean, results->clean)};
  tv_tally_count(&tally, results->quantity[tally.study->status]);
  return tally;
}

static void print_summary(const run *r, const tv_tally *tally) {
  const tv_results *results = r->results;
  const double all = MPI_Wtime() - r->stopwatch.begun;
  double archive = all;
  char peak[64], planned[64], threads[64];
  tv_put_plain(r->output, stdout);
  printf(": %" PRId64 " points, ", results->points);
  tv_tally_print(tally, stdout);
  for (int i = 0; i < TV_STAGES; ++i) {
    printf("%s %s %.2f s", i ? "," : ";", tv_stage_name((tv_stage)i), r->stopwatch.seconds[i]);
    archive -= r->stopwatch.seconds[i];
  }
  printf(", archive %.2f s, all %.2f s\n", archive, all);
  tv_format_bytes(tv_memory_peak(), peak);
  tv_format_bytes(r->plan.memory_bytes, planned);
  tv_describe_blas_threads(threads);
  printf("memory of rank 0 %s, planned for the fullest %s; %s\n", peak, planned, threads);
  for (int i = 0; i < results->notes.count; ++i)
    tv_print_line(stdout, "%s", results->notes.lines[i]);
  for (int i = 0; tally->failed < tally->solutions && i < results->failures.count; ++i)
    tv_print_line(stderr, "twoview: %s: %s", r->output, results->failures.lines[i]);
}

/* The run's last words, where it has found nothing: why. */
static tv_error *fail_for_nothing(const run *r, const tv_study *study) {
  const tv_notes *why = &r->results->failures;
  if (why->count == 0) return tv_fail("%s: %s", r->output, study->nothing);
  return tv_fail("%s: %s: %s", r->output, study->nothing, why->lines[0]);
}

static tv_error *prepare(const tv_run_options *options, run *r, MPI_Comm comm, int *is_finished) {
  TV_TRY(tv_experiment_load(options->experiment, options->overrides, &tv_kinds_all, comm,
                            &r->experiment));
  TV_TRY(agree_on_output(options, r, comm));
  if (options->resumes)
    TV_TRY(tv_continuation_expect_archive(r->output, options->replaces, r->experiment, comm,
                                          is_finished));
  if (*is_finished) return NULL;
  TV_TRY(tv_source_open(r->experiment, comm, &r->source));
  TV_TRY(tv_law_expect_sizes(r->experiment, r->source));
  TV_TRY(tv_held_out_open(r->experiment, r->source, comm, &r->held_out));
  if (tv_experiment_has_views(r->experiment))
    TV_TRY(tv_view_model_create(r->experiment, r->source, r->held_out.source, comm, &r->model));
  TV_TRY(tv_plan_make(r->experiment, r->source, &r->held_out, comm, &r->plan));
  const char *reads[TV_MOST_FILES + 2] = {r->experiment->file};
  for (int i = 0; i < TV_MOST_FILES && r->source->files[i].path; ++i)
    reads[i + 1] = r->source->files[i].path;
  return tv_archive_begin(r->output, reads, options->replaces || options->is_dry, comm,
                          &r->archive);
}

static tv_error *run_stages(const tv_run_options *options, run *r, MPI_Comm comm) {
  int rank, is_finished = 0;
  MPI_Comm_rank(comm, &rank);
  TV_TRY(prepare(options, r, comm, &is_finished));
  if (is_finished) return NULL;
  if (options->is_dry) return print_plan(r, comm);
  TV_TRY(expect_feasible(r));
  TV_TRY(tv_continuation_open(options, r->output, r->experiment, r->source, r->stopwatch.begun,
                              comm, &r->identity, &r->checkpoint));
  tv_stopwatch_lap(&r->stopwatch, TV_STAGE_OPEN);
  TV_TRY(compute(options, r, rank == 0, comm));
  r->stage = NULL;
  const tv_tally tally = count_solutions(r);
  if (rank == 0) print_summary(r, &tally);
  if (tally.failed < tally.solutions) return NULL;
  return tv_agree(comm, rank == 0 ? fail_for_nothing(r, tally.study) : NULL);
}

/* Results on stdout, progress on stderr, both from rank 0. An error of exit code
 * TV_EXIT_INTERRUPTED: the run was asked to stop, and a checkpoint holds what it has done;
 * TV_EXIT_NO_TIME: the same, but its time limit is too short for any progress. Collective. */
static tv_error *run_once(const tv_run_options *options, MPI_Comm comm) {
  run r = {.stopwatch = tv_stopwatch_start()};
  tv_error *error = run_stages(options, &r, comm);
  if (r.stage) error = tv_error_prefix(error, "%s: ", r.stage);
  release(&r);
  return error;
}

/* ---- The command ---- */

enum {
  OPTION_SET = 256,
  OPTION_RESUME,
  OPTION_FORCE,
  OPTION_MAX_TIME,
  OPTION_EVERY,
  OPTION_DRY_RUN
};

static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                        {"set", required_argument, NULL, OPTION_SET},
                                        {"resume", no_argument, NULL, OPTION_RESUME},
                                        {"force", no_argument, NULL, OPTION_FORCE},
                                        {"max-time", required_argument, NULL, OPTION_MAX_TIME},
                                        {"checkpoint-every", required_argument, NULL, OPTION_EVERY},
                                        {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static tv_error *parse(tv_call *call, tv_run_options *o, int *wants_help) {
  for (int option; (option = getopt_long(call->count, call->words, "o:h", options, NULL)) != -1;)
    switch (option) {
    case 'o':
      o->output = optarg;
      break;
    case OPTION_SET:
      tv_call_override(call, optarg);
      break;
    case OPTION_RESUME:
      o->resumes = 1;
      break;
    case OPTION_FORCE:
      o->replaces = 1;
      break;
    case OPTION_MAX_TIME:
      TV_TRY(tv_parse_duration("--max-time", optarg, &o->time_limit));
      break;
    case OPTION_EVERY:
      TV_TRY(tv_parse_duration("--checkpoint-every", optarg, &o->checkpoint_every));
      break;
    case OPTION_DRY_RUN:
      o->is_dry = 1;
      break;
    case 'h':
      *wants_help = 1;
      return NULL;
    default:
      return tv_call_refuse_option(call, options);
    }
  return tv_call_operand(call, "EXPERIMENT.yaml", &o->experiment);
}

/* Launched without MPI's knowledge, every task of a Slurm job would be a run of its own. */
static tv_error *expect_all_ranks(void) {
  const char *tasks = tv_environment("SLURM_NTASKS");
  uint64_t count;
  int size;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (!tasks) return NULL;
  if (tv_read_natural(tasks, &count) != TV_NUMBER_READ)
    return tv_fail_usage("SLURM_NTASKS '%s' in the environment is no number of tasks; unset it",
                         tasks);
  if (count == (uint64_t)size) return NULL;
  return tv_fail_usage("Slurm runs %s tasks but MPI knows of %d rank%s; start it with `srun "
                       "--mpi=pmix` or `mpirun`, and for fewer ranks than the job's tasks set "
                       "SLURM_NTASKS to their number",
                       tasks, size, size == 1 ? "" : "s");
}

static tv_error *carry_out(tv_call *call) {
  tv_run_options o = {.overrides = call->overrides, .command = call->line};
  int wants_help = 0;
  if (call->rank == 0) tv_interruption_announce();
  TV_TRY(expect_all_ranks());
  TV_TRY(tv_scheduler_time_left(&o.time_limit));
  TV_TRY(parse(call, &o, &wants_help));
  return wants_help ? tv_call_help(call) : run_once(&o, MPI_COMM_WORLD);
}

static const char help[] =
    "Usage: twoview run EXPERIMENT.yaml [OPTION]...\n"
    "Run an experiment and archive its results.\n"
    "\n"
    "  -o, --output FILE.h5  the archive (default: NAME.h5, NAME from the experiment)\n"
    "      --set KEY=VALUE   override a key, as in --set noise.lambda_max=[10,100]\n"
    "      --resume          continue an interrupted run, on any number of ranks\n"
    "      --force           replace an existing archive, forget an interrupted run\n"
    "      --max-time TIME   save and leave before TIME is over: seconds, or [[D-]HH:]MM:SS\n"
    "                        (default: the end of the Slurm job where Slurm gives it)\n"
    "      --checkpoint-every TIME  how often to save (default: after 10 seconds, then every 30, "
    "or\n"
    "                        what keeps saving below 1 % of the time)\n"
    "      --dry-run         check the experiment and its data's sizes and labels, without a pass\n"
    "                        over the samples, print the plan, compute nothing; where views are\n"
    "                        sampled, a pilot of the first samples says how many are best\n"
    "  -h, --help            this text\n"
    "\n"
    "Signals that would end it (Ctrl-C, SIGTERM, SIGHUP, ...) make it save its work and leave "
    "with\n"
    "exit status 75; SIGUSR2 makes it save and continue. A second Ctrl-C ends it at once. The\n"
    "checkpoint is beside the archive, as FILE.h5.checkpoint.\n";

const tv_command tv_command_run = {
    .name = "run",
    .synopsis = "EXPERIMENT.yaml [-o FILE.h5] [--set KEY=VALUE]... [--resume] [--dry-run]",
    .help = help,
    .is_collective = 1,
    .begin = tv_interruption_watch,
    .carry_out = carry_out,
};
