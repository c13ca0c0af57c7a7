/* Values of an archive that others of it, or its experiment, determine: compared with these, within
 * what rounding may leave between machines. Each is a column of the table of variables. */
#ifndef TWOVIEW_ARCHIVE_VERIFY_DERIVED_H
#define TWOVIEW_ARCHIVE_VERIFY_DERIVED_H

#include "verification.h"

/* Report where the values of a variable, which has been found whole, are not what they should be.
 */
typedef void tv_verifier(tv_verification *v, hid_t file, const tv_variable *variable);

tv_verifier tv_verify_gamma, tv_verify_theta, tv_verify_thresholds, tv_verify_axes,
    tv_verify_transform, tv_verify_representation;

#endif
