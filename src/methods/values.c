#include "twoview/methods/values.h"

#include <float.h>
#include <math.h>

double tv_solution_value(const tv_method *method, const tv_solution *solution, int i) {
  const double value = solution->values[i];
  return method->theory && method->theory->is_quadratic ? sqrt(fmax(value, 0)) : value;
}

/* Relative to the largest of d eigenvalues: of a symmetric matrix, or of a pencil with S. Errors of
 * the latter grow as S comes near to a singular matrix, with its rows scaled to unit variance. */
static double rounding_of(const tv_statistics *s, const tv_method *method) {
  return s->d * DBL_EPSILON / (method->theory ? s->regularity : 1);
}

int tv_solution_is_tied(const tv_statistics *s, const tv_method *method,
                        const tv_solution *solution, int k) {
  const double *values = solution->values;
  return values && k < solution->k &&
         values[k - 1] - values[k] <= rounding_of(s, method) * values[0];
}

double tv_solution_gap(const tv_statistics *s, const tv_method *method, const tv_solution *solution,
                       int k) {
  if (!solution->values || k >= solution->k) return NAN;
  if (tv_solution_is_tied(s, method, solution, k)) return 0;
  return fmin(
      1 - tv_solution_value(method, solution, k) / tv_solution_value(method, solution, k - 1), 1);
}

tv_tie tv_tie_of(const tv_method *method, const double *values, int k) {
  const double equal = 1e-6; /* far more than rounding, far less than what tells values apart */
  const double first = values[0], last = values[k - 1];
  const int has_unit = method->theory && !method->theory->is_quadratic; /* 1 is the largest value */
  if (!(last > equal * first)) return TV_TIE_AT_ZERO;
  if (has_unit && last > 1 - equal) return TV_TIE_AT_ONE;
  return first - last <= equal * first ? TV_TIE_OF_ALL : TV_TIE_OF_SOME;
}

const char *tv_tie_words(tv_tie tie) {
  static const char *const words[TV_TIES] = {
      [TV_TIE_AT_ZERO] = "the k-th value is 0, as all that follow: fewer than k directions carry "
                         "anything; lower encoder.k",
      [TV_TIE_AT_ONE] = "the first k values are 1, and the next, too: the views of a sample agree "
                        "perfectly in more than k directions, as where a finite group (a flip) "
                        "alone makes all values 0 or 1; add a step that acts on every direction, "
                        "such as noise, or a larger augmentation.floor",
      [TV_TIE_OF_ALL] = "the first k values are equal, and the next, too: the views of a sample "
                        "agree equally in all directions, as under mixup alone; add a step such as "
                        "noise, or a larger augmentation.floor",
      [TV_TIE_OF_SOME] =
          "the k-th value and the next are equal within rounding; take another encoder.k, or add a "
          "step such as noise"};
  return words[tie];
}

const char tv_negative_words[] =
    "which measure the noise of sampled views and nothing else; lower encoder.k, or raise "
    "augmentation.views";
