/* Compiled once for each vector width: TV_WIDTH doubles in a vector. */
#include "box_muller.h"

#include <Random123/philox.h>
#include <math.h>
#include <sleef.h>
#include <string.h>

#if TV_WIDTH == 8
typedef __m512d vector;
typedef Sleef___m512d_2 vector_pair;
#define KERNEL   tv_box_muller_avx512
#define LOG      Sleef_cinz_logd8_u35avx512fnofma
#define SINCOSPI Sleef_cinz_sincospid8_u35avx512fnofma
#elif TV_WIDTH == 4
typedef __m256d vector;
typedef Sleef___m256d_2 vector_pair;
#define KERNEL   tv_box_muller_avx2
#define LOG      Sleef_cinz_logd4_u35avx
#define SINCOSPI Sleef_cinz_sincospid4_u35avx
#elif TV_WIDTH == 2
typedef __m128d vector;
typedef Sleef___m128d_2 vector_pair;
#define KERNEL   tv_box_muller_sse2
#define LOG      Sleef_cinz_logd2_u35sse2
#define SINCOSPI Sleef_cinz_sincospid2_u35sse2
#else
typedef double vector;
typedef Sleef_double_2 vector_pair;
#define KERNEL   tv_box_muller_scalar
#define LOG      Sleef_cinz_logd1_u35purec
#define SINCOSPI Sleef_cinz_sincospid1_u35purec
#endif

/* The centre of one of 2^52 equal cells of (0, 1), by way of [1, 2): exact, and no conversion from
 * integers, which few vector units have. */
static double open_unit(uint32_t high, uint32_t low) {
  const uint64_t bits = ((uint64_t)high << 32 | low) >> 12 | UINT64_C(0x3ff0000000000000);
  double shifted;
  memcpy(&shifted, &bits, sizeof shifted);
  return shifted - (1 - 0x1p-53);
}

void KERNEL(const uint32_t key[2], uint32_t counter[4][TV_LANES], double even[TV_LANES],
            double odd[TV_LANES]) {
  const philox4x32_key_t philox_key = {{key[0], key[1]}};
  uint32_t bits[4][TV_LANES];
  double radius[TV_LANES];
  for (int i = 0; i < TV_LANES; ++i) {
    const philox4x32_ctr_t at = {{counter[0][i], counter[1][i], counter[2][i], counter[3][i]}};
    const philox4x32_ctr_t drawn = philox4x32(at, philox_key);
    for (int word = 0; word < 4; ++word) bits[word][i] = drawn.v[word];
  }
  for (int i = 0; i < TV_LANES; ++i) {
    radius[i] = open_unit(bits[0][i], bits[1][i]);
    odd[i] = 2 * open_unit(bits[2][i], bits[3][i]);
  }
  for (int i = 0; i < TV_LANES; i += TV_WIDTH) {
    vector u, turns;
    memcpy(&u, radius + i, sizeof u);
    memcpy(&turns, odd + i, sizeof turns);
    const vector logarithm = LOG(u);
    const vector_pair sine_cosine = SINCOSPI(turns);
    memcpy(radius + i, &logarithm, sizeof u);
    memcpy(odd + i, &sine_cosine.x, sizeof u);
    memcpy(even + i, &sine_cosine.y, sizeof u);
  }
  for (int i = 0; i < TV_LANES; ++i) {
    const double length = sqrt(-2 * radius[i]);
    even[i] *= length;
    odd[i] *= length;
  }
}
