#include "support/unit.h"
#include "twoview/studies/cube.h"

/* Two replicates, three magnitudes, two alignments, four sample sizes, two encoders of three
 * methods: counted by hand. */
static const tv_cube cube = {2, 3, 2, 4, 2, 3};

START_TEST(points_follow_each_other) {
  int64_t next = 0;
  ck_assert_int_eq(tv_cube_points(&cube), 48);
  for (int replicate = 0; replicate < 2; ++replicate)
    for (int magnitude = 0; magnitude < 3; ++magnitude)
      for (int alpha = 0; alpha < 2; ++alpha)
        for (int level = 0; level < 4; ++level, ++next) {
          const tv_spot at = tv_cube_split(&cube, next);
          ck_assert_int_eq(tv_cube_index(&cube, replicate, magnitude, alpha, level), next);
          ck_assert(at.replicate == replicate && at.magnitude == magnitude);
          ck_assert(at.alpha == alpha && at.level == level);
          ck_assert_int_eq(at.setting, 3 * replicate + magnitude);
          ck_assert_int_eq(at.item, 4 * replicate + level);
        }
}
END_TEST

START_TEST(points_among_the_last_sizes_are_counted) {
  for (int levels = 0; levels <= 4; ++levels) {
    int64_t before = 0;
    for (int64_t point = 0; point < tv_cube_points(&cube); ++point) {
      const int is_among = point % 4 >= 4 - levels;
      ck_assert_int_eq(tv_cube_among(&cube, levels, point), before);
      ck_assert_int_eq(tv_cube_is_among(&cube, levels, point), is_among);
      before += is_among;
    }
  }
}
END_TEST

START_TEST(encoders_and_methods_stand_at_every_point) {
  int64_t next = 0;
  ck_assert_int_eq(tv_cube_entries(&cube, 48), 288);
  for (int64_t point = 0; point < 48; ++point)
    for (int encoder = 0; encoder < 2; ++encoder)
      for (int method = 0; method < 3; ++method)
        ck_assert_int_eq(tv_cube_entry(&cube, point, encoder, method), next++);
}
END_TEST

int main(void) {
  TCase *cases = tcase_create("cube");
  tcase_add_test(cases, points_follow_each_other);
  tcase_add_test(cases, points_among_the_last_sizes_are_counted);
  tcase_add_test(cases, encoders_and_methods_stand_at_every_point);
  return unit_run("cube", cases);
}
