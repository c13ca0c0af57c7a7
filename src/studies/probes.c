#include "probes.h"

#include <stdlib.h>

#include "axes.h"
#include "twoview/linalg/dense.h"
#include "twoview/linalg/fortran.h"

void tv_encoded_release(tv_encoded *z) {
  for (int set = 0; set < TV_SETS; ++set) tv_outputs_release(&z->of[set]);
  free(z->sizes);
  free(z->encoder);
}

tv_error *tv_encode_set(const tv_distmat *encoder, const tv_distmat *second,
                        const tv_distmat *targets, double square, tv_outputs *out) {
  tv_distmat *image = NULL;
  TV_TRY(tv_product(second, encoder, &image));
  tv_error *error = tv_outputs_take(encoder, image, targets, square, out);
  tv_distmat_destroy(&image);
  return error;
}

/* The encoder's columns, in the numbers of the samples. */
static tv_error *take_columns(const tv_point_rows *rows, const tv_distmat *encoder, double *along,
                              tv_encoded *z) {
  tv_distmat_gather(encoder, along);
  z->d = rows->axes ? rows->axes->vectors->rows : encoder->rows;
  TV_TRY(tv_allocate((int64_t)z->d * encoder->columns, sizeof(*z->encoder), &z->encoder));
  tv_axes_undo(rows->axes, z->d, encoder->columns, along, z->encoder);
  return NULL;
}

tv_error *tv_encode(const tv_point_rows *rows, const tv_solution *solution, tv_encoded *z) {
  const tv_distmat *encoder = solution->encoder;
  const int64_t numbers = (int64_t)encoder->rows * encoder->columns;
  double *along = NULL;
  *z = (tv_encoded){.rows = rows};
  TV_TRY(tv_row_sizes(rows->statistics, solution, &z->sizes));
  tv_error *error = tv_grid_agree(encoder->grid, tv_allocate(numbers, sizeof(*along), &along));
  if (!error) error = tv_grid_agree(encoder->grid, take_columns(rows, encoder, along, z));
  free(along);
  return error;
}

tv_error *tv_encode_rows(const tv_point_rows *rows, const tv_solution *solution, tv_encoded *z) {
  TV_TRY(tv_encode(rows, solution, z));
  for (int set = 0; set < TV_SETS; ++set) {
    const tv_samples *of = rows->sets[set];
    if (of)
      TV_TRY(tv_encode_set(solution->encoder, of->second, of->targets, tv_square_of_targets(of),
                           &z->of[set]));
  }
  return NULL;
}

const tv_outputs *tv_outputs_on(const tv_encoded *z, int are_test, tv_condition c) {
  const tv_outputs *first = z->of + (are_test ? TV_CONDITIONS : 0);
  if (first[c].k > 0) return first + c;
  return are_test && first->k == 0 ? tv_outputs_on(z, 0, c) : first;
}

/* Of the probe of the first k outputs in a condition, which is left in `probe`, k x l. */
static tv_error *fit(const tv_encoded *z, int k, tv_condition c, double *probe, tv_losses *out) {
  const tv_outputs *training = tv_outputs_on(z, 0, c);
  TV_TRY(tv_probe_fit(training, k, z->sizes, z->rows->statistics->d, probe));
  if (c == TV_CORRUPTED) out->training = tv_probe_loss_on(training, k, probe);
  out->test[c] = tv_probe_loss_on(tv_outputs_on(z, 1, c), k, probe);
  return NULL;
}

/* The map of a sample to its predicted targets, l x (d + 1): weights, and a constant last. */
static void write_map(const tv_encoded *z, int k, tv_condition c, const double *probe,
                      double *out) {
  const int d = z->d, l = z->rows->statistics->l, width = d + 1;
  const double *mean = z->rows->mean[z->rows->mean[c] ? c : TV_CORRUPTED];
  const double unit = 1, nothing = 0;
  dgemm_("N", "N", &d, &l, &k, &unit, z->encoder, &d, probe, &k, &nothing, out, &width, 1, 1);
  for (int t = 0; t < l; ++t) {
    double *weights = out + (int64_t)t * width;
    weights[d] = mean[d + t];
    for (int i = 0; i < d; ++i) weights[d] -= weights[i] * mean[i];
  }
}

tv_error *tv_probes_fit(const tv_encoded *z, int k, double *maps, tv_losses *out) {
  const tv_statistics *s = z->rows->statistics;
  double *probe = NULL;
  tv_error *error = NULL;
  TV_TRY(tv_allocate((int64_t)k * s->l, sizeof(*probe), &probe));
  for (tv_condition c = TV_CORRUPTED; !error && c < TV_CONDITIONS; ++c) {
    error = fit(z, k, c, probe, out);
    if (!error && maps) write_map(z, k, c, probe, maps + c * (int64_t)s->l * (z->d + 1));
  }
  free(probe);
  return error;
}
