"""Bad input: the exit status, the message, and that nothing is written."""
import os
import pathlib
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


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        random = np.random.default_rng(1)
        cls.images = harness.write_idx("images.gz", random.integers(0, 256, (40, 3, 4)))
        cls.labels = harness.write_idx("labels.gz", random.integers(0, 3, 40))

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


if __name__ == "__main__":
    unittest.main()
