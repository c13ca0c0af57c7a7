/* The values of a solution's rows, which say what each is worth, and ties between them. */
#ifndef TWOVIEW_METHODS_VALUES_H
#define TWOVIEW_METHODS_VALUES_H

#include "twoview/methods/method.h"

/* Of row i of a solution that has values: omega of JE, phi of RC, a variance of PCA.  Not
 * collective. */
double tv_solution_value(const tv_method *method, const tv_solution *solution, int i);

/* Whether the k-th value is no larger than the next, but for rounding: then other encoders of k
 * rows do as well. The problem has been examined (degeneracy.h).                     Not
 * collective. */
int tv_solution_is_tied(const tv_statistics *statistics, const tv_method *method,
                        const tv_solution *solution, int k);

/* The gap between the k-th value and the next, relative to the former; 0 where they are tied, NaN
 * where there is no next one.                                                   Not collective. */
double tv_solution_gap(const tv_statistics *statistics, const tv_method *method,
                       const tv_solution *solution, int k);

/* Why the k-th of some values, largest first, is tied with the next. Not collective. */
typedef enum { TV_TIE_AT_ZERO, TV_TIE_AT_ONE, TV_TIE_OF_ALL, TV_TIE_OF_SOME, TV_TIES } tv_tie;
tv_tie tv_tie_of(const tv_method *method, const double *values, int k);

/* The same in words, with what to do, after `method: `. Static. */
const char *tv_tie_words(tv_tie tie);

/* Why values are below 0, and what to do: after a comma. */
extern const char tv_negative_words[];

#endif
