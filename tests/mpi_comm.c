#include "support/plain.h"
#include "support/ranks.h"

#include "twoview/base/comm.h"

/* ---- Agreement ---- */

START_TEST(nobody_failed) {
  ASSERT_ALL(tv_agree(MPI_COMM_WORLD, NULL) == NULL);
}

/* Ranks of `failing` (bits) fail; all ranks receive the error of the lowest of them. */
static void check_agreement(unsigned failing, int exit_code) {
  char expected[MPI_MAX_PROCESSOR_NAME + 64], host[MPI_MAX_PROCESSOR_NAME];
  int lowest = 0, length;
  tv_error *mine = NULL;
  while (!(failing >> lowest & 1)) ++lowest;
  if (failing >> world_rank() & 1) {
    const int is_told = world_rank() == lowest;
    mine = (is_told ? exit_code : TV_EXIT_FAILED + TV_EXIT_USAGE - exit_code) == TV_EXIT_USAGE
               ? tv_fail_usage("trouble %d of 100%%", world_rank())
               : tv_fail("trouble %d of 100%%", world_rank());
  }
  MPI_Get_processor_name(host, &length);
  if (lowest == 0 && (exit_code == TV_EXIT_USAGE || world_size() == 1))
    snprintf(expected, sizeof expected, "trouble 0 of 100%%");
  else
    snprintf(expected, sizeof expected, "rank %d on %s: trouble %d of 100%%", lowest, host, lowest);
  tv_error *shared = tv_agree(MPI_COMM_WORLD, tv_agree(MPI_COMM_WORLD, mine)); /* named once */
  const int is_so =
      shared && shared->exit_code == exit_code && strcmp(shared->message, expected) == 0;
  tv_error_free(shared);
  ASSERT_ALL(is_so);
}

START_TEST(the_lowest_failing_rank_is_named) {
  for (unsigned failing = 1; failing < 1u << world_size(); ++failing) {
    check_agreement(failing, TV_EXIT_FAILED);
    check_agreement(failing, TV_EXIT_USAGE);
  }
}

/* Long messages are not cut. */
START_TEST(long_messages_arrive_whole) {
  char text[5000];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  const int last = world_size() - 1;
  tv_error *shared = tv_agree(MPI_COMM_WORLD, world_rank() == last ? tv_fail("%s", text) : NULL);
  const int is_so = shared && strstr(shared->message, text) != NULL;
  tv_error_free(shared);
  ASSERT_ALL(is_so);
}

/* Ranks are those of the communicator, and the other half goes on by itself. */
START_TEST(halves_agree_by_themselves) {
  MPI_Comm half;
  int rank, size;
  const int is_odd = world_rank() % 2;
  MPI_Comm_split(MPI_COMM_WORLD, is_odd, 0, &half);
  MPI_Comm_rank(half, &rank);
  MPI_Comm_size(half, &size);
  tv_error *shared = tv_agree(half, is_odd && rank == size - 1 ? tv_fail("odd trouble") : NULL);
  char start[32] = "";
  if (size > 1) snprintf(start, sizeof start, "rank %d on ", size - 1);
  const int is_so = is_odd ? shared && strncmp(shared->message, start, strlen(start)) == 0 &&
                                 strstr(shared->message, "odd trouble")
                           : !shared;
  tv_error_free(shared);
  MPI_Comm_free(&half);
  ASSERT_ALL(is_so);
}

/* ---- Text ---- */

START_TEST(text_of_rank_0_is_everybodys) {
  const int lengths[] = {0, 1, 1000, 1 << 20};
  for (int i = 0; i < 4; ++i) {
    char *expected = calloc((size_t)lengths[i] + 1, 1), *text = NULL;
    for (int j = 0; j < lengths[i]; ++j) expected[j] = (char)('a' + j % 26);
    if (world_rank() == 0) text = strdup(expected);
    ASSERT_DONE(tv_broadcast_text(MPI_COMM_WORLD, &text));
    ASSERT_ALL(strcmp(text, expected) == 0);
    free(text);
    free(expected);
  }
}

/* ---- Transfers ---- */

static const int64_t counts[] = {0, 1, 1000, 300001};

static double number_of(int rank, int64_t i) {
  return rank * 1e6 + (double)i;
}

static double *new_numbers(int rank, int64_t count) {
  double *numbers = new_array(count + 1);
  for (int64_t i = 0; i < count; ++i) numbers[i] = number_of(rank, i);
  numbers[count] = -1; /* nothing is to be written here */
  return numbers;
}

static int are_numbers(const double *numbers, int rank, int64_t count) {
  int is_so = numbers[count] == -1;
  for (int64_t i = 0; i < count; ++i) is_so = is_so && numbers[i] == number_of(rank, i);
  return is_so;
}

/* Around the ring, from rank 0 to rank 0. */
START_TEST(numbers_are_sent_around) {
  const int rank = world_rank(), size = world_size(), to = (rank + 1) % size;
  const int from = (rank + size - 1) % size;
  for (int i = 0; i < 4 && size > 1; ++i) {
    double *sent = new_numbers(rank, counts[i]), *received = new_numbers(99, counts[i]);
    if (rank == 0) tv_send(MPI_COMM_WORLD, to, sent, counts[i]);
    tv_receive(MPI_COMM_WORLD, from, received, counts[i]);
    if (rank != 0) tv_send(MPI_COMM_WORLD, to, sent, counts[i]);
    ASSERT_ALL(are_numbers(received, from, counts[i]));
    free(sent);
    free(received);
  }
}

START_TEST(numbers_are_broadcast_from_any_rank) {
  for (int root = 0; root < world_size(); ++root)
    for (int i = 0; i < 4; ++i) {
      double *numbers = new_numbers(world_rank(), counts[i]);
      tv_broadcast(MPI_COMM_WORLD, root, numbers, counts[i]);
      ASSERT_ALL(are_numbers(numbers, root, counts[i]));
      free(numbers);
    }
}

START_TEST(numbers_are_summed_in_place) {
  const int size = world_size();
  for (int i = 0; i < 4; ++i) {
    double *numbers = new_numbers(world_rank(), counts[i]);
    int is_so = 1;
    tv_sum_all(MPI_COMM_WORLD, numbers, counts[i]);
    for (int64_t j = 0; j < counts[i]; ++j)
      is_so = is_so && numbers[j] == size * (size - 1) / 2 * 1e6 + (double)size * (double)j;
    ASSERT_ALL(is_so && numbers[counts[i]] == -1);
    free(numbers);
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  TCase *tests = tcase_create("comm");
  tcase_add_test(tests, nobody_failed);
  tcase_add_test(tests, the_lowest_failing_rank_is_named);
  tcase_add_test(tests, long_messages_arrive_whole);
  tcase_add_test(tests, halves_agree_by_themselves);
  tcase_add_test(tests, text_of_rank_0_is_everybodys);
  tcase_add_test(tests, numbers_are_sent_around);
  tcase_add_test(tests, numbers_are_broadcast_from_any_rank);
  tcase_add_test(tests, numbers_are_summed_in_place);
  return run_tests(tests);
}
