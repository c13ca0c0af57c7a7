/* What an archive holds: each of its variables is a row of one table, in schema.c. By that it is
 * written, read, verified, joined and counted. */
#ifndef TWOVIEW_ARCHIVE_SCHEMA_H
#define TWOVIEW_ARCHIVE_SCHEMA_H

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

/* The name of the group; "" for the root, and for the run, whose parts are named by numbers. */
const char *tv_place_name(tv_place place);

/* The group whose attributes are the keys of the experiment, from format 2 on. */
#define TV_SETTINGS "experiment"

/* What the experiment does not say. */
typedef struct {
  int format;     /* version */
  int components; /* important ones */
  int targets;
  int features; /* of the source */
  int ranks;
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
  int is_coordinate, is_free;        /* free: only the extent tells its length */
  int64_t first;                     /* of a coordinate: its values are this and those after it, */
  const void *values;                /* or these, of its element; NULL */
  const struct tv_variable_row *row; /* in the table */
} tv_variable;

typedef struct tv_schema tv_schema;

/* All variables of the archive of an experiment, which is borrowed. Free with
 * tv_schema_destroy. */
tv_error *tv_schema_make(const tv_experiment *experiment, const tv_extent *extent, tv_schema **out);
void tv_schema_destroy(tv_schema **schema);

/* The same of an archive that is there, which tells the rest. Not collective. */
tv_error *tv_schema_of_file(const tv_experiment *experiment, int format, hid_t file,
                            tv_schema **out);

/* What only the data and the run tell of it. */
const tv_extent *tv_schema_extent(const tv_schema *schema);

/* Whether the features of the source are rotated to components, instead of being some. */
int tv_schema_is_rotated(const tv_schema *schema);

/* The i-th variable, NULL after the last; coordinates come before the variables over them. */
const tv_variable *tv_schema_at(const tv_schema *schema, int i);

/* The one of that name in that place, or NULL. */
const tv_variable *tv_schema_find(const tv_schema *schema, tv_place place, const char *name);

/* Whether a dimension of that name counts replicates; and whether what a run says of its ranks has
 * it. */
int tv_schema_is_of_replicates(const char *dimension);
int tv_schema_is_of_run(const char *dimension);

/* How many values a variable has. */
int64_t tv_variable_length(const tv_variable *variable);

/* Into how many chunks one that is written item by item is cut. Replicates share none. */
double tv_variable_chunks(const tv_variable *variable);

/* The bytes of the archive at most, uncompressed. */
double tv_schema_bytes(const tv_schema *schema);

/* How many of a replicate's samples are written at a time; every rank then holds them. */
int64_t tv_samples_piece(int width, int64_t samples);

#endif
