#include "experiments.h"

#include <stdio.h>

#include "twoview/kinds.h"
#include "unit.h"

const char plain[] = "source:\n"
                     "  type: gaussian\n"
                     "  spectrum: [4, 1]\n"
                     "noise: {components: 3, lambda_max: [1, 10]}\n"
                     "augmentation: {theta_max: 0.5, alpha: [0, 1]}\n"
                     "samples: [10, 200]\n"
                     "encoder: {k: 2}\n";

const char *const no_overrides[] = {NULL};

char *edited(const char *old, const char *replacement) {
  const char *at = *old ? strstr(plain, old) : plain + strlen(plain);
  ck_assert_msg(at != NULL, "'%s' does not occur in the plain text", old);
  char *text = malloc(sizeof plain + strlen(replacement));
  ck_assert_ptr_nonnull(text);
  sprintf(text, "%.*s%s%s", (int)(at - plain), plain, replacement, at + strlen(old));
  return text;
}

tv_experiment *parse(const char *text, const char *const *overrides) {
  tv_experiment *e;
  expect_success(tv_experiment_parse("x.yaml", text, overrides, &tv_kinds_all, &e));
  ck_assert_ptr_nonnull(e);
  return e;
}

void expect_refusal(const char *text, const char *const *overrides, const char *where,
                    const char *reason) {
  tv_experiment *e;
  expect_error(tv_experiment_parse("x.yaml", text, overrides, &tv_kinds_all, &e), TV_EXIT_USAGE,
               where, reason);
  ck_assert_ptr_null(e);
}
