#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "twoview/base/output.h"
#include "twoview/report/report.h"

static tv_error *default_directory(const char *archive, char **out) {
  const size_t length = strlen(archive);
  const size_t stem = length > 3 && strcmp(archive + length - 3, ".h5") == 0 ? length - 3 : length;
  char *path = strndup(archive, stem);
  if (!path) return tv_fail("out of memory");
  tv_error *error = tv_output_beside(path, "-report", out);
  free(path);
  return error;
}

static tv_error *carry_out(tv_call *call) {
  static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  const char *directory = NULL, *archive = NULL;
  char *default_name = NULL;
  for (int option; (option = getopt_long(call->count, call->words, "o:h", options, NULL)) != -1;)
    switch (option) {
    case 'o':
      directory = optarg;
      break;
    case 'h':
      return tv_call_help(call);
    default:
      return tv_call_refuse_option(call, options);
    }
  TV_TRY(tv_call_operand(call, "FILE.h5", &archive));
  if (!directory) TV_TRY(default_directory(archive, &default_name));
  tv_error *error = tv_report(archive, directory ? directory : default_name, stdout);
  free(default_name);
  return error;
}

static const char help[] =
    "Usage: twoview report FILE.h5 [-o DIR]\n"
    "Print a table and write CSV, figure (SVG, PDF) and one HTML page.\n"
    "\n"
    "  -o, --output DIR      folder for the files (default: FILE-report); of several k each\n"
    "                        has a folder in it: k10, k20, ...\n"
    "  -h, --help            this text\n"
    "\n"
    "gnuplot draws the figures. A figure fails when it takes more than "
    "TWOVIEW_GNUPLOT_SECONDS (an\n"
    "environment variable, default: 60; 0: no limit); the page is then "
    "written without that figure.\n";

const tv_command tv_command_report = {
    .name = "report",
    .synopsis = "FILE.h5 [-o DIR]",
    .help = help,
    .carry_out = carry_out,
};
