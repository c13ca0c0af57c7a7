/* Where the eigenvalues of a finite sample lie on average: zeros of expected characteristic
 * functions. Derived in data/thresholds/README.md; K is the second-moment matrix of n standard
 * normal rows.
 *
 * Component j is at the value X_j(kappa) = square kappa^2 + linear kappa - offset where K has the
 * eigenvalue kappa; rho_j(x) is the larger kappa with X_j(kappa) = x. The function is
 *   Psi(x) = int e^{n w} w^{-n-1} prod_j (rho_j(x) - w) prod_i (1 + strength_i U_i(x, w)) dw
 *   U_i(x, w) = weight_i sum_j (profile_j + shift_i)^2 / (x - X_j(w))
 * over a line parallel to the imaginary axis: without couplings and with X_j = h_j kappa it is, up
 * to a factor, E det(x - H^{1/2} K H^{1/2}). Costs O(levels + couplings) per evaluation.
 */
#ifndef TWOVIEW_THEORY_EXPECTED_SPECTRUM_H
#define TWOVIEW_THEORY_EXPECTED_SPECTRUM_H

typedef struct {
  int count;
  double *square, *linear, *offset;
  double *kappa; /* workspace */
} tv_levels;

/* None: count 0. */
typedef struct {
  int count;
  double *strength, *weight, *shift;
  const double *profile; /* one for each level */
} tv_couplings;

/* One function Psi. */
typedef struct {
  double n; /* larger than the number of levels */
  tv_levels levels;
  tv_couplings couplings;
} tv_secular;

/* The largest zero, not below `floor`: `floor` itself where there is none above. NaN: not found.
 * The search begins at `from` where that is beyond the zero and nearer than what holds for any Psi;
 * INFINITY where none is known. */
double tv_secular_largest_zero(const tv_secular *psi, double floor, double from);

/* The smallest zero where all X_j are linear and there are no couplings. `lacking` is what it lacks
 * to the mean of the random zero of real samples, to first order in the inverse of Dyson's index;
 * `variance` is that of the latter. */
void tv_secular_smallest_zero(const tv_secular *psi, double *zero, double *lacking,
                              double *variance);

/* What the largest zero, x, lacks to its mean over real samples. */
double tv_secular_lacking(const tv_secular *psi, double x);

/* The mean of U(x, w) for one coupling more, under the weight of Psi. */
double tv_secular_mean_coupling(const tv_secular *psi, double x, double weight, double shift);

#endif
