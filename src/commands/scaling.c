#include <stdio.h>

#include "call.h"
#include "twoview/scaling/model.h"
#include "twoview/scaling/scaling.h"

enum { OPTION_LATENCY = 256, OPTION_BANDWIDTH };

static tv_error *carry_out(tv_call *call) {
  static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                          {"latency", required_argument, NULL, OPTION_LATENCY},
                                          {"bandwidth", required_argument, NULL, OPTION_BANDWIDTH},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  const char *directory = NULL;
  tv_network network = tv_typical_network;
  for (int option; (option = getopt_long(call->count, call->words, "o:h", options, NULL)) != -1;)
    switch (option) {
    case 'o':
      directory = optarg;
      break;
    case OPTION_LATENCY:
      TV_TRY(tv_call_number(call, "--latency", optarg, 1, &network.latency));
      break;
    case OPTION_BANDWIDTH:
      TV_TRY(tv_call_number(call, "--bandwidth", optarg, 0, &network.bandwidth));
      break;
    case 'h':
      return tv_call_help(call);
    default:
      return tv_call_refuse_option(call, options);
    }
  return tv_scaling((const char *const *)call->words + optind, call->count - optind, &network,
                    directory, stdout);
}

static const char help[] =
    "Usage: twoview scaling FILE.h5 FILE.h5... [OPTION]...\n"
    "Compare archives of one experiment on several numbers of ranks: the same work on all (strong\n"
    "scaling) or the same for each rank (weak), and a model of more ranks.\n"
    "\n"
    "  -o, --output DIR      folder for scaling.csv and a figure (SVG, PDF), which are\n"
    "                        written only if it is given\n"
    "      --latency S       of a message, in the model (default: 1.5e-6 s) ...\n"
    "      --bandwidth B     ... and bytes per second (default: 12e9), as is typical of a cluster\n"
    "                        with InfiniBand of 100 Gbit/s\n"
    "  -h, --help            this text\n";

const tv_command tv_command_scaling = {
    .name = "scaling",
    .synopsis = "FILE.h5 FILE.h5... [-o DIR] [--latency S] [--bandwidth B]",
    .help = help,
    .carry_out = carry_out,
};
