"""Arrays in .npy files: of every type and order they give the moments of the same numbers in HDF5."""
import unittest

import h5py
import numpy as np

import harness

ROWS = 90
TYPES = ("<f8", ">f8", "<f4", ">f4", "<f2", ">f2", "<i8", ">i8", "<i4", ">i4", "<i2", ">i2", "|i1", "<u8", ">u8",
         "<u4", ">u4", "<u2", ">u2", "|u1", "|b1")

TAIL = """\
noise: {components: 2, lambda_max: 1}
augmentation: {theta_max: 1, alpha: 1}
samples: [40, 90]
encoder: {k: 2}
"""


def experiment(name, source):
    return harness.write(name, f"source: {{{source}}}\n{TAIL}")


class Npy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        rng = np.random.default_rng(3)
        cls.images = rng.integers(0, 100, (ROWS, 4, 3, 2))
        cls.labels = np.arange(ROWS) % 3
        np.save(harness.folder / "labels.npy", cls.labels)

    def digests(self, x, name="a.npy", order="C", ranks=None, targets="labels: labels.npy"):
        np.save(harness.folder / name, np.asarray(x, order=order))
        with harness.archive(experiment("npy.yaml", f"type: npy, samples: {name}, {targets}"), "npy.h5", ranks=ranks) as a:
            if x.ndim > 2:
                self.assertEqual(list(a.attrs["source_shape"]), list(x.shape[1:]))
            return a["moments_sha256"][()].tolist()

    def expected(self, x):
        with h5py.File(harness.folder / "a.h5", "w") as file:
            file["x"], file["y"] = x.astype(float), self.labels
        source = "type: hdf5, file: a.h5, samples: x, labels: y"
        with harness.archive(experiment("hdf5.yaml", source), "hdf5.h5", ranks=None) as archive:
            return archive["moments_sha256"][()].tolist()

    def test_all_types_and_orders(self):
        """All of these types hold the numbers exactly: the same bits."""
        numbers, bits = self.expected(self.images), self.expected(self.images > 50)
        for kind in TYPES:
            x = (self.images > 50 if kind == "|b1" else self.images).astype(kind)
            order = "CF"[TYPES.index(kind) % 3 % 2]  # each order with each order of bytes
            self.assertEqual(self.digests(x, order=order), bits if kind == "|b1" else numbers, (kind, order))

    def test_any_number_of_ranks(self):
        x = self.images.reshape(ROWS, -1).astype("f4")
        alone = self.digests(x)
        self.assertEqual(alone, self.expected(x))
        for ranks in (2, 3, 4):
            self.assertEqual(self.digests(x, order="F", ranks=ranks), alone)

    def test_halves(self):
        """Subnormal and large ones."""
        rng = np.random.default_rng(5)
        x = (rng.normal(size=(ROWS, 4)) * 2.0 ** rng.integers(-24, 14, (ROWS, 4))).astype("f2")
        x[:4] = np.diag([65504, 6e-8, -6.1e-5, 6.104e-5])
        self.assertEqual(self.digests(x), self.expected(x))

    def test_targets(self):
        np.save(harness.folder / "targets.npy", np.random.default_rng(1).normal(size=(ROWS, 2)))
        self.digests(self.images, targets="targets: targets.npy")
        self.digests(self.images, targets="scale: 2")

    def refuse(self, message, source="type: npy, samples: bad.npy, labels: labels.npy", ranks=None):
        run = harness.twoview("run", experiment("bad.yaml", source), ranks=ranks)
        self.assertIn(run.returncode, (1, 2))
        self.assertIn(message, run.stderr)

    def test_what_is_no_array_of_numbers_is_refused(self):
        path = harness.folder / "bad.npy"
        good = self.images.reshape(ROWS, -1).astype(float)
        for array, message in ((good.astype(complex), "type 'c16'"), (good.astype("M8[s]"), "no plain type"),
                               (good.astype("U3"), "type 'U3'"), (np.zeros(3), "1 dimensions"),
                               (np.zeros((2, 1, 1, 1, 1)), "5 dimensions, where 2 to 4 are wanted"),
                               (np.zeros((2, 1, 1, 1, 1, 1)), "more than 5 dimensions"), (np.zeros((0, 3)), "holds nothing"),
                               (np.zeros(3, [("a", "f8")]), "no plain type"),
                               (good[:10], "10 rows and labels.npy 90")):
            np.save(path, array)
            self.refuse(message)
        for place, value in (((7, 2), np.nan), ((88, 0), np.inf)):
            bad = good.copy()
            bad[place] = value
            np.save(path, bad)
            self.refuse(f"row {place[0]}: number {place[1]} is", ranks=2)

    def test_damage(self):
        path = harness.folder / "bad.npy"
        np.save(path, self.images.astype(float))
        whole = path.read_bytes()
        for damaged, message in ((b"", "no .npy"), (whole[:9], "no .npy"), (whole[:20], "ends too soon"),
                                 (whole[:-1], "bytes, where"), (whole + b"x", "bytes, where"),
                                 (b"\x93NUMPX" + whole[6:], "no .npy"), (whole[:6] + b"\x09" + whole[7:], "no .npy"),
                                 (whole.replace(b"'shape': (90", b"'shape': (-9"), "gives no shape"),
                                 (whole.replace(b"'shape': (90", b"'shape': (99"), "bytes, where"),
                                 (whole.replace(b"False", b"Maybe"), "in which order")):
            path.write_bytes(damaged)
            self.refuse(message)

    def test_labels_that_are_none(self):
        np.save(harness.folder / "bad.npy", self.images)
        for labels, message in ((self.labels - 1, "row 0: label -1 is not an integer"),
                                (self.labels + 0.5, "row 0: label 0.5"), (self.labels[:, None], "2 dimensions")):
            np.save(harness.folder / "other.npy", labels)
            self.refuse(message, "type: npy, samples: bad.npy, labels: other.npy")


if __name__ == "__main__":
    unittest.main()
