/* Steps that add Gaussian noise e ~ N(0, Sigma) to the inputs x of random Fourier features, cos w.x
 * and sin w.x, turn each angle by a normal number: with h = W Sigma W' of the frequencies W
 *     E cos w.(x + e) = exp(-h_ii/2) cos w.x, and so for the sine;
 *     E cos w_i.(x + e) cos w_j.(x + e) = P cos w_i.x cos w_j.x + R sin w_i.x sin w_j.x,
 *     E sin w_i.(x + e) sin w_j.(x + e) = P sin w_i.x sin w_j.x + R cos w_i.x cos w_j.x,
 *     E cos w_i.(x + e) sin w_j.(x + e) = P cos w_i.x sin w_j.x - R sin w_i.x cos w_j.x;
 *     P = (q- + q+)/2, R = (q- - q+)/2, q-+ = exp(-(h_ii + h_jj -+ 2 h_ij)/2).
 * So the whole chain is one quadratic step of the features. It is no kind of step that an
 * experiment can name. */
#include "fourier.h"

#include <math.h>
#include <stdlib.h>

#include "parts.h"
#include "twoview/linalg/dense.h"

enum { TURNS }; /* table: h, of all pairs of frequencies */

/* The second moments of frequency j with all others: its two columns, of cosine and sine. They are
 * on the same rank, because blocks of columns are even. */
static void turn(const double *h, int frequencies, int j, double *cosine, double *sine) {
  const double *column = h + (int64_t)j * frequencies;
  for (int i = 0; i < frequencies; ++i) {
    const double variances = h[(int64_t)i * frequencies + i] + column[j];
    const double apart = exp(-(variances - 2 * column[i]) / 2);
    const double together = exp(-(variances + 2 * column[i]) / 2);
    const double P = (apart + together) / 2, R = (apart - together) / 2;
    const double cc = cosine[2 * i], sc = cosine[2 * i + 1];
    const double cs = sine[2 * i], ss = sine[2 * i + 1];
    cosine[2 * i] = P * cc + R * ss;
    cosine[2 * i + 1] = P * sc - R * cs;
    sine[2 * i] = P * cs - R * sc;
    sine[2 * i + 1] = P * ss + R * cc;
  }
}

static tv_error *turn_moments(const tv_step *step, tv_views *v) {
  const double *h = step->tables[TURNS];
  const int frequencies = v->d / 2;
  double *scale = NULL;
  TV_TRY(tv_grid_agree(v->grid, tv_allocate(v->d, sizeof(*scale), &scale)));
  for (int j = 0; j < v->second->local_columns; j += 2) {
    double *cosine = v->second->data + (int64_t)j * v->second->leading;
    turn(h, frequencies, v->second->column_of[j] / 2, cosine, cosine + v->second->leading);
  }
  for (int i = 0; i < v->d; ++i) scale[i] = exp(-h[(int64_t)(i / 2) * (frequencies + 1)] / 2);
  tv_views_scale_mean(v, scale, NULL);
  free(scale);
  return NULL;
}

static const tv_augmentation turning = {.moments = turn_moments};

/* Sigma is what the chain makes of the second moments of an input that is 0. */
static tv_error *find_turns(const tv_features *f, const tv_chain *chain, const tv_shape *shape,
                            const tv_grid *row, tv_step *step) {
  const int frequencies = f->p / 2;
  tv_samples *nothing = NULL;
  tv_distmat *weights = NULL;
  tv_error *error = tv_step_table(step, TURNS, (int64_t)frequencies * frequencies);
  TV_TRY(tv_grid_agree(row, error));
  TV_GO(tv_samples_create(row, shape, 1, &nothing));
  TV_GO(tv_chain_corrupt(chain, nothing));
  TV_GO(tv_distmat_create(row, f->inputs, frequencies, &weights));
  tv_distmat_scatter(f->weights, weights);
  TV_GO(tv_project(weights, &nothing->second));
  tv_distmat_gather(nothing->second, step->tables[TURNS]);
done:
  tv_samples_destroy(&nothing);
  tv_distmat_destroy(&weights);
  return error;
}

tv_error *tv_fourier_chain(const tv_features *f, const tv_chain *inputs, const tv_shape *shape,
                           const tv_grid *row, tv_chain *out) {
  *out = (tv_chain){0};
  if (inputs->count == 0) return NULL;
  TV_TRY(tv_grid_agree(row, tv_allocate(1, sizeof(*out->steps), &out->steps)));
  out->count = 1;
  out->steps->augmentation = &turning;
  return find_turns(f, inputs, shape, row, out->steps);
}
