"""Views that another program made: their moments, and what follows, computed again by NumPy."""
import json
import unittest

import h5py
import numpy as np
import scipy.linalg

import harness

ROWS, D, VIEWS, K, SCALE = 120, 6, 3, 2, 2
SIZES = (50, ROWS)


def write_data():
    rng = np.random.default_rng(11)
    x = rng.normal(size=(ROWS, D)) @ rng.normal(size=(D, D)) + 1
    views = np.tanh(x[:, None] * rng.uniform(0.5, 1.5, (ROWS, VIEWS, D)) + 0.4 * rng.normal(size=(ROWS, VIEWS, D)))
    y = x[:, :2] + 0.1 * rng.normal(size=(ROWS, 2))
    with h5py.File(harness.folder / "given.h5", "w") as file:
        file["x"], file["views"], file["y"] = x, views, y
        file["one"], file["short"], file["narrow"] = views[:, :1], views[:50], views[..., :4]
    for name, array in (("x", x), ("views", views), ("y", y)):
        np.save(harness.folder / f"{name}.npy", array)
    return x / SCALE, views / SCALE, y


HDF5 = "type: hdf5, file: given.h5, samples: x, targets: y, views: views"
NPY = "type: npy, samples: x.npy, targets: y.npy, views: views.npy"


def experiment(source, tail=""):
    return harness.write("given.yaml", f"source: {{{source}, scale: {SCALE}}}\nsamples: {list(SIZES)}\n"
                         f"encoder: {{k: {K}}}\nmethods: [SL, RC, JE, PCA]\narchive: {{samples: true}}\n{tail}")


def losses(x, views, y):
    """Training loss of each method, with G unbiased by the few views; and the values of JE."""
    n = len(x)
    t, mean, target = views.mean(1), x.mean(0), y.mean(0)
    second, plug_in = np.einsum("nvi,nvj->ij", views, views) / (n * VIEWS), t.T @ t / n
    g = plug_in - (second - plug_in) / (VIEWS - 1) - np.outer(t.mean(0), t.mean(0))
    s = second - np.outer(t.mean(0), t.mean(0))
    c = x.T @ t / n - np.outer(mean, t.mean(0))
    a, b = np.cov(x.T, bias=True), x.T @ y / n - np.outer(mean, target)
    square, found, values = ((y - target) ** 2).sum(1).mean(), [], None
    for top in (None, (c.T @ c, s), (g, s), (a, np.eye(D))):
        if top is None:
            rows = np.linalg.solve(s, t.T @ y / n - np.outer(t.mean(0), target)).T
        else:
            values, vectors = scipy.linalg.eigh(*top)
            rows, values = vectors[:, ::-1][:, :K].T, values[::-1][:K]
        if top and top[0] is g:
            omega = values
        z = rows @ a @ rows.T
        found.append(square - np.trace((rows @ b).T @ np.linalg.solve(z, rows @ b)))
    return np.array(found), square, omega


class Given(unittest.TestCase):
    def check(self, source, ranks):
        """To 1e-9 of the variance: conditions are below 1e4 here."""
        x, views, y = write_data()
        with harness.archive(experiment(source), "given_out.h5", ranks=ranks) as archive:
            row = archive["samples/row"][0]
            for level, n in enumerate(SIZES):
                expected, square, omega = losses(x[row[:n]], views[row[:n]], y[row[:n]])
                np.testing.assert_allclose(archive["training_loss"][0, 0, 0, level, 0], expected, rtol=0,
                                           atol=1e-9 * square)
                np.testing.assert_allclose(archive["value"][0, 0, 0, level, 0, 2], omega, rtol=1e-9)

    def test_of_hdf5(self):
        for ranks in (None, 2, 3):
            self.check(HDF5, ranks)

    def test_of_npy(self):
        self.check(NPY, 2)

    def test_of_images_with_channels(self):
        """The same numbers, as images: the same bits, whether samples and views are images or not."""
        x, views, _ = write_data()
        with h5py.File(harness.folder / "given.h5", "a") as file:
            file["images"], file["of_images"] = file["x"][()].reshape(ROWS, 1, 2, 3), file["views"][()].reshape(ROWS, VIEWS, 1, 2, 3)
        np.save(harness.folder / "images.npy", x.reshape(ROWS, 1, 2, 3) * SCALE)
        np.save(harness.folder / "of_images.npy", views.reshape(ROWS, VIEWS, 1, 2, 3) * SCALE)
        with harness.archive(experiment(HDF5), "vectors.h5") as archive:
            expected = archive["moments_sha256"][()]
        for source in (HDF5.replace("samples: x", "samples: images").replace("views: views", "views: of_images"),
                       HDF5.replace("views: views", "views: of_images"),
                       NPY.replace("x.npy", "images.npy").replace("views.npy", "of_images.npy")):
            with self.subTest(source), harness.archive(experiment(source), "images.h5", ranks=2) as archive:
                np.testing.assert_array_equal(archive["moments_sha256"][()], expected)
        for message, source in (("5 dimensions and must have 2 to 4; name another, or reshape it", HDF5.replace("samples: x", "samples: of_images")),
                                ("5 dimensions, where 2 to 4 are wanted; reshape it", NPY.replace("x.npy", "of_images.npy"))):
            self.assertIn(message, harness.twoview("run", experiment(source)).stderr)

    def refuse(self, message, source, tail=""):
        write_data()
        run = harness.twoview("run", experiment(source, tail))
        self.assertIn(run.returncode, (1, 2), run.stderr)
        self.assertIn(message, run.stderr)

    def test_what_cannot_be(self):
        chain = "augmentation: {chain: [{type: noise, deviation: 1}]}\n"
        self.refuse("leave out one of them", HDF5, chain)
        self.refuse("says how many there are", HDF5, "augmentation: {views: 3}\n")
        self.refuse("of the samples as they are", HDF5, "corruption: {chain: [{type: noise, deviation: 1}]}\n")
        self.refuse("at least two", HDF5.replace("views: views", "views: one"))
        self.refuse("must be of the same samples", HDF5.replace("views: views", "views: short"))
        self.refuse("views of 4 numbers", HDF5.replace("views: views", "views: narrow"))
        self.refuse("there is no dataset 'none'", HDF5.replace("views: views", "views: none"))

    def test_theory(self):
        """Of all rows, in the order of their permutation or not."""
        x, views, y = write_data()
        *_, omega = losses(x, views, y)
        for ranks in (None, 2):
            done = harness.twoview("theory", experiment(HDF5), "--json", ranks=ranks)
            self.assertEqual(done.returncode, 0, done.stderr)
            setting, = json.loads(done.stdout)["settings"]
            np.testing.assert_allclose(setting["methods"]["joint_embedding"]["omega"][:K], omega, rtol=1e-9)


if __name__ == "__main__":
    unittest.main()
