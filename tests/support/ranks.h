/* Check under MPI. Every rank runs the same tests in the same order; none is forked, because a
 * child must not touch MPI. Assertions are collective: all ranks fail together, so that none is
 * left waiting for one that has gone. A test has failed when it failed on any rank; rank 0 prints
 * one summary, and all ranks leave with the same exit code. Without forks Check has no time limits:
 * run_mpi.sh and Meson have. */
#ifndef TWOVIEW_SUPPORT_RANKS_H
#define TWOVIEW_SUPPORT_RANKS_H

#include <check.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "twoview/base/error.h"

enum { TEST_MESSAGE = 1024 };

/* Of MPI_COMM_WORLD. */
int world_rank(void);
int world_size(void);

/* Whether it is so on every rank.                                                    Collective. */
int on_every_rank(int is_so);

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
void make_folder(char folder[256]);

/* Run the tests, finalise MPI, and give main its exit code. */
int run_tests(TCase *tests);

#endif
