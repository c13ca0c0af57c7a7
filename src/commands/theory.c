#include <mpi.h>
#include <stdio.h>

#include "call.h"
#include "twoview/base/comm.h"
#include "twoview/data/features.h"
#include "twoview/data/source.h"
#include "twoview/experiment/file.h"
#include "twoview/kinds.h"
#include "twoview/moments/law.h"
#include "twoview/theory/summary.h"
#include "twoview/theory/views.h"

static tv_error *print_theory(const tv_experiment *e, const tv_features *f, int k, int is_json) {
  tv_theory *theory;
  TV_TRY(tv_theory_make(e, f, k, &theory));
  tv_error *error =
      is_json ? tv_theory_print_json(theory, stdout) : tv_theory_print(theory, stdout);
  tv_theory_destroy(&theory);
  return error;
}

/* One after the other; as JSON, an array of several. */
static tv_error *print_theories(const tv_experiment *e, const tv_features *f, int is_json) {
  const int count = e->encoder.sizes_count, is_array = is_json && count > 1;
  if (is_array) fputs("[", stdout);
  for (int i = 0; i < count; ++i) {
    if (i > 0) fputs(is_array ? "," : "\n", stdout);
    TV_TRY(print_theory(e, f, e->encoder.sizes[i], is_json));
  }
  if (is_array) fputs("]\n", stdout);
  return NULL;
}

static tv_error *print_views(const tv_view_theory *theory, int is_json) {
  return is_json ? tv_view_theory_print_json(theory, stdout) : tv_view_theory_print(theory, stdout);
}

/* Of the view model.                                                               Collective. */
static tv_error *report_views(const tv_experiment *e, tv_source *source,
                              const tv_features *features, int is_json, MPI_Comm comm) {
  tv_view_model *model = NULL;
  tv_view_theory *theory = NULL;
  int rank;
  tv_error *error;
  MPI_Comm_rank(comm, &rank);
  TV_GO(tv_view_model_create(e, source, NULL, comm, &model));
  TV_GO(tv_view_theory_make(e, features, model, comm, &theory));
  TV_GO(tv_agree(comm, rank == 0 ? print_views(theory, is_json) : NULL));
done:
  tv_view_theory_destroy(&theory);
  tv_view_model_destroy(&model);
  return error;
}

/* Reads the experiment, and its data set if it has one, and prints to stdout from rank 0.
 *                                                                                  Collective. */
static tv_error *report_theory(const char *file, const char *const *overrides, int is_json,
                               MPI_Comm comm) {
  tv_experiment *experiment = NULL;
  tv_source *source = NULL;
  tv_features *features = NULL;
  int rank;
  tv_error *error;
  MPI_Comm_rank(comm, &rank);
  TV_GO(tv_experiment_load(file, overrides, &tv_kinds_all, comm, &experiment));
  TV_GO(tv_source_open(experiment, comm, &source));
  TV_GO(tv_law_expect_sizes(experiment, source));
  TV_GO(tv_features_fit(experiment, source, comm, NULL, &features));
  if (tv_experiment_has_views(experiment))
    TV_GO(report_views(experiment, source, features, is_json, comm));
  else
    TV_GO(tv_agree(comm, rank == 0 ? print_theories(experiment, features, is_json) : NULL));
done:
  tv_features_destroy(&features);
  tv_source_close(&source);
  tv_experiment_destroy(&experiment);
  return error;
}

enum { OPTION_JSON = 256, OPTION_SET };

static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
                                        {"set", required_argument, NULL, OPTION_SET},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static tv_error *carry_out(tv_call *call) {
  const char *file = NULL;
  int is_json = 0;
  for (int option; (option = getopt_long(call->count, call->words, "h", options, NULL)) != -1;)
    switch (option) {
    case OPTION_JSON:
      is_json = 1;
      break;
    case OPTION_SET:
      tv_call_override(call, optarg);
      break;
    case 'h':
      return tv_call_help(call);
    default:
      return tv_call_refuse_option(call, options);
    }
  TV_TRY(tv_call_operand(call, "EXPERIMENT.yaml", &file));
  return report_theory(file, call->overrides, is_json, MPI_COMM_WORLD);
}

static const char help[] =
    "Usage: twoview theory EXPERIMENT.yaml [OPTION]...\n"
    "Print the predictions of theory for an experiment as its sample size grows: the threshold of\n"
    "each method, which one is favoured, and how noise components compare with important ones.\n"
    "Of an experiment with 'augmentation.chain' it prints omega and phi of the leading components\n"
    "at every severity and strength, from the moments of the data, and what cannot matter.\n"
    "\n"
    "      --json            everything, also by replicate and component, as JSON\n"
    "      --set KEY=VALUE   override a key, as in --set noise.lambda_max=[10,100]\n"
    "  -h, --help            this text\n";

const tv_command tv_command_theory = {
    .name = "theory",
    .synopsis = "EXPERIMENT.yaml [--json] [--set KEY=VALUE]...",
    .help = help,
    .is_collective = 1,
    .carry_out = carry_out,
};
