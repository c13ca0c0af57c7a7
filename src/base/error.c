#include "twoview/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
  int exit_code, is_shared;
  char message[32];
} out_of_memory = {TV_EXIT_FAILED, 0, "out of memory"};

/* The compiler is assured that it is not NULL, because it warns otherwise when it instruments the
 * code. */
static tv_error *make_error(int exit_code, const char *reason, const char *format, va_list args)
    __attribute__((format(printf, 3, 0), nonnull(3)));

static tv_error *make_error(int exit_code, const char *reason, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  const int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  const size_t size = (size_t)length + strlen(reason) + 1;
  tv_error *error = malloc(sizeof(*error) + size);
  if (!error) return (tv_error *)&out_of_memory;
  error->exit_code = exit_code;
  error->is_shared = 0;
  vsnprintf(error->message, size, format, args);
  strcpy(error->message + length, reason);
  return error;
}

tv_error *tv_fail(const char *format, ...) {
  va_list args;
  va_start(args, format);
  tv_error *error = make_error(TV_EXIT_FAILED, "", format, args);
  va_end(args);
  return error;
}

tv_error *tv_fail_usage(const char *format, ...) {
  va_list args;
  va_start(args, format);
  tv_error *error = make_error(TV_EXIT_USAGE, "", format, args);
  va_end(args);
  return error;
}

tv_error *tv_fail_as(int exit_code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  tv_error *error = make_error(exit_code, "", format, args);
  va_end(args);
  return error;
}

tv_error *tv_fail_errno(const char *format, ...) {
  char reason[256];
  snprintf(reason, sizeof reason, ": %s", strerror(errno));
  va_list args;
  va_start(args, format);
  tv_error *error = make_error(TV_EXIT_FAILED, reason, format, args);
  va_end(args);
  return error;
}

tv_error *tv_error_prefix(tv_error *error, const char *format, ...) {
  if (!error) return NULL;
  va_list args;
  va_start(args, format);
  tv_error *prefixed = make_error(error->exit_code, error->message, format, args);
  va_end(args);
  if ((void *)prefixed == (void *)&out_of_memory) return error;
  prefixed->is_shared = error->is_shared;
  tv_error_free(error);
  return prefixed;
}

void tv_error_free(tv_error *error) {
  if ((void *)error != (void *)&out_of_memory) free(error);
}

tv_error *tv_allocate(long long count, unsigned long size, void *out) {
  void *memory = NULL;
  if (count >= 0 && (unsigned long long)count <= SIZE_MAX / size)
    memory = calloc(count > 0 ? (size_t)count : 1, size);
  if (!memory) return tv_fail("out of memory: %lld items of %lu bytes were asked for", count, size);
  memcpy(out, &memory, sizeof memory);
  return NULL;
}
