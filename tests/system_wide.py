"""Principal components in three ways: from the covariance of the features, the Gram matrix of the rows,
and a Krylov subspace in passes over the rows."""
import re
import resource
import unittest

import h5py
import numpy as np

import harness

ROWS, COLUMNS, KEPT, BLOCK = 500, 180, 8, 24
RESIDUAL = 1e-8  # relative to the last variance, at which the passes end
SOLVERS = ("covariance", "rows", "subspace")

EXPERIMENT = f"""\
source: {{type: hdf5, file: data.h5, samples: x, targets: y}}
features: {{pca: {KEPT}}}
noise: {{components: 3, lambda_max: 2}}
augmentation: {{theta_max: 1, alpha: [0.3, 3]}}
samples: [40, 120]
encoder: {{k: 5}}
archive: {{encoders: all, representations: none, samples: false}}
parallel: {{shards: 14}}
"""

random = np.random.default_rng(11)


def write(x):
    with h5py.File(harness.folder / "data.h5", "w") as file:
        file["x"], file["y"] = x, np.random.default_rng(2).normal(size=(len(x), 2))


def orthonormal(rows, columns):
    return np.linalg.qr(np.random.default_rng(5).normal(size=(rows, columns)))[0]


def of_variances(variances, rows=ROWS, columns=COLUMNS):
    """Centred rows whose covariance has these eigenvalues, and no other but 0."""
    scores = np.random.default_rng(6).normal(size=(rows, len(variances)))
    scores = np.linalg.qr(scores - scores.mean(0))[0] * np.sqrt(rows * np.asarray(variances))
    return scores @ orthonormal(columns, len(variances)).T


def rounding(x, largest):
    """What sums and the eigenproblem leave, as the program has it: of the covariance."""
    return (512 + x.shape[1]) * np.finfo(float).eps * largest


class Wide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.experiment = harness.write("wide.yaml", EXPERIMENT)

    def solve(self, solver, *settings, ranks=2, output=None):
        return harness.archive(self.experiment, output or f"{solver}.h5",
                               *harness.settings(f"features.solver={solver}", *settings), ranks=ranks)

    def expect(self, x, archive):
        """Values as an independent decomposition has them, to the square of the residual over the gap
        that the iteration sees, or the residual itself where that is less; and vectors whose residuals
        are those that the archive has."""
        c = (x.astype(np.longdouble) - x.astype(np.longdouble).mean(0)).astype(float)
        right = np.linalg.svd(c, compute_uv=False)[:KEPT + 1]**2 / len(x)
        values, axes = archive["data_spectrum"][()], archive["principal_axes"][()]
        limit = rounding(x, right[0])
        residuals = np.linalg.norm(c.T @ (c @ axes.T) / len(x) - axes.T * values, axis=0)
        bound = max(RESIDUAL * right[KEPT - 1], limit)
        np.testing.assert_allclose(values, right[:KEPT], rtol=0, atol=bound)
        self.assertLessEqual(np.abs(axes @ axes.T - np.eye(KEPT)).max(), BLOCK * COLUMNS * np.finfo(float).eps)
        self.assertLessEqual(residuals.max(), bound + limit)
        if harness.attribute(archive, "principal_solver") == "subspace":
            claimed = archive.attrs["principal_residual"] * values[-1]
            self.assertLessEqual(abs(residuals.max() - claimed), limit)
            self.assertGreaterEqual(archive.attrs["principal_passes"], 2)
        return axes

    def check(self, x):
        write(x)
        found = {}
        for solver in SOLVERS:
            with self.solve(solver) as archive:
                self.assertEqual(harness.attribute(archive, "principal_solver"), solver)
                self.assertEqual("principal_residual" in archive.attrs, solver == "subspace")
                found[solver] = self.expect(x, archive)
        return found

    def test_the_three_agree(self):
        """Of 1, 1/2, 1/4, ...: subspaces differ by no more than residuals over the gap, half of the last
        variance."""
        found = self.check(of_variances(0.5**np.arange(40)) + 3)
        for solver in SOLVERS[1:]:
            sine = found["covariance"] - found["covariance"] @ found[solver].T @ found[solver]
            self.assertLessEqual(np.linalg.norm(sine, 2), 2 * np.sqrt(KEPT) * RESIDUAL / 0.5)

    def test_values_that_are_nearly_tied(self):
        """The last one kept is 1e-9 above the next, one thirtieth above the one after that; and all the same."""
        self.check(of_variances([9, 8, 7, 6, 5, 4, 3, 1 + 1e-9, 1, 0.97, *np.linspace(0.9, 0.1, 60)]))
        self.check(of_variances(np.ones(100)))

    def test_rows_that_repeat(self):
        x = of_variances(0.7**np.arange(30), rows=100)
        self.check(np.concatenate(5 * [x]) + 1)
        self.check(np.repeat(x, 5, axis=0))

    def test_fewer_directions_than_a_block(self):
        self.check(of_variances(0.5**np.arange(KEPT)) + 2)

    def test_scales(self):
        """Tiny and huge numbers, features of both beside each other, and one that is constant."""
        x = of_variances(0.8**np.arange(50))
        for scale in (1e-8, 1e8):
            self.check(x * scale)
        beside = x * np.where(np.arange(COLUMNS) < 90, 1e-8, 1e8)
        beside[:, 3] = 0.1
        self.check(beside)

    def test_first_rows_far_from_the_others(self):
        """By far more than a deviation, so that the sums are taken again about the mean."""
        x = of_variances(0.7**np.arange(30)) + 1e4
        x[:ROWS // 20] -= 1e4  # the first shard
        self.check(x)
        far = random.normal(size=(700, COLUMNS)) * np.geomspace(10, 0.1, COLUMNS) + 1e6
        far[1:] += 1e6
        self.check(far)

    def test_few_features(self):
        """So few that a block is all of them."""
        self.check(random.normal(size=(300, KEPT + 1)) * np.arange(1, KEPT + 2))

    def test_few_blocks(self):
        """Whose basis is full, and condensed, again and again: the spectrum falls slowly."""
        for columns in (3 * BLOCK - 1, 3 * BLOCK, 4 * BLOCK - 1, 5 * BLOCK):
            self.check(random.normal(size=(ROWS, columns)) * np.geomspace(1, 0.7, columns) + 5)

    def test_any_number_of_ranks(self):
        write(random.normal(size=(ROWS, COLUMNS)) * np.geomspace(3, 0.3, COLUMNS) + 5)
        for solver in SOLVERS:
            first = self.solve(solver, ranks=1, output="first.h5")
            for ranks in (2, 3, 7):
                with self.solve(solver, ranks=ranks) as other:
                    for name in ("feature_mean", "data_spectrum", "principal_axes", "moments_sha256"):
                        np.testing.assert_array_equal(first[name][()], other[name][()], f"{name}, {ranks} ranks")
                    for name in ("principal_passes", "principal_residual"):
                        self.assertEqual(first.attrs.get(name), other.attrs.get(name))
            first.close()

    def test_seeds_give_the_same_components(self):
        x = of_variances(0.5**np.arange(40))
        write(x)
        for seed in (1, 2):
            with self.solve("subspace", f"seed={seed}") as archive:
                self.expect(x, archive)

    def test_too_many_components(self):
        write(random.normal(size=(KEPT, COLUMNS)))
        for solver in SOLVERS:
            done = harness.twoview("run", self.experiment, "-o", "none.h5",
                                   *harness.settings(f"features.solver={solver}", "samples=4"), ranks=2)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"features.pca: {KEPT} samples vary in {KEPT - 1} directions about their mean",
                          done.stderr)

    def test_no_rows_to_read(self):
        done = harness.twoview("run", harness.write("m.yaml", harness.MIXTURE), "-o", "none.h5",
                               *harness.settings("features.solver=subspace", "features.pca=2"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("features.solver: 'subspace' needs the rows of a data set", done.stderr)

    def test_what_does_not_end(self):
        """Variances that no gap tells apart: the run says how accurate they are, and that is true."""
        x = of_variances(1 + 0.01 * np.linspace(0, 1, 1100), rows=1500, columns=1200)
        write(x)
        done = harness.twoview("run", self.experiment, "--force", "-o", "long.h5",
                               *harness.settings("features.solver=subspace"))
        self.assertEqual(done.returncode, 0, done.stderr)
        with h5py.File(harness.folder / "long.h5") as archive:
            self.assertEqual(archive.attrs["principal_passes"], 50)
            residual, values = archive.attrs["principal_residual"], archive["data_spectrum"][()]
            axes = archive["principal_axes"][()]
        self.assertGreater(residual, RESIDUAL)
        found = np.linalg.norm(x.T @ (x @ axes.T) / len(x) - axes.T * values, axis=0).max() / values[-1]
        self.assertLessEqual(abs(found - residual), rounding(x, 1))
        self.assertIn(f"after 50 passes over the data the residual of the principal components is still "
                      f"{residual:.2g} of the variance", done.stderr)

    def plan(self, ranks, *settings):
        return harness.twoview("run", self.experiment, "--dry-run", *harness.settings(*settings),
                               ranks=ranks).stdout

    def test_choice(self):
        """By cost: few rows, few features, and many of both."""
        for shape, solver in (((300, 2000), "rows"), ((3000, 200), "covariance"), ((6000, 5000), "subspace")):
            with h5py.File(harness.folder / "data.h5", "w") as file:
                file.create_dataset("x", data=np.zeros(shape, np.uint8), compression=1)
                file["y"] = np.ones((shape[0], 2))
            plan = self.plan(1)
            said = re.search(r"principal components +8 of (\d+) features, from a (subspace|.* (rows|features)$)",
                             plan, re.MULTILINE)
            self.assertEqual(int(said[1]), shape[1])
            self.assertEqual(said[3] or said[2], {"covariance": "features"}.get(solver, solver))
            costs = dict(re.findall(r"(covariance|rows|subspace) (\S+) s", re.search("their cost.*", plan)[0]))
            self.assertEqual(min(costs, key=lambda name: float(costs[name])), solver)

    def expect_memory(self, shape, solver, *settings):
        with h5py.File(harness.folder / "data.h5", "w") as file:
            file["x"] = random.integers(0, 256, shape).astype(np.uint8)
            file["y"] = random.normal(size=(shape[0], 2))
        for ranks in (1, 2):
            planned = self.plan(ranks, f"features.solver={solver}", *settings)
            memory = float(re.search(r"memory per rank .*\((\d+) bytes\)", planned)[1])
            with self.solve(solver, *settings, ranks=ranks) as archive:
                peak = archive["peak_memory"][()].max()
            self.assertLessEqual(max(memory / peak, peak / memory), 1.2, f"{shape}, {solver}, {ranks} ranks")

    def test_memory(self):
        """Of rows that are kept, and of a basis that is larger than they are."""
        for shape in ((3000, 4000), (400, 60000)):
            self.expect_memory(shape, "subspace")

    def test_memory_of_eigenproblems(self):
        """Of a matrix of which some vectors are found, and of one of which all are."""
        self.expect_memory((2600, 2500), "covariance", "parallel.shards=2")
        self.expect_memory((2500, 2600), "rows")
        self.expect_memory((1300, 1200), "covariance", "parallel.shards=2", "features.pca=1100", "samples=1200")
        self.expect_memory((1300, 3000), "rows", "features.pca=1200", "samples=1200")

    def test_rows_that_cannot_be_kept(self):
        """Where address space is limited they are read in every pass, and the components are the same bits."""
        shape = (6000, 4000)
        with h5py.File(harness.folder / "data.h5", "w") as file:
            file["x"] = random.integers(0, 256, shape).astype(np.uint8)
            file["y"] = random.normal(size=(shape[0], 2))
        words = harness.settings("features.solver=subspace")
        for room in range(1 << 29, 1 << 32, 1 << 27):
            limit = {"errors": "replace", "preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_AS, (room, room))}
            plan = harness.twoview("run", self.experiment, "--dry-run", *words, **limit)
            if plan.returncode == 0:
                break
        self.assertIn("passes over the rows, which are read each time", plan.stdout)
        memory = float(re.search(r"memory per rank .*\((\d+) bytes\)", plan.stdout)[1])
        done = harness.twoview("run", self.experiment, "--force", "-o", "read.h5", *words, **limit)
        self.assertEqual(done.returncode, 0, done.stderr)
        with self.solve("subspace") as kept, h5py.File(harness.folder / "read.h5") as read:
            for name in ("feature_mean", "data_spectrum", "principal_axes"):
                np.testing.assert_array_equal(kept[name][()], read[name][()], name)
            peak = read["peak_memory"][()].max()
            self.assertLess(peak, 8 * shape[0] * shape[1])
            self.assertLessEqual(max(memory / peak, peak / memory), 1.2)


if __name__ == "__main__":
    unittest.main()
