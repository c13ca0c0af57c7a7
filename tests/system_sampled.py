"""Sampled views through the whole program: what is archived of them, and what is made of them."""
import re
import unittest

import h5py
import numpy as np
import scipy.linalg

import harness
from system_views import philox  # the draws, by other means

D, N, VIEWS, K = 16, 400, 3, 4
CHAIN = "[{type: noise, deviation: [0.4, 0.8]}, {type: clip, low: 0, high: 1}, {type: solarise, above: 0.7}]"

EXPERIMENT = f"""\
seed: 3
source: {{type: hdf5, file: rows.h5, samples: x, labels: y, scale: 2}}
corruption: {{chain: [{{type: multiply, deviation: 0.3}}], clean: true}}
augmentation: {{chain: {CHAIN}, views: {VIEWS}, floor: 0}}
samples: [150, {N}]
encoder: {{k: {K}}}
methods: [RC, JE]
archive: {{samples: true, views: true, encoders: all, representations: none}}
"""


def write_rows():
    random = np.random.default_rng(2)
    factors = random.normal(size=(6, D))
    x = 1 + random.normal(size=(N, 6)) @ factors / 4 + 0.2 * random.normal(size=(N, D))
    with h5py.File(harness.folder / "rows.h5", "w") as file:
        file["x"], file["y"] = x, np.arange(N) % 3
    return x / 2


def normals(purpose, replicate, index, count):
    """As the program draws them for one index: Box-Muller over pairs of uniforms."""
    block = np.arange((count + 1) // 2, dtype=np.uint64)
    index = np.uint64(index)
    bits = philox([np.full_like(block, index & np.uint64(0xFFFFFFFF)), np.full_like(block, index >> np.uint64(32)),
                   block, np.full_like(block, purpose << 24 | replicate)], [3, 0])
    first, second = ((((bits[i] << np.uint64(32) | bits[i + 1]) >> np.uint64(12)).astype(float) + 0.5) * 2.0**-52
                     for i in (0, 2))
    radius = np.sqrt(-2 * np.log(first))
    pairs = np.stack([radius * np.cos(2 * np.pi * second), radius * np.sin(2 * np.pi * second)], 1)
    return pairs.reshape(-1)[:count]


def draw_view(row, view, deviation, corrupted):
    x = np.clip(corrupted + deviation * normals(128, 0, row * VIEWS + view, D), 0, 1)
    return np.where(x >= 0.7, 1 - x, x)


class Sampled(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.x = write_rows()
        cls.file = harness.write("sampled.yaml", EXPERIMENT)
        with harness.archive(cls.file, "sampled.h5", ranks=2) as archive:
            cls.view = archive["samples/view"][0]  # sample, severity, strength, view, input
            cls.row = archive["samples/row"][0]
            cls.sample = archive["samples/clean"][0]
            cls.value = archive["value"][0]  # severity, strength, n, k, paradigm, row
            cls.transform = archive["transform_joint_embedding"][0]

    def test_draws(self):
        """Of a chain that has no moments, once more by NumPy at the same draws."""
        np.testing.assert_array_equal(self.sample, self.x[self.row])
        for i in range(0, N, 7):
            row = self.row[i]
            corrupted = [self.x[row], self.x[row] * (1 + 0.3 * normals(64, 0, row, D))]
            for severity, strength in np.ndindex(2, 2):
                for view in range(VIEWS):
                    expected = draw_view(row, view, (0.4, 0.8)[strength], corrupted[severity])
                    np.testing.assert_allclose(self.view[i, severity, strength, view], expected, rtol=0, atol=1e-12)

    def centred_moments(self, n, severity, strength):
        """Mean view by mean view, views within samples, and S: all of centred views."""
        views = self.view[:n, severity, strength]
        views = views - views.mean((0, 1))
        mean = views.mean(1)
        within = np.einsum("iva,ivb->ab", views - mean[:, None], views - mean[:, None]) / (VIEWS - 1) / n
        plug_in = mean.T @ mean / n
        return plug_in, within, plug_in + (1 - 1 / VIEWS) * within

    def test_values(self):
        """omega is without bias, and that of the mean views follows from it: omega (1 - 1/m) + 1/m; the
        encoder is the same. Conditions are below 1e3, so that ten digits are left of sixteen."""
        for severity, strength in np.ndindex(2, 2):
            for level, n in enumerate((150, N)):
                plug_in, within, S = self.centred_moments(n, severity, strength)
                self.assertLess(np.linalg.cond(S), 1e3)
                omega = scipy.linalg.eigh(plug_in - within / VIEWS, S, eigvals_only=True)[::-1][:K]
                plugged, vectors = scipy.linalg.eigh(plug_in, S)
                archived = self.value[severity, strength, level, 0, 1]
                np.testing.assert_allclose(archived, omega, rtol=0, atol=1e-10)
                np.testing.assert_allclose(archived * (1 - 1 / VIEWS) + 1 / VIEWS, plugged[::-1][:K], rtol=0, atol=1e-10)
                learned = self.transform[severity, strength, level]
                apart = scipy.linalg.subspace_angles(learned.T, vectors[:, ::-1][:, :K])
                self.assertLess(apart.max(), 1e-8)

    def test_given_views(self):
        """The same views, given by another program, make the same moments: all but rounding."""
        order = np.argsort(self.row)
        with h5py.File(harness.folder / "given.h5", "w") as file:
            file["x"], file["y"] = self.x, np.arange(N) % 3
            file["views"] = self.view[order, 0, 0]
        given = EXPERIMENT.replace("rows.h5", "given.h5").replace("scale: 2", "views: views")
        lines = [line for line in given.splitlines() if not line.startswith(("corruption", "augmentation"))]
        text = "\n".join(lines).replace("samples: true, views: true, ", "")
        with harness.archive(harness.write("given.yaml", text), "given-views.h5", ranks=3) as archive:
            np.testing.assert_allclose(archive["value"][0, 0, 0], self.value[0, 0], rtol=0, atol=1e-10)

    def test_ranks(self):
        for ranks in (1, 3, 7):
            with harness.archive(self.file, "ranks.h5", ranks=ranks) as archive:
                np.testing.assert_array_equal(archive["samples/view"][0], self.view)
                np.testing.assert_allclose(archive["value"][0], self.value, rtol=0, atol=1e-10)

    def test_refusals(self):
        for keys, said in ((("archive.samples=false",), "views are archived beside their samples"),
                           (("augmentation.views=exact",), "there are views to archive where they are sampled")):
            done = harness.twoview("run", self.file, "-o", "no.h5", *harness.settings(*keys))
            self.assertEqual(done.returncode, 2)
            self.assertIn(said, done.stderr)

    def test_plan(self):
        plan = harness.twoview("run", self.file, "--dry-run", ranks=2).stdout
        size = float(plan.split("archive, uncompressed")[1].split("(")[1].split()[0])
        self.assertGreater(size, self.view.nbytes)


def pilot(file, *keys, ranks=1):
    """The lines of the plan about views, by their titles."""
    done = harness.twoview("run", file, "--dry-run", *harness.settings(*keys), ranks=ranks)
    if done.returncode:
        raise AssertionError(done.stderr)
    titles = ("views of a sample", "pilot of views", "cost of views")
    lines = [line for line in done.stdout.splitlines() if line.startswith(titles)]
    return {line[:22].strip(): line[22:].strip() for line in lines}


def numbers_of(pattern, text):
    """The ends of a range that stands behind the pattern."""
    first, second = re.search(pattern + r"([-+.\de]+)(?: to ([-+.\de]+))?", text).groups()
    return [float(first), float(second or first)]


def chance(samples, inputs, views):
    """The largest omega of views that are independent of their samples: the upper edge of the Jacobi law."""
    share, crowding = 1 / views, inputs / (samples * views)
    edge = (np.sqrt(share * (1 - crowding)) + np.sqrt(crowding * (1 - share))) ** 2
    return (edge - share) / (1 - share)


class Pilot(unittest.TestCase):
    """How many views the plan advises, and what they cost."""

    @classmethod
    def setUpClass(cls):
        write_rows()
        cls.file = harness.write("pilot.yaml", EXPERIMENT)
        lines = [line for line in EXPERIMENT.splitlines() if not line.startswith("corruption")]
        cls.clean = harness.write("pilot-clean.yaml", "\n".join(lines))

    def expect(self, lines, omegas, views):
        """The ends of a printed range have four digits; the advice follows from all of them."""
        found = numbers_of(rf"omega_\d+ = ", lines["pilot of views"])
        np.testing.assert_allclose(found, [min(omegas), max(omegas)], rtol=1e-3)
        advice = [round(1 + 1 / max(omegas)), round(1 + 1 / min(omegas))]
        self.assertEqual(numbers_of(r"1 \+ 1/omega_\d+ = ", lines["views of a sample"]), advice)
        self.assertTrue(lines["views of a sample"].startswith(f"{views};"))
        return advice

    def test_advice(self):
        """As in a run over the same rows, here all of them, at all severities and strengths."""
        lines = pilot(self.file)
        with harness.archive(self.file, "pilot.h5") as archive:
            omegas = archive["value"][0, :, :, 1, 0, 1, K - 1].ravel()
        advice = self.expect(lines, omegas, VIEWS)
        self.assertIn(f"{N} samples", lines["pilot of views"])
        self.assertEqual(numbers_of("up to ", lines["pilot of views"])[0], float(f"{chance(N, D, VIEWS):.2g}"))
        given, advised = lines["cost of views"].split("; ")
        rows = 2 * 2 * N  # severities, strengths

        def flops(views):
            return rows * ((views + 1) * D**2 + 2 * D * (D + 3 + 1))

        for text, m in ((given, [VIEWS, VIEWS]), (advised, advice)):
            self.assertEqual(numbers_of("^", text), m)
            np.testing.assert_allclose(numbers_of(": ", text), [rows * views for views in m], rtol=1e-3)
            np.testing.assert_allclose(numbers_of("views, ", text), [flops(views) for views in m], rtol=1e-3)

    def test_ranks(self):
        lines = pilot(self.file)
        for ranks in (2, 3):
            self.assertEqual(pilot(self.file, ranks=ranks), lines)

    def test_first_samples(self):
        """Of many samples those that come first in the order of the first replicate."""
        d, n, strengths = 256, 8000, 20
        random = np.random.default_rng(5)
        with h5py.File(harness.folder / "many.h5", "w") as file:
            file["x"], file["y"] = random.normal(size=(n, d)) / np.arange(1, d + 1) ** 0.25, np.arange(n) % 2
        deviations = ", ".join(f"{deviation:.3g}" for deviation in np.linspace(0.1, 2, strengths))
        file = harness.write("many.yaml", f"""\
seed: 1
replicates: 2
source: {{type: hdf5, file: many.h5, samples: x, labels: y}}
augmentation: {{chain: [{{type: noise, deviation: [{deviations}]}}], views: 2}}
samples: [100, {n}]
encoder: {{k: [1, 3]}}
methods: [JE]
archive: {{encoders: none, representations: none}}
""")
        lines = pilot(file)
        samples = int(lines["pilot of views"].split()[0])
        of_row = 3 * d**2 + 2 * d * (d + 2 + 1)
        self.assertEqual(samples, int(5e10 / of_row / strengths))
        keys = ("replicates=1", f"samples=[{samples}]", "encoder.k=3")
        with harness.archive(file, "many-first.h5", *harness.settings(*keys)) as archive:
            self.expect(lines, archive["value"][0, 0, :, 0, 0, 0, 2], 2)

    def test_no_agreement(self):
        """Views that are all noise: the largest omega is what chance gives, the edge of a spectrum within
        some d^(-2/3) of it, and the smallest is below zero."""
        keys = ("augmentation.chain=[{type: noise, deviation: 1e4}]",)
        self.assertNotIn("1/omega", pilot(self.file, *keys, f"encoder.k={D}")["views of a sample"])
        lines = pilot(self.file, *keys, f"encoder.k={D}")
        self.assertIn(f"no agreement in direction {D}", lines["pilot of views"])
        self.assertNotIn(";", lines["cost of views"])
        lines = pilot(self.file, *keys, "encoder.k=1")
        largest = numbers_of("omega_1 = ", lines["pilot of views"])[1]
        self.assertLess(abs(largest / chance(N, D, VIEWS) - 1), 2 * D ** (-2 / 3))

    def test_some_agreement(self):
        keys = ("augmentation.chain=[{type: noise, deviation: [0.1, 1e4]}]", f"encoder.k={D}")
        lines = pilot(self.clean, *keys)
        self.assertIn(f"no agreement in direction {D} at 1 of 2 severities and strengths", lines["pilot of views"])
        self.assertIn("1/omega", lines["views of a sample"])

    def test_singular(self):
        """Fewer views than inputs leave S singular."""
        lines = pilot(self.file, "samples=[5]")
        self.assertIn("second moments S of its views are singular", lines["pilot of views"])
        self.assertIn("no advice", lines["views of a sample"])

    def test_exact(self):
        self.assertEqual(pilot(self.file, "augmentation.views=exact", "archive.views=false",
                               "augmentation.chain=[{type: noise, deviation: 1}]"), {})

    def test_given_views(self):
        random = np.random.default_rng(8)
        x = random.normal(size=(N, D)) * np.linspace(2, 0.5, D)
        with h5py.File(harness.folder / "pilot-given.h5", "w") as file:
            file["x"], file["y"] = x, np.arange(N) % 3
            file["views"] = x[:, None] + 0.5 * random.normal(size=(N, 2, D))
        file = harness.write("pilot-given.yaml", f"""\
source: {{type: hdf5, file: pilot-given.h5, samples: x, labels: y, views: views}}
samples: [{N}]
encoder: {{k: {K}}}
methods: [RC, JE]
""")
        lines = pilot(file, ranks=2)
        with harness.archive(file, "pilot-given-run.h5") as archive:
            self.expect(lines, archive["value"][0, 0, 0, 0, 0, 1, K - 1].ravel(), 2)
        self.assertIn(f"2: {2 * N} views", lines["cost of views"])

    def test_nonlinear_features(self):
        """The same frequencies as in the run: inputs are the features that they make."""
        keys = ("features.type=random-fourier", "features.count=8", "features.bandwidth=4", "encoder.k=2",
                "archive.views=false")
        lines = pilot(self.clean, *keys)
        with harness.archive(self.clean, "pilot-fourier.h5", *harness.settings(*keys)) as archive:
            self.expect(lines, archive["value"][0, 0, :, 1, 0, 1, 1], VIEWS)

    def test_axes(self):
        """Along principal axes, those of the pilot's samples."""
        keys = ("features.pca=6", "encoder.k=2")
        lines = pilot(self.clean, *keys, ranks=2)
        with harness.archive(self.clean, "axes.h5", *harness.settings(*keys)) as archive:
            self.expect(lines, archive["value"][0, 0, :, 1, 0, 1, 1], VIEWS)


class BestNumber(unittest.TestCase):
    """The number m of views of a sample at which JE errs least, of n m views in all. To first order, and with S
    the identity, direction i of those dropped enters direction j of those kept with the variance

        (1 - a) (1 + a u) (1 - b + b (1 - a) u) / (u n m (a - b)^2),   u = m - 1,   a = omega_j,   b = omega_i.

    Where b is near a it is proportional to (1 + a u)^2 / u, which is least at u = 1/a. Half of the directions
    have variance 1, half 0.7, and noise makes omega_k 0.8, 1/3 and 0.15."""
    D, K, LOW, BUDGET, REPLICATES = 12, 6, 0.7, 48000, 24
    OMEGAS, VIEWS = np.array([0.8, 1 / 3, 0.15]), np.array([2, 3, 4, 6, 8, 12, 16, 24])

    @classmethod
    def measure(cls, m):
        """The squared sines of all angles, added up: strength, replicate."""
        spectrum = np.where(np.arange(cls.D) < cls.K, 1, cls.LOW)
        added = 1 / cls.OMEGAS - 1
        file = harness.write("budget.yaml", f"""\
seed: 12
replicates: {cls.REPLICATES}
source: {{type: gaussian, spectrum: {list(map(float, spectrum))}, teacher: {{type: linear, targets: 1}}}}
augmentation: {{chain: [{{type: noise, deviation: {list(map(float, np.sqrt(added)))}}}], views: {m}}}
samples: [{cls.BUDGET // m}]
encoder: {{k: {cls.K}}}
methods: [JE]
archive: {{encoders: all, representations: none}}
""")
        with harness.archive(file, "budget.h5") as archive:
            encoders = archive["transform_joint_embedding"][:, 0, :, 0]
        whitened = encoders * np.sqrt(spectrum + added[:, None])[:, None, :]
        basis = np.linalg.qr(np.swapaxes(whitened, -1, -2))[0]
        return cls.K - (basis[:, :, :cls.K] ** 2).sum((2, 3)).T

    @classmethod
    def setUpClass(cls):
        errors = np.stack([cls.measure(m) for m in cls.VIEWS], 1)  # strength, m, replicate
        cls.error = errors.mean(-1)
        cls.deviation = errors.std(-1, ddof=1) / np.sqrt(cls.REPLICATES)
        cls.dropped = cls.LOW / (cls.LOW + 1 / cls.OMEGAS - 1)

    def law(self, setting, u):
        a, b = self.OMEGAS[setting], self.dropped[setting]
        pair = (1 - a) * (1 + a * u) * (1 - b + b * (1 - a) * u) / (u * self.BUDGET * (a - b) ** 2)
        return self.K * (self.D - self.K) * pair

    def test_law(self):
        """Within five standard errors and the next order, the square of the first."""
        for setting in range(3):
            law = self.law(setting, self.VIEWS - 1)
            self.assertTrue((np.abs(self.error[setting] - law) < 5 * self.deviation[setting] + law**2).all())

    def test_minimum(self):
        """Of the curve A/u + B + C u through the measured errors, whatever A, B and C: at the root of A/C, within
        five standard errors of where the law has its own, which are small enough to tell the settings apart. The
        error at 1 + 1/omega_k is the least within one per cent."""
        ends = []
        for setting in range(3):
            u = self.VIEWS - 1
            weight = 1 / self.law(setting, u)
            design = np.stack([1 / u, np.ones(len(u)), u], 1) * weight[:, None]
            spread = np.mean((self.deviation[setting] * weight) ** 2)
            fitted = np.linalg.lstsq(design, self.error[setting] * weight, rcond=None)[0]
            covariance = spread * np.linalg.inv(design.T @ design)
            gradient = np.array([0.5 / fitted[0], 0, -0.5 / fitted[2]])  # of the logarithm of the root
            resolution = np.sqrt(gradient @ covariance @ gradient)
            a, b = self.OMEGAS[setting], self.dropped[setting]
            best = np.sqrt((1 - b) / ((1 - a) * a * b))
            found = np.sqrt(fitted[0] / fitted[2])
            self.assertLess(abs(np.log(found / best)), 5 * resolution)
            self.assertLess(self.law(setting, 1 / a), 1.01 * self.law(setting, best))
            ends.append(found * np.exp([-3 * resolution, 3 * resolution]))
        self.assertLess(ends[0][1], ends[1][0])
        self.assertLess(ends[1][1], ends[2][0])

    def test_advised(self):
        """No other number errs less than the one next to 1 + 1/omega_k, by five standard errors of the difference."""
        for setting in range(3):
            best = np.argmin(np.abs(self.VIEWS - 1 - 1 / self.OMEGAS[setting]))
            difference = self.error[setting] - self.error[setting, best]
            band = 5 * np.hypot(self.deviation[setting], self.deviation[setting, best])
            self.assertTrue((difference > -band).all())
            self.assertGreater(difference.max(), band[np.argmax(difference)])


if __name__ == "__main__":
    unittest.main()
