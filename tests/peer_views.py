"""The view model with NumPy and SciPy, by other means than the program's: the moments of a chain of
steps, the closed forms, and held-out losses. Chains are given as an experiment file gives them.

    python3 peer_views.py FOLDER [LOSSES.npy]   times it on Fashion-MNIST

Moments of samples are arrays of 2 x 3 axes (rows, columns, channels), so that a map of one axis is a
product along it, a shift is a sum of slices and a flip a reversed axis."""
import dataclasses
import gzip
import itertools
import pathlib
import sys
import time

import numpy as np
import scipy.linalg
import scipy.stats

LISTS = ("sizes", "degrees", "factors", "widths", "values", "patch", "size")  # by nature


# ---- Chains, as they are written ----

def levels(chain):
    """How many levels the lists of a chain make; 1 without any."""
    lengths = {len(value) for step in chain for name, value in step.items()
               if isinstance(value, list) and (name not in LISTS or isinstance(value[0], list))}
    assert len(lengths) <= 1, "lists of one length"
    return lengths.pop() if lengths else 1


def at_level(chain, level):
    def value(name, given):
        is_level = isinstance(given, list) and (name not in LISTS or isinstance(given[0], list))
        return given[level] if is_level else given
    steps = ({name: value(name, given) for name, given in step.items()} for step in chain)
    return [step for step in steps if not is_idle(step)]


NOTHING = {"deviation": 0, "probability": 0, "keep": 1, "size": [0, 0]}  # is done by a step with these


def is_idle(step):
    return any(step.get(name) == value for name, value in NOTHING.items())


def side_by_side(corruptions):
    """One chain for corruptions of four levels each: every severity carries out a single step."""
    steps, count = [], 4 * len(corruptions)
    for number, corruption in enumerate(corruptions):
        step = dict(corruption)
        for name, values in corruption.items():
            if isinstance(values, list) and len(values) == 4:
                step[name] = count * [NOTHING[name]]
                step[name][4 * number:4 * number + 4] = values
        steps.append(step)
    return steps


def strengths(augmentation, corruption):
    """The steps of each strength, `corruption` replaced by what it stands for."""
    for level in range(levels(augmentation)):
        steps = []
        for step in at_level(augmentation, level):
            if step["type"] != "corruption":
                steps.append(step)
            elif step["severity"] > 0:
                steps += at_level(corruption, step["severity"] - 1)
        yield steps


# ---- Moments ----

@dataclasses.dataclass
class Samples:
    """Moments of samples x (d numbers of `shape`) with targets y (l), not centred."""
    shape: tuple
    A: np.ndarray
    B: np.ndarray
    a: np.ndarray
    ybar: np.ndarray
    yy: float

    @staticmethod
    def of_rows(x, y, shape):
        n = len(x)
        return Samples(shape, x.T @ x / n, x.T @ y / n, x.mean(0), y.mean(0), (y * y).sum() / n)

    def about(self, a, ybar):
        """Second moments about other means."""
        A = self.A - np.outer(a, self.a) - np.outer(self.a, a) + np.outer(a, a)
        B = self.B - np.outer(a, self.ybar) - np.outer(self.a, ybar) + np.outer(a, ybar)
        return A, B, self.yy - 2 * ybar @ self.ybar + ybar @ ybar

    def corrupted(self, chain):
        views = Views(self)
        for step in chain:
            views.take(step)
        return dataclasses.replace(self, A=views.S, B=views.B, a=views.m)


class Views:
    """C, G, S, B = E xbar y' and m = E xbar of the views, not centred; each step changes them."""

    def __init__(self, samples):
        self.samples, self.shape, self.d = samples, samples.shape, len(samples.a)
        self.C, self.G, self.S = samples.A.copy(), samples.A.copy(), samples.A.copy()
        self.B, self.m = samples.B.copy(), samples.a.copy()
        places = np.indices(self.shape).reshape(3, -1)
        self.row, self.column, self.channel = places

    def take(self, step):
        parameters = {name: value for name, value in step.items() if name != "type"}
        getattr(self, step["type"].replace("-", "_"))(**parameters)

    def centred(self):
        a, ybar, m = self.samples.a, self.samples.ybar, self.m
        return (self.C - np.outer(a, m), self.G - np.outer(m, m), self.S - np.outer(m, m),
                self.B - np.outer(m, ybar))

    # xbar <- r o xbar + b.
    def scale(self, r, b=0):
        r, b = np.broadcast_to(r, self.d), np.broadcast_to(b, self.d)
        a, ybar = self.samples.a, self.samples.ybar
        self.C = self.C * r + np.outer(a, b)
        self.G = np.outer(r, r) * self.G + np.outer(r * self.m, b) + np.outer(b, r * self.m) + np.outer(b, b)
        self.B = r[:, None] * self.B + np.outer(b, ybar)
        self.m = r * self.m + b

    # ---- noise that is added ----

    def noise(self, deviation):
        self.S[np.diag_indices(self.d)] += deviation**2

    def brightness(self, deviation):
        self.S += deviation**2

    def texture(self, length, deviation):
        def kernel(n):
            i = np.arange(n)
            return np.exp(-(i[:, None] - i) ** 2 / (2 * length**2))
        rows, columns, channels = self.shape
        K = np.kron(np.kron(kernel(rows), kernel(columns)), np.ones((channels, channels)))
        self.S += deviation**2 * K

    def baseline(self, degree, deviation):
        t = np.linspace(-1, 1, self.shape[0])[self.row]
        P = np.vander(t, int(degree) + 1, increasing=True)
        self.S += deviation**2 * P @ P.T

    # ---- factors ----

    def multiply(self, deviation, per="entry"):
        group = {"entry": np.arange(self.d), "channel": self.channel, "sample": np.zeros(self.d)}[per]
        self.S *= 1 + deviation**2 * (group[:, None] == group)

    def contrast(self, deviation):
        mean = self.S.mean(0)
        self.S += deviation**2 * (self.S - mean - mean[:, None] + mean.mean())

    # ---- masks: K is the probability that both entries are kept, c what takes their place ----

    def cover(self, K, c, square=None):
        r = np.diag(K)
        fills = np.outer(c, c)
        if square is not None:
            np.fill_diagonal(fills, square)
        one = np.ones(self.d)
        self.S = (K * self.S + (np.outer(r, one) - K) * np.outer(self.m, c)
                  + (np.outer(one, r) - K) * np.outer(c, self.m)
                  + (1 - np.outer(r, one) - np.outer(one, r) + K) * fills)
        self.scale(r, (1 - r) * c)

    def mask(self, keep=None, fill="zero", per="entry", patch=None, exactly=None):
        if per == "patch":
            across = -(-self.shape[1] // patch[1])
            unit = self.row // patch[0] * across + self.column // patch[1]
        else:
            unit = np.arange(self.d) if per == "entry" else self.channel
        same = unit[:, None] == unit
        if exactly is None:
            K = np.where(same, keep, keep**2)
        else:
            P = unit.max() + 1
            K = np.where(same, exactly / P, exactly * (exactly - 1) / (P * max(P - 1, 1)))
        c = self.m if fill == "mean" else np.full(self.d, 0.0 if fill == "zero" else fill)
        self.cover(K, c)

    def windows(self, size):
        """P(both are hit) by a window of `size`, its centre uniform; every centre is tried."""
        def axis(n, width, place):
            first = np.arange(n)[:, None] - width // 2
            hit = (place >= first) & (place < first + width)  # centres x entries
            return hit.T.astype(float) @ hit / n
        return axis(self.shape[0], size[0], self.row) * axis(self.shape[1], size[1], self.column)

    def cutout(self, size):
        H = self.windows(size)
        h = np.diag(H)
        self.cover(1 - h[:, None] - h + H, np.zeros(self.d))

    def band(self, width, n, place):
        H = np.zeros((self.d, self.d))
        for w in range(1, int(width) + 1):
            first = np.arange(n - w + 1)[:, None]
            hit = (place >= first) & (place < first + w)
            H += hit.T.astype(float) @ hit / len(first) / (width + 1)
        h = np.diag(H)
        self.cover(1 - h[:, None] - h + H, np.zeros(self.d))

    def time_mask(self, width):
        self.band(width, self.shape[0], self.row)

    def frequency_mask(self, width):
        is_series = self.shape[1] == 1
        self.band(width, self.shape[2 if is_series else 1], self.channel if is_series else self.column)

    def impulse(self, probability, values):
        r = 1 - probability
        K = np.full((self.d, self.d), r * r)
        np.fill_diagonal(K, r)
        self.cover(K, np.full(self.d, np.mean(values)), np.mean(np.square(values)))

    # ---- exchanges with other samples ----

    def exchange(self, r, together):
        """`together`: the probability that two entries are of one sample."""
        self.S = together * self.S + (1 - together) * np.outer(self.m, self.m)
        self.scale(r, (1 - r) * self.m)

    def replace(self, keep):
        together = np.full((self.d, self.d), keep**2)
        np.fill_diagonal(together, 1)
        self.exchange(keep, together)

    def cutmix(self, size):
        H = self.windows(size)
        h = np.diag(H)
        self.exchange(1 - h, 1 - h[:, None] - h + 2 * H)

    def mixup(self, beta):
        weight = scipy.stats.beta(beta, beta)
        second = weight.var() + weight.mean() ** 2
        self.exchange(0.5, 2 * second)

    # ---- counts ----

    def poisson(self, scale):
        self.S[np.diag_indices(self.d)] += self.m / scale

    def thin(self, keep):
        self.S = keep**2 * self.S + np.diag((keep - keep**2) * self.m)
        self.scale(keep)

    # ---- linear maps ----

    def map_second(self, function):
        """E T S T' by a function of S as an array of 6 axes that maps both sides alike."""
        self.S = function(self.S.reshape(*self.shape, *self.shape)).reshape(self.d, self.d)

    def map_mean(self, function):
        """xbar <- T xbar; `function` maps the three axes that an array begins with."""
        def apply(m):
            return function(m.reshape(*self.shape, -1)).reshape(m.shape)
        self.C = apply(self.C.T).T
        self.G = apply(apply(self.G).T)
        self.B, self.m = apply(self.B), apply(self.m)

    def one_of(self, terms):
        """One of some maps: (probability, [(axis, matrix), ...])."""
        def both(S):
            out = np.zeros_like(S)
            for p, factors in terms:
                moved = S
                for axis, T in factors:
                    moved = along(along(moved, T, axis), T, axis + 3)
                out += p * moved
            return out

        def mean(x):
            out = np.zeros_like(x)
            for p, factors in terms:
                moved = x
                for axis, T in factors:
                    moved = along(moved, T, axis)
                out += p * moved
            return out
        self.map_second(both)
        self.map_mean(mean)

    def pixels(self, maps):
        """One of some maps of whole images, equally likely."""
        rows, columns, channels = self.shape
        T = [np.kron(t, np.eye(channels)) for t in maps]
        self.S = sum(t @ self.S @ t.T for t in T) / len(T)
        mean = sum(T) / len(T)
        self.C, self.G = self.C @ mean.T, mean @ self.G @ mean.T
        self.B, self.m = mean @ self.B, mean @ self.m

    def shift(self, pixels, fill="zero"):
        shifts = range(-int(pixels), int(pixels) + 1)
        axes = [axis for axis in (0, 1) if axis == 0 or self.shape[1] > 1]

        def both(S):
            for axis in axes:
                S = sum(moved(moved(S, by, axis, fill), by, axis + 3, fill) for by in shifts) / len(shifts)
            return S

        def mean(x):
            for axis in axes:
                x = sum(moved(x, by, axis, fill) for by in shifts) / len(shifts)
            return x
        self.map_second(both)
        self.map_mean(mean)

    def flip(self, axis="columns", probability=0.5):
        at = 1 if axis == "columns" else 0
        p = probability
        self.map_second(lambda S: (1 - p) * S + p * np.flip(S, (at, at + 3)))
        self.map_mean(lambda x: (1 - p) * x + p * np.flip(x, at))

    def crop(self, sizes, step=1):
        """Crops of a size are a product of lists for rows and columns."""
        lists = []
        for size in map(int, sizes):
            lists.append([[crop_map(n, first, size) for first in range(0, n - size + 1, int(step))]
                          for n in self.shape[:2]])
        count = sum(len(rows) * len(columns) for rows, columns in lists)

        def both(S):
            out = np.zeros_like(S)
            for of_axes in lists:
                part = S
                for axis, maps in enumerate(of_axes):
                    part = sum(along(along(part, T, axis), T, axis + 3) for T in maps)
                out += part / count
            return out

        def mean(x):
            out = np.zeros_like(x)
            for of_axes in lists:
                part = x
                for axis, maps in enumerate(of_axes):
                    part = along(part, sum(maps), axis)
                out += part / count
            return out
        self.map_second(both)
        self.map_mean(mean)

    def rotate(self, degrees):
        self.pixels([rotation(self.shape[:2], angle) for angle in degrees])

    def zoom(self, factors):
        self.one_of([(1 / len(factors), [(axis, zoom_map(self.shape[axis], factor)) for axis in (0, 1)])
                     for factor in factors])

    def blur(self, widths):
        def kernel(n, width):
            i = np.arange(n)
            K = np.exp(-(i[:, None] - i) ** 2 / (2 * width**2)) if width else np.eye(n)
            return K / K.sum(1, keepdims=True)
        self.average(kernel, widths)

    def pixelate(self, sizes):
        def means(n, size):
            block = np.arange(n) // int(size)
            K = (block[:, None] == block).astype(float)
            return K / K.sum(1, keepdims=True)
        self.average(means, sizes)

    def average(self, matrix, parameters):
        axes = [axis for axis in (0, 1) if self.shape[axis] > 1]
        self.one_of([(1 / len(parameters), [(axis, matrix(self.shape[axis], p)) for axis in axes])
                     for p in parameters])

    def blend(self, weight, **other):
        if other.get("with", "grey") != "grey":
            t = textures(other["with"])
            mean, keep = t.mean(0), 1 - weight
            self.S = (keep**2 * self.S + keep * weight * (np.outer(self.m, mean) + np.outer(mean, self.m))
                      + weight**2 * t.T @ t / len(t))
            self.scale(keep, weight * mean)
            return
        c = self.shape[2]
        self.one_of([(1, [(2, (1 - weight) * np.eye(c) + weight / c)])])

    def phase_jitter(self, angle):
        n, rest = self.shape[0], self.d // self.shape[0]
        F = np.kron(np.fft.fft(np.eye(n)), np.eye(rest))
        back = np.linalg.inv(F)
        mode = np.repeat(np.arange(n), rest)
        still = (mode == 0) | (2 * mode == n)
        s1, s2 = np.sinc(angle / np.pi), np.sinc(2 * angle / np.pi)
        E = np.full((self.d, self.d), s1**2)
        E[(mode[:, None] + mode) % n == 0] = s2
        E[mode[:, None] == mode] = 1
        E[still[:, None] != still] = s1
        E[still[:, None] & still] = 1
        self.S = (back @ (E * (F @ self.S @ F.conj().T)) @ back.conj().T).real
        T = (back @ np.diag(np.where(still, 1, s1)) @ F).real
        self.C, self.G = self.C @ T.T, T @ self.G @ T.T
        self.B, self.m = T @ self.B, T @ self.m

    def swap(self, rounds):
        for r in range(int(rounds)):
            axis = 1 - r % 2 if self.shape[1] > 1 else 0
            odd = r // 2 % 2 if self.shape[1] > 1 else r % 2
            order = np.arange(self.shape[axis])
            for i in range(odd, len(order) - 1, 2):
                order[i], order[i + 1] = i + 1, i
            M = np.eye(len(order))[order]
            self.one_of([(0.5, []), (0.5, [(axis, M)])])


def textures(data_set):
    """Of a .npy file, whose scale is given."""
    rows = np.load(data_set["samples"])
    return rows.reshape(len(rows), -1) / data_set["scale"]


def along(x, T, axis):
    return np.moveaxis(np.tensordot(T, x, (1, axis)), 0, axis)


def moved(x, by, axis, fill):
    """x moved by so many places along an axis."""
    n = x.shape[axis]
    if fill == "edge":
        return np.take(x, np.clip(np.arange(n) - by, 0, n - 1), axis)
    out = np.zeros_like(x)
    here, there = [slice(None)] * x.ndim, [slice(None)] * x.ndim
    here[axis], there[axis] = slice(max(by, 0), n + min(by, 0)), slice(max(-by, 0), n - max(by, 0))
    out[tuple(here)] = x[tuple(there)]
    return out


def interpolation(n, positions, first, end):
    """Rows of a map that interpolates linearly at positions; zero outside [first, end)."""
    T = np.zeros((len(positions), n))
    for i, position in enumerate(positions):
        below = int(np.floor(position))
        for place, weight in ((below, below + 1 - position), (below + 1, position - below)):
            if first <= place < end:
                T[i, place] += weight
    return T


def crop_map(n, first, size):
    centres = np.clip((np.arange(n) + 0.5) * size / n - 0.5, 0, size - 1)
    return interpolation(n, first + centres, first, first + size)


def zoom_map(n, factor):
    middle = (n - 1) / 2
    return interpolation(n, middle + (np.arange(n) - middle) / factor, 0, n)


def rotation(shape, degrees):
    rows, columns = shape
    angle = np.deg2rad(degrees)
    T = np.zeros((rows * columns, rows * columns))
    for row, column in itertools.product(range(rows), range(columns)):
        down, right = row - (rows - 1) / 2, column - (columns - 1) / 2
        at = ((rows - 1) / 2 + np.cos(angle) * down + np.sin(angle) * right,
              (columns - 1) / 2 - np.sin(angle) * down + np.cos(angle) * right)
        low = np.floor(at).astype(int)
        for i, j in itertools.product((0, 1), repeat=2):
            if 0 <= low[0] + i < rows and 0 <= low[1] + j < columns:
                weight = (1 - abs(at[0] - low[0] - i)) * (1 - abs(at[1] - low[1] - j))
                T[row * columns + column, (low[0] + i) * columns + low[1] + j] += weight
    return T


# ---- Closed forms and losses ----

def largest(M, k):
    """The k largest eigenvalues of a symmetric matrix, largest first, and their vectors."""
    d = len(M)
    values, vectors = scipy.linalg.eigh(M, subset_by_index=[d - k, d - 1], driver="evr",
                                        check_finite=False, overwrite_a=True)
    return values[::-1], vectors[:, ::-1]


def solve(samples, steps, floor, k, methods):
    """The encoder of each method (rows) and its values, one more than k of them where there are."""
    views = Views(samples)
    for step in steps:
        views.take(step)
    C, G, S, B = views.centred()
    S[np.diag_indices(len(S))] += floor
    L = scipy.linalg.cholesky(S, lower=True, check_finite=False)

    def divide(M, side="N"):
        return scipy.linalg.solve_triangular(L, M, lower=True, trans=side, check_finite=False)

    more = min(k + 1, len(S))
    for method in methods:
        values = None
        if method == "SL":
            rows = divide(divide(B), "T").T
        elif method == "PCA":
            values, vectors = largest(samples.about(samples.a, samples.ybar)[0], more)
            rows = vectors.T
        else:
            M = divide(C.T).T if method == "RC" else divide(divide(G).T)
            values, vectors = largest(M.T @ M if method == "RC" else (M + M.T) / 2, more)
            values = np.sqrt(values) if method == "RC" else values  # phi, omega
            rows = divide(vectors, "T").T
        yield method, rows, values


@dataclasses.dataclass
class Probe:
    """Fitted to an encoder's rows on samples: predicts ybar + weights' rows (x - a)."""
    rows: np.ndarray
    a: np.ndarray
    ybar: np.ndarray
    weights: np.ndarray

    @staticmethod
    def fit(rows, samples, intercept):
        ybar = samples.ybar if intercept else np.zeros_like(samples.ybar)
        A, B, _ = samples.about(samples.a, ybar)
        weights = np.linalg.lstsq(rows @ A @ rows.T, rows @ B, rcond=1e-14)[0]
        return Probe(rows, samples.a, ybar, weights)

    def loss(self, samples):
        A, B, yy = samples.about(self.a, self.ybar)
        return yy - 2 * np.sum(self.weights * (self.rows @ B)) \
            + np.sum(self.weights * (self.rows @ A @ self.rows.T @ self.weights))

    def predict(self, x):
        return self.ybar + (x - self.a) @ self.rows.T @ self.weights


def points(training, clean, test, test_clean, steps, floor, ks, methods, intercept=True):
    """What is archived of a point: name -> method -> a number for each k; and its encoders."""
    found = {}
    for method, rows, values in solve(training, steps, floor, max(ks), methods):
        for k in ks:
            encoder = rows if method == "SL" else rows[:k]
            probe, of_clean = (Probe.fit(encoder, samples, intercept) for samples in (training, clean))
            gap = (values[k - 1] - values[k]) / values[k - 1] if values is not None and k < len(values) \
                else np.nan
            for name, value in (("training_loss", probe.loss(training)), ("test_loss", probe.loss(test)),
                                ("test_loss_clean", of_clean.loss(test_clean)), ("gap", gap),
                                ("target_variance", test.about(probe.a, probe.ybar)[2]),
                                ("probes", (probe, of_clean))):
                found.setdefault(name, {}).setdefault(method, []).append(value)
        found.setdefault("encoder", {})[method] = rows
        found.setdefault("value", {})[method] = values
    return found


def expected(training, test, corruption, augmentation, floor, ks, methods, intercept=True, clean=False):
    """Every severity and strength with `corruption.sampler: expected`: (severity, strength) -> found."""
    severities = range(0 if clean or not corruption else 1, levels(corruption) + 1 if corruption else 1)
    for severity in severities:
        steps = at_level(corruption, severity - 1) if severity else []
        of_training, of_test = training.corrupted(steps), test.corrupted(steps)
        for strength, chain in enumerate(strengths(augmentation, corruption)):
            yield (severity, strength), points(of_training, training, of_test, test, chain, floor, ks,
                                               methods, intercept)


# ---- Timing ----

def read_idx(path):
    with gzip.open(path) as file:
        data = file.read()
    axes = data[3]
    shape = [int.from_bytes(data[4 + 4 * i:8 + 4 * i], "big") for i in range(axes)]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def fashion(folder, part):
    """The moments of Fashion-MNIST / 255 with one-hot classes."""
    images = read_idx(folder / f"{part}-images-idx3-ubyte.gz")
    x = images.reshape(len(images), -1) / 255
    return Samples.of_rows(x, np.eye(10)[read_idx(folder / f"{part}-labels-idx1-ubyte.gz")], (28, 28, 1))


CORRUPTIONS = [
    {"type": "texture", "length": 5, "deviation": [0.1, 0.2, 0.4, 0.8]},
    {"type": "noise", "deviation": [0.1, 0.2, 0.4, 0.8]},
    {"type": "brightness", "deviation": [0.1, 0.2, 0.4, 0.8]},
    {"type": "contrast", "deviation": [0.1, 0.2, 0.4, 0.8]},
    {"type": "multiply", "deviation": [0.1, 0.2, 0.4, 0.8]},
    {"type": "mask", "keep": [0.9, 0.8, 0.6, 0.4]},
    {"type": "cutout", "size": [[4, 4], [8, 8], [12, 12], [16, 16]]},
    {"type": "impulse", "probability": [0.05, 0.1, 0.2, 0.4], "values": [0, 1]},
]
AUGMENTATION = [{"type": "shift", "pixels": 1}, {"type": "noise", "deviation": 0.1},
                {"type": "corruption", "severity": [0, 1, 2]}]
FLOOR = (4 / 255) ** 2


METHODS = ["RC", "JE", "PCA"]


def main(folder, losses=None):
    """96 points; strengths append the first corruption at its first two severities."""
    training, test = fashion(folder, "train"), fashion(folder, "t10k")
    begin = time.perf_counter()
    found = [[point["test_loss"][method][0] for method in METHODS] for _, point in
             expected(training, test, side_by_side(CORRUPTIONS), AUGMENTATION, FLOOR, [20], METHODS)]
    print(f"{len(found)} points in {time.perf_counter() - begin:.2f} s")
    if losses:
        np.save(losses, found)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), *sys.argv[2:])
