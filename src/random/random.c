#include "twoview/random/random.h"

#include <Random123/philox.h>
#include <math.h>

#include "box_muller.h"

enum { FEISTEL_ROUNDS = 8 };

static philox4x32_ctr_t random_block(tv_stream stream, uint64_t index, uint32_t block) {
  const philox4x32_key_t key = {{(uint32_t)stream.seed, (uint32_t)(stream.seed >> 32)}};
  const philox4x32_ctr_t counter = {{(uint32_t)index, (uint32_t)(index >> 32), block,
                                     (uint32_t)stream.purpose << 24 | stream.replicate}};
  return philox4x32(counter, key);
}

/* The centre of one of 2^52 equal cells of (0, 1): never 0, never 1. */
static double open_unit(uint32_t high, uint32_t low) {
  const uint64_t cell = ((uint64_t)high << 32 | low) >> 12;
  return ((double)cell + 0.5) * 0x1p-52;
}

void tv_random_uniforms(tv_stream stream, uint64_t index, int count, double *out) {
  for (int i = 0; i < count; i += 2) {
    const philox4x32_ctr_t bits = random_block(stream, index, (uint32_t)i / 2);
    out[i] = open_unit(bits.v[0], bits.v[1]);
    if (i + 1 < count) out[i + 1] = open_unit(bits.v[2], bits.v[3]);
  }
}

/* ---- Normals ---- */

int tv_box_muller_list(tv_box_muller *kernels[TV_BOX_MULLER_KERNELS]) {
  int count = 0;
  kernels[count++] = tv_box_muller_scalar;
#ifdef __x86_64__
  kernels[count++] = tv_box_muller_sse2;
  if (__builtin_cpu_supports("avx2")) kernels[count++] = tv_box_muller_avx2;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    kernels[count++] = tv_box_muller_avx512;
#endif
  return count;
}

static tv_box_muller *widest_kernel(void) {
  tv_box_muller *kernels[TV_BOX_MULLER_KERNELS];
  return kernels[tv_box_muller_list(kernels) - 1];
}

/* Pairs of normals are drawn in lanes, whatever rows and columns they belong to. */
typedef struct {
  uint32_t counter[4][TV_LANES];
  double even[TV_LANES], odd[TV_LANES];
  double *even_place[TV_LANES], *odd_place[TV_LANES]; /* NULL: not wanted */
  int filled;
} lanes;

static void draw_lanes(tv_box_muller *kernel, tv_stream stream, lanes *l) {
  const uint32_t key[2] = {(uint32_t)stream.seed, (uint32_t)(stream.seed >> 32)};
  kernel(key, l->counter, l->even, l->odd);
  for (int i = 0; i < l->filled; ++i) {
    if (l->even_place[i]) *l->even_place[i] = l->even[i];
    if (l->odd_place[i]) *l->odd_place[i] = l->odd[i];
  }
  l->filled = 0;
}

void tv_random_normal_rows(tv_stream stream, const int64_t *indices, int rows, int first, int count,
                           double *out, int leading) {
  tv_box_muller *kernel = widest_kernel();
  lanes l = {.filled = 0};
  for (int i = 0; i < rows; ++i) {
    double *row = out + (int64_t)i * leading;
    for (int pair = first / 2; 2 * pair < first + count; ++pair) {
      const int lane = l.filled++, j = 2 * pair - first;
      l.counter[0][lane] = (uint32_t)indices[i];
      l.counter[1][lane] = (uint32_t)((uint64_t)indices[i] >> 32);
      l.counter[2][lane] = (uint32_t)pair;
      l.counter[3][lane] = (uint32_t)stream.purpose << 24 | stream.replicate;
      l.even_place[lane] = j >= 0 ? row + j : NULL;
      l.odd_place[lane] = j + 1 < count ? row + j + 1 : NULL;
      if (l.filled == TV_LANES) draw_lanes(kernel, stream, &l);
    }
  }
  if (l.filled) draw_lanes(kernel, stream, &l);
}

void tv_random_normals(tv_stream stream, uint64_t index, int count, double *out) {
  const int64_t row = (int64_t)index;
  tv_random_normal_rows(stream, &row, 1, 0, count, out, count);
}

/* ---- Permutations ---- */

tv_permutation tv_permutation_make(tv_stream stream, int64_t size) {
  const uint64_t n = (uint64_t)size;
  uint64_t a = (uint64_t)sqrt((double)n);
  while (a * a < n) ++a;
  if (a == 0) a = 1;
  return (tv_permutation){.stream = stream, .size = n, .a = a, .b = (n + a - 1) / a};
}

static uint64_t round_value(const tv_permutation *permutation, uint64_t half, uint32_t round) {
  const philox4x32_ctr_t bits = random_block(permutation->stream, half, round);
  return (uint64_t)bits.v[0] << 32 | bits.v[1];
}

/* The network on many values, one round of all after the other: what a round computes does not wait
 * for other values, so that the processor works on several at a time. */
static void feistel(const tv_permutation *p, int count, uint64_t *left, uint64_t *right) {
  for (uint32_t round = FEISTEL_ROUNDS; round > 0; round -= 2) {
    for (int i = 0; i < count; ++i)
      right[i] = (right[i] + p->b - round_value(p, left[i], round - 1) % p->b) % p->b;
    for (int i = 0; i < count; ++i)
      left[i] = (left[i] + p->a - round_value(p, right[i], round - 2) % p->a) % p->a;
  }
}

void tv_permutation_positions(const tv_permutation *p, int64_t first, int count, int64_t *out) {
  enum { MOST = 64 };
  uint64_t left[MOST], right[MOST];
  for (int done = 0; done < count; done += MOST) {
    const int taken = count - done < MOST ? count - done : MOST;
    for (int i = 0; i < taken; ++i) {
      left[i] = (uint64_t)(first + done + i) / p->b;
      right[i] = (uint64_t)(first + done + i) % p->b;
    }
    feistel(p, taken, left, right);
    for (int i = 0; i < taken; ++i) {
      while (left[i] * p->b + right[i] >= p->size) feistel(p, 1, left + i, right + i);
      out[done + i] = (int64_t)(left[i] * p->b + right[i]);
    }
  }
}

/* The network backwards. */
static void unfeistel(const tv_permutation *p, uint64_t *left, uint64_t *right) {
  for (uint32_t round = 2; round <= FEISTEL_ROUNDS; round += 2) {
    *left = (*left + round_value(p, *right, round - 2) % p->a) % p->a;
    *right = (*right + round_value(p, *left, round - 1) % p->b) % p->b;
  }
}

int64_t tv_permutation_element(const tv_permutation *p, int64_t position) {
  uint64_t left = (uint64_t)position / p->b, right = (uint64_t)position % p->b;
  do unfeistel(p, &left, &right);
  while (left * p->b + right >= p->size);
  return (int64_t)(left * p->b + right);
}
