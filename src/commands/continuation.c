#include "continuation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_info.h"
#include "twoview/archive/archive.h"
#include "twoview/base/build.h"
#include "twoview/base/comm.h"
#include "twoview/base/escape.h"
#include "twoview/base/output.h"
#include "twoview/studies/study.h"

/* ---- Finished ---- */

/* The text after the first line, which is the name and changes no number. */
static const char *behind_name(const char *resolved) {
  return resolved + strcspn(resolved, "\n");
}

static tv_error *expect_same_experiment(const char *output, const tv_archive_origin *origin,
                                        const tv_experiment *experiment) {
  char *mine = NULL;
  tv_error *error = tv_experiment_print(experiment, &mine);
  if (!error && strcmp(behind_name(origin->experiment), behind_name(mine)) != 0)
    error = tv_fail_usage("%s: exists and is of another experiment; name another output with -o, "
                          "or add --force to replace it",
                          output);
  free(mine);
  return error;
}

/* A file that is gone, or was too large for a digest, is assumed to be unchanged. */
static tv_error *expect_same_files(const char *output, const tv_archive_origin *origin) {
  char digest[TV_DIGEST_LENGTH];
  for (int i = 0; i < TV_MOST_FILES && origin->file[i] && origin->sha[i]; ++i) {
    if (!*origin->sha[i] || access(origin->file[i], F_OK) != 0) continue;
    TV_TRY(tv_digest_file(origin->file[i], digest));
    if (strcmp(digest, origin->sha[i]) != 0)
      return tv_fail_usage("%s: exists and was made from another %s (SHA-256 %s, now %s); name "
                           "another output with -o, or add --force to replace it",
                           output, origin->file[i], origin->sha[i], digest);
  }
  return NULL;
}

/* Rank 0: an archive that exists is whole; whether it is what this run would make. */
static tv_error *expect_same_run(const char *output, const tv_experiment *experiment) {
  tv_archive_origin origin;
  TV_TRY(tv_archive_read_origin(output, &origin));
  tv_error *error = expect_same_experiment(output, &origin, experiment);
  if (!error) error = expect_same_files(output, &origin);
  tv_archive_origin_free(&origin);
  return error;
}

/* A run that was killed after its archive had got its name left its checkpoints and part. A newer
 * checkpoint is that of a run that is to replace the archive. */
static tv_error *clear_away(const char *output, MPI_Comm comm) {
  int rank;
  tv_checkpoint *left = NULL;
  MPI_Comm_rank(comm, &rank);
  TV_TRY(tv_agree(comm, rank == 0 ? tv_output_clear(output) : NULL));
  const tv_checkpoint_policy never = {0, INFINITY, INFINITY};
  TV_TRY(tv_checkpoint_create(output, "", &never, comm, &left));
  tv_error *error = tv_checkpoint_is_newer(left, output) ? NULL : tv_checkpoint_remove(left);
  tv_checkpoint_destroy(&left);
  return error;
}

tv_error *tv_continuation_expect_archive(const char *output, int replaces,
                                         const tv_experiment *experiment, MPI_Comm comm,
                                         int *is_finished) {
  int rank;
  tv_error *error = NULL;
  MPI_Comm_rank(comm, &rank);
  *is_finished = rank == 0 && access(output, F_OK) == 0;
  if (*is_finished) error = expect_same_run(output, experiment);
  if (error && replaces) {
    tv_error_free(error);
    error = NULL;
    *is_finished = 0;
  }
  MPI_Bcast(is_finished, 1, MPI_INT, 0, comm);
  TV_TRY(tv_agree(comm, error));
  if (!*is_finished) return NULL;
  if (rank == 0) tv_print_line(stdout, "%s: is complete; there is nothing to resume", output);
  return clear_away(output, comm);
}

/* ---- Interrupted ---- */

/* The folder of a file whose digest is known changes no number. */
static const char *known_name(const void *context, const char *path) {
  const tv_source *source = context;
  for (int i = 0; i < TV_MOST_FILES && source->files[i].path; ++i)
    if (strcmp(source->files[i].path, path) == 0 && *source->files[i].digest)
      return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
  return path;
}

/* The experiment without what changes no number: what a report is to draw, whether samples and
 * views are archived, how many ranks solve a point. (Names are printed, but not compared.) Borrows
 * from the experiment. */
static tv_experiment numbers_of(const tv_experiment *experiment) {
  tv_experiment e = *experiment;
  e.study = &tv_study_of(&e)->kind;
  e.archive.samples = e.archive.views = 0;
  e.parallel.ranks_per_point = 0;
  return e;
}

/* Rank 0: what a run and its continuation have in common, line by line. */
static tv_error *identify(const tv_experiment *experiment, const tv_source *source, char **out) {
  size_t size;
  char *resolved = NULL;
  const tv_experiment numbers = numbers_of(experiment);
  TV_TRY(tv_experiment_print_as(&numbers, known_name, source, &resolved));
  FILE *text = open_memstream(out, &size);
  if (!text) {
    free(resolved);
    return tv_fail_errno("the identity of the run");
  }
  fprintf(text, "twoview %s\n%s", TV_VERSION, resolved);
  for (int i = 0; i < TV_MOST_FILES && source->files[i].path; ++i) /* some are too large for one */
    fprintf(text, "%s: %lld bytes, SHA-256 '%s'\n", known_name(source, source->files[i].path),
            (long long)source->files[i].bytes, source->files[i].digest);
  free(resolved);
  return fclose(text) == 0 ? NULL : tv_fail_errno("the identity of the run");
}

/* The sums of both sessions are right, but differ from those of one session on one kernel. */
static tv_error *compare_kernel(tv_checkpoint *c, int speaks) {
  const tv_saved_key key = {TV_SAVED_KERNEL, 0, 0, 1, ""};
  const char *mine = tv_blas_kernel();
  const int64_t bytes = tv_checkpoint_find(c, key);
  char *theirs = NULL;
  if (!speaks) return NULL;
  if (bytes > 0) {
    TV_TRY(tv_allocate(bytes + 1, 1, &theirs));
    tv_error *error = tv_checkpoint_read(c, key, theirs, (size_t)bytes);
    if (!error && strcmp(theirs, mine) != 0)
      tv_print_line(stderr,
                    "twoview: the run began on the BLAS kernel %s and continues on %s: its moments "
                    "will be right but not the same bits as on one (OPENBLAS_CORETYPE chooses)",
                    theirs, mine);
    free(theirs);
    TV_TRY(error);
  }
  return tv_checkpoint_hold(c, key, mine, strlen(mine) + 1);
}

static tv_error *take_up(const tv_run_options *options, const char *output, tv_checkpoint *c,
                         int speaks) {
  const int exists = tv_checkpoint_exists(c);
  if (options->replaces && !options->resumes) return tv_checkpoint_remove(c);
  if (exists && !options->resumes)
    return tv_fail_usage("%s: an earlier run of it was interrupted; continue with --resume, or "
                         "start over with --force",
                         output);
  if (exists) TV_TRY(tv_checkpoint_resume(c));
  if (options->resumes && speaks)
    tv_print_line(stderr, "twoview: %s: %s", output,
                  exists ? "continuing from its checkpoint"
                         : "there is no checkpoint; starting from the beginning");
  return NULL;
}

tv_error *tv_continuation_open(const tv_run_options *options, const char *output,
                               const tv_experiment *experiment, const tv_source *source,
                               double begun, MPI_Comm comm, char **identity, tv_checkpoint **out) {
  int rank;
  const tv_checkpoint_policy policy = {begun, options->checkpoint_every, options->time_limit};
  MPI_Comm_rank(comm, &rank);
  TV_TRY(tv_agree(comm, identify(experiment, source, identity)));
  TV_TRY(tv_checkpoint_create(output, *identity, &policy, comm, out));
  TV_TRY(take_up(options, output, *out, rank == 0));
  return tv_agree(comm, compare_kernel(*out, rank == 0));
}
