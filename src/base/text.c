#include "twoview/base/text.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LONGEST_WORD = 64 };

static int smaller(int a, int b) {
  return a < b ? a : b;
}

/* Levenshtein's distance, one row at a time. */
int tv_edit_distance(const char *a, const char *b) {
  int row[LONGEST_WORD + 1];
  const int length_a = smaller((int)strlen(a), LONGEST_WORD);
  const int length_b = smaller((int)strlen(b), LONGEST_WORD);
  for (int j = 0; j <= length_b; ++j) row[j] = j;
  for (int i = 1; i <= length_a; ++i) {
    int diagonal = row[0];
    row[0] = i;
    for (int j = 1; j <= length_b; ++j) {
      const int replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = smaller(replaced, smaller(row[j], row[j - 1]) + 1);
    }
  }
  return row[length_b];
}

const char *tv_suggest(const char *typed, const char *const *words) {
  const char *best = NULL;
  int best_distance = 0;
  for (; *words; ++words) {
    const int distance = tv_edit_distance(typed, *words);
    if (!best || distance < best_distance) {
      best = *words;
      best_distance = distance;
    }
  }
  return best;
}

/* ---- Numbers ---- */

static const char digits[] = "0123456789";

static const char *behind_sign(const char *text) {
  return text + (*text == '+' || *text == '-');
}

/* How many digits a text begins with, if they are written as a decimal number is; otherwise 0. */
static size_t whole_digits(const char *text) {
  const size_t count = strspn(text, digits);
  return count > 1 && *text == '0' ? 0 : count;
}

static int is_integer(const char *text) {
  text = behind_sign(text);
  const size_t count = whole_digits(text);
  return count > 0 && !text[count];
}

static int is_decimal(const char *text) {
  text = behind_sign(text);
  if (strcasecmp(text, "inf") == 0 || strcasecmp(text, "nan") == 0) return 1;
  const size_t whole = whole_digits(text);
  text += whole;
  const size_t fraction = *text == '.' ? strspn(text + 1, digits) : 0;
  if (whole + fraction == 0) return 0;
  if (*text == '.') text += 1 + fraction;
  if (*text != 'e' && *text != 'E') return !*text;
  text = behind_sign(text + 1);
  return *text && !text[strspn(text, digits)];
}

tv_number_status tv_read_integer(const char *text, int64_t *out) {
  if (!is_integer(text)) return TV_NUMBER_NONE;
  errno = 0;
  const long long value = strtoll(text, NULL, 10);
  if (errno == ERANGE) return TV_NUMBER_BEYOND;
  *out = value;
  return TV_NUMBER_READ;
}

tv_number_status tv_read_natural(const char *text, uint64_t *out) {
  if (!is_integer(text) || *text == '-') return TV_NUMBER_NONE;
  errno = 0;
  const unsigned long long value = strtoull(text, NULL, 10);
  if (errno == ERANGE) return TV_NUMBER_BEYOND;
  *out = value;
  return TV_NUMBER_READ;
}

tv_number_status tv_read_double(const char *text, double *out) {
  if (!is_decimal(text)) return TV_NUMBER_NONE;
  errno = 0;
  const double value = strtod(text, NULL);
  const int is_lost = value == 0 || isinf(value); /* small ones that keep some digits are not */
  if (errno == ERANGE && is_lost) return TV_NUMBER_BEYOND;
  *out = value;
  return TV_NUMBER_READ;
}

const char *tv_text_next_line(const char *text) {
  const char *end = text + strcspn(text, "\n");
  return *end ? end + 1 : end;
}

int tv_text_first_difference(const char **a, const char **b) {
  while (**a || **b) {
    const size_t length = strcspn(*a, "\n");
    if (length != strcspn(*b, "\n") || strncmp(*a, *b, length) != 0) return 1;
    *a = tv_text_next_line(*a);
    *b = tv_text_next_line(*b);
  }
  return 0;
}

const char *tv_environment(const char *name) {
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

static int are_seconds(const char *text, double *out) {
  return tv_read_double(text, out) == TV_NUMBER_READ && *out >= 0;
}

double tv_environment_seconds(const char *name, double standard) {
  const char *text = tv_environment(name);
  double seconds;
  return text && are_seconds(text, &seconds) ? seconds : standard;
}

tv_error *tv_variables_expect_seconds(void) {
  static const char *const names[] = {"TWOVIEW_GNUPLOT_SECONDS", "TWOVIEW_PROGRESS_SECONDS",
                                      "TWOVIEW_READ_SECONDS"};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
    const char *text = tv_environment(names[i]);
    double seconds;
    if (text && !are_seconds(text, &seconds))
      return tv_fail_usage("environment: %s='%s' is no number of seconds; give one that is not "
                           "negative, such as 60, or unset it",
                           names[i], text);
  }
  return NULL;
}

void tv_append(char *text, size_t size, const char *format, ...) {
  const size_t length = strlen(text);
  va_list args;
  va_start(args, format);
  vsnprintf(text + length, size - length, format, args);
  va_end(args);
}
