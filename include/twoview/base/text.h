/* "Did you mean": the nearest of a list of words. */
#ifndef TWOVIEW_BASE_TEXT_H
#define TWOVIEW_BASE_TEXT_H

/* The word of `words` (NULL-terminated) with the smallest edit distance to `typed`; NULL for an
 * empty list. Borrowed from `words`. */
const char *tv_suggest(const char *typed, const char *const *words);

#endif
