/* Check under MPI. Every rank runs the same tests in the same order; none is forked, because a
 * child must not touch MPI. Assertions are collective: all ranks fail together, so that none is
 * left waiting for one that has gone. A test has failed when it failed on any rank; rank 0 prints
 * one summary, and all ranks leave with the same exit code. Without forks Check has no time limits:
 * run_mpi.sh and Meson have. */
#ifndef MPI_MAIN_H
#define MPI_MAIN_H

#include <check.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "twoview/base/build.h"
#include "twoview/base/error.h"

enum { TEST_MESSAGE = 1024 };

static inline int world_rank(void) {
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

static inline int world_size(void) {
  int size;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size;
}

static inline int on_every_rank(int is_so) {
  MPI_Allreduce(MPI_IN_PLACE, &is_so, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return is_so;
}

/* The condition, on every rank; every rank has to get here. */
#define ASSERT_ALL(condition)                                                                      \
  do {                                                                                             \
    const int mine_ = !!(condition);                                                               \
    ck_assert_msg(on_every_rank(mine_), "%s %s", #condition,                                       \
                  mine_ ? "does not hold on another rank" : "does not hold here");                 \
  } while (0)

/* value <= bound on every rank; a NaN is not. */
#define ASSERT_AT_MOST(value, bound)                                                               \
  do {                                                                                             \
    const double value_ = (value), bound_ = (bound);                                               \
    const int mine_ = value_ <= bound_;                                                            \
    ck_assert_msg(on_every_rank(mine_), "%s <= %s: %.6g and %.6g here", #value, #bound, value_,    \
                  bound_);                                                                         \
  } while (0)

/* The call succeeds on every rank. */
#define ASSERT_DONE(call)                                                                          \
  do {                                                                                             \
    tv_error *error_ = (call);                                                                     \
    char reason_[TEST_MESSAGE] = "done here";                                                      \
    if (error_) snprintf(reason_, sizeof reason_, "%s", error_->message);                          \
    const int mine_ = !error_;                                                                     \
    tv_error_free(error_);                                                                         \
    ck_assert_msg(on_every_rank(mine_), "%s: %s", #call, reason_);                                 \
  } while (0)

/* The call fails on every rank with a message that contains both texts. */
#define ASSERT_FAILS(call, text, other)                                                            \
  do {                                                                                             \
    tv_error *error_ = (call);                                                                     \
    char reason_[TEST_MESSAGE] = "no error";                                                       \
    if (error_) snprintf(reason_, sizeof reason_, "%s", error_->message);                          \
    const int mine_ = error_ && strstr(reason_, (text)) && strstr(reason_, (other));               \
    tv_error_free(error_);                                                                         \
    ck_assert_msg(on_every_rank(mine_), "%s, expected '%s' and '%s': %s", #call, (text), (other),  \
                  reason_);                                                                        \
  } while (0)

/* A folder of one's own, named by rank 0 for all. */
static inline void make_folder(char folder[256]) {
  const char *parent = getenv("TMPDIR");
  if (world_rank() == 0) {
    snprintf(folder, 256, "%s/twoview-test.XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(folder)) MPI_Abort(MPI_COMM_WORLD, 99);
  }
  MPI_Bcast(folder, 256, MPI_CHAR, 0, MPI_COMM_WORLD);
}

/* Rank `r`'s report on test `i`, printed by rank 0. */
static inline void print_report(int r, TestResult *result) {
  char text[TEST_MESSAGE + 256] = "";
  const int rank = world_rank();
  if (rank == r && tr_rtype(result) != CK_PASS)
    snprintf(text, sizeof text, "%s:%d: rank %d: %s", tr_lfile(result), tr_lno(result), rank,
             tr_msg(result));
  if (rank == r && r != 0) MPI_Send(text, sizeof text, MPI_CHAR, 0, 0, MPI_COMM_WORLD);
  if (rank == 0 && r != 0)
    MPI_Recv(text, sizeof text, MPI_CHAR, r, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  if (rank == 0 && *text) printf("%s\n", text);
}

/* Kinds of failure agreed on; the number of tests that failed anywhere. */
static inline int report_all(SRunner *runner) {
  const int tests = srunner_ntests_run(runner);
  int failures = 0, errors = 0;
  TestResult **results = srunner_results(runner);
  for (int i = 0; i < tests; ++i) {
    int worst = (int)tr_rtype(results[i]);
    MPI_Allreduce(MPI_IN_PLACE, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    failures += worst == CK_FAILURE;
    errors += worst == CK_ERROR;
    for (int r = 0; worst != CK_PASS && r < world_size(); ++r) print_report(r, results[i]);
  }
  free(results);
  if (world_rank() == 0)
    printf("%d%%: Checks: %d, Failures: %d, Errors: %d\n",
           tests ? 100 * (tests - failures - errors) / tests : 0, tests, failures, errors);
  return tests == 0 || failures + errors > 0;
}

/* Run the tests, finalise MPI, and give main its exit code. */
static inline int run_tests(TCase *tests) {
  Suite *suite = suite_create("mpi");
  suite_add_tcase(suite, tests);
  tv_limit_blas_threads(); /* as the program does: bits depend on how products are cut */
  SRunner *runner = srunner_create(suite);
  srunner_set_fork_status(runner, CK_NOFORK);
  srunner_run_all(runner, CK_SILENT);
  const int exit_code = report_all(runner);
  srunner_free(runner);
  MPI_Finalize();
  return exit_code;
}

#endif
