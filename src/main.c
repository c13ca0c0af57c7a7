#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "twoview/base/build.h"
#include "twoview/base/text.h"
#include "twoview/commands/command.h"

static const tv_command *const commands[] = {
    &tv_command_run,     &tv_command_theory, &tv_command_merge,  &tv_command_report,
    &tv_command_scaling, &tv_command_info,   &tv_command_import,
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(FILE *out) {
  fputs("Usage: twoview COMMAND ...\n"
        "Sample-size experiments on closed-form self-supervised learning.\n"
        "\n",
        out);
  for (int i = 0; i < COMMANDS; ++i)
    fprintf(out, "  twoview %s %s\n", commands[i]->name, commands[i]->synopsis);
  fputs("  twoview --version | --help | COMMAND --help\n"
        "\n"
        "Several ranks: mpirun -np 4 twoview run EXPERIMENT.yaml\n"
        "Exit status: 0 done, 1 the run failed, 2 the command line or the experiment is wrong,\n"
        "75 the run was asked to stop and has saved its work: the same command with --resume "
        "continues it,\n"
        "3 the same, but --max-time is too short for any progress.\n",
        out);
}

static int refuse_command(const char *typed) {
  const char *names[COMMANDS + 1] = {NULL};
  for (int i = 0; i < COMMANDS; ++i) names[i] = commands[i]->name;
  return tv_command_end(
      tv_fail_usage("unknown command '%s'; did you mean '%s'?", typed, tv_suggest(typed, names)),
      1);
}

int main(int argc, char **argv) {
  signal(SIGXFSZ, SIG_IGN); /* a file too large for the limit is an error of write, not the end */
  if (argc < 2) {
    print_help(stderr);
    return TV_EXIT_USAGE;
  }
  const char *typed = argv[1];
  for (int i = 0; i < COMMANDS; ++i)
    if (strcmp(typed, commands[i]->name) == 0)
      return tv_command_main(commands[i], argc - 1, argv + 1);
  if (strcmp(typed, "--version") == 0)
    puts(tv_version_line());
  else if (strcmp(typed, "--help") == 0 || strcmp(typed, "-h") == 0 || strcmp(typed, "help") == 0)
    print_help(stdout);
  else
    return refuse_command(typed);
  return tv_command_end(NULL, 1);
}
