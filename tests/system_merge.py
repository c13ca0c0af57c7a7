"""Experiments whose replicates are run in parts: each part holds what the whole run holds."""
import gzip
import struct
import unittest

import h5py
import numpy as np

import harness

REPLICATES = 4
OF_RANKS = {"rank", "stage", "host", "seconds", "flops", "sent", "archive_seconds", "peak_memory"}


def idx(name, items):
    """An IDX file of bytes, gzipped."""
    header = struct.pack(">BBBB", 0, 0, 8, items.ndim) + struct.pack(f">{items.ndim}i", *items.shape)
    with gzip.open(harness.folder / name, "wb") as file:
        file.write(header + items.astype(np.uint8).tobytes())


def datasets(file):
    found = {}
    file.visititems(lambda name, item: found.update({name: item}) if hasattr(item, "shape") else None)
    return found


def dimensions(item):
    """The names of an array's dimensions; a coordinate is its own."""
    return [scales[0].name if len(scales) else item.name for scales in item.dims]


def along_replicates(item):
    """Which axis counts replicates: the first or none."""
    return dimensions(item)[0] == "/replicate"


def experiments():
    """Name, experiment and settings of every kind of source."""
    random = np.random.default_rng(4)
    with h5py.File(harness.folder / "data.h5", "w") as data:
        data["x"], data["y"] = random.normal(size=(150, 6)), random.normal(size=(150, 2))
    idx("images.gz", random.integers(0, 256, (150, 3, 3)))
    idx("labels.gz", random.integers(0, 3, 150))
    gaussian = harness.write("gaussian.yaml", harness.GAUSSIAN)
    images = harness.HDF5.replace(
        "{type: hdf5, file: data.h5, samples: x, targets: y}",
        "{type: idx, images: images.gz, labels: labels.gz}\nfeatures: {pca: 5}")
    return {
        "gaussian": [gaussian],
        "classes": [gaussian, "source.teacher={type: classes, targets: 3}",
                    "archive={encoders: last, representations: all, samples: true}"],
        "distributed": [gaussian, "parallel.layout=distributed"],
        "mixture": [harness.write("mixture.yaml", harness.MIXTURE), "features.pca=3"],
        "hdf5": [harness.write("hdf5.yaml", harness.HDF5)],
        "idx": [harness.write("idx.yaml", images)],
    }


def run(kind, first, count, *settings, output=None, ranks=2):
    """Replicates [first, first + count) of an experiment; the path of the archive."""
    experiment, *own = kind
    output = output or f"{first}-{first + count - 1}.h5"
    keys = [*own, f"replicates={count}", *settings]
    if first:
        keys.append(f"first_replicate={first}")
    words = [word for key in keys for word in ("--set", key)]
    harness.archive(experiment, output, *words, ranks=ranks).close()
    return harness.folder / output


class Parts(unittest.TestCase):
    def test_a_part_holds_what_the_whole_run_holds(self):
        for name, kind in experiments().items():
            with self.subTest(name), h5py.File(run(kind, 0, REPLICATES)) as whole, \
                    h5py.File(run(kind, 1, 2)) as part:
                self.compare(datasets(whole), datasets(part), slice(1, 3))

    def compare(self, whole, part, replicates):
        self.assertEqual(set(whole), set(part))
        self.assertEqual(list(part["replicate"]), list(range(REPLICATES))[replicates])
        for name in set(whole) - OF_RANKS:
            with self.subTest(variable=name):
                expected = whole[name][replicates] if along_replicates(whole[name]) else whole[name]
                np.testing.assert_array_equal(part[name][()], expected)


if __name__ == "__main__":
    unittest.main()
