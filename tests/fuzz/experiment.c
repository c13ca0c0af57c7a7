/* An experiment file and, behind zero bytes, values of --set. What is accepted is printed, parsed
 * again and printed again: both prints have to be equal. */
#include "twoview/experiment/experiment.h"
#include "twoview/kinds.h"

#include "fuzz.h"

enum { MOST_OVERRIDES = 4 };

static void require(int holds, const char *what, const tv_error *error) {
  if (holds) return;
  fprintf(stderr, "%s%s\n", what, error ? error->message : "");
  abort();
}

static char *print(const tv_experiment *experiment) {
  char *text = NULL;
  tv_error *error = tv_experiment_print(experiment, &text);
  require(!error, "an accepted experiment cannot be printed: ", error);
  return text;
}

static void expect_same_again(const tv_experiment *experiment) {
  static const char *const none[] = {NULL};
  tv_experiment *again = NULL;
  char *text = print(experiment);
  tv_error *error = tv_experiment_parse("printed.yaml", text, none, &tv_kinds_all, &again);
  require(!error, "a printed experiment is refused: ", error);
  char *text_again = print(again);
  require(strcmp(text, text_again) == 0, "printed again, the experiment is another one", NULL);
  free(text_again);
  free(text);
  tv_experiment_destroy(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  const char *overrides[MOST_OVERRIDES + 1] = {NULL};
  char *text = malloc(length + 1);
  if (!text) abort();
  if (length) memcpy(text, bytes, length);
  text[length] = '\0';
  const char *next = text + strlen(text) + 1;
  for (int i = 0; i < MOST_OVERRIDES && next < text + length; next += strlen(next) + 1)
    overrides[i++] = next;
  tv_experiment *experiment = NULL;
  tv_error *error = tv_experiment_parse("fuzz.yaml", text, overrides, &tv_kinds_all, &experiment);
  if (!error) expect_same_again(experiment);
  tv_error_free(error);
  tv_experiment_destroy(&experiment);
  free(text);
  return 0;
}
