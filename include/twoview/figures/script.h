/* Parts of gnuplot scripts. */
#ifndef TWOVIEW_FIGURES_SCRIPT_H
#define TWOVIEW_FIGURES_SCRIPT_H

#include <stdio.h>

/* A figure's size in pixels of the SVG; the PDF has 144 of them to an inch. */
typedef struct {
  int width, height;
} tv_canvas;

/* The head of the gnuplot script NAME.gp, whose data are NAME.tsv. */
void tv_begin_script(const char *name, tv_canvas canvas, FILE *out);

/* Where the next panel stands, in pixels from the left and from the top. */
void tv_place_panel(tv_canvas canvas, double left, double right, double top, double bottom,
                    FILE *out);

/* Last in a figure, a panel of nothing as wide as all of it, from `left` to `right`, for a key of
 * so many columns at the top and the text left of it; a plot command has to follow. */
void tv_begin_key(tv_canvas canvas, double left, double right, int columns, const char *text,
                  FILE *out);

/* For gnuplot, to so many digits (tv_digits_of): far from 1 as, or times, a power of ten. */
void tv_format_magnitude(double value, int digits, char *out, size_t size);

/* What curves stand for is ordered: a colour from dark to light (viridis, even in lightness and for
 * any colour vision), the same for no two of `count`, and one of gnuplot's types of points. */
enum { TV_COLOUR_TEXT = 8 };
void tv_colour_of_curve(int number, int count, char out[TV_COLOUR_TEXT]);
int tv_point_of_curve(int number);

#endif
