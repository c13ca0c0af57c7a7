/* Between the parts of a verification. */
#ifndef TWOVIEW_ARCHIVE_VERIFICATION_H
#define TWOVIEW_ARCHIVE_VERIFICATION_H

#include <hdf5.h>
#include <stdio.h>

#include "twoview/archive/schema.h"
#include "twoview/experiment/experiment.h"

typedef struct {
  const char *path;
  int file; /* open */
  FILE *out;
  int accepts, is_sealed, problems;
  tv_schema *schema;
  int datasets;
  int64_t undefined;  /* values of encoders, decoders and representations that are NaN */
  int64_t impossible; /* values of the dataset that is being read */
  double first_impossible;
} tv_verification;

/* Report one problem. */
void tv_verify_problem(tv_verification *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Compare the measured values with the status beside them, and all with what determines them. They
 * have been found whole. */
void tv_verify_values(tv_verification *v, hid_t file, const tv_experiment *experiment);

/* How many items a variable has that is written item by item. */
int64_t tv_verify_items(const tv_variable *variable);

/* The numbers of one of them; and of the first rows of a replicate. */
tv_error *tv_verify_read_item(hid_t file, const tv_variable *variable, int64_t item, double *out);
tv_error *tv_verify_read_rows(hid_t file, const tv_variable *variable, int64_t replicate,
                              int64_t rows, double *out);

/* The numbers of a dataset, owned by the caller; NULL, and a problem reported, where they cannot be
 * read. */
double *tv_verify_read(tv_verification *v, hid_t file, const char *name, int64_t *count);

#endif
