/* What an encoder is worth. */
#ifndef TWOVIEW_METHODS_SCORES_H
#define TWOVIEW_METHODS_SCORES_H

#include "twoview/methods/method.h"

typedef struct {
  double score;   /* RC, JE: least linear-probe loss min_V (1/n) sum |y - V E x|^2 on un-augmented
                   * inputs, without intercept; SL: its own loss (1/n) sum |y - V x|^2. Known to
                   * the rounding of (1/n) sum y'y, and never negative */
  double leakage; /* of the encoder onto the noise, in S-whitened coordinates (T = (E L)'). RC, JE:
                   * the largest squared sine between its row space and the important components;
                   * SL: the noise components' share of the energy of its predictions, |T's noise
                   * rows|^2 / |T|^2, 0 where it predicts nothing. 0: none, 1: RC, JE: some
                   * direction of the representation is all noise, SL: every prediction is */
  tv_optimality optimality;
} tv_scores;

/* The leakage alone.                                                                Collective. */
tv_error *tv_leakage(const tv_method *method, const tv_statistics *statistics,
                     const tv_solution *solution, double *out);

/* For the methods: the least linear-probe loss, given the image A E'; and the largest squared sine
 * between the columns of T, which are orthonormal, and the important components. Collective. */
tv_error *tv_probe_loss(const tv_statistics *statistics, const tv_solution *solution,
                        const tv_distmat *image, double *out);
tv_error *tv_largest_sine(const tv_statistics *statistics, const tv_distmat *whitened, double *out);

/* All scores of a solution on the statistics it was solved from.                    Collective. */
tv_error *tv_scores_evaluate(const tv_method *method, const tv_statistics *statistics,
                             const tv_solution *solution, tv_scores *out);

/* How well its first k rows solve the problem, given the image A E' of all of them.
 *                                                                                    Collective. */
tv_error *tv_scores_validate(const tv_method *method, const tv_statistics *statistics,
                             const tv_solution *solution, const tv_distmat *image, int k,
                             tv_optimality *out);

/* All scores of the nested encoders of its first rows, as many as rows[0] <= rows[1] <= ... say.
 *                                                                                   Collective. */
tv_error *tv_scores_evaluate_nested(const tv_method *method, const tv_statistics *statistics,
                                    const tv_solution *solution, int count, const int *rows,
                                    tv_scores *out);

#endif
