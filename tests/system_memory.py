"""The whole program under a checker of memory: valgrind, or the sanitizers that it was built with
(also of undefined behaviour). They end it with status 99 when they find an error or a leak."""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

import h5py
import numpy as np

import harness

CHECKER = os.environ["CHECKER"]
FOLDER = harness.ROOT / "tests" / "memory"
OF_OPEN_MPI = pathlib.Path("/usr/share/openmpi/openmpi-valgrind.supp")
FOUND = 99

IDX = """\
source: {type: idx, images: images, labels: labels}
features: {pca: 3}
noise: {components: 2, lambda_max: 1}
augmentation: {theta_max: 1, alpha: 1}
samples: [10, 40]
encoder: {k: 2}
"""

VIEWS = """\
source: {type: hdf5, file: images.h5, samples: x, labels: y}
test: {fraction: 0.3}
corruption: {chain: [{type: noise, deviation: [0.1, 0.3]}], clean: true}
augmentation: {chain: [{type: shift, pixels: 1}, {type: noise, deviation: [0.1, 0.2]}]}
samples: [20, 40]
encoder: {k: 2}
"""

SPREAD = """\
source: {type: hdf5, file: spread.h5, samples: x, labels: y, scale: 255}
test: {fraction: 0.2}
corruption: {chain: [{type: texture, length: 2, deviation: 0.4}], sampler: expected}
augmentation: {chain: [{type: shift, pixels: 1}, {type: noise, deviation: 0.1}]}
samples: [30, 70]
encoder: {k: 2}
parallel: {layout: distributed}
"""


def checked(ranks, *arguments):
    """Run the program under the checker, on some ranks or (None) without mpirun."""
    launcher = [harness.MPI_TEST, str(ranks)] if ranks else []
    environment = dict(os.environ, OPENBLAS_NUM_THREADS="1")
    if CHECKER == "valgrind":
        known = [FOLDER / "valgrind.supp"] + [OF_OPEN_MPI] * OF_OPEN_MPI.exists()
        launcher += ["valgrind", "--quiet", f"--error-exitcode={FOUND}", "--leak-check=full",
                     "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite",
                     "--keep-debuginfo=yes", "--num-callers=40",
                     *(f"--suppressions={name}" for name in known)]
        environment["OPENBLAS_CORETYPE"] = "Nehalem"  # kernels that valgrind knows
    else:
        environment["LD_PRELOAD"] = os.environ["KEEP_PLUGINS"]
        environment["ASAN_OPTIONS"] = f"exitcode={FOUND}:verify_asan_link_order=0:" \
                                      "fast_unwind_on_malloc=0"
        environment["UBSAN_OPTIONS"] = "halt_on_error=1:print_stacktrace=1"
        environment["LSAN_OPTIONS"] = f"exitcode={FOUND}:print_suppressions=0:" \
                                      f"suppressions={FOLDER / 'sanitizer.supp'}"
    return subprocess.run([*map(str, launcher), harness.TWOVIEW, *map(str, arguments)], text=True,
                          cwd=harness.folder, env=environment, capture_output=True,
                          timeout=harness.HANG)


class Memory(unittest.TestCase):
    def succeeds(self, ranks, *arguments):
        done = checked(ranks, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)

    def runs(self, name, experiment, rank_counts=(1, 2)):
        path = harness.write(name + ".yaml", experiment)
        for ranks in rank_counts:
            self.succeeds(ranks, "run", path, "-o", f"{name}{ranks}.h5")

    def test_hdf5(self):
        random = np.random.default_rng(4)
        with h5py.File(harness.folder / "data.h5", "w") as file:
            file.create_dataset("x", data=random.normal(size=(150, 8)), chunks=(32, 8),
                                compression="gzip", shuffle=True)
            file["y"] = random.normal(size=(150, 2))
        self.runs("hdf5", harness.HDF5, (1,) if CHECKER == "valgrind" else (1, 2))

    def test_generated_data_and_what_is_made_of_archives(self):
        self.runs("gaussian", harness.GAUSSIAN)
        self.succeeds(None, "report", "gaussian2.h5")
        self.succeeds(None, "info", "gaussian2.h5")
        if CHECKER == "valgrind":  # slow
            return
        self.succeeds(None, "scaling", "gaussian1.h5", "gaussian2.h5", "-o", "scaling")
        self.succeeds(None, "run", "gaussian.yaml", "--dry-run")

    def test_views_of_images(self):
        random = np.random.default_rng(6)
        with h5py.File(harness.folder / "images.h5", "w") as file:
            file["x"] = random.uniform(size=(60, 3, 4, 3))
            file["y"] = random.integers(0, 3, 60)
        self.runs("views", VIEWS, (1,) if CHECKER == "valgrind" else (1, 2))
        self.succeeds(None, "report", "views1.h5")

    def test_distributed_views(self):
        random = np.random.default_rng(6)
        with h5py.File(harness.folder / "spread.h5", "w") as file:
            file["x"] = random.integers(0, 256, (90, 4, 4, 3)).astype(np.uint8)
            file["y"] = np.arange(90) % 3
        self.runs("spread", SPREAD, (2,))

    @unittest.skipIf(CHECKER == "valgrind", "slow")
    def test_other_sources(self):
        random = np.random.default_rng(5)
        for name, array in (("images", random.integers(0, 256, (60, 3, 4))),
                            ("labels", random.integers(0, 3, 60))):
            header = bytes([0, 0, 8, array.ndim])
            header += b"".join(size.to_bytes(4, "big") for size in array.shape)
            (harness.folder / name).write_bytes(header + array.astype(np.uint8).tobytes())
        self.runs("idx", IDX)
        self.runs("mixture", harness.MIXTURE)
        self.runs("distributed", harness.GAUSSIAN + "parallel: {layout: distributed}\n")

    def test_what_is_refused(self):
        done = checked(None, "run", harness.write("k.yaml", harness.GAUSSIAN.replace("3}", "30}")))
        self.assertEqual(done.returncode, 2, done.stderr)
        with h5py.File(harness.folder / "data.h5", "w") as file:
            file["x"], file["y"] = np.full((150, 8), np.nan), np.ones((150, 2))
        done = checked(None, "run", harness.write("nan.yaml", harness.HDF5))
        self.assertEqual(done.returncode, 1, done.stderr)


if __name__ == "__main__":
    if CHECKER == "valgrind" and not shutil.which("valgrind"):
        sys.exit(77)
    unittest.main()
