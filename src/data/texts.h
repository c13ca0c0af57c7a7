/* Texts of HDF5 datasets, and sets of them that all ranks agree upon. */
#ifndef TWOVIEW_DATA_TEXTS_H
#define TWOVIEW_DATA_TEXTS_H

#include <mpi.h>

#include "hdf5_dataset.h"
#include "twoview/base/text.h"

/* What is done with the text of a row, which stays the caller's. */
typedef tv_error *tv_text_visitor(void *context, int64_t row, const char *text);

/* Visit the texts of rows [first, first + count) of a one-dimensional dataset of strings, block by
 * block. Errors, by row: one that is empty, longer than TV_LONGEST_TEXT, or not plain UTF-8 (NUL
 * bytes, control characters); and those of `visit`. Not collective. */
tv_error *tv_texts_visit(const tv_dataset *dataset, int64_t first, int64_t count,
                         tv_text_visitor *visit, void *context);

/* A set of texts. Zero but for `of` and `most` it is empty. Free with tv_text_set_free. */
typedef struct {
  const tv_dataset *of; /* borrowed: for messages */
  int most;             /* texts that it may hold */
  void *tree;           /* owned, of search.h */
  int count;
} tv_text_set;

tv_error *tv_text_set_add(tv_text_set *set, const char *text);
void tv_text_set_free(tv_text_set *set);

/* The union of all ranks' sets in the order of bytes, a line for each, on every rank, which owns
 * it. An error that a rank had before, `mine`, is everybody's; so is one of too many texts.
 *                                                                                    Collective. */
tv_error *tv_text_set_unite(MPI_Comm comm, tv_text_set *set, tv_error *mine, char **lines);

#endif
