#include "twoview/studies/cube.h"

tv_cube tv_cube_of(const tv_experiment *e) {
  return (tv_cube){.replicates = e->replicates,
                   .magnitudes = tv_experiment_corruptions(e),
                   .alphas = tv_experiment_alignments(e),
                   .levels = e->sizes_count,
                   .encoders = e->encoder.sizes_count,
                   .methods = (int)e->methods_count};
}

int64_t tv_cube_entry(const tv_cube *c, int64_t index, int encoder, int method) {
  return (index * c->encoders + encoder) * c->methods + method;
}

int64_t tv_cube_entries(const tv_cube *c, int64_t count) {
  return count * c->encoders * c->methods;
}

int64_t tv_cube_index(const tv_cube *c, int replicate, int magnitude, int alpha, int level) {
  return (((int64_t)replicate * c->magnitudes + magnitude) * c->alphas + alpha) * c->levels + level;
}

int64_t tv_cube_points(const tv_cube *c) {
  return tv_cube_index(c, c->replicates, 0, 0, 0);
}

tv_spot tv_cube_split(const tv_cube *c, int64_t point) {
  const int64_t line = point / c->levels, setting = line / c->alphas;
  tv_spot spot = {.replicate = (int)(setting / c->magnitudes),
                  .magnitude = (int)(setting % c->magnitudes),
                  .alpha = (int)(line % c->alphas),
                  .level = (int)(point % c->levels),
                  .setting = setting};
  spot.item = (int64_t)spot.replicate * c->levels + spot.level;
  return spot;
}

int64_t tv_cube_among(const tv_cube *c, int levels, int64_t point) {
  const int64_t beyond = point % c->levels - (c->levels - levels);
  return point / c->levels * levels + (beyond > 0 ? beyond : 0);
}

int tv_cube_is_among(const tv_cube *c, int levels, int64_t point) {
  return point % c->levels >= c->levels - levels;
}
