/* Texts: "did you mean", numbers, lines, and environment variables. */
#ifndef TWOVIEW_BASE_TEXT_H
#define TWOVIEW_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "twoview/base/error.h"

/* Bytes of the name of a class, a feature or a sample, at the most. */
enum { TV_LONGEST_TEXT = 1024 };

/* The word of `words` (NULL-terminated) with the smallest edit distance to `typed`; NULL for an
 * empty list. Borrowed from `words`. */
const char *tv_suggest(const char *typed, const char *const *words);

/* The least number of letters to insert, delete or replace that makes one word of the other. Of
 * long words the beginnings are compared. */
int tv_edit_distance(const char *a, const char *b);

typedef enum {
  TV_NUMBER_READ,
  TV_NUMBER_NONE,  /* the text is no number, or there is something else before or behind it */
  TV_NUMBER_BEYOND /* the type holds no such number: too large, or too near to 0 */
} tv_number_status;

/* Read a whole text as a number in decimal notation. Leading zeros are refused, which are octal to
 * some and decimal to others, and so is hexadecimal. `*out` is set for TV_NUMBER_READ only. A
 * double may be `inf` or `nan`. */
tv_number_status tv_read_integer(const char *text, int64_t *out);
tv_number_status tv_read_natural(const char *text, uint64_t *out);
tv_number_status tv_read_double(const char *text, double *out);

/* Whether two texts differ, but for an empty line at the end; both are moved on to the first line
 * that differs, or to their ends. */
int tv_text_first_difference(const char **a, const char **b);

/* The line behind the first one of a text; its end where there is none. */
const char *tv_text_next_line(const char *text);

/* The value of an environment variable, NULL when it is not set or empty, which is the same.
 * Borrowed from the environment. */
const char *tv_environment(const char *name);

/* The seconds that an environment variable gives, or else the standard ones. */
double tv_environment_seconds(const char *name, double standard);

/* Refuse variables of the environment that give no number of seconds, of those that this program
 * reads; to be called before any work. */
tv_error *tv_variables_expect_seconds(void);

/* Append to a text that has room for `size` bytes in all; what does not fit is left out. */
void tv_append(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
