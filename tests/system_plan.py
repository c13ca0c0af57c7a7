"""The plan that --dry-run prints, against what the run then measures."""
import os
import re
import resource
import unittest

import h5py
import numpy as np

import harness

os.environ.pop("MALLOC_PERTURB_", None)  # fills, and so takes, memory that a run never touches

TOLERANCE = 0.2  # of memory and bytes
FASHION = harness.ROOT / "jobs/fashion-mnist.yaml"
GAUSSIAN = harness.ROOT / "jobs/gaussian.yaml"
LARGE = ("samples=2000", "replicates=1", "source.power_law.features=1200", "noise.components=500",
         "augmentation.alpha=1", "noise.lambda_max=1")

IMAGES = """\
source: {type: hdf5, file: images.h5, samples: x, labels: y, scale: 255}
test: {fraction: 0.2}
corruption: {chain: [{type: texture, length: 3, deviation: 0.4}], sampler: expected}
augmentation: {chain: [{type: shift, pixels: 1}, {type: noise, deviation: 0.1}]}
samples: [700]
encoder: {k: 9}
parallel: {layout: distributed}
"""


def write_images(count, *shape):
    """To images.h5, of ten classes."""
    random = np.random.default_rng(3)
    with h5py.File(harness.folder / "images.h5", "w") as file:
        file["x"] = random.integers(0, 256, (count, *shape)).astype(np.uint8)
        file["y"] = np.arange(count) % 10


def uncompressed(path, archive):
    """Bytes that a file would have whose arrays were not compressed."""
    saved = []
    archive.visititems(lambda _, found: saved.append(found.nbytes - found.id.get_storage_size())
                       if isinstance(found, h5py.Dataset) else None)
    return path.stat().st_size + sum(saved)


class Plan(unittest.TestCase):
    def compare(self, experiment, ranks, *pairs):
        words = harness.settings(*pairs)
        plan = harness.twoview("run", experiment, "--dry-run", *words, ranks=ranks).stdout
        with harness.archive(experiment, "p.h5", *words, ranks=ranks) as archive:
            memory = float(re.search(r"memory per rank .*\((\d+) bytes\)", plan)[1])
            peak = archive["peak_memory"][()].max()
            self.assertLessEqual(abs(memory - peak), TOLERANCE * peak, f"{ranks} ranks, {pairs}")
            self.assertLessEqual(abs(archive.attrs["planned_memory"] - memory), 0.05 * memory)
            sent = float(re.search(r"reduced per rank .*\((\d+) bytes\)", plan)[1])
            layout = harness.attribute(archive, "layout")
            # Where rows go to all ranks, it is drawn how many of them every rank has.
            np.testing.assert_allclose(sent, archive["sent"][()].sum(1).max(), atol=0,
                                       rtol=0 if layout == "replicated" else TOLERANCE)
            flops = re.search(r"flops +(\S+) for moments, (\S+) for solutions", plan)
            counted = archive["flops"][()].sum(0)  # by stage: open, features, moments, solves
            # Four digits are printed; blocks on the diagonal are computed whole: 64 d of d^2.
            tolerance = 1e-3 if layout == "replicated" else 64 / 1700 + 0.01
            np.testing.assert_allclose(float(flops[1]), counted[:3].sum(), rtol=tolerance)
            # How many solutions the search for a threshold takes is known when it is over.
            is_search = "alpha2_evaluations" in archive
            np.testing.assert_allclose(float(flops[2]), counted[3],
                                       rtol=TOLERANCE if is_search else 1e-3)
            size = float(re.search(r"archive, uncompressed .*\((\d+) bytes\)", plan)[1])
            self.assertLessEqual(abs(size - uncompressed(harness.folder / "p.h5", archive)),
                                 TOLERANCE * size, f"{ranks} ranks, {pairs}")
            return layout

    def test_fashion_mnist(self):
        for ranks in (1, 2, 3):
            self.assertEqual(self.compare(FASHION, ranks), "replicated")

    def test_next_to_nothing(self):
        """What the libraries take is most of a small run."""
        keys = harness.settings("samples=30", "replicates=1", "source.power_law.features=3", "noise.components=2",
                                "encoder.k=2", "augmentation.alpha=1", "noise.lambda_max=1")
        for ranks in (1, 2, 4):
            with harness.archive(GAUSSIAN, "p.h5", *keys, ranks=ranks) as archive:
                peak = archive["peak_memory"][()].max()
                self.assertLessEqual(abs(archive.attrs["planned_memory"] - peak), 0.08 * peak, ranks)

    def test_a_large_parent_does_not_count(self):
        """A child's resource usage begins with the peak of the process that it was."""
        small = harness.settings("samples=30", "replicates=1")
        ballast = bytearray(b"x" * (400 << 20))
        done = harness.twoview("run", GAUSSIAN, "--force", "-o", "p.h5", *small)
        self.assertEqual(done.returncode, 0, done.stderr)
        with h5py.File(harness.folder / "p.h5") as archive:
            self.assertLess(archive["peak_memory"][()].max(), len(ballast))

    def test_samples_and_representations(self):
        self.compare(FASHION, 2, "archive.samples=true", "replicates=1",
                     "archive.representations=all", "archive.encoders=all")

    def test_many_points_of_small_encoders(self):
        """What writing takes is as much as what is written, and more where chunks are small."""
        small = ("noise.components=10", "noise.lambda_max=1", "source.power_law.features=10",
                 "encoder.k=5", "samples=[50, 100, 300]")
        many = (*small, "replicates=40", "augmentation.alpha={from: 0.1, to: 10, count: 60}")
        tiny = (*small, "replicates=5000", "augmentation.alpha=1", "samples=50", "encoder.k=1",
                "noise.components=2", "source.power_law.features=2")
        for ranks in (1, 2):
            for pairs in ((*many, "archive={encoders: all, representations: none}"),
                          (*many, "archive={encoders: last, representations: all}"),
                          (*tiny, "archive={encoders: all, representations: none}")):
                self.compare(GAUSSIAN, ranks, *pairs)

    def test_large_chunks_of_a_data_set(self):
        """They are unpacked once, and held: 48 MB here."""
        random = np.random.default_rng(1)
        with h5py.File(harness.folder / "data.h5", "w") as file:
            x = random.integers(0, 100, (60000, 100)).astype(float)
            file.create_dataset("x", data=x, chunks=x.shape, compression="gzip",
                                compression_opts=1)
            file["y"] = x[:, :2]
        self.compare(harness.write("h.yaml", harness.HDF5), 2, "archive.samples=false")

    def write_data(self, rows, features, **options):
        random = np.random.default_rng(1)
        with h5py.File(harness.folder / "data.h5", "w") as file:
            file.create_dataset("x", data=random.normal(size=(rows, features)), **options)
            file["y"] = random.normal(size=(rows, 2))
        return harness.write("h.yaml", harness.HDF5)

    def test_principal_components(self):
        """Of more and of fewer rows than features, which are most of the memory."""
        for rows, features in ((3000, 1500), (700, 4000), (160, 30000)):
            experiment = self.write_data(rows, features)
            for ranks in (1, 2, 3):
                self.compare(experiment, ranks, "archive.samples=false", "features.pca=20",
                             "archive.representations=none")

    def test_random_fourier_features(self):
        """Of rows that are corrupted one by one and on average, of views that are sampled, and spread."""
        self.write_data(2000, 300)
        experiment = harness.write("f.yaml", """\
source: {type: hdf5, file: data.h5, samples: x, targets: y}
features: {type: random-fourier, count: 300}
corruption: {chain: [{type: noise, deviation: [0.1, 0.2]}]}
augmentation: {chain: [{type: noise, deviation: 0.3}]}
samples: [1500]
encoder: {k: 9}
""")
        for ranks, *pairs in ((1,), (2, "augmentation.views=2"), (2, "corruption.sampler=expected"),
                              (3, "corruption.sampler=expected", "parallel.layout=distributed")):
            self.compare(experiment, ranks, *pairs)

    def test_a_limit_of_the_address_space(self):
        """Refused before any work: without its buffer OpenBLAS would ask for it for ever."""
        limit = 1 << 33
        sizes = ["samples=2000", "noise.components=100"]
        harness.write("g.yaml", harness.GAUSSIAN)
        seen = set()
        for room in range(20, 30):  # some do not let MPI start
            for way in ("--force", "--dry-run"):
                done = harness.twoview(  # what MPI says without memory may be no text
                    "run", "g.yaml", way, "-o", "limited.h5", *harness.settings(*sizes),
                    errors="replace", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (room << 24, limit)))
                if "each rank would take" in done.stderr:
                    self.assertEqual(done.returncode, 1)
                    self.assertIn("`ulimit -v`", done.stderr)
                    seen.add(way)
        self.assertEqual(seen, {"--force", "--dry-run"})

    def test_generated(self):
        self.compare(GAUSSIAN, 1, "samples=[1e4, 2e4]", "replicates=1", "noise.components=700")
        self.compare(GAUSSIAN, 4, "samples=[1e4, 2e4]", "replicates=1", "noise.components=700")

    def test_law(self):
        law = "noise.sampler=law"
        for ranks in (1, 3):
            self.compare(GAUSSIAN, ranks, law, "samples=[1e3, 1e12]", "replicates=1",
                         "noise.components=700")
        self.compare(FASHION, 2, law, "archive.representations=none")
        self.compare(FASHION, 1, law, "archive.representations=none", "source.as=population")

    def test_studies(self):
        """Small archives: names and attributes are most of them."""
        for study in ("thresholds", "sizes"):
            self.compare(harness.ROOT / f"jobs/{study}.yaml", 2, "replicates=3")
        self.compare(harness.ROOT / "jobs/phase.yaml", 2, "replicates=1",
                     "noise.lambda_max={from: 0.1, to: 100, count: 8}")

    def test_view_model(self):
        """Rows that are corrupted one by one have moments of their own at every severity, and so have those held
        out."""
        views = harness.ROOT / "jobs/corruption.yaml"
        for ranks, samples in ((1, "[1000, 2000]"), (2, "[2000]")):
            words = harness.settings("methods=[PCA]", f"samples={samples}", "augmentation.chain=[{type: noise, deviation: 0.1}]")
            plan = harness.twoview("run", views, "--dry-run", *words, ranks=ranks).stdout
            with harness.archive(views, "v.h5", *words, ranks=ranks) as archive:
                memory = float(re.search(r"memory per rank .*\((\d+) bytes\)", plan)[1])
                peak = archive["peak_memory"][()].max()
                self.assertLessEqual(abs(memory - peak), TOLERANCE * peak, f"{ranks} ranks")
                moments = float(re.search(r"flops +(\S+) for moments", plan)[1])
                np.testing.assert_allclose(moments, archive["flops"][()].sum(0)[:3].sum(), rtol=1e-3)

    VIEWS = """\
source: {type: idx, images: FOLDER/train-images-idx3-ubyte.gz, labels: FOLDER/train-labels-idx1-ubyte.gz, scale: 255}
test: {images: FOLDER/t10k-images-idx3-ubyte.gz, labels: FOLDER/t10k-labels-idx1-ubyte.gz}
corruption: {chain: [{type: texture, length: 5, deviation: [0.2, 0.8]}], sampler: expected}
augmentation:
  chain: [{type: shift, pixels: 1}, {type: noise, deviation: 0.1}, {type: corruption, severity: [0, 1]}]
  floor: 0.000246
samples: [60000]
encoder: {k: 20}
methods: [SL, RC, JE, PCA]
"""

    @unittest.skipUnless(harness.FASHION.exists(), "Fashion-MNIST is not installed")
    def test_views(self):
        experiment = harness.write("v.yaml", self.VIEWS.replace("FOLDER", str(harness.FASHION)))
        rows = ("corruption.sampler=rows", "samples=[300, 3000]")
        for ranks, pairs in ((1, ()), (2, ()), (3, ("parallel.ranks_per_point=3",)), (2, rows),
                             (2, (*rows, "replicates=2", "corruption.clean=true", "archive.encoders=none",
                                  "archive.representations=none")),
                             (1, (*rows, "features.pca=50")),
                             (1, ("samples=3000", "encoder.k=[10, 300]")),
                             (2, ("samples=2000", "augmentation.views=2", "corruption.sampler=rows", "archive.encoders=none")),
                             (2, ("samples=6000", "augmentation.chain=[{type: mixup, beta: 1}, {type: noise, deviation: 0.1}]",
                                  "augmentation.views=2", "corruption.sampler=rows", "archive.encoders=none"))):
            with self.subTest(ranks=ranks, pairs=pairs):
                self.compare(experiment, ranks, *pairs)

    def test_views_of_shares(self):
        """Small images of a file, or of none, of which some are held out."""
        random = np.random.default_rng(1)
        with h5py.File(harness.folder / "images.h5", "w") as data:
            data["x"], data["y"] = random.random((3000, 12, 12)), random.random((3000, 2))
        chains = """\
        test: {fraction: 0.2}
        corruption: {chain: [{type: noise, deviation: [0.2, 0.4, 0.8]}]}
        augmentation: {chain: [{type: shift, pixels: 1}, {type: noise, deviation: [0.1, 0.2]}]}
        samples: [100, 2000]
        replicates: 4
        encoder: {k: 5}
        """
        for source in ("{type: hdf5, file: images.h5, samples: x, targets: y}",
                       "{type: gaussian, power_law: {features: 144}, shape: [12, 12]}"):
            experiment = harness.write("s.yaml", f"        source: {source}\n" + chains)
            for ranks in (1, 2):
                self.compare(experiment, ranks)

    def test_textures(self):
        """Many of them, on every rank, and their moments."""
        np.save(harness.folder / "textures.npy", np.random.default_rng(5).random((4000, 20, 20, 3)))
        write_images(900, 20, 20, 3)
        blend = "{type: blend, weight: 0.3, with: {type: npy, samples: textures.npy, scale: 1}}"
        chain = f"augmentation.chain=[{blend}, {{type: noise, deviation: 0.1}}]"
        experiment = harness.write("images.yaml", IMAGES)
        for ranks, layout in ((1, "replicated"), (2, "distributed")):
            self.compare(experiment, ranks, chain, f"parallel.layout={layout}")

    def test_baselines(self):
        """Solutions of PCA, which are kept at every sample size for all strengths."""
        write_images(2500, 12, 12, 3)
        experiment = harness.write("images.yaml", IMAGES)
        for ranks in (1, 2):
            self.compare(experiment, ranks, "methods=[PCA]", "encoder.k=430", f"samples={list(range(600, 2000, 35))}",
                         "augmentation.chain=[{type: noise, deviation: [0.1, 0.2]}]", "parallel.layout=replicated",
                         "archive.encoders=none", "archive.representations=none")

    def test_rows_held_out(self):
        """Of the component model."""
        for ranks in (1, 2):
            self.compare(FASHION, ranks, "test.fraction=0.1", "replicates=2", "samples=[1000, 20000]",
                         "archive.representations=none")

    def test_distributed(self):
        for ranks in (1, 2, 4):
            layout = self.compare(GAUSSIAN, ranks, *LARGE, "parallel.layout=distributed")
            self.assertEqual(layout, "distributed")

    def test_distributed_views(self):
        """Of images, moments of the rows held out beside: nine to eleven matrices, and solutions."""
        write_images(900, 20, 20, 3)
        experiment = harness.write("images.yaml", IMAGES)
        for ranks in (1, 2, 3):
            self.assertEqual(self.compare(experiment, ranks), "distributed")

    def test_layout_is_chosen_by_the_number_of_inputs(self):
        plan = harness.twoview("run", GAUSSIAN, "--dry-run", *harness.settings("noise.components=2100"))
        self.assertIn("distributed, blocks over all ranks", plan.stdout)

    def test_data_sets_cannot_be_distributed(self):
        done = harness.twoview("run", FASHION, "--dry-run", *harness.settings("parallel.layout=distributed"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("--set parallel.layout=distributed: parallel.layout: only a gaussian source",
                      done.stderr)

    def test_what_does_not_fit_is_refused_in_bytes(self):
        for dry in ([], ["--dry-run"]):
            words = harness.settings("noise.components=1800", "replicates=5000")
            done = harness.twoview("run", GAUSSIAN, *dry, *words, "-o", "never.h5", ranks=2)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, r"each rank would take .* \(\d+ bytes\) and has .* left; use")
            self.assertFalse((harness.folder / "never.h5").exists())


if __name__ == "__main__":
    unittest.main()
