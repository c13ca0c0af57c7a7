#include "twoview/plan.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "fortran.h"
#include "twoview/comm.h"
#include "twoview/dense.h"
#include "twoview/random.h"

/* Rates of one rank of this machine: flops of the rank-b update, normals, and of one eigenproblem
 * of the experiment's size. */
typedef struct {
  double update_flops, normals, solve_flops;
} rates;

static double reduced_levels(int shards) {
  return ceil(log2(shards > 1 ? shards : 2));
}

/* ---- Counting ---- */

/* Flops of a whitened eigenproblem with all vectors: two triangular solves (2 d^3), the
 * tridiagonal form (4/3 d^3), divide and conquer and back-transformation (about 4 d^3). */
static double eigen_flops(double d) {
  return (2 + 4.0 / 3 + 4) * d * d * d;
}

static double count_solve_flops(const tv_experiment *e, const tv_plan *plan, double p) {
  double per_point = pow(plan->d, 3) / 3, per_clean = p * p * p / 3;
  for (unsigned m = 0; m < e->methods_count; ++m) {
    if (e->methods[m] == TV_SUPERVISED) continue;
    per_point += eigen_flops(plan->d);
    per_clean += eigen_flops(p);
  }
  return (double)plan->points * per_point + (double)e->replicates * e->sizes_count * per_clean;
}

static double pca_flops(const tv_source *source) {
  const double width = source->features + 1;
  return source->rows < 0 ? 0 : (double)source->rows * width * width;
}

/* Generated rows are fresh for each replicate. */
static double projection_flops(const tv_experiment *e, const tv_source *source, double p) {
  const double generated = e->replicates * (double)e->sizes[e->sizes_count - 1];
  const double rows = source->rows < 0 ? generated : (double)source->rows;
  return source->variances ? 0 : 2 * rows * source->features * p;
}

/* Share of the points whose sample size is kept. */
static double kept_share(const tv_experiment *e, tv_keep keep) {
  return keep == TV_KEEP_ALL ? 1 : keep == TV_KEEP_LAST ? 1.0 / e->sizes_count : 0;
}

static double count_memory(const tv_experiment *e, const tv_source *source, const tv_plan *plan) {
  const double moments = (double)e->replicates * e->sizes_count * plan->width * plan->width;
  const double raw = source->rows < 0 ? 0 : pow(source->features + 1.0, 2);
  const double branches = 1 + reduced_levels(e->parallel.shards);
  const double rows = e->source.type == TV_SOURCE_IDX
                          ? ceil((double)source->rows / plan->ranks) * (source->features + 1)
                          : 0;
  const double batch = (double)TV_BATCH * (2.0 * source->features + 2.0 * plan->width);
  double kept = kept_share(e, e->archive.representations);
  if (e->archive.encoders > e->archive.representations) /* none < last < all */
    kept = kept_share(e, e->archive.encoders);
  const double encoders = ceil(kept * (double)plan->points / plan->groups) * plan->d *
                          (3.0 * e->encoder.k + source->targets);
  const double sums = branches * fmax(moments, raw);
  return 8 * (fmax(sums + batch, moments + encoders + 8.0 * plan->d * plan->d)) + rows;
}

static double count_archive(const tv_experiment *e, const tv_source *source, const tv_plan *plan) {
  const double solved = (double)plan->points * e->methods_count * 9;
  const double rows = 3.0 * e->encoder.k + source->targets;
  double numbers = solved;
  numbers += kept_share(e, e->archive.encoders) * (double)plan->points * plan->d * rows;
  numbers += kept_share(e, e->archive.representations) * (double)plan->points *
             e->archive.representation_samples * (2.0 * e->encoder.k + source->targets);
  if (e->archive.samples)
    numbers += (double)e->replicates * (double)e->sizes[e->sizes_count - 1] * (plan->width - 1);
  return 8 * numbers;
}

/* ---- Measuring ---- */

static double measure_update(int width, double *rows, double *sum) {
  const int count = TV_BATCH;
  const double unit = 1, begun = MPI_Wtime();
  double flops = 0;
  do {
    dsyrk_("L", "N", &width, &count, &unit, rows, &width, &unit, sum, &width, 1, 1);
    flops += (double)count * width * width;
  } while (MPI_Wtime() - begun < 0.02);
  return flops / (MPI_Wtime() - begun);
}

static double measure_normals(double *rows) {
  const tv_stream stream = {0, TV_FOR_NOISE, 0};
  const double begun = MPI_Wtime();
  double drawn = 0;
  for (uint64_t i = 0; MPI_Wtime() - begun < 0.02; ++i, drawn += 256)
    tv_random_normals(stream, i, 256, rows);
  return drawn / (MPI_Wtime() - begun);
}

/* One eigenproblem of size d, or of the largest size that takes no more than a moment. */
static tv_error *measure_solve(int d, double *rate) {
  const int size = d < 512 ? d : 512;
  tv_grid *grid = NULL;
  tv_distmat *a = NULL, *vectors = NULL;
  double *values = NULL;
  int status = 0;
  tv_error *error;
  TV_GO(tv_grid_create(MPI_COMM_SELF, TV_SMALL_BLOCK, &grid));
  TV_GO(tv_distmat_create(grid, size, size, &a));
  TV_GO(tv_distmat_create(grid, size, size, &vectors));
  TV_GO(tv_allocate(size, sizeof(*values), &values));
  for (int j = 0; j < size; ++j)
    for (int i = 0; i < size; ++i)
      a->data[(int64_t)j * size + i] = cos(i * (double)j) + (i == j) * 9;
  const double begun = MPI_Wtime();
  TV_GO(tv_eigen_top(a, size, values, vectors, &status));
  *rate = eigen_flops(size) / (1.3 * (MPI_Wtime() - begun)); /* scores take about a third more */
done:
  free(values);
  tv_distmat_destroy(&vectors);
  tv_distmat_destroy(&a);
  tv_grid_destroy(&grid);
  return error;
}

static tv_error *measure_rates(int width, int d, rates *out) {
  double *rows = NULL, *sum = NULL;
  tv_error *error;
  TV_GO(tv_allocate((int64_t)TV_BATCH * (width > 256 ? width : 256), sizeof(*rows), &rows));
  TV_GO(tv_allocate((int64_t)width * width, sizeof(*sum), &sum));
  out->normals = measure_normals(rows);
  out->update_flops = measure_update(width, rows, sum);
  TV_GO(measure_solve(d, &out->solve_flops));
done:
  free(rows);
  free(sum);
  return error;
}

/* ---- Together ---- */

tv_error *tv_plan_make(const tv_experiment *e, const tv_source *source, MPI_Comm comm,
                       tv_plan *plan) {
  int rank;
  rates rate = {0};
  const int p = e->features.pca ? e->features.pca : source->features;
  const double largest = (double)e->sizes[e->sizes_count - 1];
  *plan = (tv_plan){.d = p + e->noise.components};
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &plan->ranks);
  const int each =
      e->parallel.ranks_per_point < plan->ranks ? e->parallel.ranks_per_point : plan->ranks;
  plan->groups = plan->ranks / each;
  tv_grid_shape(each, &plan->grid_rows, &plan->grid_columns);
  plan->width = plan->d + source->targets + 1;
  plan->points = (int64_t)e->replicates * e->noise.lambda_max_count * e->augmentation.alpha_count *
                 e->sizes_count;
  plan->solutions = plan->points * e->methods_count;
  plan->normals =
      e->replicates * largest * (e->noise.components + (source->rows < 0 ? source->features : 0));
  plan->moment_flops = e->replicates * largest * plan->width * plan->width + pca_flops(source) +
                       projection_flops(e, source, p);
  plan->solve_flops = count_solve_flops(e, plan, p);
  plan->reduced_bytes = plan->ranks == 1
                            ? 0
                            : 8 * ((double)e->replicates * e->sizes_count * pow(plan->width, 2) +
                                   (source->rows < 0 ? 0 : pow(source->features + 1.0, 2)));
  plan->memory_bytes = count_memory(e, source, plan);
  plan->archive_bytes = count_archive(e, source, plan);
  TV_TRY(tv_agree(comm, rank == 0 ? measure_rates(plan->width, plan->d, &rate) : NULL));
  if (rank == 0)
    plan->seconds =
        (plan->moment_flops / rate.update_flops + plan->normals / rate.normals) / plan->ranks +
        plan->solve_flops / rate.solve_flops / plan->groups / each;
  return NULL;
}

static void print_bytes(const char *what, double bytes) {
  const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  int unit = 0;
  double shown = bytes;
  for (; shown >= 1024 && unit < 5; ++unit) shown /= 1024;
  printf("%-22s %.3g %s (%.0f bytes)\n", what, shown, units[unit], bytes);
}

void tv_plan_print(const tv_experiment *e, const tv_source *source, const tv_plan *plan) {
  char *resolved = NULL;
  tv_error *error = tv_experiment_print(e, &resolved);
  if (!error) printf("%s\n", resolved);
  tv_error_free(error);
  free(resolved);
  if (source->rows >= 0)
    printf("%-22s %" PRId64 " samples of %d features, %d targets\n", "data", source->rows,
           source->features, source->targets);
  else
    printf("%-22s generated, %d features, %d targets\n", "data", source->features, source->targets);
  printf("%-22s %" PRId64 " (%" PRId64 " solutions) of d = %d inputs, k = %d\n", "points",
         plan->points, plan->solutions, plan->d, e->encoder.k);
  printf("%-22s %d in %d group%s of %d x %d; %d shards\n", "ranks", plan->ranks, plan->groups,
         plan->groups == 1 ? "" : "s", plan->grid_rows, plan->grid_columns, e->parallel.shards);
  print_bytes("memory per rank", plan->memory_bytes);
  print_bytes("reduced per rank", plan->reduced_bytes);
  printf("%-22s %.3g for moments, %.3g for solutions\n", "flops", plan->moment_flops,
         plan->solve_flops);
  printf("%-22s %.3g\n", "random normals", plan->normals);
  printf("%-22s %.2g s, from rates measured just now\n", "estimated time", plan->seconds);
  print_bytes("archive, uncompressed", plan->archive_bytes);
}
