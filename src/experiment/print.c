#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "twoview/base/escape.h"
#include "twoview/base/statistics.h"
#include "twoview/experiment/check.h"

static void print_number(FILE *out, double value) {
  char text[TV_NUMBER_TEXT];
  tv_number_format(value, text);
  fputs(text, out);
}

static void print_numbers(FILE *out, const char *key, const double *values, unsigned count) {
  fprintf(out, "%s: [", key);
  for (unsigned i = 0; i < count; ++i) {
    if (i) fputs(", ", out);
    print_number(out, values[i]);
  }
  fputc(']', out);
}

static void print_text(FILE *out, const char *key, const char *text) {
  fprintf(out, "%s: ", key);
  tv_put_yaml(text, out);
}

static void print_field(FILE *out, const char *key, const char *text) {
  if (!text) return;
  fputs(", ", out);
  print_text(out, key, text);
}

static void print_teacher(FILE *out, const tv_teacher *teacher) {
  const int is_linear = teacher->type == TV_TEACHER_LINEAR;
  fprintf(out, ",\n         teacher: {type: %s, targets: %d", is_linear ? "linear" : "classes",
          teacher->targets);
  if (is_linear) {
    fputs(", noise: ", out);
    print_number(out, teacher->noise);
  }
  fputc('}', out);
}

static void print_generated(FILE *out, const tv_source_spec *source) {
  fputs(", ", out);
  if (source->spectrum) {
    print_numbers(out, "spectrum", source->spectrum, source->spectrum_count);
  } else {
    fprintf(out, "power_law: {features: %d, scale: ", source->power_law.features);
    print_number(out, source->power_law.scale);
    fputs(", exponent: ", out);
    print_number(out, source->power_law.exponent);
    fputc('}', out);
  }
  if (source->type == TV_SOURCE_GAUSSIAN) {
    print_teacher(out, &source->teacher);
  } else {
    fprintf(out, ",\n         classes: %d, separation: ", source->classes);
    print_number(out, source->separation);
  }
}

static void print_source(FILE *out, const tv_source_spec *source) {
  fprintf(out, "source: {type: %s", tv_source_type_name(source->type));
  if (source->role == TV_AS_POPULATION) fputs(", as: population", out);
  print_field(out, "images", source->images);
  print_field(out, "file", source->file);
  print_field(out, "samples", source->samples);
  print_field(out, "labels", source->labels);
  print_field(out, "targets", source->targets);
  if (source->spectrum || source->power_law.features) print_generated(out, source);
  fputs("}\n", out);
}

static void print_noise(FILE *out, const tv_noise_spec *noise) {
  fprintf(out, "noise: {components: %d, ", noise->components);
  print_numbers(out, "lambda_max", noise->lambda_max, noise->lambda_max_count);
  if (noise->eigenvalues) {
    fputs(",\n        ", out);
    print_numbers(out, "eigenvalues", noise->eigenvalues, noise->eigenvalues_count);
  } else if (noise->lambda_min_ratio > 0) {
    fputs(", lambda_min_ratio: ", out);
    print_number(out, noise->lambda_min_ratio);
  }
  fprintf(out, ", sampler: %s}\n", noise->sampler == TV_SAMPLER_LAW ? "law" : "rows");
}

static void print_augmentation(FILE *out, const tv_experiment *e) {
  const tv_augmentation_spec *a = &e->augmentation;
  fputs("augmentation: {", out);
  if (a->theta_eigenvalues) {
    print_numbers(out, "theta_eigenvalues", a->theta_eigenvalues, a->theta_eigenvalues_count);
  } else if (tv_experiment_gives(e, "augmentation.theta")) {
    fputs("theta: {", out);
    print_numbers(out, "signal", a->theta.signal, 2);
    fputs(", ", out);
    print_numbers(out, "noise", a->theta.noise, 2);
    fputc('}', out);
  } else {
    fputs("theta_max: ", out);
    print_number(out, a->theta_max);
  }
  if (a->alpha_count) {
    fputs(", ", out);
    print_numbers(out, "alpha", a->alpha, a->alpha_count);
  }
  fputs("}\n", out);
}

static void print_threshold(FILE *out, const tv_experiment *e) {
  if (e->threshold.tolerance == 0) return; /* of a study that has none */
  fputs("threshold: {tolerance: ", out);
  print_number(out, e->threshold.tolerance);
  fputs("}\n", out);
}

static void print_archive(FILE *out, const tv_archive_spec *archive) {
  static const char *const choices[] = {
      [TV_KEEP_NONE] = "none", [TV_KEEP_LAST] = "last", [TV_KEEP_ALL] = "all"};
  fprintf(out,
          "archive: {encoders: %s, representations: %s, representation_samples: %d, samples: %s}\n",
          choices[archive->encoders], choices[archive->representations],
          archive->representation_samples, archive->samples ? "true" : "false");
}

static void print_parallel(FILE *out, const tv_parallel_spec *parallel) {
  static const char *const layouts[] = {[TV_LAYOUT_AUTO] = "auto",
                                        [TV_LAYOUT_REPLICATED] = "replicated",
                                        [TV_LAYOUT_DISTRIBUTED] = "distributed"};
  fprintf(out, "parallel: {shards: %d, layout: %s", parallel->shards, layouts[parallel->layout]);
  if (parallel->ranks_per_point) fprintf(out, ", ranks_per_point: %d", parallel->ranks_per_point);
  fputs("}\n", out);
}

static void print_experiment(FILE *out, const tv_experiment *e) {
  print_text(out, "name", e->name);
  fprintf(out, "\nstudy: %s\nseed: %" PRIu64 "\nreplicates: %d\nfirst_replicate: %d\n",
          e->study->name, e->seed, e->replicates, e->first_replicate);
  print_source(out, &e->source);
  if (e->features.pca) fprintf(out, "features: {pca: %d}\n", e->features.pca);
  print_noise(out, &e->noise);
  print_augmentation(out, e);
  fputs("samples: [", out);
  for (int i = 0; i < e->sizes_count; ++i) fprintf(out, "%s%" PRId64, i ? ", " : "", e->sizes[i]);
  fprintf(out, "]\nencoder: {k: %d}\n", e->encoder.k);
  print_threshold(out, e);
  fputs("methods: [", out);
  for (unsigned m = 0; m < e->methods_count; ++m)
    fprintf(out, "%s%s", m ? ", " : "", e->methods[m]->name);
  fputs("]\n", out);
  print_archive(out, &e->archive);
  print_parallel(out, &e->parallel);
}

tv_error *tv_experiment_print(const tv_experiment *e, char **text) {
  size_t size;
  FILE *out = open_memstream(text, &size);
  if (!out) return tv_fail_errno("printing the experiment");
  print_experiment(out, e);
  if (fclose(out) != 0) return tv_fail_errno("printing the experiment");
  return NULL;
}
