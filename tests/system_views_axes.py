"""Principal components as the inputs of the view model, computed again by NumPy."""
import unittest

import h5py
import numpy as np
import scipy.linalg

import harness

ROWS, D, P, K, NOISE, FLOOR = 240, 12, 6, 2, 0.3, 0.01
SIZES = (60, ROWS)


def write_rows():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(ROWS, D)) @ rng.normal(size=(D, D)) + 3
    y = x[:, :2] + rng.normal(size=(ROWS, 2))
    with h5py.File(harness.folder / "rows.h5", "w") as file:
        file["x"], file["y"] = x, y
    return x, y


EXPERIMENT = """\
source: {type: hdf5, file: %s/rows.h5, samples: x, targets: y, shape: [4, 3, 1]}
features: {pca: %d}
augmentation: {chain: [{type: shift, pixels: 1}, {type: noise, deviation: %g}], floor: %g}
samples: [%d, %d]
encoder: {k: %d}
methods: [SL, RC, JE, PCA]
archive: {encoders: all, samples: true}
"""
CORRUPTION = "corruption: {chain: [{type: multiply, deviation: [0.5, 1]}], clean: true, sampler: expected}\n"


def shifts(a, m):
    """E T, E T a T' of shifts by one row and column, zeros coming in."""
    maps = []
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            maps.append(np.kron(np.eye(4, k=-down), np.eye(3, k=-right)))
    return sum(maps) / 9, sum(t @ a @ t.T for t in maps) / 9


def losses(x, y, severity, axes):
    """Training loss of each method: the probe's on the corrupted rows, along the axes."""
    n, a, m = len(x), x.T @ x / len(x), x.mean(0)
    if severity:
        a = a + [0, 0.5, 1][severity] ** 2 * np.diag(np.diag(a))
    mean_map, second = shifts(a, m)
    second = second + (NOISE ** 2) * np.eye(D)
    mv = mean_map @ m
    b = x.T @ y / n
    centred = a - np.outer(m, m)
    c = axes.T @ (a @ mean_map.T - np.outer(m, mv)) @ axes
    g = axes.T @ (mean_map @ a @ mean_map.T - np.outer(mv, mv)) @ axes
    s = axes.T @ (second - np.outer(mv, mv) + FLOOR * np.eye(D)) @ axes
    gram, cross = axes.T @ centred @ axes, axes.T @ (b - np.outer(m, y.mean(0)))
    view_cross = axes.T @ (mean_map @ b - np.outer(mv, y.mean(0)))
    square = ((y - y.mean(0)) ** 2).sum(1).mean()
    found = []
    for top in (None, (c.T @ c, s), (g, s), (gram, np.eye(len(gram)))):
        rows = np.linalg.solve(s, view_cross).T if top is None else scipy.linalg.eigh(*top)[1][:, ::-1][:, :K].T
        z = rows @ gram @ rows.T
        found.append(square - np.trace((rows @ cross).T @ np.linalg.solve(z, rows @ cross)))
    return np.array(found), square


class Axes(unittest.TestCase):
    def expect_losses(self, experiment, name, severities, ranks):
        """To 1e-9 of the variance: conditions are below 1e5 here."""
        write_rows()
        with harness.archive(experiment, name, ranks=ranks) as archive:
            x, y = archive["samples/clean"][0], archive["samples/target"][0]  # in nested order
            for i, severity in enumerate(severities):
                for level, n in enumerate(SIZES):
                    expected, square = losses(x[:n], y[:n], severity, self.axes_of_rows(x, severity))
                    np.testing.assert_allclose(archive["training_loss"][0, i, 0, level, 0], expected,
                                               rtol=0, atol=1e-9 * square)
            self.assertEqual(archive["transform_pca"].shape[-2:], (K, D))

    @staticmethod
    def axes_of_rows(x, severity):
        a = x.T @ x / len(x)
        a = a + [0, 0.5, 1][severity] ** 2 * np.diag(np.diag(a)) - np.outer(x.mean(0), x.mean(0))
        return np.linalg.eigh(a)[1][:, ::-1][:, :P]

    def test_axes_are_those_of_corrupted_rows(self):
        write_rows()
        text = EXPERIMENT % (harness.folder, P, NOISE, FLOOR, *SIZES, K)
        experiment = harness.write("corrupted.yaml", text + CORRUPTION)
        for ranks in (None, 2, 3):
            self.expect_losses(experiment, "corrupted.h5", (0, 1, 2), ranks)

    def test_axes_are_those_of_all_rows_where_nothing_corrupts_them(self):
        write_rows()
        experiment = harness.write("clean.yaml", EXPERIMENT % (harness.folder, P, NOISE, FLOOR, *SIZES, K))
        self.expect_losses(experiment, "clean.h5", (0,), 2)

    def test_more_components_than_there_are(self):
        x, y = write_rows()
        with h5py.File(harness.folder / "rows.h5", "a") as file:
            file["flat"] = x * ([1] * 5 + [0] * 7)
        text = EXPERIMENT % (harness.folder, P, NOISE, FLOOR, *SIZES, K)
        flat = harness.write("flat.yaml", text.replace("samples: x", "samples: flat") + CORRUPTION)
        run = harness.twoview("run", flat)
        self.assertEqual(run.returncode, 2)
        self.assertIn("features.pca: corrupted training rows have no variance beyond 5", run.stderr)


if __name__ == "__main__":
    unittest.main()
