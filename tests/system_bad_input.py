"""Bad input: the exit status, the message, and that nothing is written."""
import json
import os
import pathlib
import shutil
import subprocess
import time
import unittest

import h5py
import numpy as np

import harness


IDX = """\
name: idx
source: {{type: idx, images: {images}, labels: {labels}}}
features: {{pca: 3}}
noise: {{components: 2, lambda_max: [1]}}
augmentation: {{theta_max: 1, alpha: [1]}}
samples: [10, 20]
encoder: {{k: 2}}
"""


def seconds_computed(process):
    """Processor time of a process so far."""
    ticks = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11]
    return int(ticks) / os.sysconf("SC_CLK_TCK")


class Refusals(unittest.TestCase):
    def refused(self, experiment, exit_status, *fragments, arguments=(), ranks=None):
        before = {path: path.lstat().st_mtime_ns for path in harness.folder.iterdir()}
        done = harness.twoview("run", experiment, *arguments, ranks=ranks)
        said = done.stderr.splitlines()[0] if done.stderr else ""
        self.assertEqual(done.returncode, exit_status, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertTrue(said.startswith("twoview: "), said)
        for fragment in fragments:
            self.assertIn(str(fragment), said)
        self.assertEqual(done.stderr.count("twoview: "), 1, "one rank speaks")
        after = {path: path.lstat().st_mtime_ns for path in harness.folder.iterdir()}
        self.assertEqual(before, after)


class BadInput(Refusals):
    @classmethod
    def setUpClass(cls):
        random = np.random.default_rng(1)
        cls.images = harness.write_idx("images.gz", random.integers(0, 256, (40, 3, 4)))
        cls.labels = harness.write_idx("labels.gz", random.integers(0, 3, 40))

    def idx_experiment(self, images=None, labels=None):
        text = IDX.format(images=images or self.images, labels=labels or self.labels)
        return harness.write("e.yaml", text)

    def edited(self, old, new):
        text = harness.GAUSSIAN.replace(old, new)
        self.assertNotEqual(text, harness.GAUSSIAN)
        return harness.write("e.yaml", text)

    # ---- The experiment ----

    def test_good_input_is_accepted(self):
        harness.archive(self.idx_experiment(), "good.h5").close()

    def test_misspelt_key(self):
        self.refused(self.edited("alpha:", "alhpa:"), 2, "e.yaml:9:", "alhpa", "'alpha'", ranks=3)

    def test_misspelt_key_at_the_top(self):
        self.refused(self.edited("\nsamples:", "\nsample:"), 2, "e.yaml:10:", "'samples'")

    def test_wrong_type(self):
        self.refused(self.edited("k: 3", "k: three"), 2, "e.yaml:11:", "encoder.k", "integer")

    def test_misspelt_choice(self):
        self.refused(self.edited("gaussian", "gausian"), 2, "e.yaml:5:", "source.type", "gaussian")

    def test_missing_key(self):
        self.refused(self.edited("encoder: {k: 3}", ""), 2, "encoder.k", "is missing")

    def test_k_above_d(self):
        self.refused(self.edited("k: 3", "k: 10"), 2, "e.yaml:11:", "k = 10", "d = 9")

    def test_pca_above_features(self):
        self.refused(self.idx_experiment(), 2, "--set features.pca=13", "12 features",
                     arguments=("--set", "features.pca=13"))

    def test_n_above_the_data(self):
        self.refused(self.idx_experiment(), 2, "samples", "n = 41", "40 samples",
                     arguments=("--set", "samples=[10, 41]"))

    def test_negative_eigenvalue_bound(self):
        self.refused(self.edited("[1, 10]", "[1, -10]"), 2, "e.yaml:8:", "lambda_max", "-10")
        self.refused(self.edited("theta_max: 0.5", "theta_max: -1"), 2, "theta_max", "-1")

    def test_singular_augmentation(self):
        text = harness.GAUSSIAN.replace("theta_max: 0.5, alpha: [0.5, 2]", "theta_max: 0, alpha: 0")
        self.refused(harness.write("e.yaml", text), 2, "e.yaml:9:", "alpha = 0", "singular")

    def test_not_yaml(self):
        self.refused(harness.write("e.yaml", "a: [1, 2\nb: }"), 2, "e.yaml")
        self.refused(self.images, 2, "images.gz", "not an experiment file")

    def test_missing_experiment(self):
        self.refused("nowhere.yaml", 1, "nowhere.yaml: No such file")

    # ---- The data ----

    def test_missing_file(self):
        self.refused(self.idx_experiment(images="nowhere.gz"), 1, "nowhere.gz: No such file")

    def test_images_of_too_many_dimensions(self):
        harness.write_idx("five.gz", np.zeros((40, 2, 2, 2, 2)))
        self.refused(self.idx_experiment(images="five.gz"), 1, "five.gz: an image of 4 dimensions",
                     "rows, columns and channels", ranks=2)

    def test_shape_of_another_size(self):
        self.refused(self.idx_experiment(), 2, "--set source.shape=[3, 5]", "3 x 5 are 15 numbers",
                     "12 features", arguments=("--set", "source.shape=[3, 5]"))

    def test_pipe_instead_of_a_file(self):
        os.mkfifo(harness.folder / "pipe")
        self.refused(self.idx_experiment(images="pipe"), 1, "pipe: not a regular file", ranks=2)
        text = harness.HDF5.replace("data.h5", "pipe")
        self.refused(harness.write("p.yaml", text), 1, "pipe: not a regular file", ranks=2)

    def test_value_listed_twice(self):
        self.refused(self.edited("[1, 10]", "[1, 1]"), 2, "lambda_max", "listed twice")
        self.refused(self.edited("[0.5, 2]", "[2, 2]"), 2, "alpha", "listed twice")

    def test_truncated_gzip(self):
        cut = harness.folder / "cut.gz"
        cut.write_bytes(self.images.read_bytes()[:-100])
        self.refused(self.idx_experiment(images=cut), 1, "cut.gz", "truncated", ranks=3)

    def test_damaged_gzip(self):
        content = bytearray(self.images.read_bytes())
        content[len(content) // 2] ^= 0xFF
        damaged = harness.folder / "damaged.gz"
        damaged.write_bytes(content)
        self.refused(self.idx_experiment(images=damaged), 1, "damaged.gz", "damaged", ranks=3)

    def test_wrong_magic_number(self):
        path = harness.write_idx("magic", np.zeros((40, 3, 4)), magic=b"\1\2\3\4", compress=False)
        self.refused(self.idx_experiment(images=path), 1, "magic", "01020304")

    def test_images_and_labels_exchanged(self):
        experiment = self.idx_experiment(images=self.labels, labels=self.images)
        self.refused(experiment, 1, "labels.gz", "is this the file of labels?")

    def test_labels_of_another_set(self):
        path = harness.write_idx("few.gz", np.zeros(39))
        self.refused(self.idx_experiment(labels=path), 1, "40 images", "39 labels", "few.gz",
                     ranks=2)

    def test_features_without_variance(self):
        flat = np.tile(np.arange(12).reshape(3, 4), (40, 1, 1))
        path = harness.write_idx("flat.gz", flat)
        self.refused(self.idx_experiment(images=path), 2, "source: the data have no variance: all samples",
                     ranks=2)
        flat[::2, 0] += 9
        path = harness.write_idx("line.gz", flat)
        self.refused(self.idx_experiment(images=path), 2, "features.pca", "beyond 1 principal component:",
                     ranks=2)

    def test_number_that_is_not_finite(self):
        with h5py.File(harness.folder / "data.h5", "w") as file:
            file["x"] = np.where(np.arange(1200).reshape(150, 8) == 803, np.nan, 1.0)
            file["y"] = np.ones((150, 2))
        self.refused(harness.write("h.yaml", harness.HDF5), 1, "'x'", "row 100, column 3",
                     ranks=3)

    # ---- The output ----

    def test_output_that_exists_is_kept(self):
        existing = harness.write("there.h5", "precious")
        self.refused(self.idx_experiment(), 2, "there.h5: exists", "--force",
                     arguments=("-o", existing))
        self.assertEqual(existing.read_text(), "precious")

    def test_output_that_exists_is_replaced_on_demand(self):
        existing = harness.write("replaced.h5", "worthless")
        harness.archive(self.idx_experiment(), existing).close()
        self.assertTrue(h5py.is_hdf5(existing))

    def test_output_that_is_no_place_for_an_archive(self):
        experiment = self.idx_experiment()
        (harness.folder / "folder").mkdir()
        (harness.folder / "link").symlink_to("nowhere")
        for name, words in (("/dev/null", "not a regular file"), ("folder", "not a regular file"),
                            ("link", "not a regular file"), ("folder/", "no name of a file"),
                            ("", "no name of a file"), (self.images, "is read by this run"),
                            (experiment, "is read by this run")):
            self.refused(experiment, 2, words, arguments=("-o", name, "--force"))
        self.assertTrue(pathlib.Path("/dev/null").is_char_device())

    def test_name_that_cannot_name_a_file(self):
        for name in ("''", "a/b", '"a\\nb"'):
            self.refused(self.idx_experiment(), 2, "name", arguments=("--set", f"name={name}"))

    def test_output_that_appears_during_the_run(self):
        experiment = harness.write("late.yaml", harness.GAUSSIAN)
        command = [harness.TWOVIEW, "run", experiment, "-o", "late.h5",
                   *harness.settings("samples=2e7", "archive.samples=false")]
        with subprocess.Popen(command, cwd=harness.folder, text=True, stderr=subprocess.PIPE,
                              stdout=subprocess.DEVNULL) as run:
            while run.poll() is None and seconds_computed(run.pid) < 0.8:  # well past the start
                time.sleep(0.01)
            late = harness.write("late.h5", "precious")
            said = run.communicate(timeout=harness.HANG)[1]
        self.assertEqual(run.returncode, 1, said)
        self.assertIn("late.h5: has appeared during the run and is kept", said)
        self.assertEqual(late.read_text(), "precious")
        part, = harness.folder.glob("late.h5.*.part")
        self.assertTrue(h5py.is_hdf5(part))

    def test_output_in_no_folder(self):
        self.refused(self.idx_experiment(), 1, "no/where.h5", "cannot be written",
                     arguments=("-o", "no/where.h5"))

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_output_without_permission(self):
        closed = harness.folder / "closed"
        closed.mkdir(0o555)
        self.refused(self.idx_experiment(), 1, "cannot be written", arguments=("-o", closed / "x"))

    def fill_disk(self, size, experiment, *arguments):
        disk = harness.small_disk(self, f"disk{size}", size)
        for ranks in (1, 2, 3):
            done = harness.twoview("run", experiment, "-o", disk / "a.h5", *arguments, ranks=ranks)
            self.assertEqual(done.returncode, 1, done.stderr)
            said = [line for line in done.stderr.splitlines() if line.startswith("twoview: ")]
            self.assertRegex(said[0], r"a.h5.*\.part: .*cannot be (created|written|closed|opened)")
            self.assertEqual(list(disk.iterdir()), [])

    def test_disk_too_full_for_the_scores(self):
        self.fill_disk("100k", self.idx_experiment(), *harness.settings("replicates=50"))

    def test_disk_too_full_for_the_samples(self):
        experiment = harness.write("s.yaml", harness.GAUSSIAN)
        self.fill_disk("2m", experiment, *harness.settings("samples=1e5"))

    # ---- What comes of it ----

    def test_nothing_solved_is_a_failure(self):
        done = harness.twoview("run", harness.write("n.yaml", harness.GAUSSIAN), "-o", "n.h5",
                               *harness.settings("augmentation.alpha=1e200"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("n.h5: no solution succeeded", done.stderr)
        with h5py.File(harness.folder / "n.h5") as file:
            self.assertTrue(np.all(file["status"][()] != 0))

    def test_full_standard_output_is_a_failure(self):
        harness.archive(self.idx_experiment(), "out.h5").close()
        with open("/dev/full", "w") as full:
            done = subprocess.run([harness.TWOVIEW, "info", harness.folder / "out.h5"], text=True,
                                  stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output cannot be written", done.stderr)


class BadViews(Refusals):
    """Corruptions, views and rows held out that there cannot be: each key on a line of its own."""
    SHAPE = (6, 5, 1)

    @classmethod
    def setUpClass(cls):
        cls.random = np.random.default_rng(1)
        cls.write_rows("train.h5", classes=np.arange(100) % 3)
        cls.write_rows("test.h5", 40, classes=np.arange(40) % 3)

    @classmethod
    def write_rows(cls, name, count=100, shape=SHAPE, classes=None, change=lambda x: x):
        with h5py.File(harness.folder / name, "w") as file:
            file["x"] = change(cls.random.random((count, *shape)))
            file["y"] = cls.random.normal(size=(count, 2))
            if classes is not None:
                file["classes"] = classes

    @staticmethod
    def source(name="train.h5", **keys):
        return {"type": "hdf5", "file": name, "samples": "x", "targets": "y", **keys}

    def experiment(self, **keys):
        """`keys` replace those of a good one, or leave them out (None); and its lines. JSON is YAML."""
        good = {"source": self.source(), "test": {"file": "test.h5"},
                "corruption": {"chain": [{"type": "noise", "deviation": [0.5, 1]}]},
                "augmentation": {"chain": [{"type": "noise", "deviation": 0.1}]},
                "samples": [80], "encoder": {"k": 2}, "methods": ["RC", "JE"]}
        lines = [f"{key}: {json.dumps(value)}" for key, value in {**good, **keys}.items() if value is not None]
        return harness.write("e.yaml", "\n".join(lines) + "\n"), lines

    def accept(self, **keys):
        done = harness.twoview("run", self.experiment(**keys)[0], "--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)

    def refuse(self, fragments, **keys):
        """The first fragment is a key."""
        experiment, lines = self.experiment(**keys)
        line = next(i for i, text in enumerate(lines, start=1) if text.startswith(fragments[0].split(".")[0]))
        self.refused(experiment, 2, f"e.yaml:{line}: {fragments[0]}", *fragments[1:])

    def refuse_step(self, key, *fragments, data=None, **step):
        """As a step of the augmentation, and of the corruption."""
        for chain in ("augmentation", "corruption"):
            keys = {chain: {"chain": [step]}}
            if data:
                keys.update(source=data, test=None)
            self.refuse([f"{chain}.chain.1{key}", *fragments], **keys)

    def test_good_views_are_accepted(self):
        self.accept()
        self.write_rows("counts.h5", change=lambda x: np.floor(9 * x))
        chain = [{"type": "shift", "pixels": 1}, {"type": "cutout", "size": [2, 2]}, {"type": "mask", "keep": 0.9},
                 {"type": "thin", "keep": 0.5}]
        self.accept(source=self.source("counts.h5"), test=None, corruption=None, augmentation={"chain": chain})
        chain = [{"type": "blur", "widths": [1]}, {"type": "poisson", "scale": 1}, {"type": "thin", "keep": 0.5}]
        self.accept(test=None, corruption=None, augmentation={"chain": chain})

    # ---- Shapes ----

    def test_flip_without_shape(self):
        self.write_rows("vectors.h5", shape=(30,))
        for step in ({"type": "flip"}, {"type": "crop", "sizes": [3]}, {"type": "rotate", "degrees": [9]}):
            self.refuse_step("", f"'{step['type']}'", "source.shape", data=self.source("vectors.h5"), **step)

    def test_window_larger_than_the_image(self):
        self.refuse_step("", "7 x 2", "6 x 5", type="cutout", size=[7, 2])
        self.refuse_step("", "2 x 6", "6 x 5", type="cutmix", size=[2, 6])
        self.refuse_step("", "9 x 9", type="mask", keep=0.5, per="patch", patch=[9, 9])
        self.refuse_step("", "7", "6 x 5", type="crop", sizes=[3, 7])
        self.refuse_step("", "'width' 7", "6 places", type="time-mask", width=7)
        self.refuse_step("", "'pixels' 5", "6 x 5", type="shift", pixels=5)

    def test_crop_of_size_0(self):
        self.refuse_step(".sizes", "from 1", "0", type="crop", sizes=[0])
        self.refuse_step(".sizes", "from 1", "0", type="pixelate", sizes=[2, 0])
        self.refuse_step(".step", "from 1", "0", type="crop", sizes=[3], step=0)
        self.refuse_step(".size", "from 0", "-1", type="cutout", size=[-1, 2])
        self.refuse_step("", "a window of 0 x 2 is empty", type="cutout", size=[0, 2])

    def test_more_units_than_there_are(self):
        self.refuse_step("", "'exactly' 31 of 30: more than there are; take at most 30", type="mask", exactly=31)

    # ---- Numbers ----

    def test_probability_above_1(self):
        self.refuse_step(".probability", "0 to 1", "1.2", type="flip", probability=1.2)
        self.refuse_step(".probability", "0 to 1", "1.2", type="impulse", probability=1.2, values=[0, 1])
        self.refuse_step(".keep", "0 to 1", "1.2", type="mask", keep=1.2)

    def test_values_out_of_order(self):
        self.refuse_step("", "[low, high]", type="impulse", probability=0.2, values=[1, 0])

    def test_poisson_of_negative_numbers(self):
        self.write_rows("signed.h5", change=lambda x: x - 0.5)
        needs = "'poisson' needs numbers that are not negative"
        self.refuse_step("", needs, "'source'", "take data of such numbers, or leave the step out", data=self.source("signed.h5"), type="poisson", scale=1)
        poisson = {"type": "poisson", "scale": 1}
        self.refuse(["corruption.chain.1", needs, "'test'"], corruption={"chain": [poisson]}, test={"file": "signed.h5"})
        self.refuse(["augmentation.chain.1", needs], augmentation={"chain": [poisson]})  # after noise
        for step in ({"type": "mask", "keep": 0.5, "fill": -1}, {"type": "impulse", "probability": 0.1, "values": [-1, 1]}):
            self.refuse(["augmentation.chain.2", needs], corruption=None, augmentation={"chain": [step, poisson]})

    def test_thinning_of_what_are_no_counts(self):
        self.write_rows("counts.h5", change=lambda x: np.floor(9 * x))
        thin = {"type": "thin", "keep": 0.5}
        self.refuse_step("", "'thin' needs counts", data=self.source(), **thin)
        self.refuse_step("", "'thin' needs counts", data=self.source("counts.h5", scale=2), **thin)
        for step in ({"type": "blur", "widths": [1]}, {"type": "mask", "keep": 0.5, "fill": 0.5},
                     {"type": "mixup", "beta": 1}, {"type": "poisson", "scale": 3}):
            self.refuse(["augmentation.chain.2", "'thin' needs counts"], source=self.source("counts.h5"), test=None,
                        corruption=None, augmentation={"chain": [step, thin]})

    # ---- Chains ----

    def test_two_models(self):
        self.refuse(["noise", "component model"], noise={"components": 3, "lambda_max": [1]})
        for key, value in (("alpha", [1]), ("theta_max", 1)):
            augmentation = {"chain": [{"type": "noise", "deviation": 0.1}], key: value}
            self.refuse([f"augmentation.{key}", "component model"], augmentation=augmentation)

    def test_lists_of_different_lengths(self):
        chain = [{"type": "noise", "deviation": [0.1, 0.2]}, {"type": "shift", "pixels": [1, 2, 3]}]
        self.refuse(["augmentation.chain.2.pixels", "list of 3", "has 2"], augmentation={"chain": chain})
        chain = [{"type": "cutout", "size": [[1, 1], [2, 2]]}, {"type": "noise", "deviation": [1, 2, 3]}]
        self.refuse(["corruption.chain.2.deviation", "list of 3", "has 2"], corruption={"chain": chain})

    def test_severity_beyond_the_list(self):
        chain = [{"type": "noise", "deviation": 0.1}, {"type": "corruption", "severity": [0, 3]}]
        self.refuse(["augmentation.chain.2.severity", "3", "up to 2"], augmentation={"chain": chain})
        self.refuse(["augmentation.chain.2.severity", "give 'corruption'"], augmentation={"chain": chain}, corruption=None)

    def test_corruption_of_itself(self):
        self.refuse(["corruption.chain", "of itself"], corruption={"chain": [{"type": "corruption", "severity": 1}]})

    def test_steps_that_have_no_moments(self):
        for step in ({"type": "clip", "low": 0, "high": 1}, {"type": "solarise", "above": 1}, {"type": "jpeg", "quality": 50}):
            self.refuse(["augmentation.chain.2", f"what '{step['type']}' does to moments does not follow from them"],
                        augmentation={"chain": [{"type": "flip"}, step]})
            self.refuse(["corruption.chain.1", "sampler: rows"], corruption={"chain": [step], "sampler": "expected"})
            self.accept(augmentation={"chain": [step], "views": 2})
        self.refuse_step("", "must be below 'high'", type="clip", low=1, high=1)

    def test_jpeg(self):
        for quality, reason in ((0, "from 1 to 100, got 0"), (101, "got 101"), (50.5, "a whole number")):
            self.refuse_step(".quality", reason, type="jpeg", quality=quality)
        self.write_rows("vectors.h5", shape=(30,))
        self.write_rows("pairs.h5", shape=(6, 5, 2))
        step = {"type": "jpeg", "quality": 50}
        for name, reason in (("vectors.h5", "source.shape"), ("pairs.h5", "images of 2 channels")):
            self.refuse(["augmentation.chain.1", reason], source=self.source(name), test=None, corruption=None,
                        augmentation={"chain": [step], "views": 2})
            self.refuse(["corruption.chain.1", reason], source=self.source(name), test=None, corruption={"chain": [step]})

    def test_textures(self):
        random = np.random.default_rng(2).random
        for name, rows in (("t.npy", random((9, 6, 5))), ("turned.npy", random((9, 5, 6))), ("small.npy", random((9, 4, 5))),
                           ("none.npy", random((0, 6, 5))), ("nan.npy", np.where(np.arange(30) == 7, np.nan, random((9, 30))))):
            np.save(harness.folder / name, rows)

        def blend(samples, **keys):
            return {"type": "blend", "weight": 0.5, "with": {"type": "npy", "samples": samples, **keys}}
        self.accept(augmentation={"chain": [blend("t.npy", scale=3), {"type": "poisson", "scale": 1}]}, corruption=None)
        self.refuse_step("", "textures of 20 numbers, where samples have 30", **blend("small.npy"))
        self.refuse_step("", "textures of 5 x 6 x 1", "samples are 6 x 5 x 1", **blend("turned.npy"))
        self.refuse_step(".with.scale", "positive", **blend("t.npy", scale=0))
        self.refuse_step(".with.labels", "leave it out", **blend("t.npy", labels="l.npy"))
        self.refuse_step(".with.as", "leave it out", **blend("t.npy", **{"as": "population"}))
        self.refuse_step(".weight", "0 to 1", "1.2", **{**blend("t.npy"), "weight": 1.2})
        self.refuse_step("", "'gaussian' generates samples", type="blend", weight=0.5,
                         **{"with": {"type": "gaussian"}})
        for ranks in (None, 2):
            for name, reason in (("no.npy", "No such file"), ("none.npy", "none.npy"), ("nan.npy", "row 0: number 7 is NaN")):
                experiment, _ = self.experiment(augmentation={"chain": [blend(name)]}, corruption=None)
                self.assertNotEqual(harness.twoview("run", experiment, ranks=ranks).returncode, 0)
                self.assertIn(reason, harness.twoview("run", experiment, ranks=ranks).stderr)

    def test_textures_are_no_negative_numbers_for_poisson(self):
        np.save(harness.folder / "signed.npy", np.random.default_rng(2).normal(size=(9, 6, 5)))
        chain = [{"type": "blend", "weight": 0.5, "with": {"type": "npy", "samples": "signed.npy"}},
                 {"type": "poisson", "scale": 1}]
        self.refuse(["augmentation.chain.2", "'poisson' needs numbers that are not negative"], corruption=None,
                    augmentation={"chain": chain})

    def test_views_and_rows_that_need_others(self):
        for step in ({"type": "mixup", "beta": 1}, {"type": "cutmix", "size": [2, 3]}, {"type": "replace", "keep": 0.5},
                     {"type": "mask", "keep": 0.5, "fill": "mean"}):
            self.accept(augmentation={"chain": [step], "views": 2})
            self.accept(corruption={"chain": [step], "sampler": "rows"})

    # ---- Rows held out ----

    def test_test_rows_that_are_training_rows(self):
        shutil.copy(harness.folder / "train.h5", harness.folder / "copy.h5")
        for name in ("train.h5", "copy.h5"):
            self.refuse(["test", "may_overlap"], test={"file": name})
        self.accept(test={"file": "train.h5", "may_overlap": True})

    def test_targets_of_another_sort(self):
        """Labels of the source would be taken in silence."""
        source = {"type": "hdf5", "file": "train.h5", "samples": "x", "labels": "classes"}
        self.refuse(["test", "contradicts itself"], source=source, test={"file": "copy.h5", "targets": "x"})

    def test_unknown_labels(self):
        source = {"type": "hdf5", "file": "train.h5", "samples": "x", "labels": "classes"}
        self.write_rows("beyond.h5", 40, classes=np.arange(40) % 4)
        self.refuse(["test", "label 3"], source=source, test={"file": "beyond.h5"})

    def test_unknown_label_between_others(self):
        self.write_rows("gap.h5", classes=np.arange(100) % 2 * 2)
        source = {"type": "hdf5", "file": "gap.h5", "samples": "x", "labels": "classes"}
        done = harness.twoview("run", self.experiment(source=source)[0])
        self.assertEqual(done.returncode, 2)
        self.assertIn("warning", done.stderr)
        self.assertIn("e.yaml:2: test: has the label 1, and no row of 'source' has it", done.stderr)

    def test_other_test_rows(self):
        self.write_rows("turned.h5", 40, shape=(5, 6, 1))
        self.refuse(["test", "5 x 6 x 1", "6 x 5 x 1"], test={"file": "turned.h5"})
        self.write_rows("small.h5", 40, shape=(5, 5, 1))
        self.refuse(["test", "25 features", "30"], test={"file": "small.h5"})

    def test_numbers_that_are_not_finite(self):
        def spoil(x):
            x[7, 2, 1] = np.nan
            return x
        self.write_rows("spoilt.h5", change=spoil)
        for keys in ({"source": self.source("spoilt.h5")}, {"test": {"file": "spoilt.h5"}}):
            with self.subTest(**keys):
                self.refused(self.experiment(**keys)[0], 1, "spoilt.h5", "row 7, entry [2, 1, 0] is nan")

    def test_too_few_rows_are_left(self):
        self.refuse(["samples", "n = 80", "10 of 100"], test={"fraction": 0.9})
        self.refuse(["test.fraction", "none of 100"], test={"fraction": 0.001})
        self.refuse(["test.fraction", "holds out all of 100 rows; lower it"], test={"fraction": 0.999})
        self.refuse(["test.fraction", "below 1"], test={"fraction": 1})


if __name__ == "__main__":
    unittest.main()
