/* The closed forms: supervised learning (SL), reconstruction (RC) and joint embedding (JE) from the
 * same statistics, by functions of one signature. With S = L L' every solution has the form
 *     encoder = T' L^{-1},     T the d x k "whitened" encoder,
 * and the methods differ in T alone (Van Assel et al., arXiv 2505.12477):
 *     SL  T = L^{-1} B                                        (eq. 46)
 *     RC  top k eigenvectors of L^{-1} C'C L^{-T}              (Theorem 3.1)
 *     JE  top k eigenvectors of L^{-1} G L^{-T}                (Theorem 3.2)
 * up to the invertible (RC) or orthogonal (JE) k x k factor that the theorems leave free. */
#ifndef TWOVIEW_METHODS_METHOD_H
#define TWOVIEW_METHODS_METHOD_H

#include "twoview/augmentations/problem.h"

typedef struct {
  int k;                /* rows of the encoder; l for SL */
  tv_distmat *whitened; /* owned, d x k: T; orthonormal columns for RC and JE */
  tv_distmat *encoder;  /* owned, d x k: the encoder's rows are its columns, L^{-T} T */
  tv_distmat *decoder;  /* owned, d x k: RC's D = C E'; NULL for the others */
  double *values;       /* owned, k, largest first: phi^2 (RC), omega (JE); NULL for SL */
} tv_solution;

/* How well a solution does on the problem that it claims to solve. Both losses are mean squares
 * and never negative. Where S - G is diagonal, RC's become sums of squares once they are small
 * beside the inputs, and keep their digits; so does JE's objective. All others are differences of
 * mean squares (SL: of the targets; RC: of the inputs; JE: of k whitened outputs), known to the
 * rounding of these, and 0 where rounding leaves them below. */
typedef struct {
  double objective;      /* of encoder and decoder */
  double optimum;        /* the least value of the objective that theory gives */
  double residual;       /* of the stationarity equation, relative: the largest over the encoder's
                          * rows, each compared with its own terms */
  double whole_residual; /* the same of all rows together, in Frobenius norm */
  double orthonormality; /* max |E S E' - I|; NaN for SL, which has no such constraint */
} tv_optimality;

/* The theory of a method whose rows go to the components of the largest values, as the sample size
 * grows (Propositions 4.2 to 4.4). */
typedef struct {
  const char *value_name, *weakest_name; /* of the values; of the k-th largest of the important
                                          * components': phi, eta */
  const char *letter;                    /* of the value, as in figures: φ */
  const char *formula;                   /* of an important component's value */
  int is_quadratic;                      /* the square of the value is an eigenvalue of the pencil
                                          * (C'C, S); else the value is one of (G, S) */
  /* Of a component of that variance whose views have the variance `total`. */
  double (*value)(double variance, double total);
  const struct tv_method *rival; /* the other method that Corollary 4.5 compares it with, where this
                                  * one's value is quadratic; NULL: none */
  /* alpha^2 + theta/gamma at which a noise component of variance gamma has a value. */
  double (*threshold)(double value, double gamma);
} tv_component_theory;

/* What the objective of a method is a mean square of, to the rounding of which it is known. */
typedef enum { TV_OF_TARGETS, TV_OF_INPUTS, TV_OF_OUTPUTS /* whitened, of k rows */ } tv_squared;

/* A row of the table of methods, in a file of its own. */
typedef struct tv_method {
  tv_kind kind;
  int is_usual;                      /* taken where a file names no methods */
  int is_spectral;                   /* solved by an eigenproblem of order d */
  int rows_are_outputs;              /* the encoder has a row for each target, whatever k */
  int has_decoder;                   /* and makes it */
  tv_squared squared;                /* by its objective */
  const tv_component_theory *theory; /* NULL: none, and instead: */
  double fixed_threshold;            /* -infinity: it needs no alignment; NaN: nothing is known */
  const char *no_threshold;          /* why no alignment is critical, in a message */
  /* Solve with k rows (SL ignores k). status: not 0 when an iteration failed; the solution is then
   * empty. Free with tv_solution_destroy.                                         Collective. */
  tv_error *(*solve)(const tv_statistics *statistics, int k, tv_solution *out, int *status);
  /* The solution for other views of the same inputs, from a known one; NULL: views matter to it.
   *                                                                                 Collective. */
  tv_error *(*repeat)(const tv_statistics *statistics, const tv_solution *known, tv_solution *out);
  /* image: A E', d x k, which whoever scores the solution has anyway.              Collective. */
  tv_error *(*validate)(const tv_statistics *statistics, const tv_solution *solution,
                        const tv_distmat *image, tv_optimality *out);
  /* What its encoder is worth, as tv_scores says.                                Collective. */
  tv_error *(*score)(const tv_statistics *statistics, const tv_solution *solution,
                     const tv_distmat *image, double *out);
  tv_error *(*leak)(const tv_statistics *statistics, const tv_solution *solution, double *out);
  /* Flops for d inputs, k encoder rows and l targets, scores included, by their leading terms. */
  double (*flops)(int d, int k, int l);
} tv_method;

extern const tv_method tv_supervised, tv_reconstruction, tv_joint_embedding, tv_pca;

/* The row that a kind begins. */
const tv_method *tv_method_of(const tv_kind *kind);

int tv_method_is_usual(const tv_method *method);

/* Rows of its encoder. */
int tv_method_rows(const tv_method *method, int k, int l);

/* Flops of the statistics of d inputs, by their leading term; and, for the methods, of a solution
 * by an eigenproblem of that order. */
double tv_statistics_flops(int d);
double tv_eigenproblem_flops(int d, int k, int l);
void tv_solution_destroy(tv_solution *solution);

/* For the methods: a mean square that was computed as a difference, which rounding may leave below
 * zero; 0 then. NaN remains. */
double tv_mean_square(double difference);

/* For the methods: allocate T and the encoder; encoder = L^{-T} T once T is known. */
tv_error *tv_solution_begin(const tv_statistics *statistics, int k, tv_solution *out);
void tv_solution_unwhiten(const tv_statistics *statistics, tv_solution *solution);

/* For the methods whose rows have free signs: turn rows of the encoder, and T with them, so that
 * the entry largest in size, the first of equal ones, is positive.                  Collective. */
tv_error *tv_solution_fix_signs(tv_solution *solution);

/* The size of each of the encoder's k rows on the inputs, sum_i |E_ji| sqrt(A_ii), on every rank:
 * it bounds the root mean square of row j's values, and rounding errors of theirs are relative to
 * it. The caller frees.                                                                 Collective.
 */
tv_error *tv_row_sizes(const tv_statistics *statistics, const tv_solution *solution, double **out);

/* For the methods: M E', given the image A E', which it is where M is A. The caller destroys it.
 *                                                                                   Collective. */
tv_error *tv_image_under(const tv_distmat *m, const tv_statistics *statistics,
                         const tv_solution *solution, const tv_distmat *image, tv_distmat **out);

/* For the methods: the relative residuals of `residual`, column by column and as a whole. `sizes`
 * (one for each column, on every rank) is what the columns are compared with; one that is 0 is
 * accurate if its size is 0, too.                                                   Collective. */
tv_error *tv_compare_columns(const tv_distmat *residual, const double *sizes, tv_optimality *out);

/* For the methods: max |gram - I|, of a whole square matrix; and image - product diag(values), in
 * place of the product.                                                             Collective. */
double tv_departure_from_identity(const tv_distmat *gram);
void tv_subtract_from_image(const tv_distmat *image, const double *values, tv_distmat *product);

/* For the methods: with image = N E' and the pencil N v = value S v, the relative residuals of
 * image - S E' diag(values), gram = E S E' (k x k) and max |gram - I|. |N e| is at most `bound`
 * times the size of e (tv_row_sizes).                                               Collective. */
tv_error *tv_pencil_residual(const tv_statistics *statistics, const tv_solution *solution,
                             const tv_distmat *image, double bound, tv_distmat *gram,
                             tv_optimality *out);

#endif
