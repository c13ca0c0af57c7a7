/* Sampled views: their moments on any number of ranks, and against the exact ones. */
#include <math.h>
#include <unistd.h>

#include "support/pipeline.h"
#include "twoview/augmentations/view_model.h"

enum { D = 24, L = 2, N = 40, REPLICATES = 100, LEVELS = 2, VIEWS = 3 };

#define SOURCE                                                                                     \
  "source:\n"                                                                                      \
  "  type: gaussian\n"                                                                             \
  "  power_law: {features: 24, scale: 4, exponent: 0.6}\n"                                         \
  "  teacher: {type: linear, targets: 2, noise: 0.1}\n"                                            \
  "  shape: [4, 3, 2]\n"                                                                           \
  "samples: [25, 40]\n"                                                                            \
  "encoder: {k: 3}\n"                                                                              \
  "parallel: {shards: 7}\n"

/* A linear map, an addition, a product, a mask, and what corrupts the rows once more. */
static const char chain[] =
    SOURCE "replicates: 100\n"
           "corruption: {chain: [{type: texture, length: 2, deviation: [0.5, 1]}], clean: true}\n"
           "augmentation:\n"
           "  views: 3\n"
           "  chain:\n"
           "    - {type: shift, pixels: 1}\n"
           "    - {type: mask, keep: 0.7, per: channel}\n"
           "    - {type: multiply, deviation: [0.3, 0.6], per: sample}\n"
           "    - {type: noise, deviation: 0.4}\n"
           "    - {type: corruption, severity: [1, 2]}\n";

/* Textures, of the views and of what corrupts the rows. */
static const char textured[] =
    SOURCE "replicates: 100\n"
           "corruption:\n"
           "  chain:\n"
           "    - {type: blend, weight: [0.3, 0.9], with: {type: npy, samples: t.npy, scale: 1}}\n"
           "  clean: true\n"
           "augmentation:\n"
           "  views: 3\n"
           "  chain:\n"
           "    - {type: flip}\n"
           "    - {type: blend, weight: [0.2, 0.6], with: {type: npy, samples: t.npy, scale: 2}}\n"
           "    - {type: corruption, severity: [1, 2]}\n"
           "    - {type: noise, deviation: 0.1}\n";

/* Partners, of the views and of what corrupts the rows; those of later steps have had the steps
 * before, and so has what is filled in. */
static const char exchanged[] = SOURCE "replicates: 100\n"
                                       "corruption:\n"
                                       "  chain:\n"
                                       "    - {type: mixup, beta: [2, 0.5]}\n"
                                       "    - {type: mask, keep: 0.8, fill: mean}\n"
                                       "  clean: true\n"
                                       "augmentation:\n"
                                       "  views: 3\n"
                                       "  chain:\n"
                                       "    - {type: replace, keep: [0.9, 0.6]}\n"
                                       "    - {type: shift, pixels: 1}\n"
                                       "    - {type: cutmix, size: [2, 2]}\n"
                                       "    - {type: mask, keep: 0.7, fill: mean}\n"
                                       "    - {type: mixup, beta: [0.4, 3]}\n"
                                       "    - {type: noise, deviation: 0.3}\n";

/* Of rows as they are. */
static const char replaced[] =
    SOURCE "replicates: 100\n"
           "augmentation: {views: 3, chain: [{type: replace, keep: [0.5, 0.1]}]}\n";

static const char *const chains[] = {chain, textured, exchanged, replaced};

enum { TEXTURES = 5 };

/* An array of TEXTURES x 4 x 3 x 2 in t.npy. */
static void write_textures(void) {
  static const char begin[] =
      "\x93NUMPY\1\0v\0{'descr': '<f8', 'fortran_order': False, 'shape': (5, 4, 3, 2), }";
  double numbers[TEXTURES * D];
  if (world_rank() == 0) {
    FILE *file = fopen("t.npy", "wb");
    tv_random_normals((tv_stream){4, TV_FOR_FEATURES, 0}, 0, TEXTURES * D, numbers);
    fwrite(begin, 1, 10, file);
    fprintf(file, "%-117s\n", begin + 10);
    fwrite(numbers, sizeof *numbers, TEXTURES * D, file);
    fclose(file);
  }
  MPI_Barrier(MPI_COMM_WORLD);
}

typedef struct {
  pipeline p;
  tv_view_model *model;
  tv_row_corruption corruption;
  tv_view_moments *views;
} sampled;

static void open_sampled(const char *text, MPI_Comm comm, sampled *s) {
  ASSERT_DONE(open_pipeline(text, comm, &s->p));
  ASSERT_DONE(tv_view_model_create(s->p.experiment, s->p.source, NULL, comm, &s->model));
  ASSERT_DONE(tv_view_model_read(s->model, &s->p.sampling, NULL));
  s->corruption = tv_view_model_rows(s->model);
  if (s->corruption.severities > 0) s->p.sampling.corruption = &s->corruption;
  const tv_row_views views = tv_view_model_views(s->model);
  ASSERT_DONE(tv_view_moments_collect(&s->p.sampling, &views, 0, &s->views));
}

static void close_sampled(sampled *s) {
  tv_view_moments_destroy(&s->views);
  tv_view_model_destroy(&s->model);
  close_pipeline(&s->p);
}

START_TEST(moments_of_views_do_not_depend_on_ranks) {
  sampled together, alone;
  open_sampled(chains[_i], MPI_COMM_WORLD, &together);
  open_sampled(chains[_i], MPI_COMM_SELF, &alone);
  ASSERT_ALL(together.views->severities == together.model->severities);
  ASSERT_ALL(together.views->strengths == 2);
  ASSERT_ALL(together.views->numbers == alone.views->numbers);
  ASSERT_ALL(memcmp(together.views->data, alone.views->data,
                    (size_t)alone.views->numbers * sizeof(double)) == 0);
  close_sampled(&together);
  close_sampled(&alone);
}

/* What is summed up over replicates of the differences of one entry. */
typedef struct {
  double sum, square;
} spread;

/* Differences between sampled and exact moments of the views of the same rows, entry by entry. */
static void add_differences(const tv_statistics *exact, const tv_statistics *drawn,
                            spread *spreads) {
  const tv_distmat *const a[] = {exact->S, exact->G, exact->C, exact->view_B};
  const tv_distmat *const b[] = {drawn->S, drawn->G, drawn->C, drawn->view_B};
  for (int m = 0; m < 4; ++m)
    for (int64_t i = 0; i < (int64_t)a[m]->rows * a[m]->columns; ++i, ++spreads) {
      const double difference = b[m]->data[i] - a[m]->data[i];
      spreads->sum += difference;
      spreads->square += difference * difference;
    }
}

static double largest_z(const spread *spreads, int64_t count) {
  double largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double mean = spreads[i].sum / REPLICATES;
    const double variance =
        (spreads[i].square / REPLICATES - mean * mean) / (REPLICATES - 1); /* of the mean */
    largest = fmax(largest, fabs(mean) / sqrt(variance));
  }
  return largest;
}

/* The same experiment, with the exact moments of all views. */
static void open_exact(const char *text, const tv_grid *grid, pipeline *p, tv_view_model **model) {
  char exact[4096];
  const char *views = strstr(text, "views: 3");
  snprintf(exact, sizeof exact, "%.*sviews: exact%s", (int)(views - text), text,
           views + strlen("views: 3"));
  ASSERT_DONE(open_pipeline(exact, MPI_COMM_SELF, p));
  ASSERT_DONE(tv_view_model_create(p->experiment, p->source, NULL, MPI_COMM_SELF, model));
  ASSERT_DONE(tv_view_model_read(*model, &p->sampling, grid));
}

/* Means of 100 replicates are within 5 of their deviations, as each of some 1,800 entries is with
 * a probability of 1 - 6e-7 by the normal law; views are centred by the mean of N x VIEWS of them,
 * which moves S by a share 1 / (N VIEWS) of a deviation times sqrt(REPLICATES). */
START_TEST(moments_of_views_are_the_exact_ones_on_average) {
  sampled s;
  pipeline p;
  tv_view_model *model = NULL;
  tv_grid *grid = NULL;
  const int64_t entries = 3 * D * D + D * L;
  open_sampled(chains[_i], MPI_COMM_SELF, &s);
  ASSERT_DONE(tv_moments_collect(&s.p.sampling, NULL, 0, &s.p.moments));
  ASSERT_DONE(tv_grid_create_row(MPI_COMM_SELF, TV_SMALL_BLOCK, &grid));
  open_exact(chains[_i], grid, &p, &model);
  for (int severity = 0; severity < s.model->severities; ++severity)
    for (int strength = 0; strength < 2; ++strength) {
      spread *spreads = calloc((size_t)entries, sizeof *spreads);
      for (int r = 0; r < REPLICATES; ++r) {
        tv_samples *rows = NULL;
        tv_views *views = NULL;
        tv_statistics *exact = NULL, *drawn = NULL;
        int status = 0;
        const tv_moment_matrix m = tv_moments_at(s.p.moments, r, severity, LEVELS - 1);
        const tv_view_matrix v = tv_view_moments_at(s.views, r, severity, strength, LEVELS - 1);
        ASSERT_DONE(tv_samples_take(grid, &s.model->shape, &m, NULL, &rows));
        ASSERT_DONE(tv_views_take(grid, &s.model->shape, &v, &views));
        ASSERT_DONE(tv_chain_problem(&model->augmentations[strength], rows, 0, NULL, grid, &exact,
                                     &status));
        tv_samples_destroy(&rows);
        ASSERT_DONE(tv_samples_take(grid, &s.model->shape, &m, NULL, &rows));
        ASSERT_DONE(tv_views_problem(views, rows, 0, NULL, grid, &drawn, &status));
        add_differences(exact, drawn, spreads);
        tv_statistics_destroy(&exact);
        tv_statistics_destroy(&drawn);
        tv_views_destroy(&views);
        tv_samples_destroy(&rows);
      }
      ASSERT_AT_MOST(largest_z(spreads, entries), 5);
      free(spreads);
    }
  tv_view_model_destroy(&model);
  close_pipeline(&p);
  tv_grid_destroy(&grid);
  close_sampled(&s);
}

int main(int argc, char **argv) {
  char folder[256];
  MPI_Init(&argc, &argv);
  make_folder(folder);
  if (chdir(folder) != 0) MPI_Abort(MPI_COMM_WORLD, 99);
  write_textures();
  TCase *tests = tcase_create("view_moments");
  const int count = (int)(sizeof chains / sizeof *chains);
  tcase_add_loop_test(tests, moments_of_views_do_not_depend_on_ranks, 0, count);
  tcase_add_loop_test(tests, moments_of_views_are_the_exact_ones_on_average, 0, count);
  const int is_first = world_rank() == 0, status = run_tests(tests);
  if (is_first && (remove("t.npy") != 0 || rmdir(folder) != 0)) return 99;
  return status;
}
