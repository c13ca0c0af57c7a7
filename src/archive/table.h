/* The table of variables, for the files that fill, read and check archives. */
#ifndef TWOVIEW_ARCHIVE_TABLE_H
#define TWOVIEW_ARCHIVE_TABLE_H

#include <stddef.h>

#include "bulk.h"
#include "twoview/archive/archive.h"
#include "twoview/archive/schema.h"
#include "verify_derived.h"

enum { TV_MOST_ROW_DIMENSIONS = 9 };

/* What every rank reports about its work: ranks x TV_STAGES, or ranks. */
typedef struct {
  int ranks;
  const char **host;
  double *seconds, *flops, *sent, *archive_seconds, *peak_memory;
} tv_reports;

/* What is written by one process. */
typedef struct {
  const tv_record *record;
  const char **digest;       /* replicates x sample sizes */
  const double *mean;        /* of the features of the source; of components: 0 */
  const double *weights;     /* frequencies of random Fourier features, of the source's numbers */
  const int64_t *row;        /* replicates x represented samples: numbers in the data set; NULL */
  const tv_reports *reports; /* NULL: not known yet */
} tv_contents;

/* Whether there is a variable for each quantity or list of the study or for each method, or one. */
typedef enum { TV_ONCE, TV_EACH_QUANTITY, TV_EACH_LIST, TV_EACH_METHOD } tv_repetition;

/* The structure in archive.h that a variable is read to, at `offset`. */
typedef enum { TV_NOT_READ, TV_TO_ARCHIVE, TV_TO_WORK } tv_reader;

struct tv_variable_row {
  tv_label label; /* of a method: its name follows this one; of a quantity: its own */
  tv_element element;
  tv_place place;
  tv_repetition repetition;
  unsigned char dimensions[TV_MOST_ROW_DIMENSIONS + 1];
  int (*exists)(const tv_schema *schema, int item);        /* NULL: in every archive */
  const void *(*values)(const tv_contents *all, int item); /* NULL: by `write`, or of samples */
  tv_bulk_writer *write;                                   /* item by item */
  tv_verifier *verify;     /* by what determines its values; NULL: nothing in the archive does */
  const tv_domain *domain; /* NULL: any number may stand there, or the quantity has its own */
  const char *beyond;      /* what another number is, for readers that refuse it; NULL: they take
                            * it as it is */
  tv_reader reader;
  size_t offset;
  int since;         /* the first version of the format that has it; 0: all */
  const char *first; /* of a coordinate: its name in format 1; NULL: the same */
  int holds_digests;
  int is_noise_like;   /* found or drawn numbers, of which no two are alike */
  int item_rank;       /* of what is written item by item: its dimensions, if not 2 */
  int is_by_replicate; /* written one replicate after the other */
  int is_free;         /* a coordinate of a length that only the extent determines */
};

/* The variable that tells whether classes have names. */
#define TV_CLASS_NAME "class_name"

/* The table: a row for each variable, or for those of each quantity or method; coordinates have
 * rows of their own, in dimensions.h. */
extern const struct tv_variable_row tv_rows[];
extern const int tv_row_count;

/* The name of the axes of the features, rows of components. */
#define TV_PRINCIPAL_AXES "principal_axes"

/* Where rows are read to. */
#define TO_ARCHIVE(member) .reader = TV_TO_ARCHIVE, .offset = offsetof(tv_archive, member)
#define TO_WORK(member)    .reader = TV_TO_WORK, .offset = offsetof(tv_archive_work, member)

#endif
