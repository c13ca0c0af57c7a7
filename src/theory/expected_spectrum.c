#include "expected_spectrum.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>

/* Nodes on the upper half of the line, from the real axis: the lower half is its mirror image. The
 * spacing is in deviations of the integrand's Gaussian. */
enum { NODES = 37 };
static const double spacing = 0.25;

/* Which zero is meant: for the largest the line passes below all kappas, for the smallest above. */
typedef enum { SMALLEST = -1, LARGEST = 1 } which_zero;

/* Psi's integrand at the nodes, up to a factor, its logarithmic derivative in x, and its second
 * derivative over itself. */
typedef struct {
  double complex w[NODES], f[NODES], slope[NODES], curvature[NODES];
} integrand;

static double complex value_of(const tv_levels *levels, int j, double complex kappa) {
  return (levels->square[j] * kappa + levels->linear[j]) * kappa - levels->offset[j];
}

/* The larger kappa at which X_j is x. */
static double kappa_of(const tv_levels *levels, int j, double x) {
  const double a = levels->square[j], b = levels->linear[j], c = x + levels->offset[j];
  return a > 0 ? (sqrt(fmax(b * b + 4 * a * c, 0)) - b) / (2 * a) : c / b;
}

/* The logarithm of the integrand without couplings has the derivative n - (n + 1)/w - sum_j
 * 1/(rho_j
 * - w). Sets that, and sum_j (w/(rho_j - w))^2, which is n + 1 where its own derivative vanishes.
 */
static void steepness(const tv_secular *psi, double x, double w, double *slope, double *squares) {
  *slope = psi->n - (psi->n + 1) / w;
  *squares = 0;
  for (int j = 0; j < psi->levels.count; ++j) {
    const double gap = kappa_of(&psi->levels, j, x) - w;
    *slope -= 1 / gap;
    *squares += w * w / (gap * gap);
  }
}

/* The kappa nearest to the line's place. */
static double nearest_kappa(const tv_levels *levels, double x, which_zero side) {
  double nearest = side * INFINITY;
  for (int j = 0; j < levels->count; ++j) {
    const double kappa = kappa_of(levels, j, x);
    nearest = side == LARGEST ? fmin(nearest, kappa) : fmax(nearest, kappa);
  }
  return nearest;
}

/* Where the line crosses the real axis: at the saddle point next to 1, where the integrand does not
 * oscillate. At a zero of Psi there may be none: then short of where two merge, which keeps the
 * width of a Gaussian. */
static double crossing(const tv_secular *psi, double x, which_zero side) {
  const double plain = (psi->n + 1) / psi->n, distance = 1.2;
  const double nearest = nearest_kappa(&psi->levels, x, side);
  double slope, squares, low = side == LARGEST ? 0 : nearest, high = nearest;
  if (!(nearest > 0)) return plain;
  if (side == SMALLEST) high += 2 * sqrt(psi->levels.count);
  for (int bit = 0; bit < 50; ++bit) {
    const double middle = (low + high) / 2;
    steepness(psi, x, middle, &slope, &squares);
    *((squares < psi->n + 1) == (side == LARGEST) ? &low : &high) = middle;
  }
  const double place = nearest - distance * (nearest - (low + high) / 2);
  steepness(psi, x, place, &slope, &squares);
  if (side * slope <= 0) return place;
  low = side == LARGEST ? 0 : place;
  high = side == LARGEST ? place : place + 5;
  for (int bit = 0; bit < 50; ++bit) {
    const double middle = (low + high) / 2;
    steepness(psi, x, middle, &slope, &squares);
    *(slope < 0 ? &low : &high) = middle;
  }
  return (low + high) / 2;
}

/* Psi without couplings at one node; `scale` is the distance of nodes times 1/spacing. */
static void include_levels(const tv_secular *psi, double x, double centre, double scale, int t,
                           integrand *out) {
  const tv_levels *levels = &psi->levels;
  const double complex across = I * (t * spacing * scale), w = centre + across;
  double complex log_sum = psi->n * across - (psi->n + 1) * clog(w / centre);
  double complex product = 1, slope = 0, change = 0;
  for (int j = 0; j < levels->count; ++j) {
    const double kappa = kappa_of(levels, j, x);
    const double rate = 1 / (2 * levels->square[j] * kappa + levels->linear[j]);
    const double bend = -2 * levels->square[j] * rate * rate * rate;
    const double complex part = rate / (kappa - w);
    product *= (kappa - w) / (fabs(kappa - centre) + scale);
    slope += part;
    change += bend / (kappa - w) - part * part;
    if (j % 64 == 63) { /* before the product leaves the range of a double */
      log_sum += clog(product);
      product = 1;
    }
  }
  out->w[t] = w;
  out->f[t] = cexp(log_sum) * product;
  out->slope[t] = slope;
  out->curvature[t] = change;
}

/* sums[r][s] = sum_j profile_j^s / (x - X_j(w))^(r + 1) */
static void power_sums(const tv_secular *psi, double x, double complex w,
                       double complex sums[3][3]) {
  for (int r = 0; r < 3; ++r)
    for (int s = 0; s < 3; ++s) sums[r][s] = 0;
  for (int j = 0; j < psi->levels.count; ++j) {
    const double profile = psi->couplings.profile[j];
    const double complex inverse = 1 / (x - value_of(&psi->levels, j, w));
    double complex power = inverse;
    for (int r = 0; r < 3; ++r, power *= inverse) {
      sums[r][0] += power;
      sums[r][1] += power * profile;
      sums[r][2] += power * (profile * profile);
    }
  }
}

static double complex coupled(const double complex sums[3], double weight, double shift) {
  return weight * (sums[2] + 2 * shift * sums[1] + shift * shift * sums[0]);
}

static void include_couplings(const tv_secular *psi, double x, int t, integrand *out) {
  const tv_couplings *c = &psi->couplings;
  double complex sums[3][3];
  power_sums(psi, x, out->w[t], sums);
  for (int i = 0; i < c->count; ++i) {
    const double complex factor = 1 + c->strength[i] * coupled(sums[0], c->weight[i], c->shift[i]);
    const double complex slope =
        -c->strength[i] * coupled(sums[1], c->weight[i], c->shift[i]) / factor;
    const double complex curvature =
        2 * c->strength[i] * coupled(sums[2], c->weight[i], c->shift[i]) / factor;
    out->f[t] *= factor;
    out->slope[t] += slope;
    out->curvature[t] += curvature - slope * slope;
  }
}

static void evaluate(const tv_secular *psi, double x, which_zero side, integrand *out) {
  const double centre = crossing(psi, x, side);
  double slope, squares;
  steepness(psi, x, centre, &slope, &squares);
  const double scale = centre / sqrt(psi->n + 1 - squares);
  for (int t = 0; t < NODES; ++t) {
    include_levels(psi, x, centre, scale, t, out);
    if (psi->couplings.count > 0) include_couplings(psi, x, t, out);
    out->curvature[t] += out->slope[t] * out->slope[t];
  }
}

/* Psi and its two derivatives in x, up to one factor. */
static void integrate(const integrand *at, double psi[3]) {
  psi[0] = psi[1] = psi[2] = 0;
  for (int t = 0; t < NODES; ++t) {
    const double complex f = t == 0 ? at->f[t] : 2 * at->f[t];
    psi[0] += creal(f);
    psi[1] += creal(f * at->slope[t]);
    psi[2] += creal(f * at->curvature[t]);
  }
}

static double value_at(const tv_secular *psi, double x, which_zero side, double values[3]) {
  integrand at;
  evaluate(psi, x, side, &at);
  integrate(&at, values);
  return values[0];
}

/* Laguerre's step from x towards the nearest zero (the largest: downwards) of a function with
 * `degree` real zeros, whose logarithmic derivative and minus that one's derivative are g and h. */
static double laguerre_step(int degree, double g, double h, which_zero side) {
  return degree / (g + side * sqrt(fmax((degree - 1) * (degree * h - g * g), 0)));
}

/* A point beyond all zeros, on the side of the one meant. */
static double beyond_all(const tv_secular *psi, which_zero side) {
  const tv_couplings *c = &psi->couplings;
  const double edge = 1 + side * sqrt(psi->levels.count / psi->n); /* of K in the limit */
  const double kappa = fmax(edge * edge + side * 8 / sqrt(psi->n), edge * edge / 4);
  double x = -INFINITY, push = 0;
  for (int j = 0; j < psi->levels.count; ++j) {
    x = fmax(x, side * creal(value_of(&psi->levels, j, kappa)));
    for (int i = 0; i < c->count; ++i)
      push = fmax(push, -c->strength[i] * c->weight[i] * pow(c->profile[j] + c->shift[i], 2));
  }
  return side * (x + push * pow(sqrt(psi->levels.count) + 6, 2));
}

double tv_secular_largest_zero(const tv_secular *psi, double floor) {
  double high = beyond_all(psi, LARGEST), low = high, values[3];
  if (!(high > floor)) return floor;
  while (value_at(psi, low, LARGEST, values) > 0) {
    const double g = values[1] / values[0], h = g * g - values[2] / values[0];
    const double step = laguerre_step(psi->levels.count, g, h, LARGEST);
    if (low == floor || step <= 1e-14 * fmax(1, fabs(low))) return low;
    if (!(step > 0)) return NAN;
    high = low;
    low = fmax(low - step, floor);
  }
  while (high - low > 1e-14 * fmax(1, fabs(high))) { /* the last step went a little too far */
    const double middle = low + (high - low) / 2;
    *(value_at(psi, middle, LARGEST, values) > 0 ? &high : &low) = middle;
  }
  return high;
}

/* Weights of the rule for int int log|t - t'| F(t) G(t') dt dt' by the distance of nodes: the
 * trapezoidal rule with two terms of its correction at the singularity (-zeta'(-2) is the number).
 */
static double log_weight(int distance) {
  const double correction = 0.030448457058393270;
  if (distance == 0) return log(spacing / (2 * acos(-1.))) - 2 * correction;
  return log(distance * spacing) + (distance == 1 ? correction : 0);
}

static double complex mirrored(const double complex *half, int t) {
  return t < 0 ? conj(half[-t]) : half[t];
}

static double log_product(const double complex *f, const double complex *g) {
  double sum = 0;
  for (int s = 1 - NODES; s < NODES; ++s)
    for (int t = 1 - NODES; t < NODES; ++t)
      sum += log_weight(abs(s - t)) * creal(mirrored(f, s) * mirrored(g, t));
  return sum;
}

static void fluctuation(const tv_secular *psi, double x, which_zero side, double *lacking,
                        double *variance) {
  integrand at;
  double complex along[NODES];
  double values[3], logarithm = 0;
  evaluate(psi, x, side, &at);
  integrate(&at, values);
  for (int t = 0; t < NODES; ++t) {
    along[t] = at.f[t] * at.slope[t];
    logarithm += creal(clog(at.w[t]) * at.f[t]) * (t == 0 ? 1 : 2);
  }
  const double square = log_product(at.f, at.f), rate = 2 * log_product(at.f, along);
  *lacking =
      2 * (rate - values[1] * logarithm - square * values[2] / values[1]) / (values[1] * values[1]);
  *variance = 4 * square / (values[1] * values[1]);
}

double tv_secular_lacking(const tv_secular *psi, double x) {
  double lacking, variance;
  fluctuation(psi, x, LARGEST, &lacking, &variance);
  return lacking;
}

void tv_secular_smallest_zero(const tv_secular *psi, double *zero, double *lacking,
                              double *variance) {
  double values[3], step, x = beyond_all(psi, SMALLEST);
  do {
    if (value_at(psi, x, SMALLEST, values) == 0) break;
    const double g = values[1] / values[0], h = g * g - values[2] / values[0];
    if (!(g < 0)) break; /* rounding led past it */
    step = laguerre_step(psi->levels.count, g, h, SMALLEST);
    x -= step;
  } while (-step > 1e-14 * fmax(1, fabs(x)));
  fluctuation(psi, x, SMALLEST, lacking, variance);
  *zero = x;
}

double tv_secular_mean_coupling(const tv_secular *psi, double x, double weight, double shift) {
  integrand at;
  double complex sums[3][3];
  double total = 0, mean = 0;
  evaluate(psi, x, LARGEST, &at);
  for (int t = 0; t < NODES; ++t) {
    const double complex f = t == 0 ? at.f[t] : 2 * at.f[t];
    power_sums(psi, x, at.w[t], sums);
    total += creal(f);
    mean += creal(f * coupled(sums[0], weight, shift));
  }
  return mean / total;
}
