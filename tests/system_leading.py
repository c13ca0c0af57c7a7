"""Steps at the head of a chain whose moments take the rows one by one, computed again by NumPy from the laws."""
import unittest

import h5py
import numpy as np
import scipy.integrate
import scipy.linalg
import scipy.stats

import harness

ROWS, D, K, CLASSES = 240, 7, 2, 3
SIZES = (100, ROWS)
ROUNDING = 1e-9  # of losses, relative to the variance of the targets
random = np.random.default_rng(21)
CLASS = random.integers(0, CLASSES, ROWS)
COUNTS = random.poisson(random.gamma(2, 2, D) * (1 + (np.arange(D) % CLASSES == CLASS[:, None]))
                        * random.lognormal(0, 0.6, (ROWS, 1))).astype(float)
COUNTS[5] = 0
LEVELS = np.minimum(255, 9 * COUNTS + 40)


def write():
    with h5py.File(harness.folder / "data.h5", "w") as file:
        file["counts"], file["levels"], file["c"] = COUNTS, LEVELS, CLASS


def experiment(samples, chain, tail=""):
    return harness.write("e.yaml", f"source: {{type: hdf5, file: data.h5, samples: {samples}, labels: c}}\n"
                         f"augmentation:\n  chain: [{chain}]\nsamples: {list(SIZES)}\nencoder: {{k: {K}}}\n"
                         f"methods: [SL, RC, JE]\nparallel: {{shards: 6}}\n{tail}")


def of_law(x, law, f):
    """E f and E f^2 of every number."""
    values = {v: law(v, f) for v in np.unique(x)}
    return np.vectorize(lambda v: values[v][0])(x), np.vectorize(lambda v: values[v][1])(x)


def discrete(make, unit=1):
    def law(v, f):
        k = np.arange(0, int(v) * 12 + 60)
        p, g = make(v).pmf(k), f(k * unit)
        return (p * g).sum(), (p * g * g).sum()
    return law


def normal(deviation):
    """By quadrature between the ends of the clip, and the mass at both."""
    def law(v, f):
        low, high, s = f(-1e9), f(1e9), deviation(v)
        z = scipy.stats.norm(v, s)
        return [low**e * z.cdf(low) + high**e * z.sf(high)
                + scipy.integrate.quad(lambda x: x**e * z.pdf(x), low, high, epsabs=1e-13, epsrel=1e-13, limit=200)[0]
                for e in (1, 2)]
    return law


def certain(v, f):
    return f(v), f(v)**2


def problem(x, y, t, s, after):
    """C, G, S about the means, from mean views and E tau tau', and then a quadratic step."""
    n = len(x)
    mean, g, c, b = t.mean(0), t.T @ t / n, t.T @ x / n, t.T @ y / n
    if after[0] == "noise":
        s = s + after[1]**2 * np.eye(D)
    if after[0] == "mask":
        keep = after[1]
        s = keep**2 * s + keep * (1 - keep) * np.diag(np.diag(s))
        mean, g, c, b = keep * mean, keep**2 * g, keep * c, keep * b
    return (c - np.outer(mean, x.mean(0)), g - np.outer(mean, mean), s - np.outer(mean, mean),
            b - np.outer(mean, y.mean(0)))


def losses(x, y, t, s, after):
    c, g, s, b = problem(x, y, t, s, after)
    a, target = np.cov(x.T, bias=True), x.T @ y / len(x) - np.outer(x.mean(0), y.mean(0))
    square, found = ((y - y.mean(0))**2).sum(1).mean(), []
    for top in (None, c @ c.T, g):
        rows = np.linalg.solve(s, b).T if top is None else scipy.linalg.eigh(top, s)[1][:, ::-1][:, :K].T
        z = rows @ a @ rows.T
        found.append(square - np.trace((rows @ target).T @ np.linalg.pinv(z, rcond=1e-9, hermitian=True) @ rows @ target))
    return np.array(found), square


def clip(low, high):
    return lambda x: np.clip(x, low, high)


def solarise(x):
    return np.where(x >= 30, 1 - x, x)


NOTHING = ("nothing",)
# samples, steps, law, function, quadratic step behind them
TABLES = (
    ("counts", "{type: thin, keep: 0.4}, {type: log1p}", discrete(lambda v: scipy.stats.binom(int(v), 0.4)), np.log1p, NOTHING),
    ("counts", "{type: thin, keep: 0.9}, {type: log1p}, {type: noise, deviation: 0.3}",
     discrete(lambda v: scipy.stats.binom(int(v), 0.9)), np.log1p, ("noise", 0.3)),
    ("counts", "{type: poisson, scale: 2}, {type: log1p}, {type: mask, keep: 0.7}",
     discrete(lambda v: scipy.stats.poisson(2 * v), 0.5), np.log1p, ("mask", 0.7)),
    ("counts", "{type: poisson, scale: 1}, {type: clip, low: 1, high: 6}, {type: log1p}",
     discrete(lambda v: scipy.stats.poisson(v)), lambda x: np.log1p(np.clip(x, 1, 6)), NOTHING),
    ("levels", "{type: noise, deviation: 40}, {type: clip, low: 0, high: 255}", normal(lambda v: 40), clip(0, 255), NOTHING),
    ("levels", "{type: multiply, deviation: 0.8}, {type: clip, low: 0, high: 255}, {type: noise, deviation: 20}",
     normal(lambda v: 0.8 * v), clip(0, 255), ("noise", 20)),
    ("counts", "{type: log1p}, {type: mask, keep: 0.6}", certain, np.log1p, ("mask", 0.6)),
    ("levels", "{type: thin, keep: 1}, {type: solarise, above: 30}, {type: noise, deviation: 5}", certain, solarise, ("noise", 5)),
)


class Leading(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        write()

    def compare(self, path, samples, views):
        x, y = {"counts": COUNTS, "levels": LEVELS}[samples], np.eye(CLASSES)[CLASS]
        first = None
        for ranks in (1, 2, 3, 7):
            with harness.archive(path, "o.h5", "--set", "archive.samples=true", ranks=ranks) as archive:
                self.assertTrue(np.all(archive["status"][()] == 0))
                loss, row = harness.values(archive, "training_loss"), archive["samples/row"][0]
            first = loss if first is None else first
            np.testing.assert_allclose(loss, first, rtol=1e-11)  # moments are the same bits, their solutions nearly
            for level, n in enumerate(SIZES):
                here = row[:n]
                for strength, view in enumerate(views):
                    t, s, after = view(here)
                    expected, square = losses(x[here], y[here], t, s, after)
                    np.testing.assert_allclose(loss[0, 0, strength, level], expected, rtol=0, atol=ROUNDING * square)

    def test_tables(self):
        for samples, chain, law, function, after in TABLES:
            x = {"counts": COUNTS, "levels": LEVELS}[samples]
            first, second = of_law(x, law, function)

            def view(here):
                t = first[here]
                s = t.T @ t / len(here)
                return t, s - np.diag(np.diag(s)) + np.diag(second[here].mean(0)), after
            with self.subTest(chain):
                self.compare(experiment(samples, chain), samples, [view])

    def test_library_sizes(self):
        """Thinned to sums that are log-uniform, at two strengths; rows of fewer counts stay, one without any too."""
        def weighed(to):
            size = COUNTS.sum(1, keepdims=True)
            with np.errstate(all="ignore"):
                r = to / size
                w1 = np.where(size > to, (1 - r) / np.log(1 / r), 1)
                w2 = np.where(size > to, (1 - r**2) / (2 * np.log(1 / r)), 1)

            def view(here):
                x = COUNTS[here]
                s = (w2[here] * x).T @ x / len(here) + np.diag(((w1 - w2)[here] * x).mean(0))
                return w1[here] * x, s, ("noise", 0.5)
            return view
        self.assertGreater((COUNTS.sum(1) < 30).sum(), 1)
        self.compare(experiment("counts", "{type: thin, to: [5, 30]}, {type: noise, deviation: 0.5}"), "counts",
                     [weighed(5), weighed(30)])

    def test_strengths_without_such_steps(self):
        """One of two strengths has a step that leaves all as it is, and the other thins."""
        first, second = of_law(COUNTS, TABLES[0][2], lambda x: np.clip(x, 0, 1e6))

        def thinned(here):
            s = first[here].T @ first[here] / len(here)
            return first[here], s - np.diag(np.diag(s)) + np.diag(second[here].mean(0)), ("noise", 1)

        def noisy(here):
            return COUNTS[here], COUNTS[here].T @ COUNTS[here] / len(here), ("noise", 1)
        self.compare(experiment("counts", "{type: thin, keep: [0.4, 1]}, {type: clip, high: 1000000}, {type: noise, deviation: 1}"),
                     "counts", [thinned, noisy])

    def test_sampled_views_agree(self):
        """Losses of 600 views of each sample are near: their errors are some 1/sqrt(600 n) of what views vary by,
        well within 2 % of the variance of the targets."""
        for samples, chain in [(s, c) for s, c, *_ in TABLES[:6]] + [("counts", "{type: thin, to: 8}")]:
            with self.subTest(chain):
                both = []
                for views in ("exact", "600"):
                    with harness.archive(experiment(samples, chain), "o.h5", "--set", f"augmentation.views={views}",
                                         "--set", "samples=[240]", ranks=2) as archive:
                        both.append(harness.values(archive, "training_loss"))
                square = ((np.eye(CLASSES)[CLASS] - np.eye(CLASSES)[CLASS].mean(0))**2).sum(1).mean()
                np.testing.assert_allclose(both[1], both[0], rtol=0, atol=0.02 * square)

    def test_corruption_that_is_appended(self):
        """Its steps may lead, too: corrupted rows are drawn, and their views known exactly."""
        tail = "corruption: {chain: [{type: thin, keep: 0.7}, {type: clip, high: 20}], clean: true}\n"
        with harness.archive(experiment("counts", "{type: corruption, severity: [0, 1]}, {type: noise, deviation: 1}", tail),
                             "o.h5", ranks=2) as archive:
            self.assertTrue(np.all(archive["status"][()] == 0))
            self.assertEqual(archive["training_loss"].shape[1:3], (2, 2))
        done = harness.twoview("theory", harness.folder / "e.yaml")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_refused(self):
        for samples, chain, *fragments in (
                ("levels", "{type: noise, deviation: 1}, {type: mask, keep: 0.5}, {type: clip}", "chain.3", "'clip'", "sample views"),
                ("levels", "{type: brightness, deviation: 1}, {type: clip}", "chain.2", "'clip'"),
                ("levels", "{type: multiply, deviation: 1, per: sample}, {type: clip}", "chain.2", "'clip'"),
                ("levels", "{type: noise, deviation: 1}, {type: solarise, above: 3}", "chain.2", "'solarise'"),
                ("levels", "{type: noise, deviation: 1}, {type: log1p}", "chain.2", "'log1p' needs numbers that are not negative"),
                ("counts", "{type: log1p}, {type: thin, keep: 0.5}", "chain.2", "'thin' needs counts"),
                ("counts", "{type: thin, keep: 0.5}, {type: thin, to: 5}", "chain.2", "'thin'", "sample views"),
                ("counts", "{type: thin, to: 5}, {type: log1p}", "chain.2", "'log1p'", "sample views"),
                ("counts", "{type: thin}", "chain.1", "either 'keep'"),
                ("counts", "{type: thin, keep: 0.5, to: 5}", "chain.1", "either 'keep'"),
                ("counts", "{type: thin, to: 0}", "chain.1.to")):
            done = harness.twoview("run", experiment(samples, chain), "-o", "o.h5", "--force")
            self.assertEqual(done.returncode, 2, done.stderr)
            for fragment in fragments:
                self.assertIn(fragment, done.stderr)
        done = harness.twoview("run", experiment("counts", "{type: log1p}", "corruption: {chain: [{type: log1p}], sampler: expected}\n"),
                               "-o", "o.h5", "--force")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("corruption.sampler", done.stderr)


if __name__ == "__main__":
    unittest.main()
