"""Sampled views through the whole program: what is archived of them, and what is made of them."""
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


if __name__ == "__main__":
    unittest.main()
