/* Labelled arrays of existing files: the names and lengths of their dimensions, and copies of them
 * in other files. One process. */
#ifndef TWOVIEW_HDF5_ARRAY_COPY_H
#define TWOVIEW_HDF5_ARRAY_COPY_H

#include "twoview/hdf5/array.h"

/* The name of a dimension of a dataset, without its groups; "" where there is none. A coordinate is
 * its own dimension. */
void tv_label_dimension(hid_t set, int dimension, char name[TV_NAME_LENGTH]);

/* The length of a coordinate of the group, or else of the root; -1 where there is none. */
int64_t tv_label_length(hid_t group, const char *dimension);

/* Create in a group, or in one of another file, a dataset like this one: type, filters, attributes,
 * and the dimensions of the same names that the group, or else the root, has. Its length along the
 * first dimension is `length`. It has no values yet; the caller closes it. */
tv_error *tv_label_like(hid_t set, hid_t group, const char *name, hsize_t length, hid_t *out);

/* Copy the attributes of an object that another one lacks, but those that make dimensions. */
tv_error *tv_attributes_copy(hid_t from, hid_t to);

/* A text, a number or a short list of integers as text, owned by the caller; NULL where there is
 * none such. */
tv_error *tv_attribute_print(hid_t object, const char *name, char **text);

/* A list of `count` integers, if the attribute is there; another one is an error. */
tv_error *tv_attribute_integers(hid_t object, const char *name, int count, int64_t *out,
                                int *is_there);

#endif
