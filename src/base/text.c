#include "twoview/base/text.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_WORD = 64 };

static int smaller(int a, int b) {
  return a < b ? a : b;
}

/* Levenshtein's distance, one row at a time; longer words are compared by their beginnings. */
static int edit_distance(const char *a, const char *b) {
  int row[LONGEST_WORD + 1];
  const int length_a = smaller((int)strlen(a), LONGEST_WORD);
  const int length_b = smaller((int)strlen(b), LONGEST_WORD);
  for (int j = 0; j <= length_b; ++j) row[j] = j;
  for (int i = 1; i <= length_a; ++i) {
    int diagonal = row[0];
    row[0] = i;
    for (int j = 1; j <= length_b; ++j) {
      const int replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = smaller(replaced, smaller(row[j], row[j - 1]) + 1);
    }
  }
  return row[length_b];
}

const char *tv_suggest(const char *typed, const char *const *words) {
  const char *best = NULL;
  int best_distance = 0;
  for (; *words; ++words) {
    const int distance = edit_distance(typed, *words);
    if (!best || distance < best_distance) {
      best = *words;
      best_distance = distance;
    }
  }
  return best;
}
