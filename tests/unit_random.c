#include "twoview/random/random.h"

#include <float.h>
#include <math.h>

#include "random/box_muller.h"
#include "support/unit.h"

/* The statistical tests have fixed seeds and bands of 5 standard errors: a sound generator leaves
 * such a band with a probability below 1e-6. */
enum { DRAWS = 1 << 18, BAND = 5 };

static const tv_stream some_stream = {.seed = 20, .purpose = TV_FOR_NOISE, .replicate = 3};

static double *allocate(size_t count) {
  double *values = calloc(count, sizeof(*values));
  ck_assert_ptr_nonnull(values);
  return values;
}

/* ---- Every vector width ---- */

static void draw_with(tv_box_muller *kernel, uint32_t index, double *normals) {
  const uint32_t key[2] = {0x9abcdef0, 0x12345678};
  uint32_t counter[4][TV_LANES];
  for (uint32_t i = 0; i < TV_LANES; ++i) {
    counter[0][i] = index;
    counter[1][i] = i * 0x9e3779b9;
    counter[2][i] = i;
    counter[3][i] = 7;
  }
  kernel(key, counter, normals, normals + TV_LANES);
}

START_TEST(every_width_gives_the_same_bits) {
  tv_box_muller *kernels[TV_BOX_MULLER_KERNELS];
  const int count = tv_box_muller_list(kernels);
  double first[2 * TV_LANES], other[2 * TV_LANES];
  for (uint32_t index = 0; index < 5000; ++index) {
    draw_with(kernels[0], index, first);
    for (int k = 1; k < count; ++k) {
      draw_with(kernels[k], index, other);
      ck_assert_mem_eq(first, other, sizeof first);
    }
  }
}

/* Any columns of any rows are those of the rows drawn one by one, whatever the first column. */
START_TEST(rows_are_cut_anywhere) {
  enum { ROWS = 5, COLUMNS = 37, LEADING = 40 };
  const int64_t indices[ROWS] = {0, 3, 1LL << 40, 7, INT64_MAX};
  double whole[COLUMNS], cut[ROWS * LEADING];
  for (int first = 0; first < COLUMNS; ++first)
    for (int count = 0; first + count <= COLUMNS; ++count) {
      for (int i = 0; i < ROWS * LEADING; ++i) cut[i] = -99;
      tv_random_normal_rows(some_stream, indices, ROWS, first, count, cut, LEADING);
      for (int r = 0; r < ROWS; ++r) {
        tv_random_normals(some_stream, (uint64_t)indices[r], COLUMNS, whole);
        ck_assert_mem_eq(cut + r * LEADING, whole + first, (size_t)count * sizeof(double));
        ck_assert_double_eq(cut[r * LEADING + count], -99);
      }
    }
}

/* ---- Known answers ---- */

/* Philox4x32-10 written out independently from the paper of Salmon et al., checked against the
 * vectors published with Random123. Of these, counter 0 with key 0 is the first below: the words
 * 6627e8d5 e169c58d give the first uniform, (0x6627e8d5e169c + 1/2) 2^-52, and bc57ac4c 9b00dbd8
 * the second. Then two uniforms and two normals of counter block 1. */
static const struct {
  tv_stream stream;
  uint64_t index;
  double uniforms[4], normals[4];
} known[] = {
    {{0, (tv_purpose)0, 0},
     0,
     {0x1.989fa35785a72p-2, 0x1.78af58993601bp-1, 0x1.088a2bc3e11adp-1, 0x1.e3380a707f0f0p-5},
     {-0x1.f1bcd549837e1p-4, -0x1.599bbd8a9eda7p+0, 0x1.1238695223c91p+0, 0x1.aa3a53d259d40p-2}},
    {{UINT64_MAX, (tv_purpose)255, TV_MAX_REPLICATES - 1},
     UINT64_MAX,
     {0x1.feaf384397148p-4, 0x1.6ce349986df7bp-1, 0x1.25bd10f29aa67p-1, 0x1.40831b5f41f19p-1},
     {-0x1.e59c17a557453p-2, -0x1.fc16fbd049998p+0, -0x1.7b3e4716ceb00p-1, -0x1.800a5c00c3055p-1}},
    {{1, TV_FOR_NOISE, 0},
     0,
     {0x1.83398d30a21d0p-5, 0x1.99820c8a46abep-2, 0x1.4ddfde8a2eb11p-1, 0x1.fb93a72b4dc17p-1},
     {-0x1.ff784d08978cep+0, 0x1.740bc37644c59p+0, 0x1.d8c3390d6e5a7p-1, -0x1.9aff697d8bd99p-5}},
    {{7, TV_FOR_FEATURES, 3},
     123456789012,
     {0x1.91daf04b67716p-2, 0x1.03bc3a1ef98f4p-3, 0x1.1dd7986a89f46p-2, 0x1.49e8528cd9decp-3},
     {0x1.e97959844a0f2p-1, 0x1.f4d2ade2d8b6ep-1, 0x1.b189e8de418e0p-1, 0x1.5aca2b6c714d5p+0}},
    {{0x0123456789abcdef, TV_FOR_THETA, 65536},
     ((uint64_t)1 << 63) + 1,
     {0x1.79d3d79bafe51p-1, 0x1.ed79132c809d5p-1, 0x1.0c1981f6615a2p-2, 0x1.51ad6a35c0549p-1},
     {0x1.84e1cb026a3bbp-1, -0x1.67e3abae2cb51p-3, -0x1.c33e4ac062ed7p-1, -0x1.6131b9936cde7p+0}},
};

START_TEST(known_answers) {
  double uniforms[4], normals[4];
  tv_random_uniforms(known[_i].stream, known[_i].index, 4, uniforms);
  tv_random_normals(known[_i].stream, known[_i].index, 4, normals);
  for (int i = 0; i < 4; ++i) {
    ck_assert_double_eq(uniforms[i], known[_i].uniforms[i]);
    /* log, sqrt, cos and sin of another C library may round differently: a few ulp of the radius,
     * which is below 8.6, and as much again from the rounded angle, up to 2 pi. */
    ck_assert_double_eq_tol(normals[i], known[_i].normals[i], 8.6 * 8 * DBL_EPSILON);
  }
}
END_TEST

START_TEST(draws_do_not_depend_on_their_count) {
  double all[33], some[33];
  for (int is_normal = 0; is_normal < 2; ++is_normal) {
    void (*draw)(tv_stream, uint64_t, int, double *) =
        is_normal ? tv_random_normals : tv_random_uniforms;
    draw(some_stream, 5, 33, all);
    for (int count = 0; count < 33; ++count) {
      for (int i = 0; i < 33; ++i) some[i] = -99;
      draw(some_stream, 5, count, some);
      ck_assert_mem_eq(some, all, (size_t)count * sizeof(double));
      for (int i = count; i < 33; ++i) ck_assert_double_eq(some[i], -99); /* not written */
    }
  }
}
END_TEST

/* ---- Distribution ---- */

/* Moments of a standard normal: var(x) = 1, var(x^2) = 2, var(x^3) = 15, var(x^4) = 96. */
START_TEST(normals_have_the_moments_of_normals) {
  static const double moment[] = {0, 1, 0, 3}, variance[] = {1, 2, 15, 96};
  double *x = allocate(DRAWS), sum[4] = {0};
  tv_random_normals(some_stream, 0, DRAWS, x);
  for (int i = 0; i < DRAWS; ++i) {
    double power = 1;
    for (int m = 0; m < 4; ++m) sum[m] += power *= x[i];
  }
  for (int m = 0; m < 4; ++m)
    ck_assert_double_eq_tol(sum[m] / DRAWS, moment[m], BAND * sqrt(variance[m] / DRAWS));
  free(x);
}
END_TEST

/* All that lie beyond 6 standard deviations among columns 0 to 63 of indices below 93750000: 14 of
 * 6e9, where 11.8 +- 3.4 are expected. */
static const struct {
  uint64_t index;
  int column;
  double value;
} extremes[] = {
    {6133198, 16, -6.1949228496596129}, {9261212, 45, -6.0330964130963007},
    {23729098, 6, 6.1953730398192501},  {30466836, 13, -6.0183320654114532},
    {36958704, 56, 6.0800472333481936}, {46282165, 36, 6.2940680703272092},
    {51920172, 41, 6.3645913299807493}, {54615876, 39, 6.0391815478109159},
    {56333217, 2, -6.5686345770479857}, {59239952, 19, 6.3143437595998826},
    {59500949, 4, -6.1440567536400366}, {59839186, 44, -6.0971171512682201},
    {61278207, 0, -6.0959682872025018}, {66695873, 31, 6.1866729662354949},
};

START_TEST(extremes_reach_beyond_six_deviations) {
  double uniforms[64], normals[64];
  tv_random_uniforms(some_stream, extremes[_i].index, 64, uniforms);
  tv_random_normals(some_stream, extremes[_i].index, 64, normals);
  const int column = extremes[_i].column, pair = column / 2 * 2;
  const double radius = sqrt(-2 * log(uniforms[pair])), angle = 2 * M_PI * uniforms[pair + 1];
  const double expected = radius * (column == pair ? cos(angle) : sin(angle));
  ck_assert_double_eq_tol(normals[column], expected, 32 * DBL_EPSILON * radius);
  ck_assert_double_eq_tol(normals[column], extremes[_i].value, 32 * DBL_EPSILON * radius);
}

START_TEST(normals_have_the_tails_of_normals) {
  double *x = allocate(DRAWS);
  tv_random_normals(some_stream, 1, DRAWS, x);
  for (double bound = -3.5; bound < 4; bound += 0.5) {
    const double expected = 0.5 * erfc(bound / sqrt(2)); /* P(x > bound) */
    int above = 0;
    for (int i = 0; i < DRAWS; ++i) above += x[i] > bound;
    ck_assert_double_eq_tol((double)above / DRAWS, expected,
                            BAND * sqrt(expected * (1 - expected) / DRAWS));
  }
  free(x);
}
END_TEST

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov: P(sqrt(n) D > 2.7) = 2 exp(-2 * 2.7^2) < 1e-6. */
START_TEST(uniforms_are_uniform) {
  double *u = allocate(DRAWS), worst = 0;
  tv_random_uniforms(some_stream, 2, DRAWS, u);
  qsort(u, DRAWS, sizeof *u, ascending);
  ck_assert_double_gt(u[0], 0);
  ck_assert_double_lt(u[DRAWS - 1], 1);
  for (int i = 0; i < DRAWS; ++i) {
    worst = fmax(worst, fabs(u[i] - (double)i / DRAWS));
    worst = fmax(worst, fabs(u[i] - (double)(i + 1) / DRAWS));
  }
  ck_assert_double_le(worst * sqrt(DRAWS), 2.7);
  free(u);
}
END_TEST

/* ---- Independence ---- */

/* The standard error of a mean of products of independent standard normals is 1/sqrt(n). */
static void expect_uncorrelated(const double *x, const double *y, int count) {
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += x[i] * y[i];
  ck_assert_double_le(fabs(sum / count), BAND / sqrt(count));
}

START_TEST(neighbours_within_an_index_are_uncorrelated) {
  double *x = allocate(DRAWS);
  tv_random_normals(some_stream, 3, DRAWS, x);
  for (int lag = 1; lag <= 8; ++lag) expect_uncorrelated(x, x + lag, DRAWS - lag);
  free(x);
}
END_TEST

/* Short draws at many indices, as samples use them; each of the neighbours is another stream. */
START_TEST(neighbouring_streams_and_indices_are_uncorrelated) {
  enum { EACH = 8, INDICES = DRAWS / EACH };
  tv_stream other[] = {some_stream, some_stream, some_stream, some_stream, some_stream};
  const uint64_t shift[] = {1, 0, 0, 0, (uint64_t)1 << 32};
  ++other[1].seed;
  ++other[2].replicate;
  other[3].purpose = TV_FOR_GAMMA;
  double *x = allocate(DRAWS), *y = allocate(DRAWS);
  for (size_t s = 0; s < sizeof shift / sizeof *shift; ++s) {
    for (uint64_t i = 0; i < INDICES; ++i) {
      tv_random_normals(some_stream, i, EACH, x + EACH * i);
      tv_random_normals(other[s], i + shift[s], EACH, y + EACH * i);
    }
    expect_uncorrelated(x, y, DRAWS);
    expect_uncorrelated(x + 1, y, DRAWS - 1);
  }
  free(x);
  free(y);
}
END_TEST

START_TEST(every_bit_of_a_stream_counts) {
  double here, there;
  tv_random_uniforms(some_stream, 0, 1, &here);
  for (int bit = 0; bit < 64; ++bit) {
    tv_stream other = some_stream;
    other.seed ^= (uint64_t)1 << bit;
    tv_random_uniforms(other, 0, 1, &there);
    ck_assert_double_ne(here, there);
    tv_random_uniforms(some_stream, (uint64_t)1 << bit, 1, &there);
    ck_assert_double_ne(here, there);
    other = some_stream;
    if (bit < 24) other.replicate ^= (uint32_t)1 << bit;
    if (bit >= 24 && bit < 32) other.purpose ^= 1 << (bit - 24);
    tv_random_uniforms(other, 0, 1, &there);
    if (bit < 32) ck_assert_double_ne(here, there);
  }
}
END_TEST

/* ---- Permutations ---- */

static tv_permutation permutation_of(int64_t size, uint32_t replicate) {
  return tv_permutation_make((tv_stream){9, TV_FOR_PERMUTATION, replicate}, size);
}

/* Positions asked for one by one. */
static int64_t position_of(const tv_permutation *p, int64_t element) {
  int64_t position;
  tv_permutation_positions(p, element, 1, &position);
  return position;
}

/* All positions are asked for at once. */
static void expect_bijection(int64_t size) {
  const tv_permutation p = permutation_of(size, 0);
  char *is_hit = calloc((size_t)size, 1);
  int64_t *position = calloc((size_t)size, sizeof(*position));
  ck_assert(is_hit && position);
  tv_permutation_positions(&p, 0, (int)size, position);
  for (int64_t i = 0; i < size; ++i) {
    ck_assert(position[i] >= 0 && position[i] < size && !is_hit[position[i]]);
    is_hit[position[i]] = 1;
    ck_assert_int_eq(position_of(&p, i), position[i]);
    ck_assert_int_eq(tv_permutation_element(&p, position[i]), i);
  }
  free(is_hit);
  free(position);
}

START_TEST(permutations_are_bijections) {
  for (int64_t size = 1; size <= 200; ++size) expect_bijection(size);
  expect_bijection(1000);
  expect_bijection(65537);
}
END_TEST

/* Numbers written down once: others would make other subsamples of the same experiment. */
START_TEST(permutations_stay_what_they_are) {
  static const struct {
    int64_t size, last[2];
  } rows[] = {
      {2, {1, 0}},
      {10, {0, 9}},
      {60000, {34491, 12478}},
      {1000000000000, {14568846218, 172278160085}},
      {((int64_t)1 << 52) - 1, {4221184717399431, 3288161297858447}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    const tv_permutation p = permutation_of(rows[i].size, 1);
    int64_t last[2];
    tv_permutation_positions(&p, rows[i].size - 2, 2, last);
    ck_assert_int_eq(last[0], rows[i].last[0]);
    ck_assert_int_eq(last[1], rows[i].last[1]);
    ck_assert_int_eq(tv_permutation_element(&p, last[0]), rows[i].size - 2);
  }
}
END_TEST

static int ascending_positions(const void *left, const void *right) {
  const int64_t x = *(const int64_t *)left, y = *(const int64_t *)right;
  return (x > y) - (x < y);
}

/* Of huge sizes, the first and the last elements have places of their own. */
START_TEST(huge_permutations_do_not_collide) {
  enum { COUNT = 1 << 14 };
  static const int64_t sizes[] = {1000000000000, ((int64_t)1 << 40) + 1, ((int64_t)1 << 52) - 1};
  static int64_t position[2 * COUNT];
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
    const tv_permutation p = permutation_of(sizes[s], 1);
    tv_permutation_positions(&p, 0, COUNT, position);
    tv_permutation_positions(&p, sizes[s] - COUNT, COUNT, position + COUNT);
    qsort(position, 2 * COUNT, sizeof(*position), ascending_positions);
    ck_assert(position[0] >= 0 && position[2 * COUNT - 1] < sizes[s]);
    for (int i = 1; i < 2 * COUNT; ++i) ck_assert_int_lt(position[i - 1], position[i]);
  }
}
END_TEST

/* Where each replicate puts element 0, and which element it takes first: chi-square over the places
 * has mean SIZE - 1 and variance 2 (SIZE - 1). */
START_TEST(every_place_is_as_likely) {
  enum { SIZE = 101, REPLICATES = 20200 };
  double place[SIZE] = {0}, first[SIZE] = {0}, together[SIZE] = {0};
  for (uint32_t r = 0; r < REPLICATES; ++r) {
    const tv_permutation p = permutation_of(SIZE, r);
    int64_t position[SIZE];
    tv_permutation_positions(&p, 0, SIZE, position);
    ++place[position[0]];
    for (int i = 0; i < SIZE; ++i) first[i] += position[i] == 0;
    ++together[(position[1] - position[0] + SIZE) % SIZE]; /* never 0 */
  }
  double chi2[3] = {0};
  for (int i = 0; i < SIZE; ++i) {
    const double expected = (double)REPLICATES / SIZE, pair = (double)REPLICATES / (SIZE - 1);
    chi2[0] += (place[i] - expected) * (place[i] - expected) / expected;
    chi2[1] += (first[i] - expected) * (first[i] - expected) / expected;
    if (i > 0) chi2[2] += (together[i] - pair) * (together[i] - pair) / pair;
  }
  ck_assert_double_eq_tol(chi2[0], SIZE - 1, BAND * sqrt(2 * (SIZE - 1)));
  ck_assert_double_eq_tol(chi2[1], SIZE - 1, BAND * sqrt(2 * (SIZE - 1)));
  ck_assert_double_eq_tol(chi2[2], SIZE - 2, BAND * sqrt(2 * (SIZE - 2)));
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("random");
  tcase_add_test(cases, every_width_gives_the_same_bits);
  tcase_add_test(cases, rows_are_cut_anywhere);
  tcase_add_loop_test(cases, known_answers, 0, (int)(sizeof known / sizeof *known));
  tcase_add_test(cases, draws_do_not_depend_on_their_count);
  tcase_add_test(cases, normals_have_the_moments_of_normals);
  tcase_add_test(cases, normals_have_the_tails_of_normals);
  tcase_add_loop_test(cases, extremes_reach_beyond_six_deviations, 0,
                      sizeof extremes / sizeof *extremes);
  tcase_add_test(cases, uniforms_are_uniform);
  tcase_add_test(cases, neighbours_within_an_index_are_uncorrelated);
  tcase_add_test(cases, neighbouring_streams_and_indices_are_uncorrelated);
  tcase_add_test(cases, every_bit_of_a_stream_counts);
  tcase_add_test(cases, permutations_are_bijections);
  tcase_add_test(cases, permutations_stay_what_they_are);
  tcase_add_test(cases, huge_permutations_do_not_collide);
  tcase_add_test(cases, every_place_is_as_likely);
  return unit_run("random", cases);
}
