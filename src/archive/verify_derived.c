#include "verify_derived.h"

#include <math.h>
#include <stdlib.h>

#include "bulk.h"
#include "table.h"
#include "twoview/base/statistics.h"
#include "twoview/linalg/fortran.h"
#include "twoview/theory/theory.h"

/* ---- Values and what they should be ---- */

typedef struct {
  int64_t count, wrong;
  double first, expected; /* of the first that is wrong */
} difference;

/* Within a bound: what rounding may leave between machines. */
static void compare(double value, double expected, double bound, difference *d) {
  const int is_same = value == expected ||
                      (isfinite(expected) && fabs(value - expected) <= bound) ||
                      (isnan(value) && isnan(expected));
  ++d->count;
  if (!is_same && !d->wrong++) *d = (difference){d->count, 1, value, expected};
}

static void tell(tv_verification *v, const tv_variable *x, const difference *d, const char *words) {
  if (d->wrong)
    tv_verify_problem(v, "%lld of %lld in '%s' are not %s: the first is %s, and should be %s",
                      (long long)d->wrong, (long long)d->count, x->name, words, TV_EXACT(d->first),
                      TV_EXACT(d->expected));
}

/* Reports an error that has nothing to do with the values. */
static void tell_error(tv_verification *v, const tv_variable *x, tv_error *error) {
  if (error) tv_verify_problem(v, "dataset '%s' cannot be checked: %s", x->name, error->message);
  tv_error_free(error);
}

/* ---- Spectra: drawn from the seed, or given ---- */

/* Those of the experiment; NULL, and a problem, where memory is short. */
static tv_spectra *draw(tv_verification *v, const tv_variable *x) {
  tv_spectra *spectra = NULL;
  tell_error(v, x, tv_spectra_draw(v->schema->experiment, v->schema->extent.components, &spectra));
  return spectra;
}

static void compare_spectrum(tv_verification *v, hid_t file, const tv_variable *x,
                             const double *expected) {
  difference found = {0};
  int64_t count = 0;
  double *values = tv_verify_read(v, file, x->name, &count);
  for (int64_t i = 0; values && i < count; ++i)
    compare(values[i], expected[i], TV_ROUNDING * fabs(expected[i]), &found);
  tell(v, x, &found, "what the experiment gives or its seed draws");
  free(values);
}

void tv_verify_gamma(tv_verification *v, hid_t file, const tv_variable *x) {
  tv_spectra *spectra = draw(v, x);
  if (spectra) compare_spectrum(v, file, x, spectra->gamma);
  tv_spectra_destroy(&spectra);
}

void tv_verify_theta(tv_verification *v, hid_t file, const tv_variable *x) {
  tv_spectra *spectra = draw(v, x);
  if (spectra) compare_spectrum(v, file, x, spectra->theta);
  tv_spectra_destroy(&spectra);
}

/* ---- Thresholds of theory ---- */

static tv_error *compare_thresholds(tv_verification *v, const tv_variable *x,
                                    const tv_features *features, const tv_spectra *spectra,
                                    const double *values, int64_t count) {
  difference found = {0};
  double *expected = NULL;
  TV_TRY(tv_allocate(count, sizeof(*expected), &expected));
  tv_error *error = tv_alpha2_thresholds(v->schema->experiment, features, spectra, expected);
  for (int64_t i = 0; !error && i < count; ++i)
    compare(values[i], expected[i], TV_ROUNDING * (1 + fabs(expected[i])), &found);
  tell(v, x, &found, "the thresholds of the spectra");
  free(expected);
  return error;
}

void tv_verify_thresholds(tv_verification *v, hid_t file, const tv_variable *x) {
  int64_t count = 0, components = 0;
  double *values = tv_verify_read(v, file, x->name, &count);
  tv_features features = {.p = v->schema->extent.components,
                          .spectrum = tv_verify_read(v, file, TV_DATA_SPECTRUM, &components)};
  tv_spectra *spectra = draw(v, x);
  if (values && features.spectrum && spectra)
    tell_error(v, x, compare_thresholds(v, x, &features, spectra, values, count));
  tv_spectra_destroy(&spectra);
  free(features.spectrum);
  free(values);
}

/* ---- Encoders and what they make ---- */

/* The variable of the same method that is written so; NULL. */
static const tv_variable *sibling(const tv_schema *s, const tv_variable *x, tv_bulk_writer *write) {
  for (const tv_variable *y = s->variables; y < s->variables + s->count; ++y)
    if (y->row->write == write && y->item == x->item) return y;
  return NULL;
}

static double norm(int count, const double *x) {
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += x[i] * x[i];
  return sqrt(sum);
}

/* Numbers of the matrices of an item. */
static int64_t size_of(const tv_variable *x) {
  return x->shape[x->outer] * x->shape[x->outer + 1];
}

/* An encoder, what was made of it, and what should have been. */
typedef struct {
  const tv_variable *encoder, *made;
  double *weights, *values, *expected;
} product;

static tv_error *begin_product(const tv_variable *encoder, const tv_variable *made, product *out) {
  *out = (product){.encoder = encoder, .made = made};
  TV_TRY(tv_allocate(size_of(encoder), sizeof(double), &out->weights));
  TV_TRY(tv_allocate(size_of(made), sizeof(double), &out->values));
  return tv_allocate(size_of(made), sizeof(double), &out->expected);
}

static void end_product(product *p) {
  free(p->weights);
  free(p->values);
  free(p->expected);
}

static void compare_transform(const product *p, const tv_features *f, double scale,
                              difference *found) {
  const int rows = (int)p->encoder->shape[p->encoder->outer];
  const int d = (int)p->encoder->shape[p->encoder->outer + 1];
  tv_encoder_transform(f, scale, rows, d, p->weights, p->expected);
  for (int row = 0; row < rows; ++row) {
    const double bound = TV_ROUNDING * norm(f->p, p->weights + (int64_t)row * d) / scale;
    for (int64_t i = (int64_t)row * f->inputs; i < (int64_t)(row + 1) * f->inputs; ++i)
      compare(p->values[i], p->expected[i], bound, found);
  }
}

static tv_error *check_transforms(tv_verification *v, hid_t file, const tv_variable *x,
                                  const tv_features *f) {
  difference found = {0};
  product p;
  tv_error *error = begin_product(sibling(v->schema, x, tv_bulk_write_encoder), x, &p);
  const int64_t items = tv_verify_items(x);
  for (int64_t i = 0; !error && i < items; ++i) {
    error = tv_verify_read_item(file, p.encoder, i, p.weights);
    if (!error) error = tv_verify_read_item(file, x, i, p.values);
    if (!error) compare_transform(&p, f, v->schema->experiment->source.scale, &found);
  }
  end_product(&p);
  tell(v, x, &found, "the encoder of the features");
  return error;
}

void tv_verify_transform(tv_verification *v, hid_t file, const tv_variable *x) {
  const tv_schema *s = v->schema;
  int64_t count = 0;
  tv_features features = {.inputs = s->extent.features, .p = s->extent.components};
  if (!sibling(s, x, tv_bulk_write_encoder)) return; /* it is the encoder itself */
  if (s->is_rotated) features.basis = tv_verify_read(v, file, TV_PRINCIPAL_AXES, &count);
  if (!s->is_rotated || features.basis) tell_error(v, x, check_transforms(v, file, x, &features));
  free(features.basis);
}

void tv_verify_axes(tv_verification *v, hid_t file, const tv_variable *x) {
  const int p = (int)x->shape[0], inputs = (int)x->shape[1];
  const double unit = 1, nothing = 0;
  int64_t count = 0;
  difference found = {0};
  double *gram = NULL, *axes = tv_verify_read(v, file, x->name, &count);
  if (axes) tell_error(v, x, tv_allocate((int64_t)p * p, sizeof(*gram), &gram));
  if (axes && gram) {
    dsyrk_("L", "T", &p, &inputs, &unit, axes, &inputs, &nothing, gram, &p, 1, 1);
    for (int j = 0; j < p; ++j)
      for (int i = j; i < p; ++i) compare(gram[(int64_t)j * p + i], i == j, TV_ROUNDING, &found);
    tell(v, x, &found, "orthonormal, of the products of its rows");
  }
  free(gram);
  free(axes);
}

/* ---- Representations: where the samples are there ---- */

/* Inputs of the represented samples, and the standard normals of their noise. */
typedef struct {
  int64_t samples;
  int p, d;
  double *drawn, *inputs; /* samples x d: as archived, and corrupted */
  double *column;         /* samples x at most d */
} corrupted;

static tv_error *begin_inputs(const tv_schema *s, int64_t samples, corrupted *c) {
  const int p = s->extent.components, d = p + s->experiment->noise.components;
  *c = (corrupted){.samples = samples, .p = p, .d = d};
  TV_TRY(tv_allocate(samples * d, sizeof(double), &c->drawn));
  TV_TRY(tv_allocate(samples * d, sizeof(double), &c->inputs));
  return tv_allocate(samples * d, sizeof(double), &c->column);
}

static void end_inputs(corrupted *c) {
  free(c->drawn);
  free(c->inputs);
  free(c->column);
}

/* The variables of samples are the columns of their inputs, one after the other, then the targets.
 */
static tv_error *read_inputs(hid_t file, const tv_schema *s, int64_t replicate, corrupted *c) {
  int column = 0;
  for (const tv_variable *y = s->variables; y < s->variables + s->count && column < c->d; ++y) {
    if (y->place != TV_IN_SAMPLES || y->is_coordinate || y->element != TV_REAL) continue;
    const int width = (int)y->shape[2];
    TV_TRY(tv_verify_read_rows(file, y, replicate, c->samples, c->column));
    for (int64_t i = 0; i < c->samples; ++i)
      for (int j = 0; j < width; ++j) c->drawn[i * c->d + column + j] = c->column[i * width + j];
    column += width;
  }
  return NULL;
}

static void corrupt(const double *gamma, corrupted *c) {
  for (int64_t i = 0; i < c->samples; ++i)
    for (int j = 0; j < c->d; ++j)
      c->inputs[i * c->d + j] = c->drawn[i * c->d + j] * (j < c->p ? 1 : sqrt(gamma[j - c->p]));
}

static void compare_representation(const product *p, const corrupted *c, difference *found) {
  const int rows = (int)p->encoder->shape[p->encoder->outer], samples = (int)c->samples;
  const double unit = 1, nothing = 0;
  dgemm_("T", "N", &rows, &samples, &c->d, &unit, p->weights, &c->d, c->inputs, &c->d, &nothing,
         p->expected, &rows, 1, 1);
  for (int64_t i = 0; i < samples; ++i)
    for (int row = 0; row < rows; ++row) {
      const double bound = TV_ROUNDING * norm(c->d, c->inputs + i * c->d) *
                           norm(c->d, p->weights + (int64_t)row * c->d);
      compare(p->values[i * rows + row], p->expected[i * rows + row], bound, found);
    }
}

/* Encoders and representations may be kept of all sample sizes, or of the last. */
static tv_error *check_setting(hid_t file, const product *p, const corrupted *c, int64_t setting,
                               difference *found) {
  const tv_variable *e = p->encoder, *z = p->made;
  const int64_t encoded = e->shape[e->outer - 1], levels = z->shape[z->outer - 1];
  const int64_t alphas = z->shape[z->outer - 2];
  for (int64_t i = 0; i < alphas * levels; ++i) {
    const int64_t line = setting * alphas + i / levels, level = encoded - levels + i % levels;
    if (level < 0) continue;
    TV_TRY(tv_verify_read_item(file, e, line * encoded + level, p->weights));
    TV_TRY(tv_verify_read_item(file, z, line * levels + i % levels, p->values));
    compare_representation(p, c, found);
  }
  return NULL;
}

static tv_error *check_replicate(hid_t file, const tv_spectra *spectra, const product *p,
                                 int replicate, corrupted *c, difference *found) {
  for (int m = 0; m < spectra->magnitudes; ++m) {
    corrupt(tv_gamma_of(spectra, replicate, m), c);
    TV_TRY(check_setting(file, p, c, (int64_t)replicate * spectra->magnitudes + m, found));
  }
  return NULL;
}

static tv_error *check_representations(tv_verification *v, hid_t file, const tv_variable *x,
                                       const tv_spectra *spectra) {
  difference found = {0};
  product p;
  corrupted c = {0};
  tv_error *error = begin_product(sibling(v->schema, x, tv_bulk_write_encoder), x, &p);
  if (!error) error = begin_inputs(v->schema, x->shape[x->outer], &c);
  for (int r = 0; !error && r < spectra->replicates; ++r) {
    error = read_inputs(file, v->schema, r, &c);
    if (!error) error = check_replicate(file, spectra, &p, r, &c, &found);
  }
  end_inputs(&c);
  end_product(&p);
  tell(v, x, &found, "the encoder of the corrupted samples");
  return error;
}

/* Those of the view model are of rows that were corrupted by draws. */
void tv_verify_representation(tv_verification *v, hid_t file, const tv_variable *x) {
  const tv_experiment *e = v->schema->experiment;
  const int has_samples = e->archive.samples && !tv_experiment_has_views(e);
  if (!has_samples || !sibling(v->schema, x, tv_bulk_write_encoder)) return;
  tv_spectra *spectra = draw(v, x);
  if (spectra) tell_error(v, x, check_representations(v, file, x, spectra));
  tv_spectra_destroy(&spectra);
}
