#include <stdlib.h>

#include "twoview/base/escape.h"
#include "twoview/figures/folder.h"
#include "twoview/figures/script.h"
#include "twoview/scaling/scaling.h"

/* Ranks that the model's curve goes beyond those measured: enough to see where it bends. */
enum { BEYOND = 8 };

/* A number of ranks as the model sees it, computed before the files are written. */
typedef struct {
  int ranks;
  tv_forecast forecast;
  double efficiency;
} modelled;

typedef struct {
  const tv_scaling_study *study;
  modelled *line, *curve; /* owned: of the archives; and doubling from the first of them on */
  int curve_count;
} drawing;

static int first_ranks(const drawing *d) {
  return d->study->line[0].work.ranks;
}

static int last_ranks(const drawing *d) {
  return d->study->line[d->study->count - 1].work.ranks;
}

static tv_error *model(const tv_scaling_study *study, int ranks, modelled *out, int *exists) {
  out->ranks = ranks;
  return tv_scaling_forecast(&study->model, ranks, &out->forecast, &out->efficiency, exists);
}

static tv_error *model_all(drawing *d) {
  int most = 1, exists = 1;
  for (int64_t r = first_ranks(d); r < (int64_t)BEYOND * last_ranks(d); r *= 2) ++most;
  TV_TRY(tv_allocate(d->study->count, sizeof(*d->line), &d->line));
  TV_TRY(tv_allocate(most, sizeof(*d->curve), &d->curve));
  for (int i = 0; i < d->study->count; ++i)
    TV_TRY(model(d->study, d->study->line[i].work.ranks, &d->line[i], &exists));
  for (int i = 0; i < most; ++i) {
    TV_TRY(model(d->study, first_ranks(d) << i, &d->curve[i], &exists));
    if (!exists) break;
    d->curve_count = i + 1;
  }
  return NULL;
}

static void write_csv(const void *what, FILE *out) {
  const drawing *d = what;
  fputs("ranks,hosts,seconds,speed_up,efficiency", out);
  for (int s = 0; s < TV_STAGES; ++s) fprintf(out, ",%s_seconds", tv_stage_name((tv_stage)s));
  fputs(",imbalance,flops_imbalance,flops_per_second,most_bytes_sent,model_seconds,"
        "model_efficiency,model_communication_seconds\n",
        out);
  for (int i = 0; i < d->study->count; ++i) {
    const tv_scaling_line *l = &d->study->line[i];
    fprintf(out, "%d,%d,%.17g,%.17g,%.17g", l->work.ranks, l->work.hosts, l->total, l->speed_up,
            l->efficiency);
    for (int s = 0; s < TV_STAGES; ++s) fprintf(out, ",%.17g", l->seconds[s]);
    fprintf(out, ",%.17g,%.17g,%.17g,%.17g,%.17g,%.17g,%.17g\n", l->imbalance, l->work_imbalance,
            l->flops_per_second, l->most_sent, d->line[i].forecast.total, d->line[i].efficiency,
            d->line[i].forecast.communication);
  }
}

/* Two blocks: what was measured, and the model. */
static void write_data(const void *what, FILE *out) {
  const drawing *d = what;
  fputs("# measured\n# ranks\tspeed-up\tefficiency\n", out);
  for (int i = 0; i < d->study->count; ++i)
    fprintf(out, "%d\t%.6g\t%.6g\n", d->study->line[i].work.ranks, d->study->line[i].speed_up,
            d->study->line[i].efficiency);
  fputs("\n\n# model, not a measurement\n# ranks\tspeed-up\tefficiency\n", out);
  for (int i = 0; i < d->curve_count; ++i)
    fprintf(out, "%d\t%.6g\t%.6g\n", d->curve[i].ranks,
            d->curve[i].efficiency * d->curve[i].ranks / first_ranks(d), d->curve[i].efficiency);
}

static void write_plot(int column, FILE *out) {
  fprintf(out,
          "plot ideal(x) with lines dashtype 3 linecolor rgb '#777777' title 'ideal', \\\n"
          "  data index 1 using 1:%d with lines linewidth 2 linecolor rgb '#D55E00' title "
          "'model', \\\n"
          "  data index 0 using 1:%d with linespoints linewidth 2 pointtype 7 pointsize 0.6 "
          "linecolor rgb '#0072B2' title 'measured'\n",
          column, column);
}

static void write_script(const void *what, FILE *out) {
  const drawing *d = what;
  const double first = first_ranks(d), last = (double)BEYOND * last_ranks(d);
  tv_begin_script("scaling", (tv_canvas){760, 360}, out);
  fprintf(out,
          "set logscale x 2\nset xrange [%.10g:%.10g]\nset xlabel 'ranks'\n"
          "set xtics nomirror\nset ytics nomirror\nset border 3\n"
          "set grid ytics xtics linewidth 0.5 linecolor rgb '#e4e4e4'\n"
          "set multiplot layout 1,2 title '%s scaling; model: latency %.3g s, bandwidth %.3g "
          "B/s'\n",
          first / 1.2, last * 1.2, d->study->model.kind == TV_STRONG ? "strong" : "weak",
          d->study->model.network.latency, d->study->model.network.bandwidth);
  fputs("set logscale y 2\nset ylabel 'speed-up'\nset key left top\n", out);
  fprintf(out, "ideal(x) = x / %.10g\n", first);
  write_plot(2, out);
  fputs("unset logscale y\nset yrange [0:*]\nset ylabel 'efficiency'\nunset key\n"
        "ideal(x) = 1\n",
        out);
  write_plot(3, out);
  fputs("unset multiplot\n", out);
}

static tv_error *write_files(const drawing *d, const char *directory, FILE *out) {
  int is_drawn = 0;
  TV_TRY(tv_folder_make(directory));
  TV_TRY(tv_folder_write(directory, "scaling.csv", write_csv, d));
  TV_TRY(tv_folder_write(directory, "scaling.tsv", write_data, d));
  TV_TRY(tv_folder_write(directory, "scaling.gp", write_script, d));
  tv_error *error = tv_folder_draw(directory, "scaling", &is_drawn);
  fputc('\n', out);
  tv_print_line(out, "%s/scaling.csv", directory);
  tv_folder_print_figure(directory, "scaling", is_drawn, error != NULL, out);
  return error;
}

tv_error *tv_scaling_write(const tv_scaling_study *study, const char *directory, FILE *out) {
  drawing d = {.study = study};
  tv_error *error = model_all(&d);
  if (!error) error = write_files(&d, directory, out);
  free(d.line);
  free(d.curve);
  return error;
}
