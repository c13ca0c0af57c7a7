#include "support/ranks.h"

#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "twoview/base/comm.h"
#include "twoview/base/interruption.h"
#include "twoview/checkpoint/checkpoint.h"

/* For calls that not every rank makes, or not as often. */
static void demand(tv_error *error) {
  if (!error) return;
  printf("rank %d: %s\n", world_rank(), error->message);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

static tv_checkpoint *start_by(const char *folder, const char *identity,
                               const tv_checkpoint_policy *policy) {
  char output[300];
  tv_checkpoint *checkpoint = NULL;
  snprintf(output, sizeof output, "%s/out.h5", folder);
  ASSERT_DONE(tv_checkpoint_create(output, identity, policy, MPI_COMM_WORLD, &checkpoint));
  return checkpoint;
}

/* One that never saves of its own accord. */
static tv_checkpoint *start(const char *folder, const char *identity) {
  const tv_checkpoint_policy never = {MPI_Wtime(), HUGE_VAL, HUGE_VAL};
  return start_by(folder, identity, &never);
}

static tv_checkpoint *go_on(const char *folder, const char *identity) {
  tv_checkpoint *checkpoint = start(folder, identity);
  ASSERT_DONE(tv_checkpoint_resume(checkpoint));
  return checkpoint;
}

/* Save what is held now: a policy whose interval is always over. */
static tv_error *save_now(const char *folder, const char *identity, void (*hold)(tv_checkpoint *)) {
  const tv_checkpoint_policy always = {MPI_Wtime(), 1e-9, HUGE_VAL};
  tv_checkpoint *c = start_by(folder, identity, &always);
  hold(c);
  tv_error *error = tv_checkpoint_keep(c);
  tv_checkpoint_destroy(&c);
  return error;
}

/* ---- Arrays of all ranks ---- */

enum { ITEMS = 40 };
static double squares[ITEMS];

/* Items are dealt out evenly: rank r of s has [ITEMS r / s, ITEMS (r + 1) / s). */
static void hold_squares(tv_checkpoint *c) {
  const int64_t first = ITEMS * world_rank() / world_size();
  const int64_t end = ITEMS * (world_rank() + 1) / world_size();
  for (int i = 0; i < ITEMS; ++i) squares[i] = i * i;
  if (first < end)
    demand(tv_checkpoint_hold(c, (tv_saved_key){TV_SAVED_POINTS, 3, first, end, ""},
                              squares + first, (size_t)(end - first) * sizeof *squares));
}

static int are_squares(const double *found, int64_t first, int64_t end) {
  for (int64_t i = first; i < end; ++i)
    if (found[i - first] != (double)(i * i)) return 0;
  return 1;
}

START_TEST(items_are_found_whoever_saved_them) {
  char folder[256];
  double found[ITEMS];
  make_folder(folder);
  ASSERT_DONE(save_now(folder, "a run\n", hold_squares));
  tv_checkpoint *c = go_on(folder, "a run\n");
  for (int first = 0; first < ITEMS; first += 7)
    for (int end = first; end <= ITEMS; end += 5) {
      const tv_saved_key wanted = {TV_SAVED_POINTS, 3, first, end, ""};
      memset(found, 0, sizeof found);
      ASSERT_DONE(tv_checkpoint_read_items(c, wanted, found, sizeof *found));
      ASSERT_ALL(are_squares(found, first, end));
    }
  found[0] = -1;
  ASSERT_DONE(tv_checkpoint_read_items(c, (tv_saved_key){TV_SAVED_POINTS, 4, 0, 1, ""}, found,
                                       sizeof *found));
  ASSERT_DONE(tv_checkpoint_read_items(c, (tv_saved_key){TV_SAVED_POINTS, 3, ITEMS, ITEMS + 1, ""},
                                       found, sizeof *found));
  ASSERT_ALL(found[0] == -1);
  ASSERT_FAILS(tv_checkpoint_read_items(c, (tv_saved_key){TV_SAVED_POINTS, 3, 0, 1, ""}, found, 3),
               "does not fit", "");
  ASSERT_ALL(tv_checkpoint_sessions(c) == 1);
  tv_checkpoint_destroy(&c);
}

/* Two arrays of the same items, distinguished by nothing but their names. */
static double named[2] = {5, 7};

static void hold_named(tv_checkpoint *c) {
  const int64_t rank = world_rank();
  demand(tv_checkpoint_hold(c, (tv_saved_key){TV_SAVED_POINTS, 1, rank, rank + 1, "leakage"},
                            &named[0], sizeof *named));
  demand(tv_checkpoint_hold(c, (tv_saved_key){TV_SAVED_POINTS, 1, rank, rank + 1, "score"},
                            &named[1], sizeof *named));
}

START_TEST(arrays_are_found_by_their_names) {
  char folder[256];
  double found = -1;
  make_folder(folder);
  ASSERT_DONE(save_now(folder, "a run\n", hold_named));
  tv_checkpoint *c = go_on(folder, "a run\n");
  for (int64_t item = 0; item < world_size(); ++item) {
    ASSERT_DONE(tv_checkpoint_read_items(
        c, (tv_saved_key){TV_SAVED_POINTS, 1, item, item + 1, "score"}, &found, sizeof found));
    ASSERT_ALL(found == 7);
    ASSERT_DONE(tv_checkpoint_read_items(
        c, (tv_saved_key){TV_SAVED_POINTS, 1, item, item + 1, "leakage"}, &found, sizeof found));
    ASSERT_ALL(found == 5);
    ASSERT_DONE(tv_checkpoint_read_items(
        c, (tv_saved_key){TV_SAVED_POINTS, 1, item, item + 1, "status"}, &found, sizeof found));
    ASSERT_ALL(found == 5);
  }
  tv_checkpoint_destroy(&c);
}

/* A column of a matrix with a leading dimension of 7, in pieces of two. */
static double matrix[28];

static void hold_pieces(tv_checkpoint *c) {
  const tv_saved_key key = {TV_SAVED_WIDE, 1, world_rank(), world_rank() + 1, ""};
  const tv_saved_key let_go = {TV_SAVED_WIDE, 2, world_rank(), world_rank() + 1, ""};
  for (int i = 0; i < 28; ++i) matrix[i] = 100 * world_rank() + i;
  demand(tv_checkpoint_hold_pieces(c, key, matrix + 3, 2 * sizeof *matrix, 3, 7 * sizeof *matrix));
  demand(tv_checkpoint_hold(c, let_go, matrix, 8));
  tv_checkpoint_release(c, let_go);
  demand(tv_checkpoint_hold(c, (tv_saved_key){TV_SAVED_HEAD, world_rank(), 0, 1, ""}, matrix, 8));
  tv_checkpoint_release_kind(c, TV_SAVED_HEAD);
}

START_TEST(pieces_are_saved_together) {
  char folder[256];
  double found[6];
  const int whose = (world_rank() + 1) % world_size();
  const tv_saved_key key = {TV_SAVED_WIDE, 1, whose, whose + 1, ""};
  make_folder(folder);
  ASSERT_DONE(save_now(folder, "a run\n", hold_pieces));
  tv_checkpoint *c = go_on(folder, "a run\n");
  ASSERT_ALL(tv_checkpoint_find(c, key) == 6 * (int64_t)sizeof(double));
  ASSERT_DONE(tv_checkpoint_read(c, key, found, sizeof found));
  for (int i = 0; i < 6; ++i) ASSERT_ALL(found[i] == 100 * whose + 3 + i / 2 * 7 + i % 2);
  ASSERT_ALL(tv_checkpoint_find(c, (tv_saved_key){TV_SAVED_WIDE, 2, whose, whose + 1, ""}) == -1);
  ASSERT_ALL(tv_checkpoint_find(c, (tv_saved_key){TV_SAVED_HEAD, whose, 0, 1, ""}) == -1);
  ASSERT_FAILS(tv_checkpoint_read(c, key, found, 8), "does not fit", "");
  tv_checkpoint_destroy(&c);
}

/* ---- What one session found and the next has not yet read ---- */

START_TEST(claims_live_on_until_they_are_read) {
  char folder[256];
  double found[ITEMS] = {0};
  const int reader = world_size() - 1;
  make_folder(folder);
  ASSERT_DONE(save_now(folder, "a run\n", hold_squares));
  for (int session = 0; session < 3; ++session) {
    const tv_checkpoint_policy always = {MPI_Wtime(), 1e-9, HUGE_VAL};
    tv_checkpoint *c = start_by(folder, "a run\n", &always);
    ASSERT_DONE(tv_checkpoint_resume(c));
    ASSERT_ALL(tv_checkpoint_sessions(c) == session + 1);
    if (session > 0) { /* before, it is carried along for a stage that has not come */
      tv_checkpoint_take_over(c, TV_SAVED_POINTS);
      if (world_rank() == reader) tv_checkpoint_claim(c, TV_SAVED_POINTS, 0, ITEMS);
    }
    ASSERT_DONE(tv_checkpoint_keep(c));
    tv_checkpoint_destroy(&c);
  }
  tv_checkpoint *c = go_on(folder, "a run\n");
  ASSERT_DONE(tv_checkpoint_read_items(c, (tv_saved_key){TV_SAVED_POINTS, 3, 0, ITEMS, ""}, found,
                                       sizeof *found));
  ASSERT_ALL(are_squares(found, 0, ITEMS));
  tv_checkpoint_destroy(&c);
}

/* ---- Names ---- */

static int files_in(const char *folder, const char *name) {
  char path[300];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return access(path, F_OK) == 0;
}

/* Which file it is, or 0: there is none. */
static long long inode_of(const char *folder, const char *name) {
  char path[300];
  struct stat status;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return stat(path, &status) == 0 ? (long long)status.st_ino : 0;
}

/* The file taken up keeps a name while new ones come and go. */
START_TEST(what_is_taken_up_stays_until_the_end) {
  char folder[256];
  const tv_checkpoint_policy always = {MPI_Wtime(), 1e-9, HUGE_VAL};
  make_folder(folder);
  ASSERT_DONE(save_now(folder, "a run\n", hold_squares));
  const long long taken = inode_of(folder, "out.h5.checkpoint");
  tv_checkpoint *c = start_by(folder, "a run\n", &always);
  ASSERT_DONE(tv_checkpoint_resume(c));
  for (int save = 0; save < 3; ++save) ASSERT_DONE(tv_checkpoint_keep(c));
  ASSERT_ALL(inode_of(folder, "out.h5.checkpoint") != taken);
  ASSERT_ALL(inode_of(folder, "out.h5.checkpoint.previous") != taken);
  ASSERT_ALL(inode_of(folder, "out.h5.checkpoint.resumed") == taken);
  MPI_Barrier(MPI_COMM_WORLD);
  tv_checkpoint_destroy(&c);
  MPI_Barrier(MPI_COMM_WORLD);
  ASSERT_ALL(!files_in(folder, "out.h5.checkpoint.resumed"));
}

/* A good checkpoint never makes way for a damaged one. */
START_TEST(the_previous_one_outlives_damage) {
  char folder[256], path[300];
  make_folder(folder);
  for (int save = 0; save < 2; ++save) ASSERT_DONE(save_now(folder, "a run\n", hold_squares));
  snprintf(path, sizeof path, "%s/out.h5.checkpoint", folder);
  const long long good = inode_of(folder, "out.h5.checkpoint.previous");
  const tv_checkpoint_policy always = {MPI_Wtime(), 1e-9, HUGE_VAL};
  tv_error *cut = world_rank() == 0 && truncate(path, 100) != 0 ? tv_fail_errno("%s", path) : NULL;
  ASSERT_DONE(tv_agree(MPI_COMM_WORLD, cut));
  tv_checkpoint *c = start_by(folder, "a run\n", &always);
  ASSERT_DONE(tv_checkpoint_resume(c));
  ASSERT_DONE(tv_checkpoint_keep(c));
  ASSERT_ALL(inode_of(folder, "out.h5.checkpoint.previous") == good);
  const long long first = inode_of(folder, "out.h5.checkpoint");
  MPI_Barrier(MPI_COMM_WORLD);
  ASSERT_DONE(tv_checkpoint_keep(c));
  ASSERT_ALL(inode_of(folder, "out.h5.checkpoint.previous") == first);
  tv_checkpoint_destroy(&c);
}

/* ---- Rounds ---- */

/* Ranks poll as often as they are, one of them asks by its clock, and all save at the same time. */
START_TEST(ranks_of_unlike_pace_save_together) {
  char folder[256];
  make_folder(folder);
  const tv_checkpoint_policy soon = {MPI_Wtime(), 0.01, HUGE_VAL};
  tv_checkpoint *c = start_by(folder, "a run\n", &soon);
  int64_t polls = 0;
  demand(tv_checkpoint_hold(c, (tv_saved_key){TV_SAVED_HEAD, world_rank(), 0, 1, ""}, &polls, 8));
  tv_error *error = NULL;
  for (; !error && polls < 300 / (world_rank() + 1); ++polls) {
    usleep(500 * (unsigned)(world_rank() + 1));
    error = tv_checkpoint_poll(c, MPI_COMM_SELF);
  }
  ASSERT_DONE(tv_checkpoint_finish(c, MPI_COMM_WORLD, error));
  ASSERT_ALL(files_in(folder, "out.h5.checkpoint"));
  ASSERT_ALL(!files_in(folder, "out.h5.checkpoint.part"));
  ASSERT_DONE(tv_checkpoint_remove(c));
  MPI_Barrier(MPI_COMM_WORLD);
  ASSERT_ALL(!tv_checkpoint_exists(c) && !files_in(folder, "out.h5.checkpoint.previous"));
  tv_checkpoint_destroy(&c);
}

/* A run whose time is over. */
static tv_checkpoint *start_late(char folder[256]) {
  make_folder(folder);
  const tv_checkpoint_policy late = {MPI_Wtime() - 10, 0, 5};
  return start_by(folder, "a run\n", &late);
}

START_TEST(time_that_is_over_stops_all) {
  char folder[256];
  tv_checkpoint *c = start_late(folder);
  tv_error *error = NULL;
  for (int i = 0; !error && i < 100000; ++i) error = tv_checkpoint_poll(c, MPI_COMM_WORLD);
  ASSERT_ALL(error && error->exit_code == TV_EXIT_NO_TIME);
  ASSERT_FAILS(tv_checkpoint_finish(c, MPI_COMM_WORLD, error), "out.h5.checkpoint holds", "");
  ASSERT_ALL(files_in(folder, "out.h5.checkpoint"));
  tv_checkpoint_destroy(&c);
}

/* One rank fails while the others would work for ever, and all learn of it. */
START_TEST(a_rank_that_fails_ends_the_stage) {
  char folder[256];
  make_folder(folder);
  tv_checkpoint *c = start(folder, "a run\n");
  const int fails = world_rank() == world_size() - 1;
  tv_error *error = fails ? tv_fail("a bad row") : NULL;
  while (!error) {
    usleep(200);
    error = tv_checkpoint_poll(c, MPI_COMM_SELF);
  }
  ASSERT_FAILS(tv_checkpoint_finish(c, MPI_COMM_WORLD, error), "a bad row", "");
  ASSERT_ALL(!files_in(folder, "out.h5.checkpoint"));
  tv_checkpoint_destroy(&c);
}

/* Rather than the wish to stop, so that nobody tries again in vain. */
START_TEST(a_failure_is_reported_when_time_is_over) {
  char folder[256];
  tv_checkpoint *c = start_late(folder);
  tv_error *error = NULL;
  if (world_rank() == 0)
    error = tv_fail("a bad row");
  else
    error = tv_checkpoint_poll(c, MPI_COMM_SELF);
  ASSERT_FAILS(tv_checkpoint_finish(c, MPI_COMM_WORLD, error), "a bad row", "");
  tv_checkpoint_destroy(&c);
}

/* A signal reaches a rank that waits for the end of the stage: it is not forgotten. Ranks 1 and on
 * have done all they had to. */
START_TEST(a_signal_to_a_waiting_rank_stops_all) {
  char folder[256];
  make_folder(folder);
  tv_checkpoint *c = start(folder, "a run\n");
  tv_error *error = NULL;
  demand(tv_interruption_watch());
  if (world_rank() == world_size() - 1) raise(SIGUSR1);
  for (int i = 0; world_rank() == 0 && !error && i < 20000; ++i) {
    usleep(200);
    error = tv_checkpoint_poll(c, MPI_COMM_SELF);
  }
  error = tv_checkpoint_finish(c, MPI_COMM_WORLD, error);
  ASSERT_ALL(error && error->exit_code == TV_EXIT_INTERRUPTED);
  tv_error_free(error);
  ASSERT_ALL(files_in(folder, "out.h5.checkpoint"));
  tv_checkpoint_destroy(&c);
}

/* Each rank comes to the meeting at its next poll after the call, however long its steps. */
START_TEST(a_call_is_heard_at_the_next_poll) {
  char folder[256];
  make_folder(folder);
  const tv_checkpoint_policy soon = {MPI_Wtime(), 0.3, HUGE_VAL};
  tv_checkpoint *c = start_by(folder, "a run\n", &soon);
  usleep(400000);
  ASSERT_DONE(tv_checkpoint_poll(c, MPI_COMM_SELF)); /* rank by rank, each with a reason to call */
  ASSERT_ALL(files_in(folder, "out.h5.checkpoint"));
  ASSERT_DONE(tv_checkpoint_finish(c, MPI_COMM_WORLD, NULL));
  tv_checkpoint_destroy(&c);
}

/* ---- Refusals ---- */

START_TEST(other_runs_are_refused) {
  char folder[256];
  make_folder(folder);
  ASSERT_DONE(save_now(folder, "one\nseed: 1\nend\n", hold_squares));
  tv_checkpoint *c = start(folder, "one\nseed: 2\nend\n");
  ASSERT_ALL(tv_checkpoint_exists(c));
  ASSERT_FAILS(tv_checkpoint_resume(c), "'seed: 1' there, 'seed: 2' here", "");
  tv_checkpoint_destroy(&c);
  c = start(folder, "one\n");
  ASSERT_FAILS(tv_checkpoint_resume(c), "'seed: 1' there, '' here", "");
  tv_checkpoint_destroy(&c);
}

START_TEST(nothing_to_resume_is_an_error) {
  char folder[256];
  make_folder(folder);
  tv_checkpoint *c = start(folder, "one\n");
  ASSERT_ALL(!tv_checkpoint_exists(c));
  ASSERT_FAILS(tv_checkpoint_resume(c), "out.h5.checkpoint: No such file", "");
  tv_checkpoint_destroy(&c);
}

START_TEST(no_checkpoint_holds_nothing) {
  double number = 5;
  const tv_saved_key key = {TV_SAVED_HEAD, 0, 0, 1, ""};
  ASSERT_DONE(tv_checkpoint_hold(NULL, key, &number, sizeof number));
  tv_checkpoint_release(NULL, key);
  tv_checkpoint_release_kind(NULL, TV_SAVED_HEAD);
  tv_checkpoint_claim(NULL, TV_SAVED_HEAD, 0, 1);
  ASSERT_ALL(tv_checkpoint_find(NULL, key) == -1 && tv_checkpoint_sessions(NULL) == 0);
  ASSERT_DONE(tv_checkpoint_read_items(NULL, key, &number, sizeof number));
  ASSERT_DONE(tv_checkpoint_poll(NULL, MPI_COMM_WORLD));
  ASSERT_DONE(tv_checkpoint_finish(NULL, MPI_COMM_WORLD, NULL));
  ASSERT_DONE(tv_checkpoint_keep(NULL));
  ASSERT_ALL(number == 5);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  TCase *tests = tcase_create("checkpoint");
  tcase_add_test(tests, items_are_found_whoever_saved_them);
  tcase_add_test(tests, arrays_are_found_by_their_names);
  tcase_add_test(tests, pieces_are_saved_together);
  tcase_add_test(tests, claims_live_on_until_they_are_read);
  tcase_add_test(tests, what_is_taken_up_stays_until_the_end);
  tcase_add_test(tests, the_previous_one_outlives_damage);
  tcase_add_test(tests, ranks_of_unlike_pace_save_together);
  tcase_add_test(tests, time_that_is_over_stops_all);
  tcase_add_test(tests, a_call_is_heard_at_the_next_poll);
  tcase_add_test(tests, a_rank_that_fails_ends_the_stage);
  tcase_add_test(tests, a_failure_is_reported_when_time_is_over);
  tcase_add_test(tests, other_runs_are_refused);
  tcase_add_test(tests, nothing_to_resume_is_an_error);
  tcase_add_test(tests, no_checkpoint_holds_nothing);
  tcase_add_test(tests, a_signal_to_a_waiting_rank_stops_all); /* the last: the signal stays */
  return run_tests(tests);
}
