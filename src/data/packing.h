/* The attributes by which netCDF files say how the numbers of a dataset are packed and which of
 * them stand for missing values, as xarray reads them: _FillValue, missing_value, scale_factor,
 * add_offset and _Unsigned. */
#ifndef TWOVIEW_DATA_PACKING_H
#define TWOVIEW_DATA_PACKING_H

#include "hdf5_dataset.h"
#include "twoview/base/error.h"

enum { TV_MOST_MISSING = 16 };

typedef struct {
  double scale, offset;            /* a value is scale * stored + offset */
  double wrap_from, wrap_by;       /* stored numbers from here on (or, of negative `wrap_by`, up to
                                      here) are of the other sign; wrap_by 0: none */
  double missing[TV_MOST_MISSING]; /* stored numbers that stand for no value */
  int missing_count;
  int is_plain; /* there is nothing to be undone */
} tv_packing;

/* Errors: an attribute of these names that is not of numbers, or of too many.   Not collective. */
tv_error *tv_packing_read(const tv_dataset *dataset, tv_packing *out);

/* Turn stored numbers, `count` rows from `first` on, into values. Errors: a missing value, or one
 * that is not finite, named by row and column.                                  Not collective. */
tv_error *tv_packing_undo(const tv_packing *packing, const tv_dataset *dataset, int64_t first,
                          int64_t count, double *numbers);

#endif
