#include <hdf5.h>
#include <math.h>
#include <string.h>

#include "verification.h"

/* The values that a variable can have. */
typedef struct {
  const char *name; /* or how the name begins, where it ends with '_' */
  double low, high;
  enum { NEVER_NAN, NAN_OF_FAILED } nan; /* whether that says that a solution failed */
  int is_whole;
} domain;

/* What rounding may add to what lies in [0, 1], or is not negative. */
#define ROUNDING 1e-8
#define LARGEST  1.7976931348623157e308 /* finite */

static const domain domains[] = {
    {.name = "data_spectrum", .high = LARGEST},
    {.name = "theta_eigenvalues", .high = LARGEST},
    {.name = "gamma_eigenvalues", .high = LARGEST},
    {.name = "feature_mean", .low = -LARGEST, .high = LARGEST},
    {.name = "principal_axes", .low = -1 - ROUNDING, .high = 1 + ROUNDING},
    {"score_clean", -ROUNDING, LARGEST, NAN_OF_FAILED, 0},
    {"score_corrupted", -ROUNDING, LARGEST, NAN_OF_FAILED, 0},
    {"distance", 0, LARGEST, NAN_OF_FAILED, 0},
    {"leakage", -ROUNDING, 1 + ROUNDING, NAN_OF_FAILED, 0},
    {"objective", -LARGEST, LARGEST, NAN_OF_FAILED, 0},
    {"objective_optimum", -LARGEST, LARGEST, NAN_OF_FAILED, 0},
    {"residual", 0, LARGEST, NAN_OF_FAILED, 0},
    {"orthonormality", 0, LARGEST, NAN_OF_FAILED, 0},
    {"alpha2_measured", 0, LARGEST, NAN_OF_FAILED, 0},
    {"alpha2_predicted", -LARGEST, LARGEST, NAN_OF_FAILED, 0},
    {.name = "status", .low = -2, .high = LARGEST, .is_whole = 1},
    {.name = "alpha2_status", .low = -1, .high = 4, .is_whole = 1},
    {.name = "alpha2_evaluations", .high = LARGEST, .is_whole = 1},
    {"encoder_", -LARGEST, LARGEST, NAN_OF_FAILED, 0},
    {"decoder_", -LARGEST, LARGEST, NAN_OF_FAILED, 0},
    {"transform_", -LARGEST, LARGEST, NAN_OF_FAILED, 0},
    {"representation_", -LARGEST, LARGEST, NAN_OF_FAILED, 0},
    {.name = "clean", .low = -LARGEST, .high = LARGEST},
    {.name = "noise", .low = -LARGEST, .high = LARGEST},
    {.name = "target", .low = -LARGEST, .high = LARGEST},
    {.name = "seconds", .high = LARGEST},
    {.name = "archive_seconds", .high = LARGEST},
    {.name = "flops", .high = LARGEST},
    {.name = "sent", .high = LARGEST},
    {.name = "peak_memory", .high = LARGEST}};

static int is_of(const domain *d, const char *name) {
  const size_t length = strlen(d->name);
  if (d->name[length - 1] == '_') return strncmp(name, d->name, length) == 0;
  return strcmp(name, d->name) == 0;
}

/* Groups have no say in it. */
static const domain *find_domain(const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  for (size_t i = 0; i < sizeof domains / sizeof *domains; ++i)
    if (is_of(&domains[i], name)) return &domains[i];
  return NULL;
}

int64_t tv_verify_impossible(const char *path, const double *values, int64_t count,
                             double *example) {
  const domain *d = find_domain(path);
  int64_t impossible = 0;
  for (int64_t i = 0; d && i < count; ++i) {
    const double x = values[i];
    const int is_possible = isnan(x)
                                ? d->nan == NAN_OF_FAILED
                                : x >= d->low && x <= d->high && (!d->is_whole || x == rint(x));
    if (!is_possible && !impossible++) *example = x;
  }
  return impossible;
}

int64_t tv_verify_undefined(const char *path, const double *values, int64_t count) {
  const domain *d = find_domain(path);
  int64_t undefined = 0;
  if (!d || d->name[strlen(d->name) - 1] != '_') return 0;
  for (int64_t i = 0; i < count; ++i) undefined += isnan(values[i]) != 0;
  return undefined;
}
