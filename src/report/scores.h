/* Scores over replicates; and those of the view model's archives: how well a linear probe of each
 * encoder predicts the targets of rows held out or, where there are none, of the training rows. */
#ifndef TWOVIEW_REPORT_SCORES_H
#define TWOVIEW_REPORT_SCORES_H

#include "parts.h"

/* A row for each score; those of the view model are the better the larger. */
typedef struct {
  const char *name, *html; /* plain, and for the page */
  int is_clean;            /* found on clean rows, in place of corrupted ones */
  int quantity;
  int relative_to; /* the quantity of which the first one is a share, and the score 1 less that
                    * share; -1: the score is the quantity */
} tv_score;

/* Whether it is known of any solution. */
int tv_score_exists(const tv_archive *archive, const tv_score *score);

/* Those that an archive of the view model has, none without targets, clean ones where they differ.
 * The first is the one that methods are compared by. */
enum { TV_MOST_SCORES = 4 };
int tv_scores_of(const tv_archive *archive, const tv_score *out[TV_MOST_SCORES]);

/* "held-out" or "training": the rows of all scores; and "corrupted ", "clean " or, of data that are
 * not corrupted, "" before it. */
const char *tv_rows_scored(const tv_archive *archive);
const char *tv_rows_condition(const tv_archive *archive, const tv_score *score);

/* A score of a method, in every replicate. */
typedef struct {
  const tv_archive *archive; /* borrowed, as the row */
  const tv_score *score;
  int severity, strength, level, method; /* indices */
} tv_scored;

/* Over the replicates: of the score; of how much larger it is than another one; and of how far it
 * falls from the first severity to the others, on average over these. */
tv_summary tv_score_summary(const tv_scored *at);
tv_summary tv_score_difference(const tv_scored *at, const tv_scored *other);
tv_summary tv_score_drop(const tv_scored *at);

/* "0.4321", with the range over replicates where it can be seen; "not defined" for NaN. */
void tv_score_format(const tv_summary *summary, char out[TV_SUMMARY_TEXT]);

/* The strength with the best mean of the score at the severity, and over all severities; and
 * whether the method scores the same at every strength. */
int tv_best_strength(const tv_scored *at);
int tv_best_strength_of_all(const tv_scored *at);
int tv_is_indifferent(const tv_scored *at);

/* Which of the rivals predicts better at each severity and the largest n, each at its best
 * strength, in whole sentences of plain text; for an archive that has both, and scores. */
int tv_has_verdict(const tv_archive *archive);
void tv_put_verdict(const tv_archive *archive, FILE *out);

#endif
