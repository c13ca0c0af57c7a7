#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "solver.h"
#include "twoview/augmentations/view_model.h"
#include "twoview/linalg/fortran.h"
#include "twoview/studies/results.h"

/* The inputs of encoders: the represented samples of one replicate, corrupted as the training rows
 * are. */
typedef struct {
  const tv_study_inputs *study; /* borrowed, as the rows of the samples */
  const tv_head *head;
  int samples, d;
  int64_t *numbers; /* owned: of the samples in their source */
  double *raw;      /* owned, samples x numbers of the source, of nonlinear features; else NULL */
  double *x;        /* owned, samples x d: of a replicate and corruption, ... */
  double *centred;  /* owned, samples x d: ... about the mean of a point's training rows */
} inputs;

static const double *first_row(const inputs *in, int replicate) {
  return in->head->rows + (int64_t)replicate * in->samples * in->head->width;
}

/* Noise components of a noise scale. */
static void add_noise(inputs *in, const tv_spot *at) {
  const tv_spectra *spectra = in->study->spectra;
  const double *gamma = tv_gamma_of(spectra, at->replicate, at->magnitude);
  const double *u = first_row(in, at->replicate);
  for (int64_t i = 0; i < in->samples; ++i, u += in->head->width)
    for (int j = 0; j < in->d; ++j)
      in->x[i * in->d + j] = u[j] * (j < spectra->p ? 1 : sqrt(gamma[j - spectra->p]));
}

/* The draw of a severity. The head has rows as their source has them. */
static void corrupt_rows(inputs *in, const tv_spot *at) {
  const tv_study_inputs *study = in->study;
  const int severity = tv_experiment_first_severity(study->experiment) + at->magnitude;
  const int numbers = study->sampling->source->features;
  double *raw = in->raw ? in->raw : in->x;
  const double *u = first_row(in, at->replicate);
  tv_sampling_rows(study->sampling, at->replicate, 0, in->samples, in->numbers);
  for (int64_t i = 0; i < in->samples; ++i, u += in->head->width) {
    double *x = raw + i * numbers;
    memcpy(x, u, (size_t)numbers * sizeof(*x));
    tv_view_model_corrupt(study->model, severity, at->replicate, in->numbers[i], x);
  }
  if (in->raw) tv_features_map(study->features, in->samples, raw, numbers, in->x, in->d);
}

/* What the encoders of a point act on. Those of the component model do not centre. */
static const double *centre(const inputs *in, const tv_results *r, int64_t point) {
  if (!r->mean) return in->x;
  const double *mean = r->mean + tv_results_place(r, point) * in->d;
  const double scale = tv_experiment_input_scale(in->study->experiment);
  for (int64_t i = 0; i < in->samples; ++i)
    for (int j = 0; j < in->d; ++j)
      in->centred[i * in->d + j] = in->x[i * in->d + j] - mean[j] / scale;
  return in->centred;
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
static void encode_points(inputs *in, tv_results *r) {
  int64_t corrupted_for = -1;
  for (int64_t own = 0; own < r->own_points; ++own) {
    const int64_t point = r->first_point + own;
    const tv_spot at = tv_cube_split(&r->cube, point);
    if (!tv_cube_is_among(&r->cube, r->represented_levels, point)) continue;
    if (at.setting != corrupted_for) {
      (in->study->model ? corrupt_rows : add_noise)(in, &at);
      corrupted_for = at.setting;
    }
    encode(r, point, centre(in, r, point));
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

/* Those of the component model need no more than themselves. */
static tv_error *take_inputs(inputs *in) {
  const tv_study_inputs *study = in->study;
  const int64_t count = (int64_t)in->samples * in->d;
  TV_TRY(tv_allocate(in->samples, sizeof(*in->numbers), &in->numbers));
  TV_TRY(tv_allocate(count, sizeof(*in->x), &in->x));
  if (!study->model) return NULL;
  if (study->features->weights)
    TV_TRY(tv_allocate((int64_t)in->samples * study->sampling->source->features, sizeof(*in->raw),
                       &in->raw));
  return tv_allocate(count, sizeof(*in->centred), &in->centred);
}

tv_error *tv_results_represent(const tv_head *head, const tv_study_inputs *study, tv_results *r) {
  inputs in = {.study = study, .head = head, .samples = (int)head->selection.end, .d = r->d};
  if (r->represented_levels == 0) return NULL;
  r->represented_samples = in.samples;
  TV_TRY(allocate_representations(r));
  tv_error *error = take_inputs(&in);
  if (!error) encode_points(&in, r);
  free(in.numbers);
  free(in.raw);
  free(in.x);
  free(in.centred);
  return error;
}
