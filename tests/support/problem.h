/* A small problem made by hand: rows (x, z, y, 1) and their moments, the same on every rank; and
 * its answers. Arrays that are returned are fresh. */
#ifndef TWOVIEW_SUPPORT_PROBLEM_H
#define TWOVIEW_SUPPORT_PROBLEM_H

#include "plain.h"
#include "ranks.h"

#include "twoview/methods/scores.h"

typedef struct {
  int p, q, l, n, k, d, width;
  int64_t size;  /* n, where the moments can borrow it */
  double *rows;  /* n x width, rows contiguous */
  double *gamma; /* q */
  double *theta; /* d */
  tv_moments moments;
} problem;

typedef struct {
  int p, q, l, n, k;
} problem_shape;

/* One process holds everything in the first; the second has several blocks in each direction. */
extern const problem_shape small_shape, blocks_shape;

problem make_problem(problem_shape shape, double decay);
void free_problem(problem *m);

/* Moments anew, after a change of rows. */
void take_moments(problem *m);

/* The features reflected: x - 2 v v'x for a random unit vector v. */
void turn_features(problem *m);

/* A grid of all ranks, and statistics on it. */
tv_error *open_statistics(problem *m, int is_clean, double alpha, tv_grid **grid, tv_statistics **s,
                          int *status);

/* Everything about one solution, whole on every rank. */
typedef struct {
  int d, k, status;
  double *E; /* d x k, the encoder's rows as columns */
  double *D; /* d x k or NULL */
  double *T; /* d x k */
  double *values;
  tv_scores scores;
} answer;

void free_answer(answer *a);

/* The answer to a problem on the ranks of `comm`, from the moments on.              Collective. */
tv_error *solve_problem(problem *m, MPI_Comm comm, const tv_method *method, int is_clean,
                        double alpha, answer *out);

/* The inputs of row `row`: clean features, or features and noise of covariance Gamma. */
double input_of(const problem *m, int row, int input);

/* (1/n) sum x x' by definition, d x d with d = p for clean inputs; plus the augmentation's
 * covariance when asked for. */
double *new_moment(const problem *m, int is_clean, int is_augmented, double alpha);

/* Its targets, borrowed. */
const double *target_of(const problem *m, int row);

extern const tv_method *const every_method[3];

#endif
