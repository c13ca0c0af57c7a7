#include "pipeline.h"

#include "twoview/kinds.h"

tv_error *open_pipeline(const char *text, MPI_Comm comm, pipeline *p) {
  *p = (pipeline){0};
  TV_TRY(tv_experiment_parse("test.yaml", text, NULL, &tv_kinds_all, &p->experiment));
  TV_TRY(tv_source_open(p->experiment, comm, &p->source));
  TV_TRY(tv_features_fit(p->experiment, p->source, comm, NULL, &p->features));
  p->sampling = tv_sampling_make(p->experiment, p->source, p->features, comm, NULL);
  return NULL;
}

tv_error *open_moments(const char *text, int64_t head, MPI_Comm comm, pipeline *p) {
  TV_TRY(open_pipeline(text, comm, p));
  TV_TRY(tv_spectra_draw(p->experiment, p->sampling.p, &p->spectra));
  TV_TRY(tv_head_create(&p->sampling, head, &p->head));
  return tv_moments_collect(&p->sampling, p->head, 0, &p->moments);
}

tv_error *solve_pipeline(MPI_Comm comm, int is_distributed, pipeline *p) {
  int ranks;
  MPI_Comm_size(comm, &ranks);
  TV_TRY(tv_layout_choose(p->experiment, p->source, ranks, &p->layout));
  const int groups = is_distributed ? 1 : p->layout.groups;
  TV_TRY(tv_group_form(comm, groups, p->layout.block, &p->group));
  const tv_study_inputs study = {.experiment = p->experiment,
                                 .features = p->features,
                                 .sampling = &p->sampling,
                                 .spectra = p->spectra,
                                 .group = p->group,
                                 .comm = comm,
                                 .watch = &p->watch};
  return tv_results_compute(&study, is_distributed ? NULL : p->moments, &p->results);
}

tv_error *open_results(const char *text, int64_t head, MPI_Comm comm, pipeline *p) {
  TV_TRY(open_moments(text, head, comm, p));
  return solve_pipeline(comm, 0, p);
}

void close_pipeline(pipeline *p) {
  tv_results_destroy(&p->results);
  tv_group_dissolve(&p->group);
  tv_head_destroy(&p->head);
  tv_moments_destroy(&p->moments);
  tv_spectra_destroy(&p->spectra);
  tv_features_destroy(&p->features);
  tv_source_close(&p->source);
  tv_experiment_destroy(&p->experiment);
}

void add_dataset(hid_t file, const char *name, hid_t type, int rank, hsize_t rows, hsize_t columns,
                 const void *values) {
  const hsize_t shape[2] = {rows, columns};
  const hid_t space = H5Screate_simple(rank, shape, NULL);
  const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (set < 0 || H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
    MPI_Abort(MPI_COMM_WORLD, 99);
  H5Dclose(set);
  H5Sclose(space);
}
