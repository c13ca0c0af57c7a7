"""`twoview theory` on the view model: omega and phi recomputed by NumPy, and what it says in words."""
import json
import re
import unittest

import h5py
import numpy as np
import scipy.linalg

import harness

SIZE, ROWS, MORE = 5, 300, 5
D = SIZE**2

EXPERIMENT = """\
name: theory of views
source: {type: hdf5, file: smooth.h5, samples: x, scale: 2}
corruption:
  chain: [{type: texture, length: 2, deviation: [0.3, 0.6]}]
  sampler: expected
augmentation:
  chain:
    - {type: shift, pixels: 1}
    - {type: noise, deviation: [0.1, 0.2]}
    - {type: corruption, severity: [0, 1]}
  floor: 0.01
samples: [100, 300]
encoder: {k: [3, 4]}
"""


def write_images():
    random = np.random.default_rng(3)
    axis = np.arange(SIZE)
    kernel = np.exp(-np.subtract.outer(axis, axis) ** 2 / 8)
    smooth = random.normal(size=(ROWS, D)) @ np.linalg.cholesky(np.kron(kernel, kernel) + 1e-2 * np.eye(D)).T + 1
    with h5py.File(harness.folder / "smooth.h5", "w") as file:
        file["x"] = smooth.reshape(ROWS, SIZE, SIZE)
        # all rows make up the sample, so that they are standardised in it
        file["standard"] = ((smooth - smooth.mean(0)) / smooth.std(0)).reshape(ROWS, SIZE, SIZE)
        border = smooth.reshape(ROWS, SIZE, SIZE).copy()
        border[:, 0] = 0.5
        file["border"] = border
    return smooth / 2


def shift_maps():
    steps = [np.eye(SIZE, k=s) for s in (-1, 0, 1)]
    return [np.kron(rows, columns) for rows in steps for columns in steps]


def texture(length, deviation):
    axis = np.arange(SIZE)
    kernel = np.exp(-np.subtract.outer(axis, axis) ** 2 / (2 * length**2))
    return deviation**2 * np.kron(kernel, kernel)


def spectra(C, G, S):
    """omega, phi and their encoders."""
    omega, je = scipy.linalg.eigh(G, S)
    phi2, rc = scipy.linalg.eigh(C.T @ C, S)
    return omega[::-1], je[:, ::-1], np.sqrt(np.maximum(phi2[::-1], 0)), rc[:, ::-1]


def gap(values, k):
    return 1 - values[k] / values[k - 1]


class Views(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.x = write_images()
        cls.experiment = harness.write("v.yaml", EXPERIMENT)

    def theory(self, *settings, ranks=None):
        done = harness.twoview("theory", self.experiment, "--json", *harness.settings(*settings), ranks=ranks)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def text(self, *settings):
        done = harness.twoview("theory", self.experiment, *harness.settings(*settings))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def moments(self, severity, strength):
        """A, C, G and S about the means."""
        mean = self.x.mean(0)
        A = self.x.T @ self.x / ROWS
        if severity:
            A = A + texture(2, (0.3, 0.6)[severity - 1])
        maps = shift_maps()
        T = sum(maps) / len(maps)
        S = sum(m @ A @ m.T for m in maps) / len(maps) - np.outer(T @ mean, T @ mean)
        S += (0.1 * (strength + 1)) ** 2 * np.eye(D) + 0.01 * np.eye(D)
        if strength:
            S += texture(2, 0.3)
        A = A - np.outer(mean, mean)
        return A, A @ T.T, T @ A @ T.T, S

    def check(self, said):
        """All is known to 1e-9 of its size: the least eigenvalue of S is above 0.02 of numbers below 20."""
        self.assertEqual((said["n"], said["inputs"], said["components"]), (ROWS, D, 4 + MORE))
        self.assertEqual([(at["severity"], at["strength"]) for at in said["settings"]],
                         [(v, t + 1) for v in range(3) for t in range(2)])
        for at in said["settings"]:
            A, C, G, S = self.moments(at["severity"], at["strength"] - 1)
            omega, je, phi, rc = spectra(C, G, S)
            variance = np.linalg.eigvalsh(A)[::-1]
            for method, name, values in (("joint_embedding", "omega", omega), ("reconstruction", "phi", phi),
                                         ("pca", "variance", variance)):
                of = at["methods"][method]
                np.testing.assert_allclose(of[name], values[: 4 + MORE], rtol=0, atol=1e-9 * values[0])
                np.testing.assert_allclose(of["gap"], [gap(values, k) for k in (3, 4)], rtol=0, atol=1e-8)
            pair, = [each for each in at["angles"] if each["between"] == ["reconstruction", "joint-embedding"]]
            angles = [scipy.linalg.subspace_angles(rc[:, :k], je[:, :k]).max() for k in (3, 4)]
            np.testing.assert_allclose(pair["radians"], angles, rtol=0, atol=1e-7)
            self.assertFalse(at["singular"])

    def test_values_against_numpy(self):
        for ranks in (None, 2, 3):
            said = self.theory(ranks=ranks)
            self.check(said)
            self.assertEqual(said["notes"], [])

    def test_agrees_with_a_run(self):
        rows, expected, sampled = "corruption.sampler=rows", "corruption.sampler=expected", "augmentation.views=4"
        for settings in ((rows, "features.pca=9"), (expected, "features.pca=9"), (rows, sampled)):
            said = self.theory(*settings)
            done = harness.twoview("run", self.experiment, "--force", "-o", "v.h5", *harness.settings(*settings))
            self.assertEqual(done.returncode, 0, done.stderr)
            with h5py.File(harness.folder / "v.h5") as archive:
                for at in said["settings"][2:]:  # the run has no severity 0
                    methods = harness.names(archive["paradigm"])
                    for method, name in (("reconstruction", "phi"), ("joint_embedding", "omega")):
                        values = archive["value"][0, at["severity"] - archive["severity"][0], at["strength"] - 1, -1,
                                                  -1, methods.index(method.replace("_", "-"))]
                        np.testing.assert_allclose(at["methods"][method][name][:4], values, rtol=1e-9)

    def test_text_is_of_the_same_numbers(self):
        said, text = self.theory(), self.text()
        for severity in range(3):
            for method, name in (("reconstruction", "phi"), ("joint_embedding", "omega")):
                at = said["settings"][2 * severity : 2 * severity + 2]
                head = rf"severity {severity}[^\n]*: {name} of {method.replace('_', '-')}\n"
                table = re.search(head + r"(.*?)(?:\n\n|\Z)", text, re.S)[1].splitlines()
                self.assertEqual(len(table), 1 + 4 + MORE + 2)  # a head, components, two gaps
                self.assertEqual(table[1].split(), ["1", *(f"{each['methods'][method][name][0]:.6g}" for each in at)])
                self.assertEqual(table[4].split(), ["gap", "at", "3",
                                                    *(f"{each['methods'][method]['gap'][0]:.6g}" for each in at)])
        self.assertNotRegex(text, r"(?m) $")

    # ---- Degenerate problems, each beside one that is not ----

    def plain(self, chain, samples="x"):
        """An experiment without corruption and floor."""
        text = re.sub(r"corruption:\n.*?augmentation:.*?samples:", f"augmentation:\n  chain: {chain}\nsamples:",
                      EXPERIMENT, flags=re.S).replace("samples: x", f"samples: {samples}")
        experiment = harness.write("p.yaml", text)
        done = harness.twoview("theory", experiment, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        said = json.loads(done.stdout)
        return said["settings"], "\n".join(said["notes"])

    def test_strength_of_noise_cannot_matter_to_joint_embedding(self):
        settings, notes = self.plain("[{type: noise, deviation: [0.1, 0.2]}]")
        self.assertIn("at severity/strength 0/2: JE learns the same as at strength 1", notes)
        self.assertIn("white noise", notes)
        self.assertIn("reconstruction and joint-embedding learn the same", notes)
        self.assertEqual([at["same_as_strength"] for at in settings], [1, 1])
        mu = [np.array(at["methods"]["joint_embedding"]["omega"]) for at in settings]
        np.testing.assert_allclose((1 / mu[1] - 1) / (1 / mu[0] - 1), 4, rtol=1e-9)  # deviations 0.1 and 0.2
        for chain in ("[{type: brightness, deviation: 0.5}, {type: noise, deviation: [0.1, 0.2]}]",
                      "[{type: shift, pixels: [1, 2]}]"):
            settings, notes = self.plain(chain)
            self.assertEqual(notes, "")
            self.assertEqual([at["same_as_strength"] for at in settings], [1, 2])
        settings, notes = self.plain("[{type: multiply, deviation: [0.2, 0, 0]}, "
                                     "{type: noise, deviation: [0, 0.1, 0.2]}]")
        self.assertEqual([at["same_as_strength"] for at in settings], [1, 2, 2])
        self.assertIn("at severity/strength 0/3: JE learns the same as at strength 2", notes)

    def check_masks(self, settings, squares):
        """A v = mu diag(squares) v, G = r^2 A and N = (1 - r) r diag(squares)."""
        A = np.cov(self.x.T, bias=True)
        mu = scipy.linalg.eigh(A, np.diag(squares))[0][::-1][: 4 + MORE]
        for at, r in zip(settings, (0.5, 0.8)):
            omega = r * mu / (r * mu + 1 - r)
            np.testing.assert_allclose(at["methods"]["joint_embedding"]["omega"], omega, rtol=1e-9)

    def test_masks_scale_the_numbers(self):
        """By their mean squares; of centred data, or filled up with the mean, by their variances."""
        both = ("mean view is a multiple of the sample", "0/2: JE learns the same as at strength 1",
                "every severity and strength: what views add is independent")
        for fill, squares, words in (("zero", np.mean(self.x**2, 0), "JE is PCA of the numbers divided"),
                                     ("mean", self.x.var(0), "JE is PCA of the correlation matrix")):
            settings, notes = self.plain(f"[{{type: mask, keep: [0.5, 0.8], fill: {fill}}}]")
            for each in (*both, words):
                self.assertIn(each, notes)
            self.assertNotIn("learn the same,", notes)
            np.testing.assert_allclose([at["mean_scale"] for at in settings], [0.5, 0.8], rtol=1e-12)
            self.check_masks(settings, squares)
        settings, notes = self.plain("[{type: mask, keep: 0.5, per: patch, patch: [2, 2]}]")
        self.assertNotIn("independent", notes)

    def test_masks_and_masks_with_the_rest_scaled_up(self):
        """Of patches, filled with the mean: scaled up, C = A and S = A + (1 - r)/r blockdiag(A), which is the linear
        masked autoencoder, phi^2 = r (A V^-1 A) with V = r A + (1 - r) blockdiag(A)."""
        settings, _ = self.plain("[{type: mask, keep: [0.5, 0.8], fill: mean, per: patch, patch: [2, 2]}]")
        patch = np.add.outer(3 * (np.arange(SIZE) // 2), np.arange(SIZE) // 2).ravel()
        A = np.cov(self.x.T, bias=True)
        blocks = A * np.equal.outer(patch, patch)
        for at, r in zip(settings, (0.5, 0.8)):
            omega, _, phi, _ = spectra(A, A, A + (1 - r) / r * blocks)
            masked = np.linalg.eigvals(A @ np.linalg.solve(r * A + (1 - r) * blocks, A))
            np.testing.assert_allclose(at["methods"]["joint_embedding"]["omega"], omega[: 4 + MORE], rtol=1e-9)
            for squares in (phi**2, r * np.sort(masked.real)[::-1]):
                np.testing.assert_allclose(np.square(at["methods"]["reconstruction"]["phi"]), squares[: 4 + MORE],
                                           rtol=1e-9)

    def test_choices_that_cannot_matter(self):
        _, notes = self.plain("[{type: mask, keep: 0.5}]", "standard")
        for pair in ("reconstruction and joint-embedding", "reconstruction and pca", "joint-embedding and pca"):
            self.assertIn(f"every severity and strength: {pair} learn the same", notes)
        _, notes = self.plain("[{type: mask, keep: 0.5}]")
        self.assertNotIn("learn the same,", notes)

    def test_ties(self):
        for chain, words in (("[{type: flip, axis: columns}]", "finite group"),
                             ("[{type: mixup, beta: 1}]", "agree equally in all directions")):
            settings, notes = self.plain(chain)
            self.assertRegex(notes, rf"joint-embedding is tied at k = 3 .*{words}")
            self.assertEqual(settings[0]["methods"]["joint_embedding"]["gap"], [0, 0])
        settings, notes = self.plain("[{type: shift, pixels: 1}]")
        self.assertNotIn("tied", notes)
        self.assertNotIn(0, settings[0]["methods"]["joint_embedding"]["gap"])

    def test_singular_moments(self):
        settings, notes = self.plain("[{type: flip, axis: columns}]", "border")
        self.assertIn("features 0, 1, 2, 3 and 4 (counted from 0) are the same in all views", notes)
        self.assertTrue(settings[0]["singular"])
        self.assertEqual(set(settings[0]["methods"]["pca"]["variance"]), {None})
        self.assertIn(f"augmentation.floor to {settings[0]['floor']:g} or more", notes)
        settings, notes = self.plain("[{type: noise, deviation: 0.1}]", "border")
        self.assertFalse(settings[0]["singular"])
        self.assertNotIn("singular", notes)

    def test_example_of_the_readme(self):
        readme = (harness.ROOT / "data/README.md").read_text()
        printed = re.search(r"\$ twoview theory jobs/augmentations.yaml \| head -n 8\n(.*?)```", readme, re.S)[1]
        said = harness.twoview("theory", harness.ROOT / "jobs/augmentations.yaml").stdout
        self.assertEqual(printed.splitlines(), said.splitlines()[:8])

    def test_one_rank_speaks(self):
        alone, together = (harness.twoview("theory", self.experiment, ranks=r).stdout for r in (None, 3))
        self.assertEqual(alone, together)


if __name__ == "__main__":
    unittest.main()
