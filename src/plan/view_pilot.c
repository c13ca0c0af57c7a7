#include "twoview/plan/view_pilot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "twoview/augmentations/view_problems.h"
#include "twoview/methods/agreement.h"

/* ---- The pilot ---- */

/* Of its sums: some seconds. */
static const double most_flops = 5e10;
enum { LEAST_SAMPLES = 2000, LEAST_PER_INPUT = 4 };

static int64_t count_samples(const tv_plan *plan, const tv_view_model *model, int views) {
  const tv_experiment *e = model->experiment;
  const double all = (double)e->sizes[e->sizes_count - 1];
  const double of_sample = tv_plan_view_flops(e, model->source, plan, views) / tv_plan_view_rows(e);
  const double affordable = most_flops / of_sample / (model->severities * model->strengths);
  const double least = fmax(LEAST_SAMPLES, (double)LEAST_PER_INPUT * plan->d);
  return (int64_t)fmin(all, fmax(least, affordable));
}

/* The upper edge of the omegas of n samples of d inputs whose views do not agree: with S the
 * identity, the mean views have n degrees of freedom and what is within samples n (m - 1), so that
 * the eigenvalues of (mean t t', S) follow the Jacobi law of these, and omega (1 - 1/m) + 1/m is
 * one of them. */
static double chance_of(double samples, double inputs, double views) {
  const double share = 1 / views, crowding = inputs / (samples * views);
  if (crowding >= 1 - share) return 1;
  const double edge = sqrt(share * (1 - crowding)) + sqrt(crowding * (1 - share));
  return (edge * edge - share) / (1 - share);
}

static void take_omega(double omega, tv_view_pilot *pilot) {
  if (omega <= 0) {
    ++pilot->without;
    return;
  }
  pilot->least = fmin(pilot->least, omega);
  pilot->most = fmax(pilot->most, omega);
}

static tv_error *visit_setting(const tv_view_problems *problems, int severity, int strength,
                               const tv_distmat *axes, tv_view_pilot *pilot) {
  tv_statistics *s = NULL;
  double omega = 0;
  int status = 0;
  tv_error *error;
  TV_GO(tv_view_problems_make(problems, severity, strength, axes, &s, &status));
  if (status == 0)
    TV_GO(tv_agreement_find(s, problems->model->experiment->encoder.k, &omega, &status));
  if (status)
    ++pilot->singular;
  else
    take_omega(omega, pilot);
done:
  tv_statistics_destroy(&s);
  return error;
}

static tv_error *visit_severity(const tv_view_problems *problems, int severity,
                                tv_view_pilot *pilot) {
  tv_distmat *axes = NULL;
  tv_error *error = tv_view_problems_axes(problems, severity, &axes);
  for (int strength = 0; !error && strength < problems->model->strengths; ++strength)
    error = visit_setting(problems, severity, strength, axes, pilot);
  tv_distmat_destroy(&axes);
  return error;
}

static tv_error *visit_settings(const tv_features *features, tv_view_model *model, MPI_Comm comm,
                                tv_view_pilot *pilot) {
  const int first = tv_experiment_first_severity(model->experiment);
  tv_view_problems *problems = NULL;
  tv_error *error = tv_view_problems_collect(features, model, pilot->samples, comm, &problems);
  for (int severity = first; !error && severity < model->severities; ++severity)
    error = visit_severity(problems, severity, pilot);
  tv_view_problems_destroy(&problems);
  return error;
}

/* The principal axes of all rows would take passes of their own: those of the pilot do. */
tv_error *tv_view_pilot_make(const tv_plan *plan, tv_view_model *model, MPI_Comm comm,
                             tv_view_pilot *out) {
  const int views = tv_view_model_views(model).count;
  const int severities = model->severities - tv_experiment_first_severity(model->experiment);
  tv_features *features = NULL;
  *out = (tv_view_pilot){.views = views,
                         .samples = count_samples(plan, model, views),
                         .settings = severities * model->strengths,
                         .least = INFINITY,
                         .most = -INFINITY};
  out->chance = chance_of((double)out->samples, plan->d, views);
  TV_TRY(tv_features_keep(model->experiment, model->source, comm, &features));
  tv_error *error = visit_settings(features, model, comm, out);
  tv_features_destroy(&features);
  return error;
}

/* ---- In words ---- */

static void print_range(const char *format, double least, double most) {
  printf(format, least);
  if (least == most) return;
  printf(" to ");
  printf(format, most);
}

static double best_views(double omega) {
  return nearbyint(1 + 1 / omega);
}

static void print_advice(int k, const tv_view_pilot *p) {
  printf("%-22s %d; ", "views of a sample", p->views);
  if (p->least <= p->most) {
    printf("best for as many views in all: 1 + 1/omega_%d = ", k);
    print_range("%.0f", best_views(p->most), best_views(p->least));
  } else {
    printf("no advice");
  }
  putchar('\n');
}

static void print_share(int count, const tv_view_pilot *p) {
  if (count < p->settings) printf(" at %d of %d severities and strengths", count, p->settings);
}

static void print_findings(int k, const tv_view_pilot *p) {
  printf("%-22s %" PRId64 " samples: ", "pilot of views", p->samples);
  if (p->least <= p->most) {
    printf("omega_%d = ", k);
    print_range("%.4g", p->least, p->most);
    printf(", where no agreement would give up to %.2g", p->chance);
  }
  if (p->without > 0) {
    printf("%sthe pilot finds no agreement in direction %d", p->least <= p->most ? "; " : "", k);
    print_share(p->without, p);
  }
  if (p->singular > 0) {
    printf("%sthe second moments S of its views are singular",
           p->singular < p->settings ? "; " : "");
    print_share(p->singular, p);
  }
  putchar('\n');
}

static void print_cost(const tv_experiment *e, const tv_source *source, const tv_plan *plan,
                       double least, double most) {
  const double rows = tv_plan_view_rows(e);
  print_range("%.0f", least, most);
  printf(": ");
  print_range("%.4g", rows * least, rows * most);
  printf(" views, ");
  print_range("%.4g", tv_plan_view_flops(e, source, plan, least),
              tv_plan_view_flops(e, source, plan, most));
  printf(" flops");
}

void tv_view_pilot_print(const tv_experiment *e, const tv_source *source, const tv_plan *plan,
                         const tv_view_pilot *p) {
  print_advice(e->encoder.k, p);
  print_findings(e->encoder.k, p);
  printf("%-22s ", "cost of views");
  print_cost(e, source, plan, p->views, p->views);
  if (p->least <= p->most) {
    printf("; ");
    print_cost(e, source, plan, best_views(p->most), best_views(p->least));
  }
  putchar('\n');
}
