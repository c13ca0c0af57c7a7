#include <math.h>

#include "scores.h"
#include "twoview/kinds.h"
#include "twoview/theory/theory.h"

/* Differences of practical importance, as a share of the variance of the targets. */
static const double margin = 0.005;

/* ---- What is found at a severity ---- */

typedef enum { FIRST, SECOND, EQUAL, UNDECIDED, NEITHER, UNKNOWN, OUTCOMES } outcome;

typedef struct {
  outcome outcome;
  tv_summary difference; /* by which the better one leads, if one does */
} finding;

static const tv_method *rival(int i) {
  return tv_rivals_of(&tv_kinds_all).method[i];
}

static int method_of(const tv_archive *a, const tv_method *row) {
  for (int m = 0; m < a->cube.methods; ++m)
    if (tv_row_of_method(a, m) == row) return m;
  return -1;
}

/* A method without theory whose encoder has k rows too. */
static int is_baseline(const tv_archive *a, int method) {
  const tv_method *row = tv_row_of_method(a, method);
  return !row->theory && !row->rows_are_outputs;
}

static tv_scored at_best(const tv_archive *a, int severity, int method) {
  const tv_score *all[TV_MOST_SCORES];
  tv_scores_of(a, all);
  tv_scored at = {a, all[0], severity, 0, a->cube.levels - 1, method};
  at.strength = tv_best_strength(&at);
  return at;
}

/* In every replicate, and by more than the margin on average. */
static int leads(const tv_summary *difference) {
  return difference->mean > margin && difference->least > 0;
}

static tv_summary turned(const tv_summary *d) {
  return (tv_summary){-d->mean, -d->largest, -d->least};
}

static finding compare(const tv_scored *first, const tv_scored *second) {
  const tv_summary d = tv_score_difference(first, second), back = turned(&d);
  if (isnan(d.mean)) return (finding){UNKNOWN, d};
  if (fabs(d.mean) <= margin) return (finding){EQUAL, d};
  if (leads(&d)) return (finding){FIRST, d};
  if (leads(&back)) return (finding){SECOND, back};
  return (finding){UNDECIDED, d};
}

/* Each with the other at the same strength: how often a comparison has that outcome. */
static int count_outcomes(const tv_archive *a, outcome o) {
  const tv_score *all[TV_MOST_SCORES];
  int count = 0;
  tv_scores_of(a, all);
  for (int g = 0; g < a->cube.magnitudes; ++g)
    for (int s = 0; s < a->cube.alphas; ++s) {
      tv_scored first = {a, all[0], g, s, a->cube.levels - 1, method_of(a, rival(0))};
      tv_scored second = first;
      second.method = method_of(a, rival(1));
      count += compare(&first, &second).outcome == o;
    }
  return count;
}

static finding judge(const tv_archive *a, int severity) {
  const tv_scored first = at_best(a, severity, method_of(a, rival(0)));
  const tv_scored second = at_best(a, severity, method_of(a, rival(1)));
  for (int m = 0; m < a->cube.methods; ++m) {
    if (!is_baseline(a, m)) continue;
    const tv_scored baseline = at_best(a, severity, m);
    const tv_summary over[] = {tv_score_difference(&baseline, &first),
                               tv_score_difference(&baseline, &second)};
    if (leads(&over[0]) && leads(&over[1]))
      return (finding){NEITHER, over[over[0].mean > over[1].mean]};
  }
  return compare(&first, &second);
}

/* ---- In words ---- */

static void put_outcome(outcome o, FILE *out) {
  const char *first = rival(0)->kind.short_name, *second = rival(1)->kind.short_name;
  switch (o) {
  case FIRST:
    fprintf(out, "%s predicts better than %s", first, second);
    break;
  case SECOND:
    fprintf(out, "%s predicts better than %s", second, first);
    break;
  case EQUAL:
    fprintf(out, "%s and %s are equal within %g", first, second, margin);
    break;
  case UNDECIDED:
    fprintf(out, "the replicates do not decide between %s and %s", first, second);
    break;
  case NEITHER:
    fprintf(out, "neither %s nor %s: a baseline of as many rows predicts better", first, second);
    break;
  default:
    fputs("nothing is known", out);
  }
}

/* All severities of an outcome, if there are any, as a clause. */
static void put_clause(const tv_archive *a, outcome o, int *clauses, FILE *out) {
  char text[TV_SUMMARY_TEXT];
  const int is_plain = a->cube.magnitudes == 1 && a->severity[0] == 0;
  int count = 0;
  for (int g = 0; g < a->cube.magnitudes; ++g) {
    const finding f = judge(a, g);
    if (f.outcome != o) continue;
    if (count == 0) fputs((*clauses)++ ? "; " : " ", out);
    if (count == 0) put_outcome(o, out);
    if (!is_plain) fprintf(out, "%s%.17g", count ? ", " : " at severity ", a->severity[g]);
    ++count;
    if (o == EQUAL || o == UNKNOWN) continue;
    tv_score_format(&f.difference, text);
    fprintf(out, o == UNDECIDED ? " (difference %s)" : " (by %s)", text);
  }
}

int tv_has_verdict(const tv_archive *a) {
  const tv_score *all[TV_MOST_SCORES];
  return method_of(a, rival(0)) >= 0 && method_of(a, rival(1)) >= 0 && tv_scores_of(a, all) > 0;
}

void tv_put_verdict(const tv_archive *a, FILE *out) {
  const tv_score *all[TV_MOST_SCORES];
  tv_scores_of(a, all);
  int clauses = 0;
  fprintf(out,
          "By the loss on %s%s rows, as a share of the targets' variance, at n = %.17g and k = %d, "
          "each method at its best strength:",
          tv_rows_condition(a, all[0]), tv_rows_scored(a), a->n[a->cube.levels - 1], a->k);
  for (outcome o = FIRST; o < OUTCOMES; ++o) put_clause(a, o, &clauses, out);
  if (a->cube.alphas > 1)
    fprintf(out, ". Both at the same strength, %s predicts better in %d of %d cases, %s in %d",
            rival(0)->kind.short_name, count_outcomes(a, FIRST),
            a->cube.magnitudes * a->cube.alphas, rival(1)->kind.short_name,
            count_outcomes(a, SECOND));
  fputs(a->cube.replicates > 1 ? ". In brackets the range over replicates.\n"
                               : ". One replicate has no spread to compare these with.\n",
        out);
}
