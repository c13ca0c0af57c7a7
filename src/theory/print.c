/* What theory says, for people. */

#include <math.h>
#include <stdlib.h>

#include "twoview/base/escape.h"
#include "twoview/theory/summary.h"

enum { MOST_ALIGNMENTS = 20 }; /* of a table */

static void print_band(const tv_theory *t, const char *name, tv_asymptotic which, const char *what,
                       FILE *out) {
  char text[TV_BAND_TEXT];
  const tv_band band = tv_theory_band(t, 0, which);
  tv_band_format(&band, TV_LEAST_DIGITS, text);
  fprintf(out, "%-12s %-28s %s\n", name, text, what);
}

static void print_head(const tv_theory *t, FILE *out) {
  const tv_experiment *e = t->experiment;
  const int p = t->features->p;
  tv_print_line(out, "%s: k = %d, %d important and %d noise components, %d replicate%s%s", e->name,
                e->encoder.k, p, e->noise.components, e->replicates, e->replicates == 1 ? "" : "s",
                e->replicates == 1 ? "" : ": mean [least, largest]");
  fputc('\n', out);
  const double ends[] = {t->features->spectrum[0], t->features->spectrum[p - 1]};
  const int digits = tv_digits_of(ends, 2);
  fprintf(out, "%-12s %.*g to %.*g\n", "variances s", digits, ends[0], digits, ends[1]);
  print_band(t, "eta", TV_ETA, "k-th largest s/sqrt(s + theta)", out);
  print_band(t, "delta", TV_DELTA, "k-th largest s/(s + theta)", out);
  print_band(t, "eta^2/delta", TV_ETA2_OVER_DELTA,
             "noise below it favours reconstruction, above it joint embedding", out);
}

static void print_favoured(const tv_theory *t, int magnitude, FILE *out) {
  static const tv_method *const choices[] = {&tv_reconstruction, &tv_joint_embedding, NULL};
  const char *separator = "";
  for (int i = 0; i < 3; ++i) {
    const int count = tv_theory_count(t, magnitude, choices[i]);
    if (count == 0) continue;
    fprintf(out, "%s%s", separator, choices[i] ? choices[i]->kind.name : "undecided");
    if (count < t->spectra->replicates) fprintf(out, " in %d of %d", count, t->spectra->replicates);
    separator = ", ";
  }
  fputc('\n', out);
}

static void print_magnitudes(const tv_theory *t, FILE *out) {
  const int digits = tv_digits_of(t->experiment->noise.lambda_max, t->spectra->magnitudes);
  const int width = tv_width_of(digits, 10);
  fprintf(out, "\n%-*s  %-21s  %-56s  %s\n", width, "", "noise eigenvalues",
          "alpha^2 needed as n grows (0: none)", "needs less");
  fprintf(out, "%-*s  %-9s   %-9s  %-27s  %s\n", width, "lambda_max", "least", "largest",
          "reconstruction", "joint embedding");
  for (int m = 0; m < t->spectra->magnitudes; ++m) {
    char rc[TV_BAND_TEXT], je[TV_BAND_TEXT];
    const tv_band bands[] = {tv_theory_band(t, m, TV_ALPHA2_RECONSTRUCTION),
                             tv_theory_band(t, m, TV_ALPHA2_JOINT_EMBEDDING)};
    tv_band_format(&bands[0], TV_LEAST_DIGITS, rc);
    tv_band_format(&bands[1], TV_LEAST_DIGITS, je);
    fprintf(out, "%-*.*g  %-9.4g   %-9.4g  %-27s  %-27s  ", width, digits,
            t->experiment->noise.lambda_max[m], tv_theory_band(t, m, TV_LEAST_GAMMA).least,
            tv_theory_band(t, m, TV_LARGEST_GAMMA).largest, rc, je);
    print_favoured(t, m, out);
  }
}

/* Of one method at one alignment: the largest value of a noise component in each replicate, and how
 * many replicates recover. */
static int look_at(const tv_theory *t, int magnitude, double alpha, const tv_method *method,
                   double *largest) {
  const tv_spectra *s = t->spectra;
  const tv_asymptotic which =
      method == &tv_reconstruction ? TV_ALPHA2_RECONSTRUCTION : TV_ALPHA2_JOINT_EMBEDDING;
  int recovered = 0;
  for (int r = 0; r < s->replicates; ++r) {
    const double *gamma = tv_gamma_of(s, r, magnitude), *theta = tv_theta_of(s, r) + s->p;
    largest[r] = 0;
    for (int i = 0; i < s->q; ++i)
      largest[r] = fmax(largest[r], tv_noise_value(method, gamma[i], theta[i], alpha * alpha));
    recovered += tv_recovers(alpha, t->asymptotics[r * s->magnitudes + magnitude][which]);
  }
  return recovered;
}

static void print_method_at(const tv_theory *t, int magnitude, double alpha,
                            const tv_method *method, double *largest, FILE *out) {
  char text[TV_BAND_TEXT], share[32];
  const int replicates = t->spectra->replicates;
  const int recovered = look_at(t, magnitude, alpha, method, largest);
  const tv_band band = tv_band_over(largest, 1, replicates);
  tv_band_format(&band, TV_LEAST_DIGITS, text);
  snprintf(share, sizeof share, "%d of %d", recovered, replicates);
  fprintf(out, "  %-30s %8s", text, share);
}

static tv_error *print_alignments(const tv_theory *t, FILE *out) {
  const tv_experiment *e = t->experiment;
  const int of_lambda = tv_digits_of(e->noise.lambda_max, e->noise.lambda_max_count);
  const int of_alpha = tv_digits_of(e->augmentation.alpha, e->augmentation.alpha_count);
  const int wide = tv_width_of(of_lambda, 10), narrow = of_alpha > 4 ? tv_width_of(of_alpha, 8) : 8;
  double *largest;
  TV_TRY(tv_allocate(e->replicates, sizeof(*largest), &largest));
  fprintf(out, "\n%-*s  %-39s  %s\n", wide + 2 + narrow, "", "reconstruction", "joint embedding");
  fprintf(out, "%-*s  %-*s  %-30s %8s  %-30s %8s\n", wide, "lambda_max", narrow, "alpha",
          "largest phi of noise", "recovers", "largest omega of noise", "recovers");
  for (int m = 0; m < t->spectra->magnitudes; ++m)
    for (unsigned i = 0; i < e->augmentation.alpha_count; ++i) {
      const double alpha = e->augmentation.alpha[i];
      fprintf(out, "%-*.*g  %-*.*g", wide, of_lambda, e->noise.lambda_max[m], narrow, of_alpha,
              alpha);
      print_method_at(t, m, alpha, &tv_reconstruction, largest, out);
      print_method_at(t, m, alpha, &tv_joint_embedding, largest, out);
      fputc('\n', out);
    }
  free(largest);
  return NULL;
}

tv_error *tv_theory_print(const tv_theory *t, FILE *out) {
  print_head(t, out);
  if (t->experiment->encoder.k > t->features->p) {
    fprintf(out, "\nk exceeds the important components: noise fills the rows that are left over, "
                 "whatever alpha\n");
    return NULL;
  }
  if (t->spectra->q == 0) {
    fprintf(out, "\nno noise: every method has the clean solution, whatever alpha\n");
    return NULL;
  }
  print_magnitudes(t, out);
  const unsigned alignments = t->experiment->augmentation.alpha_count;
  if (alignments <= MOST_ALIGNMENTS) return alignments ? print_alignments(t, out) : NULL;
  fprintf(out, "\n%u alignments are too many for a table: --json has what competes at each\n",
          alignments);
  return NULL;
}
