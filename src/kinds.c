#include "twoview/kinds.h"

#include <stddef.h>

#include "twoview/augmentations/step.h"
#include "twoview/data/source.h"
#include "twoview/methods/method.h"
#include "twoview/studies/study.h"

/* A row for each: the name of a tv_source_kind, of a tv_augmentation. */
/* clang-format off */
#define SOURCES(row)             \
  row(tv_source_idx)             \
  row(tv_source_hdf5)            \
  row(tv_source_npy)             \
  row(tv_source_gaussian)               \
  row(tv_source_mixture)

#define STEPS(row)               \
  row(tv_step_noise)             \
  row(tv_step_texture)           \
  row(tv_step_brightness)        \
  row(tv_step_baseline)          \
  row(tv_step_multiply)          \
  row(tv_step_contrast)          \
  row(tv_step_mask)              \
  row(tv_step_cutout)            \
  row(tv_step_impulse)           \
  row(tv_step_time_mask)         \
  row(tv_step_frequency_mask)    \
  row(tv_step_replace)           \
  row(tv_step_cutmix)            \
  row(tv_step_mixup)             \
  row(tv_step_shift)             \
  row(tv_step_flip)              \
  row(tv_step_crop)              \
  row(tv_step_rotate)            \
  row(tv_step_zoom)              \
  row(tv_step_swap)              \
  row(tv_step_blur)              \
  row(tv_step_pixelate)          \
  row(tv_step_blend)             \
  row(tv_step_poisson)           \
  row(tv_step_thin)              \
  row(tv_step_phase_jitter)      \
  row(tv_step_clip)              \
  row(tv_step_log1p)             \
  row(tv_step_solarise)          \
  row(tv_step_jpeg)              \
  row(tv_step_corruption)
/* clang-format on */

#define DECLARE_STEP(name)   extern const tv_augmentation name;
#define DECLARE_SOURCE(name) extern const tv_source_kind name;
#define KIND_OF(name)        &name.kind,

SOURCES(DECLARE_SOURCE)
static const tv_kind *const sources[] = {SOURCES(KIND_OF) NULL};

STEPS(DECLARE_STEP)
static const tv_kind *const augmentations[] = {STEPS(KIND_OF) NULL};

static const tv_kind *const methods[] = {&tv_supervised.kind, &tv_reconstruction.kind,
                                         &tv_joint_embedding.kind, &tv_pca.kind, NULL};

static const tv_kind *const studies[] = {&tv_grid_study.kind, &tv_threshold_study.kind,
                                         &tv_phase_study.kind, NULL};

const tv_kinds tv_kinds_all = {
    .sources = sources, .augmentations = augmentations, .methods = methods, .studies = studies};
