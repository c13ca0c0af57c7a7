#include <math.h>
#include <stdlib.h>

#include "twoview/linalg/fortran.h"
#include "twoview/studies/results.h"

/* Corrupted inputs of the represented samples, of one replicate and noise scale: samples x d. */
static void corrupt(const tv_head *head, int64_t replicate, const tv_spectra *spectra,
                    const double *gamma, double *x) {
  const int p = spectra->p, d = p + spectra->q;
  const int64_t samples = head->selection.end;
  const double *u = head->rows + replicate * samples * head->width;
  for (int64_t i = 0; i < samples; ++i, u += head->width)
    for (int j = 0; j < d; ++j) x[i * d + j] = u[j] * (j < p ? 1 : sqrt(gamma[j - p]));
}

/* z = x E' for one point and every method; rows of all are contiguous. */
static void encode(const tv_results *r, int64_t point, const double *x) {
  const double unit = 1, nothing = 0;
  const int samples = r->represented_samples, kept = r->kept_levels, shown = r->represented_levels;
  const int64_t own =
      tv_cube_among(&r->cube, kept, point) - tv_cube_among(&r->cube, kept, r->first_point);
  const int64_t slot =
      tv_cube_among(&r->cube, shown, point) - tv_cube_among(&r->cube, shown, r->first_point);
  for (int m = 0; m < r->cube.methods; ++m) {
    const tv_kept *of = &r->kept[m];
    const int k = of->rows;
    dgemm_("T", "N", &k, &samples, &r->d, &unit, of->encoder + own * k * r->d, &r->d, x, &r->d,
           &nothing, of->representation + slot * samples * k, &k, 1, 1);
  }
}

/* The represented points solved here, in order. */
static void encode_points(const tv_head *head, const tv_spectra *spectra, double *x,
                          tv_results *r) {
  int64_t corrupted_for = -1;
  for (int64_t own = 0; own < r->own_points; ++own) {
    const int64_t point = r->first_point + own;
    const tv_spot at = tv_cube_split(&r->cube, point);
    if (!tv_cube_is_among(&r->cube, r->represented_levels, point)) continue;
    if (at.setting != corrupted_for) {
      corrupt(head, at.replicate, spectra, tv_gamma_of(spectra, at.replicate, at.magnitude), x);
      corrupted_for = at.setting;
    }
    encode(r, point, x);
  }
}

static tv_error *allocate_representations(tv_results *r) {
  const int64_t count =
      tv_cube_among(&r->cube, r->represented_levels, r->first_point + r->own_points) -
      tv_cube_among(&r->cube, r->represented_levels, r->first_point);
  for (int m = 0; m < r->cube.methods; ++m)
    TV_TRY(tv_allocate(count * r->represented_samples * r->kept[m].rows, sizeof(double),
                       &r->kept[m].representation));
  return NULL;
}

tv_error *tv_results_represent(const tv_head *head, const tv_spectra *spectra, tv_results *r) {
  double *x;
  if (r->represented_levels == 0) return NULL;
  r->represented_samples = (int)head->selection.end;
  TV_TRY(allocate_representations(r));
  TV_TRY(tv_allocate((int64_t)r->represented_samples * r->d, sizeof(*x), &x));
  encode_points(head, spectra, x, r);
  free(x);
  return NULL;
}
