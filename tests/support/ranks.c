#include "ranks.h"

#include "twoview/base/build.h"

int world_rank(void) {
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

int world_size(void) {
  int size;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size;
}

int on_every_rank(int is_so) {
  MPI_Allreduce(MPI_IN_PLACE, &is_so, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return is_so;
}

void make_folder(char folder[256]) {
  const char *parent = getenv("TMPDIR");
  if (world_rank() == 0) {
    snprintf(folder, 256, "%s/twoview-test.XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(folder)) MPI_Abort(MPI_COMM_WORLD, 99);
  }
  MPI_Bcast(folder, 256, MPI_CHAR, 0, MPI_COMM_WORLD);
}

/* Rank `r`'s report on test `i`, printed by rank 0. */
static void print_report(int r, TestResult *result) {
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
static int report_all(SRunner *runner) {
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

int run_tests(TCase *tests) {
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
