/* A command as it was typed. */
#ifndef TWOVIEW_COMMANDS_CALL_H
#define TWOVIEW_COMMANDS_CALL_H

#include <getopt.h>

#include "twoview/commands/command.h"

struct tv_call {
  const tv_command *command; /* borrowed */
  int count;
  char **words;           /* borrowed; the first is the command's name, behind the last is NULL */
  char *line;             /* owned: all that was typed, for provenance */
  const char **overrides; /* owned: KEY=VALUE of each --set, NULL-terminated */
  int overrides_count;
  int rank; /* of all; 0 where the command is not collective */
};

/* A call of `command`; free with tv_call_destroy, also after an error. */
tv_error *tv_call_make(const tv_command *command, int argc, char **argv, tv_call *out);
void tv_call_destroy(tv_call *call);

/* A further KEY=VALUE, borrowed from the words. */
void tv_call_override(tv_call *call, const char *assignment);

/* getopt_long has found something that it does not know. */
tv_error *tv_call_refuse_option(const tv_call *call, const struct option *options);

/* The one operand that a command takes, behind the options; `what` names it in messages. */
tv_error *tv_call_operand(const tv_call *call, const char *what, const char **out);

/* The value of an option as a number above 0, or at least 0. */
tv_error *tv_call_number(const tv_call *call, const char *option, const char *typed,
                         int may_be_zero, double *out);

/* Rank 0 prints the command's help. */
tv_error *tv_call_help(const tv_call *call);

#endif
