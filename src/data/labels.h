/* Class labels in an HDF5 file: integers from 0; strings; or a categorical of AnnData, a group of
 * `codes`, the places of the labels among its `categories`. Strings are numbered in the order of
 * their bytes, those that some sample has, and are the classes' names. */
#ifndef TWOVIEW_DATA_LABELS_H
#define TWOVIEW_DATA_LABELS_H

#include "hdf5_dataset.h"
#include "packing.h"
#include "twoview/data/shard.h"
#include "twoview/data/source.h"

enum { TV_MOST_CLASSES = 1 << 16 };

typedef struct {
  const char *path, *name;  /* borrowed: of the file, and of the dataset or group */
  char *inner[2];           /* owned: names of the categorical's datasets; NULL: there is none */
  tv_dataset values;        /* integers, strings or codes */
  tv_packing packing;       /* of integers */
  int is_unsigned, is_text; /* of `values` */
  char **categories;        /* owned: texts of the codes, ... */
  int64_t *numbers;         /* owned: ... or integers; both NULL: not a categorical */
  int category_count;
  int64_t *class_of;   /* owned: the class of each category that is a text, once they are settled */
  char *text, **names; /* owned: names of the classes, sorted; NULL: they are numbers */
  int name_count;
} tv_labels;

/* Open the labels of `name`, to be closed with tv_labels_close after an error too. Bytes of caches
 * are added to `cache_bytes`. Errors: of tv_dataset_open; a group that is no categorical;
 * categories that are no labels. Not collective. */
tv_error *tv_labels_open(hid_t file, const char *path, const char *name, tv_labels *out,
                         double *cache_bytes);
void tv_labels_close(tv_labels *labels);

/* Read rows [first, first + count) and check them. Errors name the row: no label; one that is no
 * text, too long or too large; a code beyond the categories. Not collective. */
tv_error *tv_labels_try(const tv_labels *labels, int64_t first, int64_t count);

/* Read the labels of this rank's shards, agree upon the classes and number them: targets and class
 * names of the source are set. Errors: of tv_labels_try; too many classes. Collective. */
tv_error *tv_labels_settle(tv_labels *labels, const tv_partition *partition, tv_source *source);

/* Number the classes as these names are, among which all of the labels' are. Not collective. */
tv_error *tv_labels_renumber(tv_labels *labels, char *const *names, int count);

/* The classes of rows [first, first + count), once they are settled. Not collective. */
tv_error *tv_labels_read(const tv_labels *labels, int64_t first, int64_t count, int64_t *classes);

#endif
