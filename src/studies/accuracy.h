/* How often the probe of an encoder predicts the class of a row. */
#ifndef TWOVIEW_STUDIES_ACCURACY_H
#define TWOVIEW_STUDIES_ACCURACY_H

#include "point_rows.h"
#include "twoview/studies/results.h"

/* Apply the results' maps to the scored rows, corrupted by one draw each and as they are, and let
 * the two quantities be the shares of rows whose largest predicted target is their own class, where
 * they are finite before. Every row is read once, or as often as memory for the maps of all points
 * asks for. Collective. */
tv_error *tv_accuracy_assess(const tv_study_inputs *inputs, const tv_sampling *scored,
                             const int quantity[TV_CONDITIONS], tv_results *results);

#endif
