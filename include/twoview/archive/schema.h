/* What an archive holds: each of its variables is a row of one table, in table.c. By that it is
 * written, read, verified, joined and counted. */
#ifndef TWOVIEW_ARCHIVE_SCHEMA_H
#define TWOVIEW_ARCHIVE_SCHEMA_H

#include "twoview/base/stopwatch.h"
#include "twoview/experiment/experiment.h"
#include "twoview/hdf5/array.h"

/* The attribute `format_version`, which says what the names in an archive mean: of those that are
 * written, and the first that is still read. */
enum { TV_FORMAT_VERSION = 2, TV_FIRST_FORMAT = 1 };

/* The group of a variable. */
typedef enum {
  TV_IN_ROOT,
  TV_IN_SAMPLES,
  TV_IN_RUN /* the root, or a part of an archive that was joined from several runs */
} tv_place;

#define TV_SAMPLES "samples"

/* The group whose attributes are the keys of the experiment, from format 2 on. */
#define TV_SETTINGS "experiment"

/* What the experiment does not say. */
typedef struct {
  int format;     /* version */
  int components; /* important ones */
  int targets;
  int features; /* of the source */
  int ranks;
  int has_class_names; /* boolean */
  int examples;        /* samples, as the steps of a view model change them */
} tv_extent;

/* A variable, or a coordinate, of one archive. */
typedef struct {
  char name[64];
  const char *long_name, *units;
  tv_element element;
  tv_place place;
  int rank;
  const char *dimensions[TV_MOST_DIMENSIONS + 1]; /* names; NULL: no more */
  int64_t shape[TV_MOST_DIMENSIONS];
  int outer; /* leading dimensions, item by item of which it is written
              * after the others, by all ranks; 0: it is not */
  int item;  /* the quantity, or the place of the method in the experiment; 0 for others */
  int is_by_replicate;               /* it is made and written one replicate after the other */
  int is_coordinate, is_free;        /* free: only the extent determines its length */
  int64_t first;                     /* of a coordinate: its values are this and those after it, */
  const void *values;                /* or these, of its element; NULL */
  const tv_domain *domain;           /* the numbers that may stand there; NULL: any */
  const struct tv_variable_row *row; /* in the table */
} tv_variable;

/* All variables of the archive of an experiment, which is borrowed; coordinates come before the
 * variables over them. */
typedef struct {
  const tv_experiment *experiment;
  tv_extent extent;
  tv_variable *variables; /* owned, as the methods */
  int count;
  const char **methods; /* their names, which are not owned */
  const char *stages[TV_STAGES];
  int64_t *k;            /* owned: of the encoders */
  int is_rotated;        /* features are rotated to components, instead of being some */
  int has_features;      /* they are named: in format 1 only where they are rotated */
  int64_t samples_piece; /* of a replicate, that are written at a time; every rank has them then */
} tv_schema;

/* Free with tv_schema_destroy. */
tv_error *tv_schema_make(const tv_experiment *experiment, const tv_extent *extent, tv_schema **out);
void tv_schema_destroy(tv_schema **schema);

/* The same of an archive that is there, which gives the extent. Not collective. */
tv_error *tv_schema_of_file(const tv_experiment *experiment, int format, hid_t file,
                            tv_schema **out);

/* The one of that name in that place, or NULL. */
const tv_variable *tv_schema_find(const tv_schema *schema, tv_place place, const char *name);

/* Whether a dimension of that name counts replicates; and whether what a run says of its ranks has
 * it. */
int tv_schema_is_of_replicates(const char *dimension);
int tv_schema_is_of_run(const char *dimension);

/* How many values a variable has. */
int64_t tv_variable_length(const tv_variable *variable);

/* Whether a number may stand there. */
int tv_variable_holds(const tv_variable *variable, double number);

/* Into how many chunks one that is written item by item is cut. Replicates share none. */
double tv_variable_chunks(const tv_variable *variable);

/* The bytes of the archive at most, uncompressed. */
double tv_schema_bytes(const tv_schema *schema);

#endif
