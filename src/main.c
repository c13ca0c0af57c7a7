#include <getopt.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/archive/merge.h"
#include "twoview/archive/provenance.h"
#include "twoview/archive/verify.h"
#include "twoview/base/escape.h"
#include "twoview/base/interruption.h"
#include "twoview/base/memory.h"
#include "twoview/base/text.h"
#include "twoview/commands/info.h"
#include "twoview/commands/run.h"
#include "twoview/hdf5/error.h"
#include "twoview/report/report.h"
#include "twoview/scaling/scaling.h"
#include "twoview/theory/summary.h"

static const char *const usage =
    "Usage: twoview COMMAND ...\n"
    "Sample-size experiments on closed-form self-supervised learning.\n"
    "\n"
    "  twoview run EXPERIMENT.yaml [-o FILE.h5] [--set KEY=VALUE]... [--resume] [--dry-run]\n"
    "  twoview theory EXPERIMENT.yaml [--json] [--set KEY=VALUE]...\n"
    "  twoview merge FILE.h5... -o ALL.h5 [--force]\n"
    "  twoview report FILE.h5 [-o DIR]\n"
    "  twoview scaling FILE.h5 FILE.h5... [-o DIR] [--latency S] [--bandwidth B]\n"
    "  twoview info FILE [--verify | --accept]\n"
    "  twoview --version | --help | COMMAND --help\n"
    "\n"
    "Several ranks: mpirun -np 4 twoview run EXPERIMENT.yaml\n"
    "Exit status: 0 done, 1 the run failed, 2 the command line or the experiment is wrong,\n"
    "75 the run was told to stop and has saved its work: the same command with --resume goes on,\n"
    "3 the same, but --max-time is too short for it to get anywhere.\n";

static const char *const run_usage =
    "Usage: twoview run EXPERIMENT.yaml [OPTION]...\n"
    "Run an experiment and archive its results.\n"
    "\n"
    "  -o, --output FILE.h5  the archive (default: NAME.h5, NAME from the experiment)\n"
    "      --set KEY=VALUE   override a key, as in --set noise.lambda_max=[10,100]\n"
    "      --resume          go on where an earlier run was interrupted, on any number of ranks\n"
    "      --force           replace an existing archive, forget an interrupted run\n"
    "      --max-time TIME   save and leave before TIME is over: seconds, or [[D-]HH:]MM:SS\n"
    "                        (default: the end of the Slurm job where Slurm tells it)\n"
    "      --checkpoint-every TIME  (default: after 10 seconds, then every 30, or what keeps it "
    "below\n"
    "                        1 % of the time)\n"
    "      --dry-run         check the experiment and its data's sizes and labels, without a pass\n"
    "                        over the samples, print the plan, compute nothing\n"
    "  -h, --help            this text\n"
    "\n"
    "Signals that would end it (Ctrl-C, SIGTERM, SIGHUP, ...) make it save its work and leave "
    "with\n"
    "exit status 75, SIGUSR2 save and go on. A second Ctrl-C ends it at once. The checkpoint "
    "stands\n"
    "beside the archive, as FILE.h5.checkpoint.\n";

static const char *const theory_usage =
    "Usage: twoview theory EXPERIMENT.yaml [OPTION]...\n"
    "Print what theory says of an experiment as its sample size grows: the alignment that each\n"
    "method needs, which one is favoured, and how noise components compare with important ones.\n"
    "\n"
    "      --json            everything, also by replicate and component, as JSON\n"
    "      --set KEY=VALUE   override a key, as in --set noise.lambda_max=[10,100]\n"
    "  -h, --help            this text\n";

static const char *const merge_usage =
    "Usage: twoview merge FILE.h5... -o ALL.h5 [OPTION]...\n"
    "Join the archives of runs that took different replicates (first_replicate) of one experiment\n"
    "into the archive of all of them.\n"
    "\n"
    "  -o, --output ALL.h5   the joined archive\n"
    "      --force           replace an existing archive\n"
    "  -h, --help            this text\n";

static const char *const report_usage =
    "Usage: twoview report FILE.h5 [-o DIR]\n"
    "Print a table and write CSV, figure (SVG, PDF) and one HTML page.\n"
    "\n"
    "  -o, --output DIR      folder for the files (default: FILE-report)\n"
    "  -h, --help            this text\n"
    "\n"
    "gnuplot draws the figures. It has failed when it takes more than TWOVIEW_GNUPLOT_SECONDS (a\n"
    "variable of the environment, default: 60); the page is then written without the figure.\n";

static const char *const scaling_usage =
    "Usage: twoview scaling FILE.h5 FILE.h5... [OPTION]...\n"
    "Compare archives of one experiment on several numbers of ranks: the same work on all (strong\n"
    "scaling) or the same for each rank (weak), and what a model says of more ranks.\n"
    "\n"
    "  -o, --output DIR      folder for scaling.csv and a figure (SVG, PDF); none without\n"
    "      --latency S       of a message, in the model (default: 1.5e-6 s) ...\n"
    "      --bandwidth B     ... and bytes per second (default: 12e9), as is typical of a cluster\n"
    "                        with InfiniBand of 100 Gbit/s\n"
    "  -h, --help            this text\n";

static const char *const info_usage =
    "Usage: twoview info FILE [OPTION]\n"
    "Tell what an archive or a data file holds, and how it was made.\n"
    "\n"
    "      --verify          check an archive instead: all checksums, and that nothing is missing\n"
    "      --accept          the same for an archive that was changed on purpose: when nothing "
    "else\n"
    "                        is wrong, give it the checksum of what it holds now\n"
    "  -h, --help            this text\n";

enum {
  OPTION_SET = 256,
  OPTION_FORCE,
  OPTION_RESUME,
  OPTION_MAX_TIME,
  OPTION_EVERY,
  OPTION_DRY_RUN,
  OPTION_JSON,
  OPTION_LATENCY,
  OPTION_BANDWIDTH,
  OPTION_VERIFY,
  OPTION_ACCEPT
};

/* The one operand that a command takes. */
static tv_error *take_operand(int argc, char **argv, const char *what, const char **out) {
  if (optind >= argc)
    return tv_fail_usage("%s: %s is missing; see twoview %s --help", argv[0], what, argv[0]);
  if (optind + 1 < argc)
    return tv_fail_usage("%s: one %s at a time, but '%s' follows '%s'", argv[0], what,
                         argv[optind + 1], argv[optind]);
  *out = argv[optind];
  return NULL;
}

/* getopt_long found something that it does not know. */
static tv_error *refuse_option(char **argv, const struct option *options) {
  const char *names[16];
  int count = 0;
  const char *typed = argv[optind - 1];
  if (optopt && optopt < 256)
    return tv_fail_usage("%s: option -%c is unknown or lacks its value; see twoview %s --help",
                         argv[0], optopt, argv[0]);
  if (optopt) return tv_fail_usage("%s: option %s lacks its value or takes none", argv[0], typed);
  for (; options[count].name; ++count) names[count] = options[count].name;
  names[count] = NULL;
  return tv_fail_usage("%s: unknown option %s; did you mean --%s?", argv[0], typed,
                       tv_suggest(typed + strspn(typed, "-"), names));
}

/* ---- run ---- */

static tv_error *parse_run(int argc, char **argv, tv_run_options *o, const char **overrides,
                           int *wants_help) {
  static const struct option options[] = {
      {"output", required_argument, NULL, 'o'},
      {"set", required_argument, NULL, OPTION_SET},
      {"resume", no_argument, NULL, OPTION_RESUME},
      {"force", no_argument, NULL, OPTION_FORCE},
      {"max-time", required_argument, NULL, OPTION_MAX_TIME},
      {"checkpoint-every", required_argument, NULL, OPTION_EVERY},
      {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0}};
  for (int option; (option = getopt_long(argc, argv, "o:h", options, NULL)) != -1;)
    switch (option) {
    case 'o':
      o->output = optarg;
      break;
    case OPTION_SET:
      *overrides++ = optarg;
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
      return refuse_option(argv, options);
    }
  return take_operand(argc, argv, "EXPERIMENT.yaml", &o->experiment);
}

/* Launched without MPI's knowledge, every task of a Slurm job would be a run of its own. */
static tv_error *expect_all_ranks(void) {
  const char *tasks = tv_variable("SLURM_NTASKS");
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

static tv_error *command_line(int count, char **words, char **out) {
  size_t size;
  FILE *line = open_memstream(out, &size);
  if (!line) return tv_fail_errno("the command line");
  fputs("twoview", line);
  for (int i = 0; i < count; ++i) fprintf(line, " %s", words[i]);
  return fclose(line) == 0 ? NULL : tv_fail_errno("the command line");
}

static tv_error *run_with(int argc, char **argv, const char *command, const char **overrides,
                          int rank) {
  tv_run_options o = {.overrides = overrides, .command = command};
  int wants_help = 0;
  opterr = 0;
  if (rank == 0) tv_interruption_announce();
  TV_TRY(expect_all_ranks());
  TV_TRY(tv_scheduler_time_left(&o.time_limit));
  TV_TRY(parse_run(argc, argv, &o, overrides, &wants_help));
  if (!wants_help) return tv_run(&o, MPI_COMM_WORLD);
  if (rank == 0) fputs(run_usage, stdout);
  return NULL;
}

/* ---- theory ---- */

static tv_error *parse_theory(int argc, char **argv, tv_theory_options *o, const char **overrides,
                              int *wants_help) {
  static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
                                          {"set", required_argument, NULL, OPTION_SET},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) switch (option) {
    case OPTION_JSON:
      o->is_json = 1;
      break;
    case OPTION_SET:
      *overrides++ = optarg;
      break;
    case 'h':
      *wants_help = 1;
      return NULL;
    default:
      return refuse_option(argv, options);
    }
  return take_operand(argc, argv, "EXPERIMENT.yaml", &o->experiment);
}

static tv_error *theory_with(int argc, char **argv, const char *command, const char **overrides,
                             int rank) {
  tv_theory_options o = {.overrides = overrides};
  int wants_help = 0;
  (void)command;
  opterr = 0;
  TV_TRY(parse_theory(argc, argv, &o, overrides, &wants_help));
  if (!wants_help) return tv_theory_run(&o, MPI_COMM_WORLD);
  if (rank == 0) fputs(theory_usage, stdout);
  return NULL;
}

/* ---- Commands of several ranks ---- */

/* What was printed has to have arrived, on a full disk too. */
static int report_error(tv_error *error, int speaks) {
  if (!error && (fflush(stdout) != 0 || ferror(stdout)))
    error = tv_fail_errno("standard output cannot be written");
  const int exit_code = error ? error->exit_code : TV_EXIT_OK;
  if (error && speaks) tv_print_line(stderr, "twoview: %s", error->message);
  tv_error_free(error);
  return exit_code;
}

/* argv[0] is the command's name, `command` the whole command line. */
static int main_on_ranks(int argc, char **argv,
                         tv_error *(*carry_out)(int argc, char **argv, const char *command,
                                                const char **overrides, int rank)) {
  int rank;
  const char **overrides = NULL;
  char *command = NULL;
  tv_hdf5_prepare();
  tv_memory_keep_freed();
  MPI_Init(NULL, NULL);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  tv_limit_blas_threads();
  tv_error *error = tv_allocate(argc + 1, sizeof(*overrides), &overrides);
  if (!error) error = command_line(argc, argv, &command);
  if (!error) error = carry_out(argc, argv, command, overrides, rank);
  tv_interruption_hush();
  const int exit_code = report_error(error, rank == 0);
  free(command);
  free(overrides);
  MPI_Finalize();
  return exit_code;
}

static int main_run(int argc, char **argv) {
  tv_error *error = tv_interruption_watch();
  if (error) return report_error(error, 1);
  return main_on_ranks(argc, argv, run_with);
}

static int main_theory(int argc, char **argv) {
  return main_on_ranks(argc, argv, theory_with);
}

/* ---- merge, report, scaling and info ---- */

static tv_error *merge_with(int argc, char **argv, tv_merge_options *o) {
  static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                          {"force", no_argument, NULL, OPTION_FORCE},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  opterr = 0;
  for (int option; (option = getopt_long(argc, argv, "o:h", options, NULL)) != -1;)
    switch (option) {
    case 'o':
      o->output = optarg;
      break;
    case OPTION_FORCE:
      o->replaces = 1;
      break;
    case 'h':
      fputs(merge_usage, stdout);
      return NULL;
    default:
      return refuse_option(argv, options);
    }
  if (optind == argc) return tv_fail_usage("merge: FILE.h5 is missing; see twoview merge --help");
  if (!o->output)
    return tv_fail_usage("merge: name the joined archive with -o; see twoview merge --help");
  o->files = (const char *const *)argv + optind;
  return tv_merge(o, stdout);
}

static tv_error *merge(int argc, char **argv) {
  char *command = NULL;
  TV_TRY(command_line(argc, argv, &command));
  tv_merge_options o = {.command = command};
  tv_error *error = merge_with(argc, argv, &o);
  free(command);
  return error;
}

static tv_error *default_directory(const char *archive, char **out) {
  const size_t length = strlen(archive);
  const size_t stem = length > 3 && strcmp(archive + length - 3, ".h5") == 0 ? length - 3 : length;
  TV_TRY(tv_allocate((long long)length + 8, 1, out));
  sprintf(*out, "%.*s-report", (int)stem, archive);
  return NULL;
}

static tv_error *report(int argc, char **argv) {
  static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  const char *directory = NULL, *archive = NULL;
  char *default_name = NULL;
  opterr = 0;
  for (int option; (option = getopt_long(argc, argv, "o:h", options, NULL)) != -1;)
    switch (option) {
    case 'o':
      directory = optarg;
      break;
    case 'h':
      fputs(report_usage, stdout);
      return NULL;
    default:
      return refuse_option(argv, options);
    }
  TV_TRY(take_operand(argc, argv, "FILE.h5", &archive));
  if (!directory) TV_TRY(default_directory(archive, &default_name));
  tv_error *error = tv_report(archive, directory ? directory : default_name, stdout);
  free(default_name);
  return error;
}

/* A number of at least 0, or above it. */
static tv_error *take_number(const char *option, const char *typed, int may_be_zero, double *out) {
  if (tv_read_double(typed, out) == TV_NUMBER_READ && (*out > 0 || (may_be_zero && *out == 0)))
    return NULL;
  return tv_fail_usage("scaling: %s '%s' is not a %s number", option, typed,
                       may_be_zero ? "non-negative" : "positive");
}

static tv_error *scaling(int argc, char **argv) {
  static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                          {"latency", required_argument, NULL, OPTION_LATENCY},
                                          {"bandwidth", required_argument, NULL, OPTION_BANDWIDTH},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  const char *directory = NULL;
  tv_network network = tv_typical_network;
  opterr = 0;
  for (int option; (option = getopt_long(argc, argv, "o:h", options, NULL)) != -1;)
    switch (option) {
    case 'o':
      directory = optarg;
      break;
    case OPTION_LATENCY:
      TV_TRY(take_number("--latency", optarg, 1, &network.latency));
      break;
    case OPTION_BANDWIDTH:
      TV_TRY(take_number("--bandwidth", optarg, 0, &network.bandwidth));
      break;
    case 'h':
      fputs(scaling_usage, stdout);
      return NULL;
    default:
      return refuse_option(argv, options);
    }
  return tv_scaling((const char *const *)argv + optind, argc - optind, &network, directory, stdout);
}

static tv_error *info(int argc, char **argv) {
  static const struct option options[] = {{"verify", no_argument, NULL, OPTION_VERIFY},
                                          {"accept", no_argument, NULL, OPTION_ACCEPT},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  const char *file = NULL;
  int verifies = 0, accepts = 0;
  opterr = 0;
  for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) switch (option) {
    case OPTION_VERIFY:
      verifies = 1;
      break;
    case OPTION_ACCEPT:
      accepts = 1;
      break;
    case 'h':
      fputs(info_usage, stdout);
      return NULL;
    default:
      return refuse_option(argv, options);
    }
  TV_TRY(take_operand(argc, argv, "FILE", &file));
  return verifies || accepts ? tv_verify(file, accepts, stdout) : tv_info(file, stdout);
}

static int main_merge(int argc, char **argv) {
  tv_hdf5_prepare();
  return report_error(merge(argc, argv), 1);
}

static int main_report(int argc, char **argv) {
  tv_hdf5_prepare();
  return report_error(report(argc, argv), 1);
}

static int main_scaling(int argc, char **argv) {
  tv_hdf5_prepare();
  return report_error(scaling(argc, argv), 1);
}

static int main_info(int argc, char **argv) {
  tv_hdf5_prepare();
  return report_error(info(argc, argv), 1);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
  } commands[] = {{"run", main_run},       {"theory", main_theory},   {"merge", main_merge},
                  {"report", main_report}, {"scaling", main_scaling}, {"info", main_info}};
  static const char *const names[] = {"run", "theory", "merge", "report", "scaling", "info", NULL};
  if (argc < 2) {
    fputs(usage, stderr);
    return TV_EXIT_USAGE;
  }
  for (size_t i = 0; i < sizeof commands / sizeof *commands; ++i)
    if (strcmp(argv[1], commands[i].name) == 0) return commands[i].main(argc - 1, argv + 1);
  if (strcmp(argv[1], "--version") == 0)
    puts(tv_version_line());
  else if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
           strcmp(argv[1], "help") == 0)
    fputs(usage, stdout);
  else
    return report_error(tv_fail_usage("unknown command '%s'; did you mean '%s'?", argv[1],
                                      tv_suggest(argv[1], names)),
                        1);
  return TV_EXIT_OK;
}
