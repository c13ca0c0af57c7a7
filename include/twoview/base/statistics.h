/* The summary of a number over the replicates, the same in tables, figures and pages: mean and
 * range. And the number of digits with which numbers are shown. */
#ifndef TWOVIEW_BASE_STATISTICS_H
#define TWOVIEW_BASE_STATISTICS_H

/* Mean, least and largest of the values that are not NaN (NaN if none). */
typedef struct {
  double mean, least, largest;
} tv_summary;

/* Of values[0], values[stride], ..., `count` of them. */
tv_summary tv_summary_over(const double *values, long stride, int count);

/* The same of critical alignments alpha^2. Those of theory and prediction are negative where no
 * alignment is needed; a measured one ends at 0. A negative value counts as 0, so that all averages
 * mean the same. */
tv_summary tv_summary_over_needs(const double *values, long stride, int count);

enum { TV_LEAST_DIGITS = 4, TV_MOST_DIGITS = 17 };

/* The significant digits, TV_LEAST_DIGITS or more, with which %g shows no two different ones of the
 * values alike. TV_MOST_DIGITS where memory lacks. Costs a sort. */
int tv_digits_of(const double *values, long count);

enum { TV_NUMBER_TEXT = 32 };

/* The shortest decimal number that reads back as the value, and the same for messages, where
 * large numbers have exponents as with %g but numbers that differ look different. Returns `out`. */
void tv_number_format(double value, char out[TV_NUMBER_TEXT]);
const char *tv_number_text(double value, char out[TV_NUMBER_TEXT]);

/* The latter as an argument of a message: it lives as long as the block it stands in. */
#define TV_EXACT(value) tv_number_text(value, (char[TV_NUMBER_TEXT]){""})

/* The width of a column of such numbers, not below `least`. */
int tv_width_of(int digits, int least);

enum { TV_SUMMARY_TEXT = 96 };

/* "1.5 [1.2, 1.9]", to `digits` or as many as distinguish the ends; "1.5" where these are equal up
 * to rounding, "not defined" for NaN. */
void tv_summary_format(const tv_summary *summary, int digits, char out[TV_SUMMARY_TEXT]);

#endif
