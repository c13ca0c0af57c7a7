/* Errors as values: every function that can fail returns NULL for success or a tv_error that the
 * caller owns. Messages are written for the person who will read them: what is wrong, where, and
 * what to do. */
#ifndef TWOVIEW_BASE_ERROR_H
#define TWOVIEW_BASE_ERROR_H

enum {
  TV_EXIT_OK = 0,
  TV_EXIT_FAILED = 1,
  TV_EXIT_USAGE = 2,
  TV_EXIT_NO_TIME = 3,
  TV_EXIT_INTERRUPTED = 75
};

typedef struct {
  int exit_code;  /* any of these but TV_EXIT_OK */
  int is_shared;  /* known to all ranks (tv_agree): the message names the rank */
  char message[]; /* one line, without the program's name and without a newline */
} tv_error;

/* The run failed (exit 1). Never returns NULL: out of memory yields a static error. */
tv_error *tv_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The command line or the experiment file is wrong (exit 2). */
tv_error *tv_fail_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with any exit code: TV_EXIT_INTERRUPTED says that the run was asked to stop and has
 * saved what it has (75, EX_TEMPFAIL: try again), TV_EXIT_NO_TIME that trying again with the same
 * time limit would not get further. */
tv_error *tv_fail_as(int exit_code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A system call failed: `what: the reason errno gives`. */
tv_error *tv_fail_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The error with a text before its message, which says where; NULL without one. Takes the error
 * over. */
tv_error *tv_error_prefix(tv_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Accepts NULL. */
void tv_error_free(tv_error *error);

/* calloc that explains itself; `*out` is zeroed and owned by the caller. Zero bytes are allowed. */
tv_error *tv_allocate(long long count, unsigned long size, void *out);

/* Leave the function when a call fails. */
#define TV_TRY(call)                                                                               \
  do {                                                                                             \
    tv_error *try_error_ = (call);                                                                 \
    if (try_error_) return try_error_;                                                             \
  } while (0)

/* The same where something must be given back first: sets `error` and jumps to `done`. */
#define TV_GO(call)                                                                                \
  do {                                                                                             \
    error = (call);                                                                                \
    if (error) goto done;                                                                          \
  } while (0)

#endif
