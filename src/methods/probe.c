#include "twoview/methods/probe.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/linalg/dense.h"
#include "twoview/linalg/fortran.h"
#include "twoview/linalg/pivoted.h"
#include "twoview/methods/method.h"

/* ---- Outputs ---- */

/* a' b on every rank. The caller frees. */
static tv_error *product_everywhere(const tv_distmat *a, const tv_distmat *b, double **out) {
  tv_distmat *product = NULL;
  *out = NULL;
  TV_TRY(tv_distmat_create(a->grid, a->columns, b->columns, &product));
  tv_error *error =
      tv_grid_agree(a->grid, tv_allocate((int64_t)a->columns * b->columns, sizeof(**out), out));
  if (!error) {
    tv_multiply(TV_TRANSPOSED, a, TV_PLAIN, b, product);
    tv_distmat_gather(product, *out);
  }
  tv_distmat_destroy(&product);
  return error;
}

tv_error *tv_outputs_take(const tv_distmat *encoder, const tv_distmat *image,
                          const tv_distmat *targets, double square, tv_outputs *out) {
  *out = (tv_outputs){.k = encoder->columns, .l = targets->columns, .square = square};
  TV_TRY(product_everywhere(encoder, image, &out->gram));
  return product_everywhere(encoder, targets, &out->cross);
}

void tv_outputs_release(tv_outputs *outputs) {
  free(outputs->gram);
  free(outputs->cross);
  *outputs = (tv_outputs){0};
}

void tv_outputs_centre(tv_outputs *o, const double *mean, const double *target_mean) {
  for (int j = 0; j < o->k; ++j)
    for (int i = 0; i < o->k; ++i) o->gram[(int64_t)j * o->k + i] -= mean[i] * mean[j];
  for (int t = 0; t < o->l; ++t) {
    for (int i = 0; i < o->k; ++i) o->cross[(int64_t)t * o->k + i] -= mean[i] * target_mean[t];
    o->square -= target_mean[t] * target_mean[t];
  }
}

/* ---- Least squares: P'D^{-1} Gz D^{-1}P = L L' of the outputs that have rank ---- */

typedef struct {
  int k, rank;
  double *factor; /* owned, k x k: L, its first `rank` columns */
  int *pivots;    /* owned, k */
  double *half;   /* owned, rank x l: L^{-1} P'D^{-1} Bz */
} least_squares;

static void forget(least_squares *s) {
  free(s->factor);
  free(s->pivots);
  free(s->half);
}

static tv_error *allocate(int k, int l, least_squares *s) {
  *s = (least_squares){.k = k};
  TV_TRY(tv_allocate((int64_t)k * k, sizeof(*s->factor), &s->factor));
  TV_TRY(tv_allocate(k, sizeof(*s->pivots), &s->pivots));
  return tv_allocate((int64_t)k * l, sizeof(*s->half), &s->half);
}

static tv_error *begin(const tv_outputs *rows, int k, const double *sizes, int terms,
                       least_squares *s) {
  const double unit = 1, rounding = terms * DBL_EPSILON;
  TV_TRY(allocate(k, rows->l, s));
  for (int j = 0; j < k; ++j)
    memcpy(s->factor + (int64_t)j * k, rows->gram + (int64_t)j * rows->k,
           (size_t)k * sizeof(*s->factor));
  TV_TRY(tv_pivoted_cholesky(k, s->factor, sizes, rounding, s->pivots, &s->rank));
  if (s->rank == 0) return NULL;
  for (int t = 0; t < rows->l; ++t)
    for (int i = 0; i < s->rank; ++i) {
      const int row = s->pivots[i] - 1;
      s->half[(int64_t)t * s->rank + i] = rows->cross[(int64_t)t * rows->k + row] / sizes[row];
    }
  dtrsm_("L", "L", "N", "N", &s->rank, &rows->l, &unit, s->factor, &k, s->half, &s->rank, 1, 1, 1,
         1);
  return NULL;
}

tv_error *tv_probe_explains(const tv_outputs *rows, int k, const double *sizes, int terms,
                            double *out) {
  least_squares s;
  tv_error *error = begin(rows, k, sizes, terms, &s);
  *out = 0;
  for (int64_t i = 0; !error && i < (int64_t)s.rank * rows->l; ++i) *out += s.half[i] * s.half[i];
  forget(&s);
  return error;
}

tv_error *tv_probe_fit(const tv_outputs *rows, int k, const double *sizes, int terms, double *out) {
  least_squares s;
  const double unit = 1;
  tv_error *error = begin(rows, k, sizes, terms, &s);
  memset(out, 0, (size_t)k * (size_t)rows->l * sizeof(*out));
  if (!error && s.rank > 0) {
    dtrsm_("L", "L", "T", "N", &s.rank, &rows->l, &unit, s.factor, &k, s.half, &s.rank, 1, 1, 1, 1);
    for (int t = 0; t < rows->l; ++t)
      for (int i = 0; i < s.rank; ++i) {
        const int row = s.pivots[i] - 1;
        out[(int64_t)t * k + row] = s.half[(int64_t)t * s.rank + i] / sizes[row];
      }
  }
  forget(&s);
  return error;
}

/* mean y'y - 2 tr V'Bz + tr V'Gz V. */
double tv_probe_loss_on(const tv_outputs *rows, int k, const double *probe) {
  double sum = rows->square;
  for (int t = 0; t < rows->l; ++t)
    for (int i = 0; i < k; ++i) {
      double image = 0;
      for (int j = 0; j < k; ++j)
        image += rows->gram[(int64_t)j * rows->k + i] * probe[(int64_t)t * k + j];
      sum += probe[(int64_t)t * k + i] * (image - 2 * rows->cross[(int64_t)t * rows->k + i]);
    }
  return tv_mean_square(sum);
}
