#include "expected_spectrum.h"

#include <complex.h>
#include <math.h>

/* Complex numbers at the nodes are kept as two arrays, so that loops over nodes are vectorised:
 * C's own quotient of complex numbers is a call that looks for infinities. */

/* Nodes on the upper half of the line, from the real axis: the lower half is its mirror image. The
 * spacing is in deviations of the integrand's Gaussian, of which they reach 9. */
typedef struct {
  int nodes;
  double spacing;
} quadrature;

enum { MOST_NODES = 37 };
static const quadrature coarse = {24, 0.35};       /* exact to rounding where all is smooth */
static const quadrature fine = {MOST_NODES, 0.25}; /* for the singularity of a logarithm */

/* The zero that is wanted: for the largest the line passes below all kappas, for the smallest
 * above. */
typedef enum { SMALLEST = -1, LARGEST = 1 } which_zero;

typedef struct {
  double re[MOST_NODES], im[MOST_NODES];
} row;

/* Psi's integrand at the nodes, up to a factor, its logarithmic derivative in x, and its second
 * derivative over itself. */
typedef struct {
  quadrature rule;
  double centre, across[MOST_NODES]; /* real and imaginary parts of the nodes w */
  row f, slope, curvature;
} integrand;

/* [r][s]: sum_j profile_j^s / (x - X_j(w))^(r + 1) */
enum { POWERS = 3 };
typedef row power_sums[POWERS][POWERS];

static double value_of(const tv_levels *levels, int j, double kappa) {
  return (levels->square[j] * kappa + levels->linear[j]) * kappa - levels->offset[j];
}

/* ---- Where the line is ---- */

/* The larger kappa at which X_j is x. */
static double kappa_of(const tv_levels *levels, int j, double x) {
  const double a = levels->square[j], b = levels->linear[j], c = x + levels->offset[j];
  return a > 0 ? (sqrt(fmax(b * b + 4 * a * c, 0)) - b) / (2 * a) : c / b;
}

/* Sets all kappas. Returns the one nearest to the line's place. */
static double find_kappas(const tv_levels *levels, double x, which_zero side) {
  double nearest = side * INFINITY;
  for (int j = 0; j < levels->count; ++j) {
    const double kappa = levels->kappa[j] = kappa_of(levels, j, x);
    nearest = side == LARGEST ? fmin(nearest, kappa) : fmax(nearest, kappa);
  }
  return nearest;
}

/* The logarithm of the integrand without couplings has the derivative n - (n + 1)/w - sum_j
 * 1/(rho_j - w). Sets that, and sum_j (w/(rho_j - w))^2, which is n + 1 where its own derivative
 * vanishes. */
static void steepness(const tv_secular *psi, double w, double *slope, double *squares) {
  double inverses = 0, inverse_squares = 0;
  for (int j = 0; j < psi->levels.count; ++j) {
    const double inverse = 1 / (psi->levels.kappa[j] - w);
    inverses += inverse;
    inverse_squares += inverse * inverse;
  }
  *slope = psi->n - (psi->n + 1) / w - inverses;
  *squares = w * w * inverse_squares;
}

/* How far from the nearest kappa two saddle points merge, roughly. The sum of squares there is
 * between u^2 and as many u^2 as there are levels, u = w/|nearest - w|. */
static double merging_distance(const tv_secular *psi, double nearest, which_zero side) {
  double slope, squares, high = sqrt(psi->n + 1), low = high / sqrt(psi->levels.count);
  for (int step = 0; step < 8; ++step) {
    const double u = sqrt(low * high);
    steepness(psi, u * nearest / (u + side), &slope, &squares);
    *(squares < psi->n + 1 ? &low : &high) = u;
  }
  return nearest / (sqrt(low * high) + side);
}

/* Where the slope vanishes, to a small part of a deviation, by Newton's method in a bracket. */
static double saddle_point(const tv_secular *psi, double from, double low, double high) {
  const double tolerance = 0.02;
  double slope, squares, w = from;
  for (int step = 0; step < 60; ++step) {
    steepness(psi, w, &slope, &squares);
    const double variance = w * w / (psi->n + 1 - squares);
    if (slope * slope * variance <= tolerance * tolerance) break;
    *(slope < 0 ? &low : &high) = w;
    const double next = w - slope * variance;
    w = next > low && next < high ? next : (low + high) / 2;
  }
  return w;
}

/* Where the line crosses the real axis, which does not change Psi but how well the nodes settle it:
 * at the saddle point next to 1, where the integrand does not oscillate. At a zero of Psi there may
 * be none: then short of where two merge, which keeps the width of a Gaussian. */
static double crossing(const tv_secular *psi, double x, which_zero side) {
  const double distance = 1.2, nearest = find_kappas(&psi->levels, x, side);
  double slope, squares;
  if (!(nearest > 0)) return (psi->n + 1) / psi->n;
  const double place = nearest - side * distance * merging_distance(psi, nearest, side);
  steepness(psi, place, &slope, &squares);
  if (side * slope <= 0) return place;
  return side == LARGEST ? saddle_point(psi, place, 0, place)
                         : saddle_point(psi, place, place, place + 5);
}

/* ---- The integrand ---- */

static double complex at_node(const row *values, int t) {
  return values->re[t] + I * values->im[t];
}

static void set_node(row *values, int t, double complex value) {
  values->re[t] = creal(value);
  values->im[t] = cimag(value);
}

static double complex node_of(const integrand *at, int t) {
  return at->centre + I * at->across[t];
}

/* One level's factor, to the product, and what it adds to the derivatives. */
static void include_level(const tv_levels *levels, int j, double scale, integrand *out,
                          row *product) {
  const double kappa = levels->kappa[j], gap = kappa - out->centre;
  const double rate = 1 / (2 * levels->square[j] * kappa + levels->linear[j]);
  const double bend = -2 * levels->square[j] * rate * rate;
  const double unit = 1 / (fabs(gap) + scale);
  for (int t = 0; t < out->rule.nodes; ++t) {
    const double y = out->across[t], last = product->re[t];
    const double inverse = rate / (gap * gap + y * y);
    const double re = gap * inverse, im = y * inverse; /* rate/(kappa - w) */
    product->re[t] = (last * gap + product->im[t] * y) * unit;
    product->im[t] = (product->im[t] * gap - last * y) * unit;
    out->slope.re[t] += re;
    out->slope.im[t] += im;
    out->curvature.re[t] += bend * re - (re * re - im * im);
    out->curvature.im[t] += bend * im - 2 * re * im;
  }
}

/* The product's logarithm is set aside, and 1 is left of it. */
static void set_aside(row *product, int nodes, row *logarithm) {
  for (int t = 0; t < nodes; ++t) {
    set_node(logarithm, t, at_node(logarithm, t) + clog(at_node(product, t)));
    set_node(product, t, 1);
  }
}

/* Psi without couplings; curvature is that of its logarithm. */
static void include_levels(const tv_secular *psi, double scale, integrand *out) {
  const int nodes = out->rule.nodes, often = 64; /* before a product leaves the range of a double */
  row product, logarithm;
  for (int t = 0; t < nodes; ++t) {
    const double complex across = I * out->across[t];
    set_node(&logarithm, t, psi->n * across - (psi->n + 1) * clog(node_of(out, t) / out->centre));
    set_node(&product, t, 1);
    set_node(&out->slope, t, 0);
    set_node(&out->curvature, t, 0);
  }
  for (int j = 0; j < psi->levels.count; ++j) {
    include_level(&psi->levels, j, scale, out, &product);
    if (j % often == often - 1) set_aside(&product, nodes, &logarithm);
  }
  for (int t = 0; t < nodes; ++t)
    set_node(&out->f, t, cexp(at_node(&logarithm, t)) * at_node(&product, t));
}

static void add(double weight, const row *values, int nodes, row *sum) {
  for (int t = 0; t < nodes; ++t) {
    sum->re[t] += weight * values->re[t];
    sum->im[t] += weight * values->im[t];
  }
}

static void multiply(const row *by, int nodes, row *values) {
  for (int t = 0; t < nodes; ++t) {
    const double re = values->re[t], im = values->im[t];
    values->re[t] = re * by->re[t] - im * by->im[t];
    values->im[t] = re * by->im[t] + im * by->re[t];
  }
}

/* One level's share in the sums of the first powers. JE's profile is 0. */
static void add_powers(double profile, const row *inverse, int nodes, int powers, power_sums sums) {
  row power = *inverse;
  for (int r = 0; r < powers; ++r) {
    if (r > 0) multiply(inverse, nodes, &power);
    add(1, &power, nodes, &sums[r][0]);
    if (profile == 0) continue;
    add(profile, &power, nodes, &sums[r][1]);
    add(profile * profile, &power, nodes, &sums[r][2]);
  }
}

static void sum_powers(const tv_secular *psi, double x, const integrand *at, int powers,
                       power_sums sums) {
  const tv_levels *levels = &psi->levels;
  row inverse;
  for (int i = 0; i < powers * POWERS; ++i) sums[i / POWERS][i % POWERS] = (row){{0}, {0}};
  for (int j = 0; j < levels->count; ++j) {
    const double a = levels->square[j], b = levels->linear[j], c = at->centre;
    const double gap = x - value_of(levels, j, c), rate = 2 * a * c + b;
    for (int t = 0; t < at->rule.nodes; ++t) {
      const double y = at->across[t], re = gap + a * y * y, im = -rate * y; /* x - X_j(w) */
      const double square = re * re + im * im;
      inverse.re[t] = re / square;
      inverse.im[t] = -im / square;
    }
    add_powers(psi->couplings.profile[j], &inverse, at->rule.nodes, powers, sums);
  }
}

static double complex coupled(const row sums[POWERS], int t, double weight, double shift) {
  return weight * (at_node(&sums[2], t) + 2 * shift * at_node(&sums[1], t) +
                   shift * shift * at_node(&sums[0], t));
}

static double complex inverse_of(double complex z) {
  return conj(z) / (creal(z) * creal(z) + cimag(z) * cimag(z));
}

/* The factors of the couplings; with all powers what they add to the derivatives. */
static void include_couplings(const tv_couplings *c, power_sums sums, int powers, integrand *out) {
  for (int i = 0; i < c->count; ++i)
    for (int t = 0; t < out->rule.nodes; ++t) {
      const double weight = c->strength[i] * c->weight[i], shift = c->shift[i];
      const double complex factor = 1 + coupled(sums[0], t, weight, shift);
      set_node(&out->f, t, at_node(&out->f, t) * factor);
      if (powers < POWERS) continue;
      const double complex inverse = inverse_of(factor);
      const double complex slope = -coupled(sums[1], t, weight, shift) * inverse;
      const double complex change = 2 * coupled(sums[2], t, weight, shift) * inverse;
      set_node(&out->slope, t, at_node(&out->slope, t) + slope);
      set_node(&out->curvature, t, at_node(&out->curvature, t) + change - slope * slope);
    }
}

/* The nodes, and Psi's integrand without couplings. */
static void begin(const tv_secular *psi, double x, which_zero side, quadrature rule,
                  integrand *out) {
  double slope, squares;
  out->rule = rule;
  out->centre = crossing(psi, x, side);
  steepness(psi, out->centre, &slope, &squares);
  const double scale = out->centre / sqrt(psi->n + 1 - squares);
  for (int t = 0; t < rule.nodes; ++t) out->across[t] = t * rule.spacing * scale;
  include_levels(psi, scale, out);
}

static void evaluate(const tv_secular *psi, double x, which_zero side, quadrature rule,
                     integrand *out) {
  power_sums sums;
  begin(psi, x, side, rule, out);
  if (psi->couplings.count > 0) {
    sum_powers(psi, x, out, POWERS, sums);
    include_couplings(&psi->couplings, sums, POWERS, out);
  }
  for (int t = 0; t < rule.nodes; ++t) {
    const double complex slope = at_node(&out->slope, t);
    set_node(&out->curvature, t, at_node(&out->curvature, t) + slope * slope);
  }
}

/* The integral of a function that takes conjugate values at conjugate nodes. */
static double twice(int t) {
  return t == 0 ? 1 : 2;
}

/* Psi and its two derivatives in x, up to one factor. */
static void integrate(const integrand *at, double psi[3]) {
  psi[0] = psi[1] = psi[2] = 0;
  for (int t = 0; t < at->rule.nodes; ++t) {
    const double complex f = twice(t) * at_node(&at->f, t);
    psi[0] += creal(f);
    psi[1] += creal(f * at_node(&at->slope, t));
    psi[2] += creal(f * at_node(&at->curvature, t));
  }
}

static double value_at(const tv_secular *psi, double x, which_zero side, double values[3]) {
  integrand at;
  evaluate(psi, x, side, coarse, &at);
  integrate(&at, values);
  return values[0];
}

/* ---- Zeros ---- */

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
    x = fmax(x, side * value_of(&psi->levels, j, kappa));
    for (int i = 0; i < c->count; ++i)
      push = fmax(push, -c->strength[i] * c->weight[i] * pow(c->profile[j] + c->shift[i], 2));
  }
  return side * (x + push * pow(sqrt(psi->levels.count) + 6, 2));
}

/* Whether a step, after the one before it, ends the search: Laguerre's method is of third order,
 * and of what the step leaves, the square of their ratio is far from all that is left. */
static int is_last(double step, double before, double x) {
  const double ratio = step / before;
  return fabs(step) * fmin(1, ratio * ratio) <= 1e-14 * fmax(1, fabs(x));
}

/* The zero between low and high, next to low, by Newton's method within them. */
static double polish(const tv_secular *psi, double low, double high) {
  double values[3], x = low;
  while (high - low > 1e-14 * fmax(1, fabs(high))) {
    *(value_at(psi, x, LARGEST, values) > 0 ? &high : &low) = x;
    const double step = values[0] / values[1], next = x - step;
    if (fabs(step) <= 1e-14 * fmax(1, fabs(x))) return x;
    x = next > low && next < high ? next : low + (high - low) / 2;
  }
  return high;
}

double tv_secular_largest_zero(const tv_secular *psi, double floor, double from) {
  const double beyond = beyond_all(psi, LARGEST);
  double x = from < beyond ? from : beyond, before = NAN, values[3];
  if (!(x > floor)) return floor;
  while (value_at(psi, x, LARGEST, values) > 0) {
    const double g = values[1] / values[0], h = g * g - values[2] / values[0];
    const double step = laguerre_step(psi->levels.count, g, h, LARGEST);
    if (x == floor) return x;
    if (is_last(step, before, x)) return fmax(x - step, floor);
    if (!(step > 0)) return NAN;
    before = step;
    x = fmax(x - step, floor);
  }
  if (!isnan(before)) return polish(psi, x, x + before); /* the last step went a little too far */
  return x < beyond ? tv_secular_largest_zero(psi, floor, INFINITY) : x;
}

/* ---- Fluctuations ---- */

/* Weights of the rule for int int log|t - t'| F(t) G(t') dt dt' by the distance of nodes: the
 * trapezoidal rule with two terms of its correction at the singularity (-zeta'(-2) is the number).
 */
static double log_weight(int distance) {
  const double correction = 0.030448457058393270;
  if (distance == 0) return log(fine.spacing / (2 * acos(-1.))) - 2 * correction;
  return log(distance * fine.spacing) + (distance == 1 ? correction : 0);
}

/* That integral, over both halves of the line. */
static double log_product(const double *weight, const row *f, const row *g) {
  double sum = 0;
  for (int s = 0; s < fine.nodes; ++s)
    for (int t = 0; t < fine.nodes; ++t) {
      const double re = f->re[s] * g->re[t], im = f->im[s] * g->im[t];
      const double near = weight[s < t ? t - s : s - t] * (re - im),
                   far = weight[s + t] * (re + im);
      sum += twice(s) * twice(t) / 2 * (near + far);
    }
  return sum;
}

static void fluctuation(const tv_secular *psi, double x, which_zero side, double *lacking,
                        double *variance) {
  integrand at;
  row along;
  double weight[2 * MOST_NODES], values[3], logarithm = 0;
  evaluate(psi, x, side, fine, &at);
  integrate(&at, values);
  for (int i = 0; i < 2 * MOST_NODES; ++i) weight[i] = log_weight(i);
  for (int t = 0; t < fine.nodes; ++t) {
    set_node(&along, t, at_node(&at.f, t) * at_node(&at.slope, t));
    logarithm += twice(t) * creal(clog(node_of(&at, t)) * at_node(&at.f, t));
  }
  const double square = log_product(weight, &at.f, &at.f);
  const double rate = 2 * log_product(weight, &at.f, &along);
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
  power_sums sums;
  double total = 0, mean = 0;
  begin(psi, x, LARGEST, coarse, &at);
  sum_powers(psi, x, &at, 1, sums);
  include_couplings(&psi->couplings, sums, 1, &at);
  for (int t = 0; t < at.rule.nodes; ++t) {
    const double complex f = twice(t) * at_node(&at.f, t);
    total += creal(f);
    mean += creal(f * coupled(sums[0], t, weight, shift));
  }
  return mean / total;
}
