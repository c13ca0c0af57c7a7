/* What the unit tests share: running one topic's cases, and asserting on errors. */
#ifndef TWOVIEW_SUPPORT_UNIT_H
#define TWOVIEW_SUPPORT_UNIT_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "twoview/base/error.h"

enum { HANG_SECONDS = 600 }; /* however busy the machine is, no test takes so long */

/* Takes over the case. Returns the exit status. */
int unit_run(const char *topic, TCase *cases);

/* The same with a fresh folder as the working directory, removed with its files even when a test
 * dies in it. */
int unit_run_in_folder(const char *topic, TCase *cases);

/* Remove the files of the working directory: a fixture for tests that want it empty. */
void unit_clear_folder(void);

void expect_success(tv_error *error);

/* The error is of this kind and its message has both parts. */
void expect_error(tv_error *error, int exit_code, const char *part, const char *other);

#endif
