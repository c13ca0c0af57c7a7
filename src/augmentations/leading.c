#include "leading.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REMEMBERED = 1 << 14 }; /* numbers whose moments are kept */

/* E f and E f^2 for a number, where its bits lead to. */
struct tv_expectation {
  double number, moments[2];
  int is_known;
};

static const tv_augmentation *kind_of(const tv_chain *chain, int step) {
  return chain->steps[step].augmentation;
}

/* ---- Which steps ---- */

static int is_weighed(const tv_chain *chain, int step) {
  double weights[2];
  return kind_of(chain, step)->weigh &&
         kind_of(chain, step)->weigh(&chain->steps[step], 1, weights);
}

static int takes_rows(const tv_chain *chain, int step) {
  return !kind_of(chain, step)->moments || is_weighed(chain, step);
}

static int are_functions(const tv_chain *chain, int first) {
  for (int i = first; i < chain->count; ++i)
    if (!kind_of(chain, i)->function) return 0;
  return 1;
}

/* Functions alone, or of counts, or of normal numbers one whose moments are known. */
static int are_of_numbers(const tv_chain *chain) {
  const tv_augmentation *first = kind_of(chain, 0);
  if (first->function) return are_functions(chain, 1);
  if (first->counts && !is_weighed(chain, 0)) return are_functions(chain, 1);
  return first->deviation && first->deviation(&chain->steps[0], 1) >= 0 && chain->count == 2 &&
         kind_of(chain, 1)->of_normal;
}

int tv_leading_settle(tv_chain *chain) {
  const int last = chain->count - 1;
  if (last < 0 || !takes_rows(chain, last)) return 1;
  chain->leading = chain->count;
  return is_weighed(chain, last) ? last == 0 : !is_weighed(chain, 0) && are_of_numbers(chain);
}

tv_error *tv_leading_prepare(tv_chain *chain) {
  if (chain->leading == 0) return NULL;
  return tv_allocate(REMEMBERED, sizeof *chain->expectations, &chain->expectations);
}

/* ---- One number ---- */

static double apply(const tv_chain *chain, int first, double x) {
  for (int i = first; i < chain->leading; ++i) x = kind_of(chain, i)->function(&chain->steps[i], x);
  return x;
}

static void add(double weight, double value, double sums[3]) {
  sums[0] += weight;
  sums[1] += weight * value;
  sums[2] += weight * value * value;
}

/* From the most likely count down and up, to where the others add nothing. */
static void expect_counts(const tv_chain *chain, tv_count_law law, double moments[2]) {
  static const double negligible = 1e-20;
  const double mode = fmax(0, floor((law.a - 1) / (law.b + 1)) + 1);
  double sums[3] = {0}, weight = 1;
  for (double k = mode; weight > negligible; ++k) {
    add(weight, apply(chain, 1, k * law.unit), sums);
    weight *= (law.a - law.b * k) / (k + 1);
  }
  weight = 1;
  for (double k = mode; k > 0 && weight > negligible; --k) {
    weight *= k / (law.a - law.b * (k - 1));
    add(weight, apply(chain, 1, (k - 1) * law.unit), sums);
  }
  moments[0] = sums[1] / sums[0];
  moments[1] = sums[2] / sums[0];
}

static void expect(const tv_chain *chain, double x, double moments[2]) {
  const tv_step *first = &chain->steps[0];
  const tv_augmentation *kind = first->augmentation;
  if (kind->function) {
    moments[0] = apply(chain, 0, x);
    moments[1] = moments[0] * moments[0];
  } else if (kind->counts) {
    expect_counts(chain, kind->counts(first, x), moments);
  } else {
    kind_of(chain, 1)->of_normal(&chain->steps[1], x, kind->deviation(first, x), moments);
  }
}

/* Few numbers differ: counts, or levels of bytes. */
static const double *look_up(const tv_chain *chain, double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  tv_expectation *at =
      &chain->expectations[(bits * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (REMEMBERED - 1)];
  if (!at->is_known || at->number != x) {
    expect(chain, x, at->moments);
    at->number = x;
    at->is_known = 1;
  }
  return at->moments;
}

/* ---- A row ---- */

static void weigh_row(const tv_step *step, int d, const double *x, double *mean, double *spread,
                      double *rest) {
  double size = 0, weights[2];
  for (int i = 0; i < d; ++i) size += x[i];
  step->augmentation->weigh(step, size, weights);
  for (int i = 0; i < d; ++i) {
    mean[i] = weights[0] * x[i];
    spread[i] = sqrt(weights[1]) * x[i];
    rest[i] += (weights[0] - weights[1]) * x[i];
  }
}

void tv_leading_expect(const tv_chain *chain, int d, const double *x, double *mean, double *spread,
                       double *rest) {
  if (chain->leading > 0 && is_weighed(chain, 0)) {
    weigh_row(&chain->steps[0], d, x, mean, spread, rest);
    return;
  }
  for (int i = 0; i < d; ++i) {
    const double alone[] = {x[i], x[i] * x[i]};
    const double *moments = chain->leading > 0 ? look_up(chain, x[i]) : alone;
    mean[i] = spread[i] = moments[0];
    rest[i] += moments[1] - moments[0] * moments[0];
  }
}
