#include "baselines.h"

#include <stdlib.h>

static tv_error *begin(const tv_solver *s, int64_t setting, struct tv_baselines *b) {
  const tv_cube *cube = &s->results->cube;
  const int count = cube->levels * cube->methods;
  tv_baselines_release(b);
  TV_TRY(tv_grid_agree(s->group->grid, tv_allocate(count, sizeof(*b->solutions), &b->solutions)));
  b->count = count;
  b->setting = setting;
  return NULL;
}

tv_error *tv_baselines_solve(const tv_solver *s, const tv_statistics *statistics, int m,
                             int64_t point, int k, tv_solution *out, int *status) {
  const tv_method *method = tv_method_of(s->experiment->methods[m]);
  const tv_spot at = tv_cube_split(&s->results->cube, point);
  struct tv_baselines *b = s->baselines;
  if (!method->repeat) return method->solve(statistics, k, out, status);
  if (b->setting != at.setting) TV_TRY(begin(s, at.setting, b));
  tv_solution *known = &b->solutions[at.level * s->results->cube.methods + m];
  if (!known->encoder) TV_TRY(method->solve(statistics, k, known, status));
  if (*status == 0) return method->repeat(statistics, known, out);
  tv_solution_destroy(known);
  return NULL;
}

void tv_baselines_release(struct tv_baselines *b) {
  for (int i = 0; i < b->count; ++i) tv_solution_destroy(&b->solutions[i]);
  free(b->solutions);
  *b = (struct tv_baselines){.setting = -1};
}
