/* The predictions of theory as text for people. */

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "twoview/base/escape.h"
#include "twoview/theory/summary.h"

enum { MOST_ALIGNMENTS = 20 }; /* of a table */

static void print_summary(const tv_theory *t, const char *name, tv_asymptotic which,
                          const char *what, FILE *out) {
  char text[TV_SUMMARY_TEXT];
  const tv_summary summary = tv_theory_summary(t, 0, which);
  tv_summary_format(&summary, TV_LEAST_DIGITS, text);
  fprintf(out, "%-12s %-28s %s\n", name, text, what);
}

/* `joint embedding`, within a sentence. */
enum { TITLE = 64 };
static const char *title_of(const tv_theory *t, int rival, char out[TITLE]) {
  snprintf(out, TITLE, "%s", t->rivals.method[rival]->kind.title);
  *out = (char)tolower(*out);
  return out;
}

/* eta, delta and eta^2/delta. */
static void print_rivals(const tv_theory *t, FILE *out) {
  char text[192], titles[TV_RIVALS][TITLE];
  const tv_component_theory *theory[TV_RIVALS];
  for (int i = 0; i < TV_RIVALS; ++i) {
    theory[i] = t->rivals.method[i]->theory;
    snprintf(text, sizeof text, "k-th largest %s", theory[i]->formula);
    print_summary(t, theory[i]->weakest_name, TV_WEAKEST + i, text, out);
    title_of(t, i, titles[i]);
  }
  char name[64];
  snprintf(name, sizeof name, "%s^2/%s", theory[0]->weakest_name, theory[1]->weakest_name);
  snprintf(text, sizeof text, "noise below it favours %s, above it %s", titles[0], titles[1]);
  print_summary(t, name, TV_WEAKEST2_OVER_WEAKEST, text, out);
}

static void print_head(const tv_theory *t, FILE *out) {
  const tv_experiment *e = t->experiment;
  const int p = t->features->p;
  tv_print_line(out, "%s: k = %d, %d important and %d noise components, %d replicate%s%s", e->name,
                t->k, p, e->noise.components, e->replicates, e->replicates == 1 ? "" : "s",
                e->replicates == 1 ? "" : ": mean [least, largest]");
  fputc('\n', out);
  const double ends[] = {t->features->spectrum[0], t->features->spectrum[p - 1]};
  const int digits = tv_digits_of(ends, 2);
  fprintf(out, "%-12s %.*g to %.*g\n", "variances s", digits, ends[0], digits, ends[1]);
  print_rivals(t, out);
}

static void print_favoured(const tv_theory *t, int magnitude, FILE *out) {
  const char *separator = "";
  for (int i = 0; i <= TV_RIVALS; ++i) {
    const int is_decided = i < TV_RIVALS;
    const int count = tv_theory_count(t, magnitude, is_decided ? i : -1);
    if (count == 0) continue;
    fprintf(out, "%s%s", separator, is_decided ? t->rivals.method[i]->kind.name : "undecided");
    if (count < t->spectra->replicates) fprintf(out, " in %d of %d", count, t->spectra->replicates);
    separator = ", ";
  }
  fputc('\n', out);
}

static void print_magnitudes(const tv_theory *t, FILE *out) {
  const int digits = tv_digits_of(t->experiment->noise.lambda_max, t->spectra->magnitudes);
  const int width = tv_width_of(digits, 10);
  char titles[TV_RIVALS][TITLE];
  fprintf(out, "\n%-*s  %-21s  %-56s  %s\n", width, "", "noise eigenvalues",
          "threshold alpha^2 as n grows (0: none)", "needs less");
  fprintf(out, "%-*s  %-9s   %-9s  %-27s  %s\n", width, TV_LAMBDA_MAX, "least", "largest",
          title_of(t, 0, titles[0]), title_of(t, 1, titles[1]));
  for (int m = 0; m < t->spectra->magnitudes; ++m) {
    char needs[TV_RIVALS][TV_SUMMARY_TEXT];
    for (int i = 0; i < TV_RIVALS; ++i) {
      const tv_summary summary = tv_theory_summary(t, m, TV_ALPHA2 + i);
      tv_summary_format(&summary, TV_LEAST_DIGITS, needs[i]);
    }
    fprintf(out, "%-*.*g  %-9.4g   %-9.4g  %-27s  %-27s  ", width, digits,
            t->experiment->noise.lambda_max[m], tv_theory_summary(t, m, TV_LEAST_GAMMA).least,
            tv_theory_summary(t, m, TV_LARGEST_GAMMA).largest, needs[0], needs[1]);
    print_favoured(t, m, out);
  }
}

/* Of one rival at one alignment: the largest value of a noise component in each replicate, and how
 * many replicates recover. */
static int look_at(const tv_theory *t, int magnitude, double alpha, int rival, double *largest) {
  const tv_spectra *s = t->spectra;
  int recovered = 0;
  for (int r = 0; r < s->replicates; ++r) {
    const double *gamma = tv_gamma_of(s, r, magnitude), *theta = tv_theta_of(s, r) + s->p;
    largest[r] = 0;
    for (int i = 0; i < s->q; ++i)
      largest[r] = fmax(largest[r],
                        tv_noise_value(t->rivals.method[rival], gamma[i], theta[i], alpha * alpha));
    recovered +=
        tv_recovers(alpha, t->asymptotics[r * s->magnitudes + magnitude][TV_ALPHA2 + rival]);
  }
  return recovered;
}

static void print_method_at(const tv_theory *t, int magnitude, double alpha, int rival,
                            double *largest, FILE *out) {
  char text[TV_SUMMARY_TEXT], share[32];
  const int replicates = t->spectra->replicates;
  const int recovered = look_at(t, magnitude, alpha, rival, largest);
  const tv_summary summary = tv_summary_over(largest, 1, replicates);
  tv_summary_format(&summary, TV_LEAST_DIGITS, text);
  snprintf(share, sizeof share, "%d of %d", recovered, replicates);
  fprintf(out, "  %-30s %8s", text, share);
}

static void print_alignment_titles(const tv_theory *t, int wide, int narrow, FILE *out) {
  char titles[TV_RIVALS][TITLE], values[TV_RIVALS][TITLE];
  for (int i = 0; i < TV_RIVALS; ++i)
    snprintf(values[i], TITLE, "largest %s of noise", t->rivals.method[i]->theory->value_name);
  fprintf(out, "\n%-*s  %-39s  %s\n", wide + 2 + narrow, "", title_of(t, 0, titles[0]),
          title_of(t, 1, titles[1]));
  fprintf(out, "%-*s  %-*s  %-30s %8s  %-30s %8s\n", wide, TV_LAMBDA_MAX, narrow, TV_ALPHA,
          values[0], "recovers", values[1], "recovers");
}

static tv_error *print_alignments(const tv_theory *t, FILE *out) {
  const tv_experiment *e = t->experiment;
  const int of_lambda = tv_digits_of(e->noise.lambda_max, e->noise.lambda_max_count);
  const int of_alpha = tv_digits_of(e->augmentation.alpha, e->augmentation.alpha_count);
  const int wide = tv_width_of(of_lambda, 10), narrow = of_alpha > 4 ? tv_width_of(of_alpha, 8) : 8;
  double *largest;
  TV_TRY(tv_allocate(e->replicates, sizeof(*largest), &largest));
  print_alignment_titles(t, wide, narrow, out);
  for (int m = 0; m < t->spectra->magnitudes; ++m)
    for (unsigned i = 0; i < e->augmentation.alpha_count; ++i) {
      const double alpha = e->augmentation.alpha[i];
      fprintf(out, "%-*.*g  %-*.*g", wide, of_lambda, e->noise.lambda_max[m], narrow, of_alpha,
              alpha);
      for (int rival = 0; rival < TV_RIVALS; ++rival)
        print_method_at(t, m, alpha, rival, largest, out);
      fputc('\n', out);
    }
  free(largest);
  return NULL;
}

tv_error *tv_theory_print(const tv_theory *t, FILE *out) {
  print_head(t, out);
  if (t->k > t->features->p) {
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
  fprintf(out, "\nthe %u alignments are too many for a table: --json has what competes at each\n",
          alignments);
  return NULL;
}
