/* Checkpoints: the finished parts of a run, kept on disk, so that an interrupted run continues
 * where it was, on any number of ranks, and ends with the same bits. The stages of the run register
 * what they have finished (hold), check regularly whether it is time to save (poll), and look up
 * what an earlier session finished (find, read). A checkpoint is one file beside the archive,
 * OUTPUT.checkpoint: written under another name, flushed, and renamed, while the one before it
 * stays as OUTPUT.checkpoint.previous. The one that a session took up is also called
 * OUTPUT.checkpoint.resumed until the session ends, where the file system has hard links.
 *
 * Ranks work at their own pace. A rank that has a reason to save calls the others, and all
 * synchronise and save, each from its next poll on. All functions take a NULL checkpoint: nothing
 * is ever saved or found then. */
#ifndef TWOVIEW_CHECKPOINT_CHECKPOINT_H
#define TWOVIEW_CHECKPOINT_CHECKPOINT_H

#include <mpi.h>
#include <stddef.h>
#include <stdint.h>

#include "twoview/base/error.h"

/* What an array holds. The values are part of the file's format: never renumber. */
typedef enum {
  TV_SAVED_IDENTITY = 1,   /* text: what the run is, to refuse another's checkpoint */
  TV_SAVED_KERNEL = 2,     /* text: the BLAS kernel, on which bits depend */
  TV_SAVED_SESSIONS = 3,   /* how often the run was continued */
  TV_SAVED_RAW = 4,        /* sums over shards of a data set's raw features */
  TV_SAVED_FEATURES = 5,   /* mean, basis and spectrum */
  TV_SAVED_SUMS = 6,       /* sums over shards of the moments */
  TV_SAVED_HEAD = 7,       /* first rows of each nested order, of one rank */
  TV_SAVED_MOMENTS = 8,    /* the moments of all sample sizes */
  TV_SAVED_WIDE = 9,       /* distributed moments: place, blocks, sums over the targets' noise */
  TV_SAVED_CLEAN = 10,     /* solutions on clean inputs */
  TV_SAVED_POINTS = 11,    /* solutions of points */
  TV_SAVED_GIVEN = 12,     /* sums over shards of what the law of the noise is given */
  TV_SAVED_GIVEN_ALL = 13, /* ... and over all of them */
  TV_SAVED_DRAWN = 14,     /* increments that are drawn by it */
  TV_SAVED_SEARCH = 15,    /* the leakages that the search for a point's thresholds has evaluated so
                            * far */
  TV_SAVED_RAW_MEAN = 16,  /* the mean of raw features about which they are summed again */
  TV_SAVED_RAW_AGAIN = 17, /* ... and these sums over shards */
  TV_SAVED_HELD_OUT_SUMS = 18, /* as TV_SAVED_SUMS and TV_SAVED_MOMENTS, of the rows that are */
  TV_SAVED_HELD_OUT = 19,      /* held out */
  TV_SAVED_VIEW_SUMS = 20,     /* the same of sampled views */
  TV_SAVED_VIEWS = 21,
  TV_SAVED_WIDE_HELD_OUT = 22, /* as TV_SAVED_WIDE, of the rows that are held out */
  TV_SAVED_SUBSPACE = 23,      /* passes, shift and basis of the search for principal components */
  TV_SAVED_SUBSPACE_SUMS = 24, /* ... and the sums over shards of a pass */
} tv_saved_kind;

/* An array is of a kind and a part of it, and covers items [first, end): shards, points, ... Parts
 * that are rows of a table, as quantities and methods are, have their name too. */
enum { TV_SAVED_NAME = 40 };
typedef struct {
  int32_t kind, part;
  int64_t first, end;
  char name[TV_SAVED_NAME]; /* "": none; zeros to the end */
} tv_saved_key;

typedef struct tv_checkpoint tv_checkpoint;

typedef struct {
  double begun;      /* MPI_Wtime at the start of the run */
  double every;      /* seconds between checkpoints; 0: 30, or more where saving is slow */
  double time_limit; /* seconds from the start by which the run has to have saved and left */
} tv_checkpoint_policy;

/* Errors: names of an output's checkpoints are too long for the file system, or are folders. Not
 * collective. */
tv_error *tv_checkpoint_expect_names(const char *output);

/* `identity` is borrowed: lines that must be equal in a run and its continuation. Free with
 * tv_checkpoint_destroy.                                                            Collective. */
tv_error *tv_checkpoint_create(const char *output, const char *identity,
                               const tv_checkpoint_policy *policy, MPI_Comm comm,
                               tv_checkpoint **out);
void tv_checkpoint_destroy(tv_checkpoint **checkpoint);

/* Whether there is a checkpoint on disk.                                            Collective. */
int tv_checkpoint_exists(const tv_checkpoint *checkpoint);

/* Whether that was written after a file. One that a run left behind was not written after its
 * archive.                                                                          Collective. */
int tv_checkpoint_is_newer(const tv_checkpoint *checkpoint, const char *than);

/* Take up the checkpoint on disk; when it is damaged, the previous one. Every byte is compared with
 * its digest, each rank reading its share. Errors: both damaged, or of another run, named by the
 * first line that differs.                                                          Collective. */
tv_error *tv_checkpoint_resume(tv_checkpoint *checkpoint);

/* How often the run has been continued so far. */
int64_t tv_checkpoint_sessions(const tv_checkpoint *checkpoint);

/* Remove the files once the archive is whole.                                       Collective. */
tv_error *tv_checkpoint_remove(const tv_checkpoint *checkpoint);

/* ---- What this rank has finished ---- */

/* From now on save `runs` pieces of `run` bytes, `stride` bytes apart, under the key; no other rank
 * may hold the same one. Memory is borrowed until released, and may change between polls.
 *                                                                              Not collective. */
tv_error *tv_checkpoint_hold_pieces(tv_checkpoint *checkpoint, tv_saved_key key, const void *data,
                                    size_t run, int64_t runs, size_t stride);
tv_error *tv_checkpoint_hold(tv_checkpoint *checkpoint, tv_saved_key key, const void *data,
                             size_t bytes);
void tv_checkpoint_release(tv_checkpoint *checkpoint, tv_saved_key key);
void tv_checkpoint_release_kind(tv_checkpoint *checkpoint, tv_saved_kind kind);

/* Save when this rank has a reason to, or another has called. The ranks of `team` (MPI_COMM_SELF: a
 * rank on its own) poll in step; every rank has to poll, or to be in tv_checkpoint_finish. An error
 * is shared by all ranks and is passed to tv_checkpoint_finish: the disk refused, another rank has
 * failed, or, with exit code TV_EXIT_INTERRUPTED, the run has been saved and is to stop
 * (TV_EXIT_NO_TIME: and its time limit leaves no time for work). Not collective, but over the
 * team. */
tv_error *tv_checkpoint_poll(tv_checkpoint *checkpoint, MPI_Comm team);

/* The end of a stage: wait for all ranks, saving when one of them calls meanwhile, and agree on
 * errors: `mine` is this rank's, or that of a poll. A rank that comes with an error of its own
 * calls the others, who leave the stage at their next poll; its error is what all return. Without a
 * checkpoint it is tv_agree over `comm`.                                            Collective. */
tv_error *tv_checkpoint_finish(tv_checkpoint *checkpoint, MPI_Comm comm, tv_error *mine);

/* Save now unless that has been done within the last interval.                      Collective. */
tv_error *tv_checkpoint_keep(tv_checkpoint *checkpoint);

/* ---- What earlier sessions have finished ---- */

/* Bytes of the array of exactly this key; -1: there is none.                    Not collective. */
int64_t tv_checkpoint_find(const tv_checkpoint *checkpoint, tv_saved_key key);

/* Until a stage comes to what earlier sessions left for it, new checkpoints carry that along. Here
 * it has come: it reads arrays of this kind now, or claims them.                   Not collective.
 */
void tv_checkpoint_take_over(tv_checkpoint *checkpoint, tv_saved_kind kind);

/* Arrays of a kind that cover items within [first, end) will be read here later: until then each
 * new checkpoint carries them along.                                                Not collective.
 */
void tv_checkpoint_claim(tv_checkpoint *checkpoint, tv_saved_kind kind, int64_t first, int64_t end);

/* Read an array; `bytes` as found.                                              Not collective. */
tv_error *tv_checkpoint_read(tv_checkpoint *checkpoint, tv_saved_key key, void *out, size_t bytes);

/* Of items [key.first, key.end), `item` bytes each, read all that lie in saved arrays of the same
 * kind and part; others in `out` stay as they are.                              Not collective. */
tv_error *tv_checkpoint_read_items(const tv_checkpoint *checkpoint, tv_saved_key key, void *out,
                                   size_t item);

#endif
