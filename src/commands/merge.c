#include <stdio.h>

#include "call.h"
#include "twoview/archive/merge.h"

enum { OPTION_FORCE = 256 };

static tv_error *carry_out(tv_call *call) {
  static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                          {"force", no_argument, NULL, OPTION_FORCE},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  tv_merge_options o = {.command = call->line};
  for (int option; (option = getopt_long(call->count, call->words, "o:h", options, NULL)) != -1;)
    switch (option) {
    case 'o':
      o.output = optarg;
      break;
    case OPTION_FORCE:
      o.replaces = 1;
      break;
    case 'h':
      return tv_call_help(call);
    default:
      return tv_call_refuse_option(call, options);
    }
  if (optind == call->count)
    return tv_fail_usage("merge: FILE.h5 is missing; see twoview merge --help");
  if (!o.output)
    return tv_fail_usage("merge: name the joined archive with -o; see twoview merge --help");
  o.files = (const char *const *)call->words + optind;
  return tv_merge(&o, stdout);
}

static const char help[] =
    "Usage: twoview merge FILE.h5... -o ALL.h5 [OPTION]...\n"
    "Join the archives of runs that took different replicates (first_replicate) of one experiment\n"
    "into the archive of all of them.\n"
    "\n"
    "  -o, --output ALL.h5   the joined archive\n"
    "      --force           replace an existing archive\n"
    "  -h, --help            this text\n";

const tv_command tv_command_merge = {
    .name = "merge",
    .synopsis = "FILE.h5... -o ALL.h5 [--force]",
    .help = help,
    .carry_out = carry_out,
};
