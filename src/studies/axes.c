#include "axes.h"

#include <stdlib.h>
#include <string.h>

#include "twoview/augmentations/principal_axes.h"
#include "twoview/augmentations/view_model.h"
#include "twoview/linalg/fortran.h"

/* Of the corrupted training rows. */
static tv_error *find_of_rows(const tv_solver *s, const tv_spot *at, tv_distmat *vectors) {
  const int severity = tv_experiment_first_severity(s->experiment) + at->magnitude;
  tv_samples *rows = NULL;
  tv_error *error = tv_view_model_samples(s->model, s->moments, s->group->row, at->replicate,
                                          severity, s->results->cube.levels - 1, &rows);
  if (!error) error = tv_samples_axes(s->experiment, rows, s->group->grid, vectors);
  tv_samples_destroy(&rows);
  return error;
}

static tv_error *find(const tv_solver *s, const tv_spot *at, struct tv_axes *axes) {
  const tv_experiment *e = s->experiment;
  const int d = s->results->d;
  tv_axes_release(axes);
  TV_TRY(tv_distmat_create(s->group->grid, d, e->features.pca, &axes->vectors));
  TV_TRY(tv_grid_agree(s->group->grid, tv_allocate((int64_t)d * e->features.pca,
                                                   sizeof(*axes->whole), &axes->whole)));
  if (s->features->axes)
    tv_distmat_scatter(s->features->axes, axes->vectors);
  else
    TV_TRY(find_of_rows(s, at, axes->vectors));
  tv_distmat_gather(axes->vectors, axes->whole);
  axes->setting = at->setting;
  return NULL;
}

tv_error *tv_axes_find(const tv_solver *s, int64_t point, const struct tv_axes **out) {
  const tv_spot at = tv_cube_split(&s->results->cube, point);
  *out = NULL;
  if (!s->experiment->features.pca) return NULL;
  if (s->axes->setting != at.setting) TV_TRY(find(s, &at, s->axes));
  *out = s->axes;
  return NULL;
}

void tv_axes_release(struct tv_axes *axes) {
  tv_distmat_destroy(&axes->vectors);
  free(axes->whole);
  *axes = (struct tv_axes){.setting = -1};
}

void tv_axes_undo(const struct tv_axes *axes, int d, int columns, const double *along,
                  double *out) {
  const double unit = 1, nothing = 0;
  if (!axes) {
    memcpy(out, along, (size_t)d * (size_t)columns * sizeof(*out));
    return;
  }
  const int p = axes->vectors->columns;
  dgemm_("N", "N", &d, &columns, &p, &unit, axes->whole, &d, along, &p, &nothing, out, &d, 1, 1);
}
