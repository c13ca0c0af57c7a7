#include "twoview/base/escape.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- Characters ---- */

typedef struct {
  uint32_t code;    /* of the character; of no UTF-8: the byte */
  int length;       /* in bytes */
  int is_malformed; /* one byte that is not UTF-8 */
} character;

static int is_continuation(unsigned char byte) {
  return (byte & 0xc0) == 0x80;
}

/* The first character of a text that is not empty. */
static character first_of(const char *text) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* by length */
  const unsigned char *bytes = (const unsigned char *)text;
  const character malformed = {bytes[0], 1, 1};
  const int length = bytes[0] < 0x80             ? 1
                     : (bytes[0] & 0xe0) == 0xc0 ? 2
                     : (bytes[0] & 0xf0) == 0xe0 ? 3
                     : (bytes[0] & 0xf8) == 0xf0 ? 4
                                                 : 0;
  if (length == 0) return malformed;
  uint32_t code = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
  for (int i = 1; i < length; ++i) {
    if (!is_continuation(bytes[i])) return malformed;
    code = code << 6 | (bytes[i] & 0x3fu);
  }
  const int is_surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < least[length] || code > 0x10ffff || is_surrogate) return malformed;
  return (character){code, length, 0};
}

/* C0, DEL and C1. */
static int is_control(character c) {
  return !c.is_malformed && (c.code < 0x20 || (c.code >= 0x7f && c.code < 0xa0));
}

/* Characters that no medium receives unchanged. */
static int is_unsafe(character c) {
  const int is_separator = c.code == 0x2028 || c.code == 0x2029 || c.code == 0xfeff;
  const int is_direction = c.code == 0x200e || c.code == 0x200f ||
                           (c.code >= 0x202a && c.code <= 0x202e) ||
                           (c.code >= 0x2066 && c.code <= 0x2069);
  const int is_none = c.code == 0xfffe || c.code == 0xffff;
  return c.is_malformed || is_control(c) || is_separator || is_direction || is_none;
}

int tv_is_plain(const char *text) {
  while (*text) {
    const character c = first_of(text);
    if (is_unsafe(c)) return 0;
    text += c.length;
  }
  return 1;
}

/* ---- Media ---- */

typedef struct {
  const char *(*replacement)(uint32_t code); /* NULL: the character itself */
  const char *backslash;                     /* as it begins the visible form of a character */
  int keeps_lines;                           /* line breaks and tabs */
} medium;

static const char *nothing(uint32_t code) {
  (void)code;
  return NULL;
}

static const char *in_html(uint32_t code) {
  switch (code) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '"':
    return "&quot;";
  case '\'':
    return "&#39;";
  default:
    return NULL;
  }
}

static const char *in_csv(uint32_t code) {
  return code == '"' ? "\"\"" : NULL;
}

static const char *in_yaml(uint32_t code) {
  return code == '"' ? "\\\"" : code == '\\' ? "\\\\" : NULL;
}

/* Between double quotes gnuplot runs commands in backquotes, but not in their octal form. */
static const char *in_gnuplot(uint32_t code) {
  return code == '`' ? "\\140" : in_yaml(code);
}

static void put_bytes(const char *text, size_t length, const medium *m, FILE *out) {
  const char *end = text + length;
  for (character c; text < end; text += c.length) {
    c = first_of(text);
    const char *replacement = m->replacement(c.code);
    const int is_kept = m->keeps_lines && (c.code == '\n' || c.code == '\t');
    if (is_unsafe(c) && !is_kept)
      fprintf(out, c.code < 0x100 ? "%sx%02x" : "%su%04x", m->backslash, c.code);
    else if (replacement)
      fputs(replacement, out);
    else
      fwrite(text, 1, (size_t)c.length, out);
  }
}

static void put(const char *text, const medium *m, FILE *out) {
  put_bytes(text, strlen(text), m, out);
}

void tv_put_plain(const char *text, FILE *out) {
  put(text, &(medium){nothing, "\\", 0}, out);
}

void tv_put_lines(const char *indent, const char *text, FILE *out) {
  while (*text) {
    const size_t length = strcspn(text, "\n");
    fputs(indent, out);
    put_bytes(text, length, &(medium){nothing, "\\", 1}, out);
    fputc('\n', out);
    text += length + (text[length] == '\n');
  }
}

void tv_put_html(const char *text, FILE *out) {
  put(text, &(medium){in_html, "\\", 1}, out);
}

void tv_put_csv(const char *text, FILE *out) {
  const char *quote = text[strcspn(text, ",;\"")] ? "\"" : "";
  const char first = text[strspn(text, " ")];
  fprintf(out, "%s%s", quote, first && strchr("=+-@", first) ? "'" : "");
  put(text, &(medium){in_csv, "\\", 0}, out);
  fputs(quote, out);
}

void tv_put_gnuplot(const char *text, FILE *out) {
  fputc('"', out);
  put(text, &(medium){in_gnuplot, "\\\\", 0}, out);
  fputc('"', out);
}

/* YAML's escapes are those that make characters visible; its texts are UTF-8. */
void tv_put_yaml(const char *text, FILE *out) {
  fputc('"', out);
  put(text, &(medium){in_yaml, "\\", 0}, out);
  fputc('"', out);
}

void tv_print_line(FILE *out, const char *format, ...) {
  char *line = NULL, *plain = NULL;
  size_t length = 0;
  va_list args;
  va_start(args, format);
  if (vasprintf(&line, format, args) < 0) line = NULL;
  va_end(args);
  FILE *composed = open_memstream(&plain, &length);
  if (composed) {
    tv_put_plain(line ? line : "out of memory", composed);
    fputc('\n', composed);
    fclose(composed);
  }
  if (plain) fwrite(plain, 1, length, out); /* in one piece, where others write too */
  free(plain);
  free(line);
}

/* ---- Names of files ---- */

tv_error *tv_expect_file_name(const char *path) {
  const char *text = path;
  for (character c; *text; text += c.length) {
    c = first_of(text);
    if (is_control(c))
      return tv_fail_usage("'%s': a name of a file must not hold control characters (byte %d of it "
                           "begins one); rename it",
                           path, (int)(text - path) + 1);
  }
  return NULL;
}
