#include "twoview/theory/summary.h"

#include <stdlib.h>

tv_error *tv_theory_make(const tv_experiment *e, const tv_features *f, int k, tv_theory **out) {
  tv_theory *t = NULL;
  *out = NULL;
  TV_TRY(tv_allocate(1, sizeof(*t), &t));
  t->experiment = e;
  t->features = f;
  t->k = k;
  t->rivals = tv_rivals_of(e->kinds);
  tv_error *error = tv_spectra_draw(e, f->p, &t->spectra);
  const int magnitudes = (int)e->noise.lambda_max_count;
  const int64_t all = (int64_t)e->replicates * magnitudes;
  if (!error) error = tv_allocate(all, sizeof(*t->asymptotics), &t->asymptotics);
  for (int64_t i = 0; !error && i < all; ++i) {
    const tv_components c =
        tv_components_of(f, t->spectra, (int)(i / magnitudes), (int)(i % magnitudes), k);
    error = tv_asymptotics_of(&t->rivals, &c, t->asymptotics[i]);
  }
  if (error) tv_theory_destroy(&t);
  *out = t;
  return error;
}

void tv_theory_destroy(tv_theory **theory) {
  if (!*theory) return;
  tv_spectra_destroy(&(*theory)->spectra);
  free((*theory)->asymptotics);
  free(*theory);
  *theory = NULL;
}

tv_summary tv_theory_summary(const tv_theory *t, int magnitude, tv_asymptotic which) {
  return (which >= TV_ALPHA2 ? tv_summary_over_needs : tv_summary_over)(
      &t->asymptotics[magnitude][which], (long)t->spectra->magnitudes * TV_ASYMPTOTICS,
      t->spectra->replicates);
}

int tv_theory_count(const tv_theory *t, int magnitude, int favoured) {
  int count = 0;
  for (int r = 0; r < t->spectra->replicates; ++r)
    count += tv_favoured(t->asymptotics[r * t->spectra->magnitudes + magnitude]) == favoured;
  return count;
}
