#include "twoview/studies/study.h"

#include "twoview/experiment/check.h"
#include "twoview/methods/method.h"

const tv_study *tv_study_of(const tv_experiment *e) {
  return (const tv_study *)e->study;
}

tv_error *tv_study_fill_methods(tv_experiment *e, int need_threshold) {
  int count = 0;
  if (e->methods) return NULL;
  while (e->kinds->methods[count]) ++count;
  TV_TRY(tv_allocate(count, sizeof(*e->methods), &e->methods));
  for (int m = 0; m < count; ++m) {
    const tv_method *method = tv_method_of(e->kinds->methods[m]);
    if (method->is_usual && (!need_threshold || !method->no_threshold))
      e->methods[e->methods_count++] = &method->kind;
  }
  return NULL;
}

tv_error *tv_study_expect_alpha(const tv_experiment *e) {
  TV_REQUIRE(e, "augmentation.alpha", e->augmentation.alpha,
             "is missing; write for example\n    augmentation: {theta_max: 1e4, alpha: [1]}");
  return NULL;
}
