#include "twoview/random.h"

#include <Random123/philox.h>
#include <math.h>

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

void tv_random_normals(tv_stream stream, uint64_t index, int count, double *out) {
  const double two_pi = 6.283185307179586476925287;
  for (int i = 0; i < count; i += 2) {
    const philox4x32_ctr_t bits = random_block(stream, index, (uint32_t)i / 2);
    const double radius = sqrt(-2 * log(open_unit(bits.v[0], bits.v[1])));
    const double angle = two_pi * open_unit(bits.v[2], bits.v[3]);
    out[i] = radius * cos(angle);
    if (i + 1 < count) out[i + 1] = radius * sin(angle);
  }
}

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

static uint64_t feistel(const tv_permutation *p, uint64_t value) {
  uint64_t left = value / p->b, right = value % p->b;
  for (uint32_t round = 0; round < FEISTEL_ROUNDS; round += 2) {
    left = (left + round_value(p, right, round) % p->a) % p->a;
    right = (right + round_value(p, left, round + 1) % p->b) % p->b;
  }
  return left * p->b + right;
}

static uint64_t feistel_inverse(const tv_permutation *p, uint64_t value) {
  uint64_t left = value / p->b, right = value % p->b;
  for (uint32_t round = FEISTEL_ROUNDS; round > 0; round -= 2) {
    right = (right + p->b - round_value(p, left, round - 1) % p->b) % p->b;
    left = (left + p->a - round_value(p, right, round - 2) % p->a) % p->a;
  }
  return left * p->b + right;
}

int64_t tv_permutation_at(const tv_permutation *permutation, int64_t position) {
  uint64_t value = (uint64_t)position;
  do value = feistel(permutation, value);
  while (value >= permutation->size);
  return (int64_t)value;
}

int64_t tv_permutation_position(const tv_permutation *permutation, int64_t element) {
  uint64_t value = (uint64_t)element;
  do value = feistel_inverse(permutation, value);
  while (value >= permutation->size);
  return (int64_t)value;
}
