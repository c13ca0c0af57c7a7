#include "twoview/prediction.h"

#include <math.h>
#include <stdlib.h>

#include "expected_spectrum.h"
#include "twoview/theory.h"

/* An important component: variance s, s + theta, and the value by which a method ranks it (omega or
 * phi^2), raised by the noise that samples mix into it. */
typedef struct {
  double s, total, value, raised;
} component;

/* Names as in data/thresholds/README.md. The levels of `noise` are those of the last lambda. */
typedef struct {
  tv_method_id method;
  int p, weakest; /* the k-th component in descending order of values, from 0 */
  double n, mean; /* of the weakest value over samples, as the inverse of the mean inverse */
  double gamma_sum, gamma_squares, floor;
  component *signal;
  double *gamma, *storage;
  tv_secular noise;
} problem;

static int descending(const void *a, const void *b) {
  const component *x = a, *y = b;
  return (x->raised < y->raised) - (x->raised > y->raised);
}

static void describe_signal(problem *m, const double *signal, const double *theta) {
  const int squared = m->method == TV_RECONSTRUCTION;
  for (int i = 0; i < m->p; ++i) {
    component *c = &m->signal[i];
    *c = (component){.s = signal[i], .total = signal[i] + theta[i]};
    c->value = (squared ? c->s : 1) * c->s / c->total;
    c->raised = c->value + (squared ? c->s / c->total * m->gamma_sum / m->n : 0);
  }
  qsort(m->signal, (size_t)m->p, sizeof(*m->signal), descending);
}

/* Components without noise play no part. */
static void describe_noise(problem *m, int q, const double *theta, const double *gamma) {
  double least = INFINITY;
  int kept = 0;
  for (int j = 0; j < q; ++j) {
    if (!(gamma[j] > 0)) continue;
    m->gamma[kept] = gamma[j];
    m->noise.levels.offset[kept++] = theta[j] / gamma[j];
    m->gamma_sum += gamma[j];
    m->gamma_squares += gamma[j] * gamma[j];
    least = fmin(least, theta[j] / gamma[j]);
  }
  m->noise.levels.count = kept;
  m->floor = -least;
}

static tv_error *problem_create(tv_method_id method, int p, int q, double n, problem *m) {
  *m = (problem){.method = method, .p = p, .n = n};
  TV_TRY(tv_allocate(p, sizeof(*m->signal), &m->signal));
  tv_error *error = tv_allocate(5LL * q + 3LL * p, sizeof(double), &m->storage);
  if (error) {
    free(m->signal);
    return error;
  }
  double *next = m->storage;
  m->noise = (tv_secular){.n = n};
  m->noise.levels = (tv_levels){.offset = next, .linear = next + q, .square = next + 2 * q};
  m->gamma = next + 3 * q;
  m->noise.couplings.profile = method == TV_RECONSTRUCTION ? m->gamma : next + 4 * q; /* zeros */
  m->noise.couplings.weight = next + 5 * q;
  m->noise.couplings.shift = next + 5 * q + p;
  m->noise.couplings.strength = next + 5 * q + 2 * p;
  return NULL;
}

static void problem_destroy(problem *m) {
  free(m->signal);
  free(m->storage);
}

/* ---- The weakest signal value ---- */

/* How a component's value (JE: omega/(1 - omega)) follows its sample variance. */
static void sample_value(const problem *m, const component *c, double sum, double *linear,
                         double *offset) {
  const double ratio = c->s / c->total;
  if (m->method == TV_JOINT_EMBEDDING) {
    *linear = c->s / (c->total - c->s);
    *offset = 0;
    return;
  }
  const double bias = ratio * (sum + c->s) - 2 * ratio * ratio * (2 * c->s - c->value);
  *linear = ratio * (2 * c->s - m->signal[m->weakest].value);
  *offset = *linear - c->raised - bias / m->n;
}

/* Those above the weakest repel it as levels of one secular function do; those below, one by one.
 */
static tv_error *drawn_value(const problem *m, double *mean, double *variance) {
  const int k = m->weakest + 1;
  double *storage, sum = 0, lacking;
  TV_TRY(tv_allocate(3LL * m->p, sizeof(*storage), &storage));
  double *linear = storage, *offset = storage + m->p;
  for (int i = 0; i < m->p; ++i) sum += m->signal[i].s;
  for (int i = 0; i < m->p; ++i) sample_value(m, &m->signal[i], sum, &linear[i], &offset[i]);
  double push = 0;
  for (int i = k; i < m->p; ++i) {
    const double gap = linear[k - 1] - offset[k - 1] - linear[i] + offset[i];
    push += sqrt(gap * gap / 4 + fabs(linear[k - 1] * linear[i]) / m->n) - gap / 2;
  }
  offset[k - 1] -= push;
  const tv_secular psi = {.n = m->n, .levels = {k, storage + 2 * (int64_t)m->p, linear, offset}};
  tv_secular_smallest_zero(&psi, mean, &lacking, variance);
  *mean += lacking;
  free(storage);
  return NULL;
}

static double inverse_mean_inverse(double mean, double variance) {
  return mean / (1 + variance / (mean * mean));
}

static tv_error *describe_weakest(problem *m, tv_signal_kind kind) {
  const component *c = &m->signal[m->weakest];
  double mean = c->raised, variance = 0;
  if (kind == TV_SIGNAL_DRAWN) TV_TRY(drawn_value(m, &mean, &variance));
  if (m->method == TV_RECONSTRUCTION)
    variance += 2 * pow(c->s / c->total / m->n, 2) * m->gamma_squares;
  m->mean = inverse_mean_inverse(mean, variance);
  if (m->method == TV_JOINT_EMBEDDING && kind == TV_SIGNAL_DRAWN) m->mean /= 1 + m->mean;
  return NULL;
}

/* ---- Noise ---- */

/* The alignment alpha^2 = X_j(kappa) at which noise component j is at lambda. */
static void set_levels(problem *m, double lambda) {
  const int squared = m->method == TV_RECONSTRUCTION;
  double linear = 0, square = 0;
  for (int i = 0; i < m->p; ++i) {
    const component *c = &m->signal[i];
    const double ratio = c->s / c->total;
    linear += squared ? c->s * (1 + c->raised / c->total) - ratio * (2 * c->s - lambda)
                      : ratio * (ratio - 2 + lambda);
    square += ratio;
  }
  linear /= m->n * lambda;
  square /= m->n * lambda;
  for (int j = 0; j < m->noise.levels.count; ++j) {
    m->noise.levels.linear[j] = linear + (squared ? -1 : 1 / lambda - 1);
    m->noise.levels.square[j] = squared ? m->gamma[j] * (1 / lambda - 2 * square) : 0;
  }
}

/* What each important component does to the noise while the weakest is `gap` below lambda; the
 * weakest comes last, and is left out of the count. */
static void set_couplings(problem *m, double lambda, double gap) {
  tv_couplings *out = &m->noise.couplings;
  const component *weakest = &m->signal[m->weakest];
  out->count = 0;
  for (int i = 0; i < m->p; ++i) {
    const component *c = &m->signal[i];
    const double above = c->raised - weakest->raised;
    const int at = c == weakest ? m->p - 1 : out->count++;
    out->weight[at] = c->s / (m->n * c->total);
    out->shift[at] = m->method == TV_RECONSTRUCTION ? c->s - c->raised : 1 - c->raised;
    out->strength[at] =
        c == weakest ? -1 / (lambda * gap) : above / (pow(fabs(above) + gap, 2) * lambda);
  }
}

/* How far noise at alpha^2 lifts the weakest value, seen from lambda. */
static double lift(problem *m, double alpha2, double lambda, double gap) {
  const tv_couplings *c = &m->noise.couplings;
  set_levels(m, lambda);
  set_couplings(m, lambda, gap);
  return tv_secular_mean_coupling(&m->noise, alpha2, c->weight[c->count], c->shift[c->count]) /
         lambda;
}

/* alpha^2 at which the k-th value is lifted by `gap`; and the ratio of noise to signal in its
 * vector there, which is minus the derivative of the lift. */
static double at_gap(problem *m, double gap, double *ratio) {
  const double lambda = m->mean + gap, step = 1e-4 * gap;
  set_levels(m, lambda);
  set_couplings(m, lambda, gap);
  m->noise.couplings.count = m->p;
  const double alpha2 = tv_secular_largest_zero(&m->noise, m->floor);
  *ratio = (lift(m, alpha2, lambda - step, gap) - lift(m, alpha2, lambda + step, gap)) / (2 * step);
  return alpha2;
}

/* The logarithm of the ratio of noise to signal at a gap. */
static double imbalance(problem *m, double gap) {
  double ratio;
  at_gap(m, gap, &ratio);
  return log(ratio);
}

/* The gap at which noise and signal weigh the same, by false position where both are logarithms and
 * the relation is nearly linear. NaN: never. */
static double balanced_gap(problem *m) {
  const double step = 1.5, end = m->method == TV_JOINT_EMBEDDING ? 1 - m->mean : 1e3 * m->mean;
  double low = 0.3 * m->mean / sqrt(m->n), high = low, at_low = imbalance(m, low), at_high = at_low;
  for (; at_low >= 0; at_low = imbalance(m, low /= step)) {
    high = low;
    at_high = at_low;
  }
  for (; !(at_high >= 0); at_high = imbalance(m, high)) {
    low = high;
    at_low = at_high;
    high *= step;
    if (!(high < end)) return NAN;
  }
  for (int last = 0; high - low > 1e-9 * high;) {
    const double share = at_low < 0 ? at_low / (at_low - at_high) : 0.5; /* NaN: halve */
    const double gap = low * pow(high / low, share), at = imbalance(m, gap);
    if (fabs(at) < 1e-9) return gap;
    const int side = at >= 0 ? 1 : -1;
    if (side > 0) {
      high = gap;
      at_high = at;
      if (last > 0) at_low /= 2; /* an end that stays counts half (Illinois) */
    } else {
      low = gap;
      at_low = at;
      if (last < 0) at_high /= 2;
    }
    last = side;
  }
  return high;
}

static double predicted(problem *m) {
  double ratio;
  const double gap = balanced_gap(m);
  if (isnan(gap)) return NAN;
  const double alpha2 = at_gap(m, gap, &ratio);
  if (!(alpha2 > m->floor)) return alpha2;
  set_levels(m, m->mean);
  m->noise.couplings.count = 0; /* what fluctuates is the noise level by itself */
  const double level = tv_secular_largest_zero(&m->noise, m->floor);
  return level > m->floor ? alpha2 + tv_secular_lacking(&m->noise, level) : alpha2;
}

/* RC: whether what samples mix into the weakest signal is small enough for the first order in 1/n,
 * as measured in data/thresholds/README.md. */
static int is_first_order(const problem *m) {
  const double most_of_signal = 0.03, most_of_noise = 0.25;
  const double weakest = m->n * m->signal[m->weakest].s;
  double sum = 0;
  if (m->method == TV_JOINT_EMBEDDING) return 1;
  for (int i = 0; i < m->p; ++i) sum += m->signal[i].s;
  return sum <= most_of_signal * weakest && m->gamma_sum <= most_of_noise * weakest;
}

tv_error *tv_alpha2_predicted(tv_method_id method, int k, int p, int q, const double *signal,
                              const double *theta, const double *gamma, double n,
                              tv_signal_kind kind, double *out) {
  problem m;
  double limit;
  *out = method == TV_SUPERVISED ? -INFINITY : NAN;
  if (method == TV_SUPERVISED || k > p || !(n > p + q)) return NULL;
  TV_TRY(problem_create(method, p, q, n, &m));
  describe_noise(&m, q, theta + p, gamma);
  describe_signal(&m, signal, theta);
  m.weakest = k - 1;
  tv_error *error = NULL;
  const int has_noise = m.noise.levels.count > 0, is_known = !has_noise || is_first_order(&m);
  if (!has_noise)
    *out = -INFINITY;
  else if (is_known)
    error = describe_weakest(&m, kind);
  if (!error && m.mean > 0) *out = predicted(&m);
  problem_destroy(&m);
  if (error || !is_known || !isnan(*out)) return error;
  TV_TRY(tv_alpha2_threshold(method, k, p, q, signal, theta, gamma, &limit));
  if (limit < 0) *out = limit;
  return NULL;
}
