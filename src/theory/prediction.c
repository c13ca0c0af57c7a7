#include "twoview/theory/prediction.h"

#include <math.h>
#include <stdlib.h>

#include "expected_spectrum.h"
#include "twoview/theory/theory.h"

/* Steps and names are those of the derivation in data/thresholds/README.md: i counts important
 * components, j noise components, and the weakest signal is the k-th important component. */

/* An important component: its variance s, sigma = s + theta, and l, the value by which a method
 * ranks it (JE: omega, RC: phi^2), without and with the noise that samples mix into it. */
typedef struct {
  double s, sigma, plain_l, l;
} component;

typedef struct {
  int is_quadratic;    /* as the theory of the method */
  int p, weakest;      /* index of the weakest signal, k - 1 */
  double n, weakest_l; /* the mean of its l over samples, as the inverse of the mean inverse */
  double s_sum, gamma_sum, gamma_squares;
  component *signal; /* by l, largest first */
  double *gamma;     /* of the components that have noise, as many as psi has levels */
  double floor;      /* the largest X_j(0): no noise is at an alpha^2 below it */
  tv_secular psi;
  double *storage; /* of gamma and psi */
} problem;

static double ratio_of(const component *c) {
  return c->s / c->sigma;
}

static tv_error *problem_create(const tv_method *method, const tv_components *c, double n,
                                problem *m) {
  const int p = c->p, q = c->q;
  *m = (problem){.is_quadratic = method->theory->is_quadratic,
                 .p = p,
                 .weakest = c->k - 1,
                 .n = n,
                 .psi.n = n};
  TV_TRY(tv_allocate(p, sizeof(*m->signal), &m->signal));
  tv_error *error = tv_allocate(6LL * q + 3LL * p, sizeof(double), &m->storage);
  if (error) {
    free(m->signal);
    return error;
  }
  double *next = m->storage, *zeros = next + 5 * q;
  m->psi.levels = (tv_levels){
      .offset = next, .linear = next + q, .square = next + 2 * q, .kappa = next + 3 * q};
  m->gamma = next + 4 * q;
  next += 6 * q;
  m->psi.couplings = (tv_couplings){.profile = m->is_quadratic ? m->gamma : zeros,
                                    .weight = next,
                                    .shift = next + p,
                                    .strength = next + 2 * p};
  return NULL;
}

static void problem_destroy(problem *m) {
  free(m->signal);
  free(m->storage);
}

/* ---- Step 1: the pencil's blocks ---- */

/* Components without noise play no part. */
static void describe_noise(problem *m, int q, const double *theta, const double *gamma) {
  double least = INFINITY;
  int kept = 0;
  for (int j = 0; j < q; ++j) {
    if (!(gamma[j] > 0)) continue;
    m->gamma[kept] = gamma[j];
    m->psi.levels.offset[kept++] = theta[j] / gamma[j];
    m->gamma_sum += gamma[j];
    m->gamma_squares += gamma[j] * gamma[j];
    least = fmin(least, theta[j] / gamma[j]);
  }
  m->psi.levels.count = kept;
  m->floor = -least;
}

static int descending(const void *left, const void *right) {
  const component *x = left, *y = right;
  return (x->l < y->l) - (x->l > y->l);
}

static void describe_signal(problem *m, const double *signal, const double *theta) {
  for (int i = 0; i < m->p; ++i) {
    component *c = &m->signal[i];
    *c = (component){.s = signal[i], .sigma = signal[i] + theta[i]};
    c->plain_l = (m->is_quadratic ? c->s : 1) * c->s / c->sigma;
    c->l = c->plain_l + (m->is_quadratic ? ratio_of(c) * m->gamma_sum / m->n : 0);
  }
  qsort(m->signal, (size_t)m->p, sizeof(*m->signal), descending);
  for (int i = 0; i < m->p; ++i) m->s_sum += m->signal[i].s;
}

/* RC: whether what samples mix into the weakest signal is small enough for the first order in 1/n,
 * as measured under "How good". */
static int is_first_order(const problem *m) {
  const double most_of_signal = 0.03, most_of_noise = 0.25;
  const double weakest = m->n * m->signal[m->weakest].s;
  if (!m->is_quadratic) return 1;
  return m->s_sum <= most_of_signal * weakest && m->gamma_sum <= most_of_noise * weakest;
}

/* ---- Step 5: the weakest signal over samples ---- */

/* l as the level linear K - offset, where K is the component's second moment in a sample over s.
 * JE: not l but l/(1 - l) = s K/theta, whose order is the same. */
static void sample_level(const problem *m, const component *c, double *linear, double *offset) {
  const double ratio = ratio_of(c);
  if (!m->is_quadratic) {
    *linear = c->s / (c->sigma - c->s);
    *offset = 0;
    return;
  }
  const double bias = ratio * (m->s_sum + c->s) - 2 * ratio * ratio * (2 * c->s - c->plain_l);
  *linear = ratio * (2 * c->s - m->signal[m->weakest].plain_l);
  *offset = *linear - c->l - bias / m->n;
}

/* How far the levels below the weakest push it up: each by itself, as two levels repel each other.
 */
static double push_from_below(const problem *m, const double *linear, const double *offset) {
  const int last = m->weakest; /* of those that are kept */
  double push = 0;
  for (int i = last + 1; i < m->p; ++i) {
    const double gap = linear[last] - offset[last] - linear[i] + offset[i];
    push += sqrt(gap * gap / 4 + fabs(linear[last] * linear[i]) / m->n) - gap / 2;
  }
  return push;
}

/* Mean and variance of the k-th level: the smallest zero of those that are kept. */
static tv_error *drawn_level(const problem *m, double *mean, double *variance) {
  double *linear, lacking;
  TV_TRY(tv_allocate(4LL * m->p, sizeof(*linear), &linear));
  double *offset = linear + m->p, *squares = offset + m->p; /* zeros */
  double *kappa = squares + m->p;
  for (int i = 0; i < m->p; ++i) sample_level(m, &m->signal[i], &linear[i], &offset[i]);
  offset[m->weakest] -= push_from_below(m, linear, offset);
  const tv_secular psi = {.n = m->n, .levels = {m->weakest + 1, squares, linear, offset, kappa}};
  tv_secular_smallest_zero(&psi, mean, &lacking, variance);
  *mean += lacking;
  free(linear);
  return NULL;
}

static double inverse_mean_inverse(double mean, double variance) {
  return mean / (1 + variance / (mean * mean));
}

static tv_error *describe_weakest(problem *m, tv_signal_kind kind) {
  const component *weakest = &m->signal[m->weakest];
  double mean = weakest->l, variance = 0;
  if (kind == TV_SIGNAL_DRAWN) TV_TRY(drawn_level(m, &mean, &variance));
  if (m->is_quadratic) variance += 2 * pow(ratio_of(weakest) / m->n, 2) * m->gamma_squares;
  m->weakest_l = inverse_mean_inverse(mean, variance);
  if (!m->is_quadratic && kind == TV_SIGNAL_DRAWN)
    m->weakest_l /= 1 + m->weakest_l; /* l/(1 - l) to l */
  return NULL;
}

/* ---- Step 2: noise levels as alignments ---- */

/* The terms a and b of X_j, of order 1/n. */
static void order_one_over_n(const problem *m, double lambda, double *a, double *b) {
  *a = *b = 0;
  for (int i = 0; i < m->p; ++i) {
    const component *c = &m->signal[i];
    const double ratio = ratio_of(c);
    *a += m->is_quadratic ? c->s * (1 + c->l / c->sigma) - ratio * (2 * c->s - lambda)
                          : ratio * (ratio - 2 + lambda);
    *b += ratio;
  }
  *a /= m->n * lambda;
  *b /= m->n * lambda;
}

/* X_j(kappa), the alpha^2 at which noise component j is at lambda; its offset theta/gamma stays. */
static void set_levels(problem *m, double lambda) {
  tv_levels *x = &m->psi.levels;
  double a, b;
  order_one_over_n(m, lambda, &a, &b);
  for (int j = 0; j < x->count; ++j) {
    x->linear[j] = a + (m->is_quadratic ? -1 : 1 / lambda - 1);
    x->square[j] = m->is_quadratic ? m->gamma[j] * (1 / lambda - 2 * b) : 0;
  }
}

/* ---- Steps 6 and 7: the weakest signal lifted by noise, beside the other signals ---- */

/* The factor 1 + strength sum_j C_ij/(x - X_j), where C_ij = (s/(n sigma)) c_ij^2. */
static void set_coupling(problem *m, int at, const component *c, double strength) {
  const tv_couplings *out = &m->psi.couplings;
  out->weight[at] = c->s / (m->n * c->sigma);
  out->shift[at] = (m->is_quadratic ? c->s : 1) - c->l;
  out->strength[at] = strength;
}

/* W_i/lambda, of a component whose l is D_i above the weakest. */
static double strength_of_other(double above, double lambda, double gap) {
  return above / (pow(fabs(above) + gap, 2) * lambda);
}

/* Psi at lambda, `gap` above the weakest signal, whose factor is the last one. */
static void set_psi(problem *m, double lambda, double gap) {
  const component *weakest = &m->signal[m->weakest];
  int next = 0;
  set_levels(m, lambda);
  for (int i = 0; i < m->p; ++i)
    if (i != m->weakest)
      set_coupling(m, next++, &m->signal[i],
                   strength_of_other(m->signal[i].l - weakest->l, lambda, gap));
  set_coupling(m, next, weakest, -1 / (lambda * gap));
  m->psi.couplings.count = m->p;
}

/* The alpha^2 at which noise lifts the weakest value by `gap`, from one that is larger. */
static double alpha2_at_gap(problem *m, double gap, double larger) {
  set_psi(m, m->weakest_l + gap, gap);
  return tv_secular_largest_zero(&m->psi, m->floor, larger);
}

/* F(lambda), where W_i keeps the gap that it has at another lambda. */
static double lift(problem *m, double alpha2, double lambda, double gap) {
  const tv_couplings *c = &m->psi.couplings;
  const int weakest = m->p - 1;
  set_psi(m, lambda, gap);
  m->psi.couplings.count = weakest; /* whose own coupling is what is averaged */
  return tv_secular_mean_coupling(&m->psi, alpha2, c->weight[weakest], c->shift[weakest]) / lambda;
}

/* -F'(lambda), by central differences: what noise weighs to signal in the weakest one's vector. */
static double noise_to_signal(problem *m, double alpha2, double gap) {
  const double lambda = m->weakest_l + gap, step = 1e-4 * gap;
  return (lift(m, alpha2, lambda - step, gap) - lift(m, alpha2, lambda + step, gap)) / (2 * step);
}

/* A gap, its alpha^2, and the logarithm of noise to signal there, which is 0 at the gap that is
 * wanted, and NaN where nothing is found. */
typedef struct {
  double gap, alpha2, imbalance;
} trial;

/* Signal outweighs noise at `low`, or nothing is found there; noise signal at `high`. The larger
 * the gap, the smaller alpha^2. */
typedef struct {
  trial low, high, last, before; /* tried last, and before it */
} search;

static void try_gap(problem *m, double gap, search *s) {
  const double larger = gap > s->low.gap ? s->low.alpha2 : INFINITY;
  trial next = {.gap = gap, .alpha2 = alpha2_at_gap(m, gap, larger)};
  next.imbalance = log(noise_to_signal(m, next.alpha2, gap));
  *(next.imbalance >= 0 ? &s->high : &s->low) = next;
  s->before = s->last;
  s->last = next;
}

/* Where the line through the last two trials crosses 0, at most a factor away, as imbalance against
 * log gap is nearly linear; at first the line is one of slope 2. Within what encloses the gap. */
static double next_gap(const search *s) {
  const double most = 4;
  const double rise = (s->last.imbalance - s->before.imbalance) / log(s->last.gap / s->before.gap);
  const double factor = exp(-s->last.imbalance / (rise > 0.1 ? rise : 2));
  const double next = s->last.gap * (isnan(factor) ? 1.5 : fmax(fmin(factor, most), 1 / most));
  if (next > s->low.gap && next < s->high.gap) return next;
  return s->low.gap > 0 ? sqrt(s->low.gap * s->high.gap) : s->high.gap / most;
}

/* The gap at which noise and signal weigh the same. Sets an alpha^2 that is larger than its, or
 * infinity. NaN: never. */
static double balanced_gap(problem *m, double *larger) {
  const double good = 3e-4, near = 1e-9; /* a further step leaves far less */
  const double end = (m->is_quadratic ? 1e3 * m->weakest_l : 1 - m->weakest_l) / 1.5;
  search s = {.low = {0, INFINITY, NAN}, .high = {INFINITY, NAN, NAN}};
  try_gap(m, fmin(m->weakest_l / sqrt(m->n), end), &s);
  while (!(fabs(s.last.imbalance) < good) && s.high.gap - s.low.gap > near * s.low.gap) {
    if (isinf(s.high.gap) && s.last.gap >= end) return NAN;
    try_gap(m, isinf(s.high.gap) ? fmin(next_gap(&s), end) : next_gap(&s), &s);
  }
  const double gap = next_gap(&s);
  *larger = gap > s.low.gap ? s.low.alpha2 : INFINITY;
  return gap;
}

/* ---- Step 8: together ---- */

/* What the noise level, by itself at lambda = l_a, lacks to its mean. */
static double lacking_of_noise(problem *m) {
  set_levels(m, m->weakest_l);
  m->psi.couplings.count = 0;
  const double level = tv_secular_largest_zero(&m->psi, m->floor, INFINITY);
  return level > m->floor ? tv_secular_lacking(&m->psi, level) : 0;
}

static double alpha2_of(problem *m) {
  double larger;
  const double gap = balanced_gap(m, &larger);
  if (isnan(gap)) return NAN;
  const double alpha2 = alpha2_at_gap(m, gap, larger);
  return alpha2 > m->floor ? alpha2 + lacking_of_noise(m) : alpha2;
}

static tv_error *predict(problem *m, tv_signal_kind kind, double *out) {
  TV_TRY(describe_weakest(m, kind));
  if (m->weakest_l > 0) *out = alpha2_of(m);
  return NULL;
}

tv_error *tv_alpha2_predicted(const tv_method *method, const tv_components *c, double n,
                              tv_signal_kind kind, double *out) {
  problem m;
  double limit = NAN;
  *out = method->theory ? NAN : method->fixed_threshold;
  if (!method->theory || c->k > c->p || !(n > c->p + c->q)) return NULL;
  TV_TRY(problem_create(method, c, n, &m));
  describe_noise(&m, c->q, c->theta + c->p, c->gamma);
  describe_signal(&m, c->signal, c->theta);
  tv_error *error = NULL;
  if (m.psi.levels.count == 0) {
    *out = -INFINITY;
  } else if (is_first_order(&m)) {
    error = predict(&m, kind, out);
    if (!error && isnan(*out)) error = tv_alpha2_threshold(method, c, &limit);
    if (limit < 0) *out = limit;
  }
  problem_destroy(&m);
  return error;
}
