#include "twoview/augmentations/view_problems.h"

#include <stdlib.h>

#include "twoview/augmentations/principal_axes.h"
#include "twoview/base/comm.h"

static tv_error *collect(MPI_Comm comm, tv_view_problems *p) {
  const tv_experiment *e = p->model->experiment;
  tv_sampling sampling = tv_sampling_make(e, p->model->source, p->features, comm, NULL);
  const tv_row_corruption corruption = tv_view_model_rows(p->model);
  const tv_row_views views = tv_view_model_views(p->model);
  if (corruption.severities > 0) sampling.corruption = &corruption;
  sampling.sizes = &p->n;
  sampling.sizes_count = 1;
  sampling.replicates = 1;
  TV_TRY(tv_view_model_read(p->model, &sampling, p->group->row));
  TV_TRY(tv_moments_collect(&sampling, NULL, 0, &p->moments));
  return tv_experiment_sums_views(e) ? tv_view_moments_collect(&sampling, &views, 0, &p->views)
                                     : NULL;
}

tv_error *tv_view_problems_collect(const tv_features *features, tv_view_model *model, int64_t n,
                                   MPI_Comm comm, tv_view_problems **out) {
  tv_error *error;
  *out = NULL;
  TV_GO(tv_agree(comm, tv_allocate(1, sizeof(**out), out)));
  **out = (tv_view_problems){.features = features, .model = model, .n = n};
  TV_GO(tv_group_form(comm, 1, TV_LARGE_BLOCK, &(*out)->group));
  TV_GO(collect(comm, *out));
done:
  if (error) tv_view_problems_destroy(out);
  return error;
}

void tv_view_problems_destroy(tv_view_problems **problems) {
  tv_view_problems *p = *problems;
  if (!p) return;
  tv_view_moments_destroy(&p->views);
  tv_moments_destroy(&p->moments);
  tv_group_dissolve(&p->group);
  free(p);
  *problems = NULL;
}

tv_error *tv_view_problems_axes(const tv_view_problems *p, int severity, tv_distmat **out) {
  const tv_experiment *e = p->model->experiment;
  tv_samples *samples = NULL;
  tv_error *error;
  *out = NULL;
  if (!e->features.pca) return NULL;
  TV_GO(tv_distmat_create(p->group->grid, p->features->inputs, e->features.pca, out));
  if (p->features->axes) {
    tv_distmat_scatter(p->features->axes, *out);
    return NULL;
  }
  TV_GO(tv_view_model_samples(p->model, p->moments, p->group->row, 0, severity, 0, &samples));
  TV_GO(tv_samples_axes(e, samples, p->group->grid, *out));
done:
  tv_samples_destroy(&samples);
  if (error) tv_distmat_destroy(out);
  return error;
}

tv_error *tv_view_problems_make(const tv_view_problems *p, int severity, int strength,
                                const tv_distmat *axes, tv_statistics **out, int *status) {
  const tv_view_place place = {0, severity, strength, 0};
  tv_samples *samples = NULL;
  *out = NULL;
  tv_error *error =
      tv_view_model_samples(p->model, p->moments, p->group->row, 0, severity, 0, &samples);
  if (!error)
    error = tv_view_model_problem(p->model, p->views, &place, samples, axes, p->group->row,
                                  p->group->grid, out, status);
  tv_samples_destroy(&samples);
  return error;
}
