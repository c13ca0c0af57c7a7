/* The stages of a run, one after the other, on any communicator; and the files it may read. */
#ifndef TWOVIEW_SUPPORT_PIPELINE_H
#define TWOVIEW_SUPPORT_PIPELINE_H

#include <hdf5.h>

#include "plain.h"
#include "ranks.h"

#include "twoview/hdf5/error.h"
#include "twoview/studies/layout.h"
#include "twoview/studies/results.h"

typedef struct {
  tv_experiment *experiment;
  tv_source *source;
  tv_features *features;
  tv_sampling sampling;
  tv_spectra *spectra;
  tv_layout layout;
  tv_group *group;
  tv_head *head;
  tv_moments *moments;
  tv_stopwatch watch;
  tv_results *results;
} pipeline;

/* Of an experiment: to the features, to the moments with the first `head` samples, or to the
 * results. */
tv_error *open_pipeline(const char *text, MPI_Comm comm, pipeline *p);
tv_error *open_moments(const char *text, int64_t head, MPI_Comm comm, pipeline *p);
tv_error *open_results(const char *text, int64_t head, MPI_Comm comm, pipeline *p);

/* Solve from moments, or distributed over all ranks. */
tv_error *solve_pipeline(MPI_Comm comm, int is_distributed, pipeline *p);

void close_pipeline(pipeline *p);

/* A dataset of `rank` dimensions. */
void add_dataset(hid_t file, const char *name, hid_t type, int rank, hsize_t rows, hsize_t columns,
                 const void *values);

#endif
