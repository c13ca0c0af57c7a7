#include "market.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "twoview/base/text.h"

static const int64_t most_extent = (int64_t)1 << 53;
static const double most_whole = 9007199254740992; /* integers beyond are not all doubles */

enum { SHOWN = 40 };

/* ---- Words of a line ---- */

static const char blanks[] = " \t";

/* The next word, ended by a NUL; an empty one at the end of the line. */
static char *next_word(char **rest) {
  char *word = *rest + strspn(*rest, blanks);
  *rest = word + strcspn(word, blanks);
  if (**rest) *(*rest)++ = '\0';
  return word;
}

static int is_over(const char *rest) {
  return !rest[strspn(rest, blanks)];
}

static tv_error *fault(const tv_market *m, tv_error *error) {
  return tv_lines_fault(&m->lines, error);
}

/* Lines of comments and empty ones are passed over. */
static tv_error *next_line(tv_market *m, char **line) {
  do TV_TRY(tv_lines_next(&m->lines, line));
  while (*line && (**line == '%' || is_over(*line)));
  return NULL;
}

/* ---- The header ---- */

static tv_error *refuse_header(const tv_market *m) {
  return tv_fail("%s: does not begin with a line as `%%%%MatrixMarket matrix coordinate integer "
                 "general`",
                 m->lines.path);
}

static tv_error *read_field(tv_market *m, const char *word) {
  static const char *const fields[] = {"real", "integer", "pattern"};
  for (int i = 0; i < 3; ++i)
    if (strcasecmp(word, fields[i]) == 0) {
      m->field = (tv_market_field)i;
      return NULL;
    }
  return fault(
      m, tv_fail("numbers of the kind '%.*s'; real, integer and pattern will do", SHOWN, word));
}

static tv_error *read_banner(tv_market *m) {
  char *line;
  TV_TRY(tv_lines_next(&m->lines, &line));
  if (!line || strcasecmp(next_word(&line), "%%MatrixMarket") != 0 ||
      strcasecmp(next_word(&line), "matrix") != 0)
    return refuse_header(m);
  const char *layout = next_word(&line);
  m->is_dense = strcasecmp(layout, "array") == 0;
  if (!m->is_dense && strcasecmp(layout, "coordinate") != 0) return refuse_header(m);
  TV_TRY(read_field(m, next_word(&line)));
  const char *symmetry = next_word(&line);
  if (strcasecmp(symmetry, "general") == 0) return NULL;
  return fault(
      m, tv_fail("a matrix that is '%.*s' is stored by half, and is hardly one of samples and "
                 "features; write it as `general`",
                 SHOWN, symmetry));
}

static tv_error *read_count(const tv_market *m, char **line, int64_t least, int64_t *out) {
  const char *word = next_word(line);
  if (tv_read_integer(word, out) == TV_NUMBER_READ && *out >= least && *out <= most_extent)
    return NULL;
  return fault(m, tv_fail("'%.*s' is no number of rows, columns or entries", SHOWN, word));
}

static tv_error *read_sizes(tv_market *m) {
  char *line;
  TV_TRY(next_line(m, &line));
  if (!line) return tv_fail("%s: ends before the line of its sizes", m->lines.path);
  TV_TRY(read_count(m, &line, 1, &m->rows));
  TV_TRY(read_count(m, &line, 1, &m->columns));
  const double all = (double)m->rows * (double)m->columns;
  if (m->is_dense && all > (double)most_extent)
    return fault(m, tv_fail("%.3g numbers are too many", all));
  m->entries = m->rows * (m->is_dense ? m->columns : 0);
  if (!m->is_dense) TV_TRY(read_count(m, &line, 1, &m->entries));
  if (!is_over(line)) return fault(m, tv_fail("'%.*s' behind the sizes", SHOWN, line));
  return NULL;
}

tv_error *tv_market_open(const char *path, tv_market *out) {
  *out = (tv_market){0};
  TV_TRY(tv_lines_open(path, &out->lines));
  TV_TRY(read_banner(out));
  if (out->is_dense && out->field == TV_MARKET_PATTERN) return refuse_header(out);
  return read_sizes(out);
}

void tv_market_close(tv_market *market) {
  tv_lines_close(&market->lines);
}

/* ---- Entries ---- */

/* A place counts from 1. */
static tv_error *read_place(const tv_market *m, char **line, const char *what, int64_t extent,
                            int64_t *out) {
  const char *word = next_word(line);
  if (tv_read_integer(word, out) != TV_NUMBER_READ)
    return fault(m, tv_fail("'%.*s' is no number of a %s", SHOWN, word, what));
  if (*out < 1 || *out > extent)
    return fault(m, tv_fail("%s %" PRId64 ", where there are 1 to %" PRId64, what, *out, extent));
  --*out;
  return NULL;
}

static tv_error *read_value(const tv_market *m, char **line, double *out) {
  const char *word = next_word(line);
  if (tv_read_double(word, out) != TV_NUMBER_READ)
    return fault(
        m, tv_fail("'%.*s' is no number%s", SHOWN, word, *word ? " that a double holds" : ""));
  if (!isfinite(*out)) return fault(m, tv_fail("'%.*s' is not finite", SHOWN, word));
  if (m->field == TV_MARKET_REAL) return NULL;
  if (*out != rint(*out))
    return fault(m, tv_fail("'%.*s' is no integer, as the header has it", SHOWN, word));
  if (fabs(*out) > most_whole)
    return fault(m, tv_fail("'%.*s' is beyond 2^53, where a double does not hold each integer",
                            SHOWN, word));
  return NULL;
}

tv_error *tv_market_next(tv_market *m, tv_market_entry *out) {
  char *line;
  TV_TRY(next_line(m, &line));
  if (!line)
    return tv_fail("%s: truncated: ends behind %" PRId64 " of %" PRId64 " entries", m->lines.path,
                   m->taken, m->entries);
  *out = (tv_market_entry){m->taken % m->rows, m->taken / m->rows, 1};
  if (!m->is_dense) {
    TV_TRY(read_place(m, &line, "row", m->rows, &out->row));
    TV_TRY(read_place(m, &line, "column", m->columns, &out->column));
  }
  if (m->field != TV_MARKET_PATTERN) TV_TRY(read_value(m, &line, &out->value));
  if (!is_over(line)) return fault(m, tv_fail("'%.*s' behind the entry", SHOWN, line));
  ++m->taken;
  return NULL;
}

tv_error *tv_market_expect_end(tv_market *m) {
  char *line;
  TV_TRY(next_line(m, &line));
  return line ? fault(m,
                      tv_fail("more than the %" PRId64 " entries that its header says", m->entries))
              : NULL;
}
