/* The pass that samples views of images against its own limit on this machine: the symmetric
 * products of rows and of views alone, for the same shapes, in large pieces, in the same process.
 */
#include "support/benchmark.h"

#include <string.h>

#include "twoview/augmentations/view_model.h"
#include "twoview/base/memory.h"
#include "twoview/linalg/fortran.h"
#include "twoview/moments/view_moments.h"

enum {
  ROUNDS = 5,
  ROWS = 10000,
  VIEWS = 4,
  PIXELS = 784,
  CLASSES = 10,
  WIDTH = PIXELS + CLASSES + 1
};

static const double limit = 1.5; /* of the pass, in its products */

static const char text[] =
    "source: {type: idx, scale: 255,\n"
    "  images: /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz,\n"
    "  labels: /usr/share/datasets/fashion-mnist/train-labels-idx1-ubyte.gz}\n"
    "augmentation:\n"
    "  chain: [{type: crop, sizes: [20, 24, 28], step: 2}, {type: flip},\n"
    "    {type: brightness, deviation: 0.2}, {type: noise, deviation: 0.1}]\n"
    "  views: 4\n"
    "samples: [10000]\n"
    "encoder: {k: 20}\n";

typedef struct {
  benchmark_data data;
  tv_view_model *model;
  double *rows, *sum;
} task;

static void run_pass(void *context) {
  task *t = context;
  const tv_row_views views = tv_view_model_views(t->model);
  tv_view_moments *moments = NULL;
  demand(tv_view_moments_collect(&t->data.sampling, &views, 0, &moments));
  tv_view_moments_destroy(&moments);
}

static void square(const task *t, int64_t rows) {
  const int d = PIXELS, piece = TV_BATCH;
  const double unit = 1;
  for (int64_t first = 0; first < rows; first += piece) {
    const int count = rows - first < piece ? (int)(rows - first) : piece;
    dsyrk_("L", "N", &d, &count, &unit, t->rows, &d, &unit, t->sum, &d, 1, 1);
  }
}

static void run_products(void *context) {
  const task *t = context;
  const int d = PIXELS, width = WIDTH, piece = TV_BATCH;
  const double unit = 1;
  square(t, ROWS);
  square(t, (int64_t)ROWS * VIEWS);
  for (int64_t first = 0; first < ROWS; first += piece) {
    const int count = ROWS - first < piece ? (int)(ROWS - first) : piece;
    dgemm_("N", "T", &d, &width, &count, &unit, t->rows, &d, t->rows, &width, &unit, t->sum, &d, 1,
           1);
  }
}

int main(int argc, char **argv) {
  tv_memory_keep_freed(); /* as the program does */
  MPI_Init(&argc, &argv);
  tv_limit_blas_threads();
  task t = {.data = open_text(text)};
  demand(tv_view_model_create(t.data.experiment, t.data.source, NULL, MPI_COMM_WORLD, &t.model));
  demand(tv_allocate((int64_t)TV_BATCH * WIDTH, sizeof(*t.rows), &t.rows));
  demand(tv_allocate((int64_t)WIDTH * WIDTH, sizeof(*t.sum), &t.sum));
  const double pass = least_processor_time(ROUNDS, run_pass, &t),
               products = least_processor_time(ROUNDS, run_products, &t);
  const double ratio = pass / products;
  printf("%d views of each of %d images, d = %d: %.2f s, their products alone %.2f s, ratio %.2f "
         "(at most "
         "%.1f)\n",
         VIEWS, ROWS, PIXELS, pass, products, ratio, limit);
  free(t.rows);
  free(t.sum);
  tv_view_model_destroy(&t.model);
  close_data(&t.data);
  MPI_Finalize();
  return ratio > limit;
}
