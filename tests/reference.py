"""The experiment in plain NumPy, from rows and from the theorems: symmetric square roots, full
singular value decompositions, least squares on samples; and thresholds alpha*^2(n), measured and
predicted. Slow and plain on purpose: it is what the suite is checked against (recompute, phase,
theory, threshold, the numbers of unit_prediction.c) and timed against (peer).

    /usr/bin/python3 tests/reference.py                         the table of data/thresholds/README.md
    /usr/bin/python3 tests/reference.py IMAGES LABELS OUTPUT    the experiment of jobs/fashion-mnist.yaml"""
import gzip
import sys

import numpy as np

# ---- One point ----


def inverse_root(S):
    values, vectors = np.linalg.eigh(S)
    return (vectors / np.sqrt(values)) @ vectors.T


def encoder(method, x, y, S, k):
    """Rows of the solution on samples x (n x d): Theorems 3.1 and 3.2, and eq. 46."""
    n = len(x)
    if method == "supervised":
        return np.linalg.solve(S, x.T @ y / n).T
    root = inverse_root(S)
    second_moment = x.T @ x / n
    if method == "pca":
        return np.linalg.eigh(second_moment)[1][:, ::-1][:, :k].T
    if method == "reconstruction":
        right = np.linalg.svd(second_moment @ root)[2]
    else:
        right = np.linalg.svd(root @ second_moment @ root)[2]
    return right[:k] @ root


def values(method, x, S):
    """What the k rows are selected by, largest first: to tell well-separated subspaces."""
    root = inverse_root(S)
    second_moment = x.T @ x / len(x)
    if method == "pca":
        return np.linalg.eigvalsh(second_moment)[::-1]
    if method == "reconstruction":
        return np.linalg.svd(second_moment @ root, compute_uv=False)
    return np.linalg.eigvalsh(root @ second_moment @ root)[::-1]


def score(method, W, x, y):
    z = x @ W.T
    if method != "supervised":
        z = z @ np.linalg.lstsq(z, y, rcond=None)[0]
    return np.sum((y - z) ** 2) / len(x)


def covariance(x, theta, gamma, alpha):
    """S = (1/n) X'X + Theta + alpha^2 Gamma."""
    return x.T @ x / len(x) + np.diag(theta) + alpha**2 * np.diag(gamma)


def leakage(method, W, S, p):
    """Largest squared sine between the rows of W and the functionals of the first p inputs, in the
    inner product of S; supervised: the share of the rows' energy that is orthogonal to those."""
    values, vectors = np.linalg.eigh(S)
    root = (vectors * np.sqrt(values)) @ vectors.T
    rows, important = (W @ root).T, np.linalg.qr(root[:, :p])[0]
    if method != "supervised":
        rows = np.linalg.qr(rows)[0]
    noise = rows - important @ (important.T @ rows)
    if method == "supervised":
        return np.sum(noise**2) / np.sum(rows**2)
    return np.linalg.norm(noise, 2) ** 2


def thresholds(k, s, theta, gamma):
    """eta, delta, and the alpha^2 of reconstruction and of joint embedding: Propositions 4.3, 4.4."""
    signal, noise = theta[: len(s)], theta[len(s) :]
    eta = np.sort(s / np.sqrt(s + signal))[-k]
    delta = np.sort(s / (s + signal))[-k]
    reconstruction = np.max(gamma / eta**2 - noise / gamma - 1)
    joint_embedding = np.max((1 - delta) / delta - noise / gamma)
    return eta, delta, reconstruction, joint_embedding


def solve_point(method, clean, noise, y, theta, gamma, alpha, k):
    """Scores on clean and corrupted samples, and the corrupted solution's encoder."""
    p = clean.shape[1]
    W = encoder(method, clean, y, covariance(clean, theta[:p], np.zeros(p), 0), min(k, p))
    clean_score = score(method, W, clean, y)
    x = np.hstack([clean, noise * np.sqrt(gamma)])
    S = covariance(x, theta, np.concatenate([np.zeros(p), gamma]), alpha)
    W = encoder(method, x, y, S, k)
    return clean_score, score(method, W, x, y), W


# ---- The whole experiment ----


def read_idx(path):
    data = gzip.open(path).read()
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)


def peer(images, labels, output, replicates=5, pca=50, q=50, k=50, theta_max=1e4):
    """The whole experiment of jobs/fashion-mnist.yaml, as one would write it in an afternoon."""
    x = read_idx(images)
    x = x.reshape(len(x), -1).astype(float)
    y = np.eye(10)[read_idx(labels)]
    x -= x.mean(0)
    axes = np.linalg.eigh(x.T @ x / len(x))[1][:, ::-1][:, :pca]
    x = x @ axes
    scores, encoders = {}, {}
    for replicate in range(replicates):
        random = np.random.default_rng(replicate)
        order = random.permutation(len(x))
        noise = random.standard_normal((51200, q))
        unit, theta = random.uniform(size=q), theta_max * random.uniform(size=pca + q)
        for lambda_max in (1e3, 1e6):
            for alpha in (0.1, 1, 10):
                for n in 100 * 2 ** np.arange(10):
                    rows = order[:n]
                    for method in ("supervised", "reconstruction", "joint-embedding"):
                        key = f"{replicate},{lambda_max},{alpha},{n},{method}"
                        *scores[key], encoders[key] = solve_point(
                            method, x[rows], noise[:n], y[rows], theta, lambda_max * unit, alpha, k
                        )
    np.savez(output, **encoders, scores=np.array(list(scores.values())))


# ---- alpha*^2(n), measured over draws of the moments ----


def draw_moments(random, n, signal, gamma, draws, fixed):
    """Second moments of n rows (x, noise) by Bartlett's decomposition; fixed: X'X/n = diag(signal)."""
    p, d = len(signal), len(signal) + len(gamma)
    deviation = np.sqrt(np.concatenate([signal, gamma]))
    out = np.empty((draws, d, d))
    for r in range(draws):
        L = np.tril(random.standard_normal((d, d)), -1)
        L[np.diag_indices(d)] = np.sqrt(random.chisquare(n - np.arange(d)))
        if fixed:
            L[:p, :p] = np.sqrt(n) * np.eye(p)
        out[r] = deviation[:, None] * (L @ L.T / n) * deviation
    return out


def leakages(method, G, theta, gamma, alpha2, p, k):
    """leakage() of each of many G = X'X/n, with S's Cholesky factor in the place of its root."""
    S, i = G.copy(), np.arange(G.shape[-1])
    S[:, i, i] += theta
    S[:, i[p:], i[p:]] += alpha2[:, None] * gamma
    L = np.linalg.cholesky(S)
    Y = np.linalg.solve(L, G)
    M = Y @ np.swapaxes(Y, 1, 2) if method == "reconstruction" else np.linalg.solve(L, np.swapaxes(Y, 1, 2))
    N = np.linalg.eigh((M + np.swapaxes(M, 1, 2)) / 2)[1][:, p:, -k:]
    return np.linalg.eigvalsh(np.swapaxes(N, 1, 2) @ N)[:, -1]


def measured(method, G, signal, theta, gamma, k, high, steps=24):
    """alpha*^2 of each draw, by bisection."""
    p = len(signal)
    low = np.full(len(G), -np.min(theta[p:] / gamma))
    high = np.full(len(G), float(high))
    for _ in range(steps):
        middle = (low + high) / 2
        leaks = leakages(method, G, theta, gamma, middle, p, k) > 0.5
        low, high = np.where(leaks, middle, low), np.where(leaks, high, middle)
    return (low + high) / 2


# ---- alpha*^2(n), predicted as derived in data/thresholds/README.md ----

SPACING = 0.125
NODES = SPACING * np.arange(-72, 73)
DISTANCE = np.abs(np.subtract.outer(np.arange(145), np.arange(145)))
LOGARITHM = np.log(np.maximum(DISTANCE, 1) * SPACING)
LOGARITHM += 0.030448457058393270 * ((DISTANCE == 1) - 2.0 * (DISTANCE == 0))
LOGARITHM -= np.log(2 * np.pi) * (DISTANCE == 0)


class Secular:
    """Psi(x) for levels X_j(kappa) = square kappa^2 + linear kappa - offset and couplings C (i x j)."""

    def __init__(self, n, square, linear, offset, C=None, strength=None):
        self.n, self.square, self.linear, self.offset = n, square, linear, offset
        self.C, self.strength = C, strength

    def X(self, kappa):
        return (self.square * kappa + self.linear) * kappa - self.offset

    def rho(self, x):
        a, b, c = self.square, self.linear, x + self.offset
        root = (np.sqrt(np.maximum(b * b + 4 * a * c, 0)) - b) / np.where(a > 0, 2 * a, 1)
        return np.where(a > 0, root, c / b)

    def crossing(self, r, side):
        n, near = self.n, r.min() if side > 0 else r.max()
        if near <= 0:
            return (n + 1) / n
        low, high = (0, near) if side > 0 else (near, near + 2 * np.sqrt(len(r)))
        for _ in range(60):
            c = (low + high) / 2
            low, high = (c, high) if (np.sum((c / (r - c)) ** 2) < n + 1) == (side > 0) else (low, c)
        place = near - 1.2 * (near - low)
        slope = lambda c: n - (n + 1) / c - np.sum(1 / (r - c))
        if side * slope(place) <= 0:
            return place
        low, high = (0, place) if side > 0 else (place, place + 5)
        for _ in range(60):
            c = (low + high) / 2
            low, high = (c, high) if slope(c) < 0 else (low, c)
        return c

    def integrand(self, x, side=1):
        """Nodes w, integrand f, f'/f, f''/f (in x)."""
        n, r = self.n, self.rho(x)
        c = self.crossing(r, side)
        curvature = (n + 1) / c**2 - np.sum(1 / (r - c) ** 2)
        across = 1j * NODES / np.sqrt(curvature)
        w = (c + across)[:, None]
        f = np.exp(n * across - (n + 1) * np.log(w[:, 0] / c)
                   + np.log((r - w) / (np.abs(r - c) + 1 / np.sqrt(curvature))).sum(1))
        rate = 1 / (2 * self.square * r + self.linear)
        part = rate / (r - w)
        slope, change = part.sum(1), (-2 * self.square * rate**3 / (r - w) - part**2).sum(1)
        if self.C is not None:
            Y = 1 / (x - self.X(w))
            factor = 1 + self.strength * (Y @ self.C.T)
            u = -self.strength * (Y**2 @ self.C.T) / factor
            f, slope = f * factor.prod(1), slope + u.sum(1)
            change = change + (2 * self.strength * (Y**3 @ self.C.T) / factor - u * u).sum(1)
        return w, f, slope, change + slope**2

    def derivatives(self, x, side=1):
        _, f, slope, curvature = self.integrand(x, side)
        return f.sum().real, (f * slope).sum().real, (f * curvature).sum().real

    def start(self, side=1):
        edge = max(1 + side * np.sqrt(len(self.offset) / self.n), 0)
        kappa = max(edge**2 + side * 8 / np.sqrt(self.n), edge**2 / 4)
        x = side * np.max(side * self.X(kappa))
        push = 0 if self.C is None else max(np.max(-self.strength[:, None] * self.C), 0)
        return x + push * (np.sqrt(len(self.offset)) + 6) ** 2

    def zero(self, floor=-np.inf, side=1):
        """The largest zero (side 1) or the smallest (-1), by Laguerre's method."""
        degree = len(self.offset)
        x = before = self.start(side)
        while True:
            psi = self.derivatives(x, side)
            if psi[0] <= 0 and side > 0:
                break
            g = psi[1] / psi[0]
            h = g * g - psi[2] / psi[0]
            step = degree / (g + side * np.sqrt(max((degree - 1) * (degree * h - g * g), 0)))
            if x == floor or side * g <= 0 or not side * step > 1e-13 * max(1, abs(x)):
                return x
            before, x = x, max(x - step, floor)
        low, high = x, before
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if self.derivatives(middle)[0] > 0 else (middle, high)
        return high

    def fluctuation(self, x, side=1):
        """What the zero lacks to the mean for real samples, and the variance."""
        w, f, slope, curvature = self.integrand(x, side)
        first, second = (f * slope).sum().real, (f * curvature).sum().real
        square, rate = (f @ LOGARITHM @ f).real, 2 * (f @ LOGARITHM @ (f * slope)).real
        logarithm = (f * np.log(w[:, 0])).sum().real
        lacking = 2 * (rate - first * logarithm - square * second / first) / first**2
        return lacking, 4 * square / first**2


def drawn_value(n, linear, offset, k):
    """Mean and variance of the k-th largest value: the smallest of k, pushed up by those below."""
    linear, value = linear + 0, linear - offset
    gap = value[k - 1] - value[k:]
    value[k - 1] += np.sum(np.sqrt(gap**2 / 4 + np.abs(linear[k - 1] * linear[k:]) / n) - gap / 2)
    psi = Secular(n, 0 * linear[:k], linear[:k], (linear - value)[:k])
    zero = psi.zero(side=-1)
    lacking, variance = psi.fluctuation(zero, -1)
    return zero + lacking, variance


def predicted(method, signal, theta, gamma, k, n, fixed):
    p, squared = len(signal), method == "reconstruction"
    s, total, d = signal, signal + theta[:p], theta[p:] / gamma
    value = s ** (1 + squared) / total
    raised = value + (s / total * gamma.sum() / n if squared else 0)
    order = np.argsort(-raised)
    s, total, value, raised = s[order], total[order], value[order], raised[order]
    ratio, a = s / total, k - 1
    mean, variance = raised[a], 0
    if not fixed and squared:
        bias = (ratio * (s.sum() + s) - 2 * ratio**2 * (2 * s - value)) / n
        linear = ratio * (2 * s - value[a])
        mean, variance = drawn_value(n, linear, linear - raised - bias, k)
    elif not fixed:
        mean, variance = drawn_value(n, s / (total - s), 0 * s, k)
    if squared:
        variance += 2 * (ratio[a] / n) ** 2 * np.sum(gamma**2)
    mean /= 1 + variance / mean**2
    if not fixed and not squared:
        mean /= 1 + mean
    shift = s - raised if squared else 1 - raised
    C = (ratio / n)[:, None] * ((gamma if squared else 0 * gamma) + shift[:, None]) ** 2
    others, above = np.arange(p) != a, raised - raised[a]
    floor = -d.min()

    def secular(lam, gap, with_weakest):
        if squared:
            linear = -1 + np.sum(s * (1 + raised / total) - ratio * (2 * s - lam)) / (n * lam) + 0 * d
            square = gamma * (1 - 2 * ratio.sum() / n) / lam
        else:
            linear, square = 1 / lam - 1 + np.sum(ratio * (ratio - 2 + lam)) / (n * lam) + 0 * d, 0 * d
        strength = (above / (np.abs(above) + gap) ** 2 / lam)[others]
        if with_weakest:
            return Secular(n, square, linear, d, np.vstack([C[others], C[a]]),
                           np.append(strength, -1 / (lam * gap)))
        return Secular(n, square, linear, d, C[others], strength)

    def lift(x, lam, gap):
        psi = secular(lam, gap, False)
        w, f, _, _ = psi.integrand(x)
        return (f * (C[a] / (x - psi.X(w))).sum(1)).sum().real / f.sum().real / lam

    def at_gap(gap):
        x, step = secular(mean + gap, gap, True).zero(floor), 1e-4 * gap
        return x, (lift(x, mean + gap - step, gap) - lift(x, mean + gap + step, gap)) / (2 * step)

    low, high = 0, 0.3 * mean / np.sqrt(n)
    while not at_gap(high)[1] >= 1:
        low, high = high, 1.5 * high
        if high > (1e3 * mean if squared else 1 - mean):
            return np.nan
    for _ in range(32):
        middle = (low + high) / 2
        low, high = (low, middle) if at_gap(middle)[1] >= 1 else (middle, high)
    alone = secular(mean, high, False)
    alone.C = None
    return at_gap(high)[0] + alone.fluctuation(alone.zero(floor))[0]


# ---- The table of data/thresholds/README.md, in some minutes ----


def even(low, high, count, stride=1):
    """Evenly spaced values, in the order of a stride coprime to count."""
    return low + (high - low) * (np.arange(count) * stride % count) / max(count - 1, 1)


def spectra(name):
    """signal, theta, gamma, k"""
    if name == "example":
        return np.linspace(4, 1, 10), np.append(np.full(10, 0.5), even(0.05, 0.5, 30, 7)), even(3, 10, 30), 10
    if name == "weak noise":
        return np.linspace(4, 1, 10), np.append(np.full(10, 0.5), even(0.05, 0.5, 30, 7)), even(0.3, 1, 30), 10
    if name == "100 noise components":
        return np.linspace(4, 1, 10), np.append(np.full(10, 0.5), even(0.05, 0.5, 100, 7)), even(3, 10, 100), 10
    if name == "p = q = k = 50":
        return np.linspace(4, 1, 50), np.append(np.full(50, 0.5), even(0.05, 0.5, 50, 7)), even(3, 10, 50), 50
    if name == "power law, k = 5 of 20":
        return 4 / np.arange(1, 21.0), np.append(np.full(20, 0.3), even(0.05, 0.5, 20, 7)), even(1, 4, 20), 5
    return np.full(8, 2.0), np.full(24, 0.5), np.full(16, 3.0), 8  # all equal


def print_thresholds():
    sizes = {"example": (400, 1000, 3000, 10000, 30000, 100000, 1000000)}
    for name in ("example", "weak noise", "100 noise components", "p = q = k = 50",
                 "power law, k = 5 of 20", "all equal"):
        signal, theta, gamma, k = spectra(name)
        d = len(theta)
        for fixed in (False, True) if name == "example" else (False,):
            for n in sizes.get(name, (10 * d, 50 * d, 100000)):
                draws = 200 if d < 50 else 40
                G = draw_moments(np.random.default_rng(n), n, signal, gamma, draws, fixed)
                for method in ("joint-embedding", "reconstruction"):
                    end = thresholds(k, signal, theta, gamma)[2 if method == "reconstruction" else 3]
                    found = measured(method, G, signal, theta, gamma, k, 4 * abs(end) + 3)
                    guess = predicted(method, signal, theta, gamma, k, n, fixed)
                    print(f"{name:24s}{'fixed' if fixed else 'drawn'} {method:16s}{n:8d} "
                          f"{found.mean():9.4f} +- {found.std() / np.sqrt(draws):.4f} "
                          f"{guess:9.4f} {100 * (guess / found.mean() - 1):+6.2f} % limit {end:.4f}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        peer(*sys.argv[1:])
    else:
        print_thresholds()
