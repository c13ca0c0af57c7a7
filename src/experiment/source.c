#include <math.h>
#include <stdio.h>

#include "twoview/base/escape.h"
#include "twoview/base/text.h"
#include "twoview/experiment/check.h"

enum {
  IDX = 1 << TV_SOURCE_IDX,
  HDF5 = 1 << TV_SOURCE_HDF5,
  GAUSSIAN = 1 << TV_SOURCE_GAUSSIAN,
  MIXTURE = 1 << TV_SOURCE_MIXTURE
};

/* Beside means further apart the variances within classes are lost to rounding. */
static const double most_separation = 1e6;

const char *tv_source_type_name(tv_source_type type) {
  static const char *const names[] = {[TV_SOURCE_IDX] = "idx",
                                      [TV_SOURCE_HDF5] = "hdf5",
                                      [TV_SOURCE_GAUSSIAN] = "gaussian",
                                      [TV_SOURCE_MIXTURE] = "mixture"};
  return names[type];
}

/* 'type: a' or 'type: b' */
static void list_types(unsigned types, char *out, size_t size) {
  *out = '\0';
  for (int t = TV_SOURCE_IDX; t <= TV_SOURCE_MIXTURE; ++t)
    if (types & 1u << t)
      tv_append(out, size, "%s'type: %s'", *out ? " or " : "",
                tv_source_type_name((tv_source_type)t));
}

static tv_error *check_owners(const tv_experiment *e) {
  static const struct {
    const char *key;
    unsigned types;
  } owned[] = {{"source.as", IDX | HDF5},
               {"source.images", IDX},
               {"source.labels", IDX | HDF5},
               {"source.file", HDF5},
               {"source.samples", HDF5},
               {"source.targets", HDF5},
               {"source.spectrum", GAUSSIAN | MIXTURE},
               {"source.power_law", GAUSSIAN | MIXTURE},
               {"source.teacher", GAUSSIAN},
               {"source.classes", MIXTURE},
               {"source.separation", MIXTURE}};
  char owners[96];
  for (size_t i = 0; i < sizeof owned / sizeof *owned; ++i) {
    list_types(owned[i].types, owners, sizeof owners);
    TV_REQUIRE(e, owned[i].key,
               owned[i].types & 1u << e->source.type || !tv_experiment_gives(e, owned[i].key),
               "belongs to %s, not to 'type: %s'; leave it out", owners,
               tv_source_type_name(e->source.type));
  }
  return NULL;
}

static tv_error *check_file_name(const tv_experiment *e, const char *key, const char *path) {
  tv_error *error = tv_expect_file_name(path);
  if (!error) return NULL;
  tv_error *fault = tv_experiment_fault(e, key, "%s", error->message);
  tv_error_free(error);
  return fault;
}

static tv_error *check_idx(const tv_experiment *e) {
  TV_REQUIRE(e, "source.images", e->source.images, "is missing; name the IDX file of images");
  TV_REQUIRE(e, "source.labels", e->source.labels, "is missing; name the IDX file of labels");
  TV_TRY(check_file_name(e, "source.images", e->source.images));
  return check_file_name(e, "source.labels", e->source.labels);
}

static tv_error *check_hdf5(const tv_experiment *e) {
  const tv_source_spec *s = &e->source;
  TV_REQUIRE(e, "source.file", s->file, "is missing; name the HDF5 file");
  TV_TRY(check_file_name(e, "source.file", s->file));
  TV_REQUIRE(e, "source.samples", s->samples, "is missing; name the 2D dataset of samples");
  TV_REQUIRE(e, "source.labels", !s->labels != !s->targets,
             "give either 'labels' (classes) or 'targets' (numbers), the dataset to learn from");
  return NULL;
}

static tv_error *check_variances(const tv_experiment *e) {
  const tv_source_spec *s = &e->source;
  const tv_power_law *law = &s->power_law;
  TV_REQUIRE(e, "source.spectrum", !s->spectrum != !tv_experiment_gives(e, "source.power_law"),
             "give either 'spectrum' (a list) or 'power_law'");
  for (unsigned i = 0; i < s->spectrum_count; ++i)
    TV_REQUIRE(e, "source.spectrum",
               isfinite(s->spectrum[i]) && s->spectrum[i] > 0 &&
                   (i == 0 || s->spectrum[i] <= s->spectrum[i - 1]),
               "variances must be positive, finite and the largest first; entry %u is %g", i + 1,
               s->spectrum[i]);
  if (s->spectrum) return NULL;
  TV_REQUIRE(e, "source.power_law.features", law->features > 0 && law->features <= MOST_INPUTS,
             "must be from 1 to %d, got %d", MOST_INPUTS, law->features);
  TV_REQUIRE(e, "source.power_law.scale", isfinite(law->scale) && law->scale > 0,
             "must be positive and finite, got %g", law->scale);
  TV_REQUIRE(e, "source.power_law.exponent", isfinite(law->exponent) && law->exponent >= 0,
             "must be finite and not negative, got %g", law->exponent);
  return NULL;
}

static tv_error *check_gaussian(const tv_experiment *e) {
  const tv_teacher *teacher = &e->source.teacher;
  TV_TRY(check_variances(e));
  TV_REQUIRE(e, "source.teacher.targets", teacher->targets > 0 && teacher->targets <= MOST_INPUTS,
             "must be from 1 to %d, got %d", MOST_INPUTS, teacher->targets);
  TV_REQUIRE(e, "source.teacher.noise", isfinite(teacher->noise) && teacher->noise >= 0,
             "must be finite and not negative, got %g", teacher->noise);
  TV_REQUIRE(e, "source.teacher.noise",
             teacher->type == TV_TEACHER_LINEAR || !tv_experiment_gives(e, "source.teacher.noise"),
             "belongs to 'type: linear'");
  return NULL;
}

static tv_error *check_mixture(const tv_experiment *e) {
  const tv_source_spec *s = &e->source;
  TV_TRY(check_variances(e));
  TV_REQUIRE(e, "source.classes", tv_experiment_gives(e, "source.classes"),
             "is missing; say how many classes are mixed");
  TV_REQUIRE(e, "source.classes", s->classes >= 2 && s->classes <= MOST_INPUTS,
             "must be from 2 to %d, got %d", MOST_INPUTS, s->classes);
  TV_REQUIRE(e, "source.separation", tv_experiment_gives(e, "source.separation"),
             "is missing; give the spread of the class means in deviations within classes");
  TV_REQUIRE(e, "source.separation", s->separation >= 0 && s->separation <= most_separation,
             "must be from 0 to %g, got %g", most_separation, s->separation);
  return NULL;
}

tv_error *tv_experiment_check_source(const tv_experiment *e) {
  static tv_error *(*const checks[])(const tv_experiment *) = {[TV_SOURCE_IDX] = check_idx,
                                                               [TV_SOURCE_HDF5] = check_hdf5,
                                                               [TV_SOURCE_GAUSSIAN] =
                                                                   check_gaussian,
                                                               [TV_SOURCE_MIXTURE] = check_mixture};
  TV_TRY(check_owners(e));
  return checks[e->source.type](e);
}
