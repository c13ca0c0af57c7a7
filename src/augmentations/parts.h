/* What the families of steps share. None of it is collective but for tv_step_map. */
#ifndef TWOVIEW_AUGMENTATIONS_PARTS_H
#define TWOVIEW_AUGMENTATIONS_PARTS_H

#include "twoview/augmentations/step.h"

/* Refuse samples of fewer axes: 2 for series and images, 3 for images alone. The other two are the
 * check of a step that needs nothing else. */
tv_error *tv_step_expect_axes(const tv_step *step, const tv_shape *shape, int least);
tv_error *tv_step_expect_series(const tv_step *step, const tv_shape *shape);
tv_error *tv_step_expect_images(const tv_step *step, const tv_shape *shape);

/* Idle where the first number of the first parameter is 0, or 1; or that of the second is 0. */
int tv_step_is_zero(const tv_step *step);
int tv_step_is_one(const tv_step *step);
int tv_step_has_zero_second(const tv_step *step);

/* Room for so many terms, equally likely. */
tv_error *tv_step_terms(tv_step *step, int count);

/* The whole number of uniform u in (0, 1) among `count`. */
int tv_step_pick(double u, int count);

/* The moments and the view of a step that is a random linear map, drawn from its terms. */
tv_error *tv_step_map(const tv_step *step, tv_views *views);
void tv_step_draw_map(const tv_step *step, const tv_draw *draw, double *x);

/* Room for a table of the step. */
tv_error *tv_step_table(tv_step *step, int which, int64_t count);

/* Windows of the size that parameter TV_WINDOW_SIZE gives: the tables TV_WINDOW_ROWS and
 * TV_WINDOW_COLUMNS hold, for two places on an axis, the probability that both are hit. The centre
 * of a window of fixed size is uniform on the axis, and the window is clipped at the border. */
enum { TV_WINDOW_SIZE };
enum { TV_WINDOW_ROWS, TV_WINDOW_COLUMNS };

extern const tv_key tv_window_parameters[];
tv_error *tv_window_check(const tv_step *step, const tv_shape *shape);
tv_error *tv_window_prepare(tv_step *step, const tv_shape *shape);
int tv_window_is_empty(const tv_step *step);

/* Refuse a parameter that is no size, [rows, columns], or one beyond the samples. */
tv_error *tv_window_fits(const tv_step *step, int parameter, const tv_shape *shape);

/* The probability that a window hits both numbers i and j of a sample. */
double tv_window_hits(const tv_step *step, const tv_shape *shape, int i, int j);

/* Whether the window drawn by uniforms u (two) hits number i. */
int tv_window_drawn(const tv_step *step, const tv_shape *shape, const double *u, int i);

#endif
