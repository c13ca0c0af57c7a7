#include "call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/text.h"

static tv_error *write_line(const tv_call *call, char **out) {
  size_t size;
  FILE *line = open_memstream(out, &size);
  if (!line) return tv_fail_errno("the command line");
  fputs("twoview", line);
  for (int i = 0; i < call->count; ++i) fprintf(line, " %s", call->words[i]);
  return fclose(line) == 0 ? NULL : tv_fail_errno("the command line");
}

tv_error *tv_call_make(const tv_command *command, int argc, char **argv, tv_call *out) {
  *out = (tv_call){.command = command, .count = argc, .words = argv};
  TV_TRY(tv_allocate(argc + 1, sizeof(*out->overrides), &out->overrides));
  return write_line(out, &out->line);
}

void tv_call_destroy(tv_call *call) {
  free(call->line);
  free(call->overrides);
}

/* There is room, because each --set is at least one word. */
void tv_call_override(tv_call *call, const char *assignment) {
  call->overrides[call->overrides_count++] = assignment;
}

static tv_error *refuse_unknown(const tv_call *call, const char *typed,
                                const struct option *options) {
  const char **names;
  int count = 0;
  while (options[count].name) ++count;
  TV_TRY(tv_allocate(count + 1, sizeof(*names), &names));
  for (int i = 0; i < count; ++i) names[i] = options[i].name;
  tv_error *error = tv_fail_usage("%s: unknown option %s; did you mean --%s?", call->words[0],
                                  typed, tv_suggest(typed + strspn(typed, "-"), names));
  free(names);
  return error;
}

tv_error *tv_call_refuse_option(const tv_call *call, const struct option *options) {
  enum { LETTERS = 256 };
  const char *name = call->words[0], *typed = call->words[optind - 1];
  if (optopt && optopt < LETTERS)
    return tv_fail_usage("%s: option -%c is unknown or lacks its value; see twoview %s --help",
                         name, optopt, name);
  if (optopt) return tv_fail_usage("%s: option %s lacks its value or takes none", name, typed);
  return refuse_unknown(call, typed, options);
}

tv_error *tv_call_operand(const tv_call *call, const char *what, const char **out) {
  const char *name = call->words[0];
  if (optind >= call->count)
    return tv_fail_usage("%s: %s is missing; see twoview %s --help", name, what, name);
  if (optind + 1 < call->count)
    return tv_fail_usage("%s: one %s at a time, but '%s' follows '%s'", name, what,
                         call->words[optind + 1], call->words[optind]);
  *out = call->words[optind];
  return NULL;
}

tv_error *tv_call_number(const tv_call *call, const char *option, const char *typed,
                         int may_be_zero, double *out) {
  if (tv_read_double(typed, out) == TV_NUMBER_READ && (*out > 0 || (may_be_zero && *out == 0)))
    return NULL;
  return tv_fail_usage("%s: %s '%s' is not a %s number", call->words[0], option, typed,
                       may_be_zero ? "non-negative" : "positive");
}

tv_error *tv_call_help(const tv_call *call) {
  if (call->rank == 0) fputs(call->command->help, stdout);
  return NULL;
}
