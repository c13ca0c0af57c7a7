/* The keys of the resolved experiment as attributes of a group, for readers without YAML. */
#ifndef TWOVIEW_ARCHIVE_SETTINGS_H
#define TWOVIEW_ARCHIVE_SETTINGS_H

#include <hdf5.h>

#include "twoview/experiment/experiment.h"

/* Write them to the group of a file, in the place of those that are there: names with dots,
 * `noise.components`; integers (of truth values 0 and 1), numbers and texts, and lists of them. One
 * process. */
tv_error *tv_settings_write(hid_t root, const tv_experiment *experiment);

/* Report to `report` each key that the group, which is open, lacks or has with another value. One
 * process. */
tv_error *tv_settings_compare(hid_t group, const tv_experiment *experiment,
                              void (*report)(void *context, const char *key), void *context);

#endif
