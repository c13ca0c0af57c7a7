#include "twoview/scaling/scaling.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/escape.h"
#include "twoview/base/statistics.h"
#include "twoview/data/principal_choice.h"
#include "twoview/experiment/yaml.h"
#include "twoview/kinds.h"
#include "twoview/linalg/krylov.h"

/* Work counts as the same when it agrees to this fraction. */
static const double same_work = 0.01;

/* The largest number of ranks up to which the model searches for the point where communication
 * takes over. */
enum { MOST_RANKS = 10000 };

/* ---- One archive ---- */

static double most_of(const tv_archive_work *w, const double *values, int stage) {
  double most = 0;
  for (int r = 0; r < w->ranks; ++r) most = fmax(most, values[r * TV_STAGES + stage]);
  return most;
}

static double sum_of(const tv_archive_work *w, const double *values, int stage) {
  double sum = 0;
  for (int r = 0; r < w->ranks; ++r) sum += values[r * TV_STAGES + stage];
  return sum;
}

/* Largest sum over the stages of one rank. */
static double most_of_rank(const tv_archive_work *w, const double *values) {
  double most = 0;
  for (int r = 0; r < w->ranks; ++r) {
    double sum = 0;
    for (int i = 0; i < TV_STAGES; ++i) sum += values[r * TV_STAGES + i];
    most = fmax(most, sum);
  }
  return most;
}

static tv_error *read_line(const char *path, tv_scaling_line *line) {
  double mean_seconds = 0, flops = 0;
  line->path = path;
  TV_TRY(tv_archive_read_work(path, &line->work));
  const tv_archive_work *w = &line->work;
  for (int i = 0; i < TV_STAGES; ++i) {
    line->seconds[i] = most_of(w, w->seconds, i);
    line->total += line->seconds[i];
    mean_seconds += sum_of(w, w->seconds, i) / w->ranks;
    flops += sum_of(w, w->flops, i);
  }
  if (!(line->seconds[TV_STAGE_MOMENTS] > 0 && line->seconds[TV_STAGE_SOLVES] > 0 && flops > 0))
    return tv_fail("%s: holds no times or no flops of its stages, so that nothing can be compared",
                   path);
  line->imbalance = line->total / mean_seconds;
  line->work_imbalance = most_of_rank(w, w->flops) * w->ranks / flops;
  line->flops_per_second = flops / w->ranks / line->total;
  line->most_sent = most_of_rank(w, w->sent);
  return NULL;
}

static int by_ranks(const void *a, const void *b) {
  const tv_scaling_line *left = a, *right = b;
  return (left->work.ranks > right->work.ranks) - (left->work.ranks < right->work.ranks);
}

/* ---- The work, as the model sees it ---- */

/* The size of a data set follows from the flops of the pass over all of it. */
static void describe(const tv_experiment *e, const tv_archive_work *a, tv_workload *w) {
  const int is_file = !tv_source_kind_of(e)->is_generated;
  *w = (tv_workload){.samples = e->sizes[e->sizes_count - 1],
                     .shards = e->parallel.shards,
                     .replicates = e->replicates,
                     .levels = e->sizes_count,
                     .d = a->p + a->q,
                     .p = a->p,
                     .k = e->encoder.k,
                     .l = a->l,
                     .inputs = is_file ? a->inputs : 0,
                     .passes = (int)a->principal_passes,
                     .block = a->principal_passes ? tv_krylov_block(a->inputs, a->p) : 0,
                     .rotated = a->inputs,
                     .is_distributed = a->is_distributed,
                     .ranks_per_point = e->parallel.ranks_per_point,
                     .method = e->methods,
                     .methods = (int)e->methods_count,
                     .encoders = e->encoder.sizes_count,
                     .quantities = tv_study_of(e)->count};
  w->rows =
      is_file ? llround(sum_of(a, a->flops, TV_STAGE_FEATURES) / fmax(tv_model_feature_flops(w), 1))
              : w->samples;
  w->points = tv_experiment_points(e);
  if (e->archive.representations != TV_KEEP_NONE)
    w->head = (int64_t)e->replicates * e->archive.representation_samples * (w->d + w->l + 1);
}

static double rate_of(const tv_scaling_line *line, tv_stage stage) {
  return most_of(&line->work, line->work.flops, stage) / line->seconds[stage];
}

/* The pass over a data set is shared out, the eigenproblem after it is rank 0's. How the time is
 * divided shows in how it shrinks: seconds per flop by least squares over the archives, between
 * none and all of the time. */
static double seconds_per_feature_flop(const tv_scaling_study *study) {
  const tv_scaling_line *first = &study->line[0];
  double x_mean = 0, y_mean = 0, xx = 0, xy = 0;
  for (int i = 0; i < study->count; ++i) {
    x_mean += most_of(&study->line[i].work, study->line[i].work.flops, TV_STAGE_FEATURES);
    y_mean += study->line[i].seconds[TV_STAGE_FEATURES];
  }
  x_mean /= study->count;
  y_mean /= study->count;
  for (int i = 0; i < study->count; ++i) {
    const tv_archive_work *w = &study->line[i].work;
    const double x = most_of(w, w->flops, TV_STAGE_FEATURES) - x_mean;
    xx += x * x;
    xy += x * (study->line[i].seconds[TV_STAGE_FEATURES] - y_mean);
  }
  const double slope = xx > 0 ? fmax(xy / xx, 0) : 0;
  return x_mean > 0 ? fmin(slope, 1 / rate_of(first, TV_STAGE_FEATURES)) : 0;
}

/* Of which the solutions can be counted. */
static const char *counted_study(void) {
  const tv_kind *const *kind = tv_kinds_all.studies;
  while (((const tv_study *)*kind)->finds_alpha) ++kind;
  return (*kind)->name;
}

static tv_error *fit_model(tv_scaling_study *study) {
  const tv_scaling_line *first = &study->line[0];
  const tv_archive_work *w = &first->work;
  TV_TRY(tv_experiment_parse(first->path, w->experiment_text, NULL, &tv_kinds_all,
                             &study->experiment));
  const tv_experiment *e = study->experiment;
  const int is_law = e->noise.sampler == TV_SAMPLER_LAW;
  const int is_search = tv_study_of(e)->finds_alpha;
  if (!is_law && !is_search) describe(e, w, &study->model.workload);
  if (is_search)
    return tv_fail("%s: the number of solutions that 'study: %s' takes is not known beforehand; "
                   "compare archives of 'study: %s'",
                   first->path, e->study->name, counted_study());
  if (is_law)
    return tv_fail("%s: its moments were drawn by the law sampler (noise.sampler), not summed over "
                   "samples that more ranks could share; compare archives of 'sampler: rows'",
                   first->path);
  if (w->solver && strcmp(w->solver, tv_principal_name(TV_PRINCIPAL_ROWS)) == 0)
    return tv_fail("%s: its principal components are from the Gram matrix of the rows, which all "
                   "go to rank 0; compare archives of another 'features.solver'",
                   first->path);
  const double each = seconds_per_feature_flop(study);
  const double pass = each * most_of(w, w->flops, TV_STAGE_FEATURES);
  study->model.ranks = w->ranks;
  study->model.rates = (tv_rates){.features = 1 / each,
                                  .moments = rate_of(first, TV_STAGE_MOMENTS),
                                  .solves = rate_of(first, TV_STAGE_SOLVES),
                                  .open_seconds = first->seconds[TV_STAGE_OPEN],
                                  .features_seconds = first->seconds[TV_STAGE_FEATURES] - pass};
  return NULL;
}

/* ---- What kind of study it is ---- */

static double moments_flops(const tv_scaling_line *line) {
  return sum_of(&line->work, line->work.flops, TV_STAGE_MOMENTS);
}

static int is_same(double a, double b) {
  return fabs(a - b) <= same_work * fmax(a, b);
}

/* What the ranks of another line would count together of the first line's samples. Whole moments
 * take the same flops on any number of ranks; spread ones also those above the diagonal, and how
 * many these are is a matter of the grid. */
static double flops_of_same_samples(const tv_scaling_study *study, int ranks) {
  double flops = 0;
  for (int rank = 0; rank < ranks; ++rank) {
    tv_work work[TV_STAGES];
    tv_model_work(&study->model.workload, ranks, rank, work);
    flops += work[TV_STAGE_MOMENTS].flops;
  }
  return flops;
}

/* Work of moments against that of the first line. */
static double growth_of(const tv_scaling_study *study, const tv_scaling_line *line) {
  const tv_scaling_line *first = &study->line[0];
  return moments_flops(line) / moments_flops(first) *
         flops_of_same_samples(study, first->work.ranks) /
         flops_of_same_samples(study, line->work.ranks);
}

static int is_of_kind(const tv_scaling_study *study, tv_scaling_kind kind,
                      const tv_scaling_line *line) {
  const double ranks = (double)line->work.ranks / study->line[0].work.ranks;
  return is_same(growth_of(study, line), kind == TV_STRONG ? 1 : ranks);
}

/* The experiment without its sample sizes. The caller frees. */
static tv_error *text_but_samples(const tv_scaling_line *line, char **out) {
  tv_yaml_node root;
  *out = NULL;
  tv_error *error = tv_yaml_read(line->path, NULL, line->work.experiment_text, &root);
  if (!error) error = tv_yaml_set(&root, "samples=0");
  if (!error) error = tv_yaml_print(&root, out);
  tv_yaml_free(&root);
  return error;
}

static tv_error *expect_same_experiment(const tv_scaling_line *first,
                                        const tv_scaling_line *other) {
  char *one = NULL, *two = NULL;
  tv_error *error = text_but_samples(first, &one);
  if (!error) error = text_but_samples(other, &two);
  if (!error && strcmp(one, two) != 0)
    error = tv_fail("%s: another experiment than that of %s; twoview info prints both", other->path,
                    first->path);
  free(one);
  free(two);
  return error;
}

static tv_error *tell_kind(tv_scaling_study *study) {
  const tv_scaling_line *first = &study->line[0];
  study->model.kind = is_of_kind(study, TV_STRONG, &study->line[1]) ? TV_STRONG : TV_WEAK;
  for (int i = 1; i < study->count; ++i) {
    const tv_scaling_line *other = &study->line[i];
    if (other->work.ranks == study->line[i - 1].work.ranks)
      return tv_fail("%s: as many ranks as %s (%d); give one archive for each number of ranks",
                     other->path, study->line[i - 1].path, other->work.ranks);
    TV_TRY(expect_same_experiment(first, other));
    if (is_of_kind(study, study->model.kind, other)) continue;
    return tv_fail("%s: %s flops of moments on %d ranks, but %s on %d in %s: neither the same work "
                   "(strong scaling) nor the same for each rank (weak scaling)%s",
                   other->path, TV_EXACT(moments_flops(other)), other->work.ranks,
                   TV_EXACT(moments_flops(first)), first->work.ranks, first->path,
                   i > 1 ? " as the others" : "");
  }
  return NULL;
}

static void compare(tv_scaling_study *study) {
  const tv_scaling_line *first = &study->line[0];
  for (int i = 0; i < study->count; ++i) {
    tv_scaling_line *line = &study->line[i];
    const double ranks = (double)line->work.ranks / first->work.ranks;
    if (study->model.kind == TV_STRONG) {
      line->speed_up = first->total / line->total;
      line->efficiency = line->speed_up / ranks;
    } else {
      line->efficiency = first->seconds[TV_STAGE_MOMENTS] / line->seconds[TV_STAGE_MOMENTS];
      line->speed_up = line->efficiency * ranks;
    }
  }
}

/* ---- The model against the archives ---- */

/* Largest relative differences between the work that the model counts and that of the archives. */
typedef struct {
  double flops, sent;
  int is_explained; /* by rounding, and by which rows are drawn (5 standard deviations) */
} difference;

static double relative(double a, double b) {
  return a == b ? 0 : fabs(a - b) / fmax(a, b);
}

static void compare_rank(const tv_workload *w, const tv_archive_work *a, int rank, difference *d) {
  tv_work counted[TV_STAGES];
  const double problems = (double)w->points + (double)w->replicates * w->levels;
  tv_model_work(w, a->ranks, rank, counted);
  for (int s = 0; s < TV_STAGES; ++s) {
    const double flops = relative(a->flops[rank * TV_STAGES + s], counted[s].flops);
    const double sent = relative(a->sent[rank * TV_STAGES + s], counted[s].sent_bytes);
    const double spread = s == TV_STAGE_MOMENTS ? tv_model_moments_spread(w, a->ranks, rank) : 0;
    d->flops = fmax(d->flops, flops);
    d->sent = fmax(d->sent, sent);
    d->is_explained &= flops <= 5 * spread + problems * DBL_EPSILON && sent == 0;
  }
}

static difference compare_counts(const tv_scaling_study *study) {
  difference d = {.is_explained = 1};
  for (int i = 0; i < study->count; ++i) {
    const tv_archive_work *a = &study->line[i].work;
    const tv_workload w = tv_scaling_workload(&study->model, a->ranks);
    for (int rank = 0; rank < a->ranks; ++rank) compare_rank(&w, a, rank, &d);
  }
  return d;
}

/* ---- Printing ---- */

static void print_table(const tv_scaling_study *study, FILE *out) {
  tv_print_line(out, "%s: %s scaling, %d archives", study->line[0].work.experiment_name,
                study->model.kind == TV_STRONG ? "strong" : "weak", study->count);
  if (study->model.kind == TV_WEAK)
    fputs("speed-up and efficiency are those of the moments, whose work grows with the ranks\n",
          out);
  fprintf(out, "\n%6s %6s %10s %9s %10s ", "ranks", "hosts", "seconds", "speed-up", "efficiency");
  for (int i = 0; i < TV_STAGES; ++i) fprintf(out, " %8s", tv_stage_name((tv_stage)i));
  fprintf(out, "  %9s %9s %8s %11s\n", "imbalance", "of flops", "Gflop/s", "bytes sent");
  for (int i = 0; i < study->count; ++i) {
    const tv_scaling_line *l = &study->line[i];
    fprintf(out, "%6d %6d %10.4g %9.3f %10.3f ", l->work.ranks, l->work.hosts, l->total,
            l->speed_up, l->efficiency);
    for (int s = 0; s < TV_STAGES; ++s) fprintf(out, " %6.1f %%", 100 * l->seconds[s] / l->total);
    fprintf(out, "  %9.3f %9.3f %8.3f %11.0f\n", l->imbalance, l->work_imbalance,
            l->flops_per_second / 1e9, l->most_sent);
  }
  fputs("\nTimes without the writing of the archive. Imbalance: slowest rank / mean, of time "
        "(waiting included)\nand of counted flops. Gflop/s of one rank; bytes sent by one rank at "
        "the most.\n",
        out);
}

static void print_assumptions(const tv_scaling_study *study, FILE *out) {
  const tv_rates *r = &study->model.rates;
  const difference d = compare_counts(study);
  fprintf(out,
          "\nmodel, not a measurement; assumes latency %.3g s and bandwidth %.3g B/s\n"
          "rates as measured on %d rank%s: %.3g Gflop/s for moments, %.3g for solves; %.3g s do "
          "not shrink\n"
          "largest difference from counts in the archives: flops %.1e, bytes sent %.1e%s\n",
          study->model.network.latency, study->model.network.bandwidth, study->line[0].work.ranks,
          study->line[0].work.ranks == 1 ? "" : "s", r->moments / 1e9, r->solves / 1e9,
          r->open_seconds + r->features_seconds, d.flops, d.sent,
          d.is_explained ? "" : ": DO NOT TRUST THE MODEL");
  if (!study->model.workload.is_distributed)
    fprintf(out, "of more than %d ranks (parallel.shards) some have no moments to sum\n",
            study->model.workload.shards);
}

static const tv_scaling_line *line_of(const tv_scaling_study *study, int ranks) {
  for (int i = 0; i < study->count; ++i)
    if (study->line[i].work.ranks == ranks) return &study->line[i];
  return NULL;
}

static tv_error *print_model(const tv_scaling_study *study, FILE *out) {
  static const int shown[] = {1, 2, 4, 8, 10, 100, 1000, MOST_RANKS};
  int takeover = 0;
  print_assumptions(study, out);
  fprintf(out, "\n%6s %12s %12s %14s %10s\n", "ranks", "seconds", "efficiency", "communication",
          "measured");
  for (size_t i = 0; i < sizeof shown / sizeof *shown; ++i) {
    tv_forecast f;
    double efficiency = 0;
    int exists = 0;
    TV_TRY(tv_scaling_forecast(&study->model, shown[i], &f, &efficiency, &exists));
    if (!exists) continue;
    fprintf(out, "%6d %12.4g %12.3f %12.2f %%", shown[i], f.total, efficiency,
            100 * f.communication / f.total);
    const tv_scaling_line *line = line_of(study, shown[i]);
    if (line) fprintf(out, " %10.4g", line->total);
    fputc('\n', out);
  }
  TV_TRY(tv_scaling_takeover(&study->model, MOST_RANKS, &takeover));
  if (takeover)
    fprintf(out, "communication takes over (more than half of the time) on %d ranks\n", takeover);
  else
    fprintf(out, "communication takes over on no number of ranks up to %d\n", MOST_RANKS);
  return NULL;
}

/* ---- Together ---- */

static tv_error *read_study(const char *const *paths, tv_scaling_study *study) {
  for (int i = 0; i < study->count; ++i) TV_TRY(read_line(paths[i], &study->line[i]));
  qsort(study->line, (size_t)study->count, sizeof(*study->line), by_ranks);
  TV_TRY(fit_model(study));
  TV_TRY(tell_kind(study));
  compare(study);
  return NULL;
}

tv_error *tv_scaling(const char *const *paths, int count, const tv_network *network,
                     const char *directory, FILE *out) {
  tv_scaling_study study = {.count = count, .model.network = *network};
  if (count < 2)
    return tv_fail_usage("scaling: give two archives or more, on different numbers of ranks");
  TV_TRY(tv_allocate(count, sizeof(*study.line), &study.line));
  tv_error *error = read_study(paths, &study);
  if (!error) {
    print_table(&study, out);
    error = print_model(&study, out);
  }
  if (!error && directory) error = tv_scaling_write(&study, directory, out);
  for (int i = 0; i < count; ++i) tv_archive_work_free(&study.line[i].work);
  free(study.line);
  tv_experiment_destroy(&study.experiment);
  return error;
}
