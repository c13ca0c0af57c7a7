/* Texts from outside (names of files, words of archives, environment variables) written so that the
 * medium takes them as plain text: one function for each medium. JSON has jansson's.
 *
 * Control characters, those that reverse the direction of writing, line separators and bytes that
 * are not UTF-8 are harmful everywhere: all media show them as \x1b, \u202e or \xff. */
#ifndef TWOVIEW_BASE_ESCAPE_H
#define TWOVIEW_BASE_ESCAPE_H

#include <stdio.h>

#include "twoview/base/error.h"

/* Whether a text holds nothing harmful, so that every medium shows it as it is. */
int tv_is_plain(const char *text);

/* Terminals and logs, within a line. */
void tv_put_plain(const char *text, FILE *out);

/* The lines of a text, each after `indent` and ended by a line break. Tabs stay. */
void tv_put_lines(const char *indent, const char *text, FILE *out);

/* A line for a terminal or log, formatted like printf's, then made plain as a whole. */
void tv_print_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text and the values of attributes of HTML. Line breaks and tabs stay. */
void tv_put_html(const char *text, FILE *out);

/* A field of a CSV file, quoted where it has to be. Spreadsheets take what begins with = + - @ for
 * a formula: such a field gets an apostrophe in front. */
void tv_put_csv(const char *text, FILE *out);

/* A string of gnuplot with its quotes; where it is shown, the command says `noenhanced`. */
void tv_put_gnuplot(const char *text, FILE *out);

/* A double-quoted scalar of YAML with its quotes, which reads back as the same text. */
void tv_put_yaml(const char *text, FILE *out);

/* Refuse a name of a file that holds a control character: it could not be shown to the user. */
tv_error *tv_expect_file_name(const char *path);

#endif
