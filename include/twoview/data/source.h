/* Sources of samples. A source yields rows in storage order; it does not know which of them belong
 * to a subsample. File sources hold the same rows for every replicate; generated ones draw fresh
 * rows for each. */
#ifndef TWOVIEW_DATA_SOURCE_H
#define TWOVIEW_DATA_SOURCE_H

#include <stdint.h>

#include "twoview/base/digest.h"
#include "twoview/data/shape.h"
#include "twoview/data/shard.h"
#include "twoview/experiment/experiment.h"
#include "twoview/experiment/key.h"

enum { TV_MOST_FILES = 12 }; /* rows held out, and textures, included */

/* What is true of some numbers: each includes the one before. */
typedef enum { TV_ANY_NUMBERS, TV_NOT_NEGATIVE, TV_COUNTS } tv_numbers;

typedef struct {
  char *path;
  int64_t bytes;
  char digest[TV_DIGEST_LENGTH]; /* SHA-256, "" when not taken */
} tv_source_file;

typedef struct tv_source tv_source;
typedef struct tv_sparse_rows tv_sparse_rows;

/* A kind of source: a row, in a file of its own, whose keys stand beside `source.type`. */
typedef struct {
  tv_kind kind;
  int is_generated;   /* as many rows as wanted, fresh for each replicate; else a data set's */
  int has_components; /* the features are their principal components already */
  /* Open `source`, which is zero but for its kind. What has been allocated is freed by its `close`
   * and tv_source_close, after an error too.                                          Collective.
   */
  tv_error *(*open)(const tv_experiment *experiment, MPI_Comm comm, tv_source *source);
} tv_source_kind;

/* A key of the kinds whose rows may stand for a population. */
extern const tv_word tv_source_roles[];
#define TV_SOURCE_AS                                                                               \
  {                                                                                                \
    .name = "as", .type = TV_KEY_CHOICE, .offset = offsetof(tv_source_spec, role), .is_common = 1, \
    .words = tv_source_roles, .standard = "sample", .is_quiet = 1,                                 \
    .help = "`sample`, or `population`, whose second moments are scaled to any n (with "           \
            "`noise.sampler: law`)"                                                                \
  }

/* A key of the kinds that can give views. */
#define TV_SOURCE_VIEWS                                                                            \
  {                                                                                                \
    TV_KEY(tv_source_spec, views, TV_KEY_TEXT),                                                    \
        .is_common = 1, .is_quiet = 1, .otherwise = "made by `augmentation.chain`",                \
        .help = "array of views that another program made of the samples: samples x views x "      \
                "features (or rows x columns (x channels)), at least two views"                    \
  }

struct tv_source {
  const tv_source_kind *kind;
  int64_t rows;                        /* samples; INT64_MAX: generated ones */
  int features;                        /* of a sample */
  tv_shape shape;                      /* ... and how they are arranged */
  double scale;                        /* by which its numbers are divided */
  char *where;                         /* owned: file, and dataset, of the samples, for messages */
  struct tv_preparation *preparation;  /* owned: of its rows; NULL: they come as they are */
  int targets;                         /* of a sample; classes are one-hot; 0: none */
  int has_classes;                     /* targets are the indicators of classes */
  char *const *class_names;            /* borrowed from `state`; NULL: classes are numbers */
  unsigned char *class_is_seen;        /* owned, of each number of a class; NULL: they have names */
  tv_source_file files[TV_MOST_FILES]; /* provenance: on rank 0 */
  void *state;                         /* owned, of the kind of source */
  double cache_bytes;                  /* that each rank will come to hold while it reads */

  /* Generated sources know their population. Of features that are its principal components already
   * their variances, largest first, about a mean of 0. */
  const double *variances;

  /* Of other generated features its mean, and its covariance (features x features) into the lower
   * triangle of `covariance`. */
  void (*population)(const tv_source *source, double *mean, double *covariance);

  /* tv_source_read before numbers are divided by the scale, and prepared. */
  tv_error *(*read)(const tv_source *source, int replicate, int64_t first, int count, double *x,
                    double *y);

  /* Sources that give views of their samples: so many of each, and those of rows [first, first +
   * count), count x views x features; not divided by the scale. Else 0 and NULL. */
  int views;
  tv_error *(*read_views)(const tv_source *source, int64_t first, int64_t count, double *out);

  /* Sources whose numbers are mostly 0: the same rows without those, borrowed until it reads again;
   * else NULL. */
  tv_error *(*read_sparse)(const tv_source *source, int64_t first, int count, double *y,
                           const tv_sparse_rows **rows);

  /* Sources of bytes: the same rows as they are stored, count x features; else NULL. */
  const unsigned char *(*bytes)(const tv_source *source, int64_t first);

  /* Sources that can make any features of any samples alone, and whose targets are linear in the
   * features, y = weights' x + noise e with e standard normal (TV_FOR_TARGETS); else NULL.
   * Features [from, from + width) of the given rows go to x + i * leading.       Not collective. */
  tv_error *(*read_features)(const tv_source *source, int replicate, const int64_t *rows, int count,
                             int from, int width, double *x, int leading);
  const double *teacher_weights; /* features x targets, column-major */
  double teacher_noise;

  /* Generated sources whose rows are linear in the indicators of `law_classes` equally likely
   * classes (one: the constant 1), in a standard normal for each feature and in `law_noises` more
   * of them. Turns `count` linear combinations of rows from those terms (indicators: count x
   * law_classes, x: count x features, y: the further ones) to x and y (count x targets).  Not
   * collective. */
  void (*combine)(const tv_source *source, int count, const double *indicators, double *x,
                  double *y);
  int law_classes, law_noises;

  /* Sources whose classes may have names: number them as in another source, which has all of them.
   * Not collective. */
  tv_error *(*renumber)(tv_source *source, const tv_source *other);

  void (*close)(tv_source *source);
};

/* Open the experiment's source; this rank keeps the rows of its shards at hand. They are prepared
 * as the experiment says (preparation.h). Free with tv_source_close.                Collective. */
tv_error *tv_source_open(const tv_experiment *experiment, MPI_Comm comm, tv_source **out);

/* The same of a data set beside it, of any number of rows and features, whose spec is borrowed. Its
 * numbers are divided by a scale of its own, or by the source's where it has none; its rows come as
 * they are. Collective. */
tv_error *tv_source_open_beside(const tv_experiment *experiment, const tv_source_spec *spec,
                                MPI_Comm comm, tv_source **out);
void tv_source_close(tv_source **source);

/* Rows [first, first + count), count <= TV_BATCH, of a replicate: x is count x features, y is
 * count x targets, rows contiguous. Rows of file sources must lie in this rank's shards. Not
 * collective. */
tv_error *tv_source_read(const tv_source *source, int replicate, int64_t first, int count,
                         double *x, double *y);

/* What is true of all numbers of the samples, and the first one of which no more is true; row -1:
 * it is not known, or all are counts. */
typedef struct {
  tv_numbers numbers;
  int64_t row;
  int feature;
  double number;
} tv_numbers_found;

/* Generated numbers may be any. Reads the data once, unless they are bytes.         Collective. */
tv_error *tv_source_find_numbers(const tv_source *source, int shards, MPI_Comm comm,
                                 tv_numbers_found *out);

/* What is true of one number, and of two kinds together.                        Not collective. */
tv_numbers tv_numbers_of(double number);
tv_numbers tv_numbers_both(tv_numbers a, tv_numbers b);

/* The views that it gives of rows [first, first + count), divided by the scale.  Not collective. */
tv_error *tv_source_read_views(const tv_source *source, int64_t first, int64_t count, double *out);

/* The row of an experiment's source. */
const tv_source_kind *tv_source_kind_of(const tv_experiment *experiment);

/* The number of classes, up to the largest label that any rank has seen; `is_seen` says so of each
 * up to `most`, for all ranks together afterwards, and is kept as `class_is_seen`. Those between
 * without a sample are classes as well: a warning on stderr names the first, and the file and
 * dataset (NULL: of a file that holds nothing else). Collective. */
tv_error *tv_source_count_classes(tv_source *source, const char *file, const char *dataset,
                                  unsigned char *is_seen, int most, MPI_Comm comm);

/* For the check of kinds that have both keys: refuse labels and targets at once, either of which
 * may be NULL.                                                                      Not collective.
 */
tv_error *tv_source_expect_one_answer(const tv_experiment *experiment, const char *labels,
                                      const char *targets);

/* Say where the samples are: in a file, and in a dataset of it (NULL: there is nothing else). Not
 * collective. */
tv_error *tv_source_place(tv_source *source, const char *file, const char *dataset);

/* Files are noted for provenance, and digested unless they are larger than 4 GiB, by rank 0 or by
 * one that has noted them too and passes the digests on.                        Not collective. */
tv_error *tv_source_note_file(tv_source *source, const char *path);
tv_error *tv_source_digest_files(tv_source *source);

/* Files of a data set beside a source come to be noted as files of the source, in the order in
 * which they are handed over; those that it has already are passed over.        Not collective. */
tv_error *tv_source_hand_over_files(tv_source *from, tv_source *to);

/* A rank that has time for it while rank 0 reads: the last one of rank 0's host.    Collective. */
int tv_source_digesting_rank(MPI_Comm comm);

/* Hand the digests of that rank to rank 0.                                          Collective. */
void tv_source_pass_digests(tv_source *source, MPI_Comm comm, int digesting_rank);

#endif
