"""Whether an archive is whole: `info --verify`, and what other commands do with one that is not."""
import contextlib
import itertools
import os
import random
import re
import shutil
import unittest

import h5py
import numpy as np

import harness

FLIPS = 60
METADATA = rb"OHDR|OCHK|BTHD|BTLF|BTIN|FRHP|FHDB|FHIB|FSHD|FSSE"  # HDF5's blocks with a checksum
MEASURED = ("score_corrupted", "distance", "leakage", "objective", "objective_optimum", "residual",
            "orthonormality")  # NaN where the solution failed
ARCHIVES = {  # settings of archives that hold everything, and as little as they may
    "all": [],
    "least": ["archive={encoders: none, representations: none, samples: false}",
              "noise={components: 0, lambda_max: 1}", "methods=supervised", "samples=[300]"],
    "last": ["archive={encoders: last, representations: last}", "first_replicate=7"],
    "one": ["archive={encoders: last, representations: all}", "samples=[300]"],
    "distributed": ["parallel.layout=distributed", "archive={encoders: all, samples: false}"],
    "mixture": ["source={type: mixture, classes: 3, separation: 1, spectrum: [4, 3, 2, 1]}"],
}


class Verify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.experiment = harness.write("e.yaml", harness.GAUSSIAN)
        harness.archive(cls.experiment, "whole.h5").close()
        cls.whole = harness.folder / "whole.h5"
        cls.content = cls.whole.read_bytes()
        cls.path = harness.folder / "copy.h5"

    def verify(self, path, *problems, whole=None):
        """Exit status and what is said of each problem, each in a line of its own."""
        done = harness.twoview("info", "--verify", path)
        lines = done.stdout.splitlines()
        if whole is not None:
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
            self.assertEqual(len(lines), 1)
            self.assertIn(f"whole: {whole}", lines[0])
            return
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{len(problems)} problem", done.stderr)
        self.assertEqual(len(lines), len(problems), lines)
        for problem in problems:
            self.assertTrue(any(problem in line for line in lines), (problem, lines))
        self.assertTrue(all(line.startswith(f"{path}: ") for line in lines), lines)

    @contextlib.contextmanager
    def changed(self, is_sealed=True):
        shutil.copy(self.whole, self.path)
        with h5py.File(self.path, "r+") as archive:
            yield archive
        if is_sealed:
            harness.seal(self.path)

    def test_whole_archives(self):
        for name, keys in ARCHIVES.items():
            with self.subTest(name):
                with harness.archive(self.experiment, "kind.h5", *harness.settings(*keys)) as archive:
                    datasets, first = [], archive["replicate"][0]
                    archive.visititems(lambda _, item: datasets.append(item)
                                       if isinstance(item, h5py.Dataset) else None)
                    solutions = archive["status"].size
                self.verify(harness.folder / "kind.h5", whole=f"{len(datasets)} datasets, replicates "
                            f"{first} to {first + 1}, {solutions} solutions")

    def test_a_data_set_and_a_merge(self):
        with h5py.File(harness.folder / "data.h5", "w") as data:
            numbers = np.random.default_rng(1)
            data["x"], data["y"] = numbers.normal(size=(150, 6)), numbers.normal(size=(150, 2))
        experiment = harness.write("hdf5.yaml", harness.HDF5)
        parts = [f"part{i}.h5" for i in range(2)]
        for i, part in enumerate(parts):
            harness.archive(experiment, part, "--set", f"first_replicate={i}").close()
            self.verify(part, whole="")
        self.assertEqual(harness.twoview("merge", *parts, "-o", "merged.h5").returncode, 0)
        self.verify(harness.folder / "merged.h5", whole="")
        with h5py.File(harness.folder / "merged.h5", "r+") as archive:
            del archive["parts/1"].attrs["command"], archive["parts/1/seconds"]
        harness.seal(harness.folder / "merged.h5")
        self.verify(harness.folder / "merged.h5", "'parts/1/command'", "'parts/1/seconds' is missing")

    def is_walked(self):
        """Whether h5py opens all objects of the copy; in a process of its own, which may crash."""
        child = os.fork()
        if child:
            return os.waitpid(child, 0)[1] == 0
        try:
            with h5py.File(self.path) as archive:
                archive.visititems(lambda name, item: None)
                os._exit(0)
        finally:
            os._exit(1)

    def test_damaged_metadata_that_were_sealed(self):
        """What h5py cannot walk is not whole, though the file's checksum is right: a flip in each of
        the blocks of metadata of a merged archive."""
        parts = [f"flipped{i}.h5" for i in range(2)]
        for i, part in enumerate(parts):
            harness.archive(self.experiment, part, *harness.settings(*ARCHIVES["least"]),
                            "--set", "replicates=1", "--set", f"first_replicate={i}").close()
        merged = harness.folder / "flipped.h5"
        self.assertEqual(harness.twoview("merge", *parts, "-o", merged).returncode, 0)
        whole = merged.read_bytes()
        whole = whole[:whole.rindex(b"\ntwoview archive")]
        self.path.write_bytes(whole)
        self.assertTrue(self.is_walked())
        said, refused = "", 0
        for block in re.finditer(METADATA, whole):
            content = bytearray(whole)
            content[block.start() + 6] ^= 0x10  # behind the name and the version
            self.path.write_bytes(content)
            harness.seal(self.path)
            if self.is_walked():  # free space, and what nothing leads to any more
                continue
            refused += 1
            for option in ("--verify", "--accept"):
                with self.subTest(block=block, option=option):
                    said += self.refused(["info", option, self.path]).stdout
        self.assertGreater(refused, 0)
        self.assertRegex(said, "'parts/1' (is damaged|cannot be opened)")
        self.assertRegex(said, "'parts/1/host' (is damaged|cannot be opened)")

    @staticmethod
    def fail_at(archive, place, status):
        """As a run writes a solution that failed."""
        for name in MEASURED:
            archive[name][place] = np.nan
        archive["status"][place] = status

    def test_failed_solutions_are_told(self):
        with self.changed() as archive:
            self.fail_at(archive, (1, 0, 0, 0, 0, 2), 7)
        self.verify(self.path, whole="")
        self.assertIn("48 solutions, 1 of them failed", self.said("info", "--verify"))
        self.assertIn("48 solutions, 1 of them failed (see 'status')", self.said("report"))

        with self.changed() as archive:
            for name in ("score_clean", "distance"):
                archive[name][1, :, :, 0, 0, 2] = np.nan  # one, at all noise scales and alignments
        for command in (["info", "--verify"], ["report"]):
            self.assertIn("48 solutions, 1 clean solution failed", self.said(*command))

    def test_failed_clean_solutions_are_told(self):
        """Two samples of four features leave S singular where no augmentation acts on these."""
        keys = harness.settings("samples=[2, 300]", "archive.representations=none",
                                "augmentation={theta: {signal: [0, 0], noise: [0.1, 0.5]}, "
                                "alpha: [0.5, 2]}")
        run = harness.twoview("run", self.experiment, "--force", "-o", self.path, *keys)
        self.assertEqual(run.returncode, 0, run.stderr)
        with h5py.File(self.path) as archive:
            failed = np.count_nonzero(archive["status"])
            clean = archive["score_clean"][:, 0, 0]  # the same at every noise scale and alignment
            clean_failed = np.count_nonzero(~np.isfinite(clean))
        self.assertTrue(0 < failed < 48, failed)
        self.assertGreater(clean_failed, 1)
        for said in (run.stdout, self.said("info", "--verify"), self.said("report")):
            self.assertIn(f"48 solutions, {failed} of them failed (see 'status'), {clean_failed} clean "
                          "solutions failed (see 'score_clean')", said)

    def test_scores_do_not_depend_on_the_scale_of_clean_inputs(self):
        scores = []
        for scale in (1e-100, 1e-300):
            spectrum = [scale * variance for variance in (4, 3, 2, 1)]
            keys = harness.settings(f"source.spectrum={spectrum}")
            run = harness.twoview("run", self.experiment, "--force", "-o", self.path, *keys)
            self.assertEqual(run.returncode, 0, run.stderr)
            with h5py.File(self.path) as archive:
                scores.append(archive["score_clean"][()])
        np.testing.assert_allclose(scores[1], scores[0], rtol=1e-12)

    def said(self, *arguments):
        return harness.twoview(*arguments, self.path).stdout

    def test_what_is_missing_is_named(self):
        for name in ("leakage", "gamma_eigenvalues", "encoder_supervised", "host", "samples/noise",
                     "decoder_reconstruction", "represented_sample", "n", "seconds"):
            with self.subTest(name):
                with self.changed() as archive:
                    del archive[name]
                self.assertIn(f"dataset '{name}' is missing", self.said("info", "--verify"))
        with self.changed() as archive:
            del archive["samples"], archive.attrs["mpi"], archive["residual"].attrs["long_name"]
        self.verify(self.path, "group 'samples' is missing", "attribute 'mpi' is missing",
                    "attribute 'residual/long_name' is missing")
        with self.changed() as archive:
            del archive.attrs["experiment"]
        self.verify(self.path, "no attribute 'experiment'")

    def test_what_is_wrong_is_named(self):
        with self.changed() as archive:
            archive["replicate"][1] = 5
            archive["alpha"][0] = 0.4
            archive["n"][1] = 301
            archive["moments_sha256"][1, 0] = "f00"
        self.verify(self.path, "coordinate 'replicate' has the value 5 at index 1",
                    "coordinate 'alpha' has the value 0.4 at index 0", "coordinate 'n'",
                    "1 of the 4 digests in 'moments_sha256'")
        with self.changed() as archive:
            for name, value in (("objective", np.zeros(3)), ("residual", np.zeros((2, 2, 2, 2, 1, 3), int))):
                attributes = dict(archive[name].attrs)
                del archive[name]
                archive[name] = value
                for label in ("long_name", "units"):
                    archive[name].attrs[label] = attributes[label]
            for scales, dimension in zip(archive["leakage"].dims, archive["residual"].dims):
                dimension.attach_scale(scales[0])
        self.verify(self.path, "dataset 'objective' has 1 dimensions, not 6",
                    "dataset 'residual' does not hold numbers of the right kind")
        with self.changed() as archive:
            archive.attrs["experiment"] = "seed: [1"
        self.verify(self.path, "attribute 'experiment' is no experiment")

    def test_contradictions_are_named(self):
        place = (1, 0, 0, 0, 0, 2)
        for names in (["x", "y", "z"], ["reconstruction", "supervised", "joint-embedding"]):
            with self.changed() as archive:
                archive["paradigm"][:] = names
            self.verify(self.path, f"coordinate 'paradigm' has '{names[0]}' at index 0, not 'supervised'")
        with self.changed() as archive:
            archive.attrs["seed"] = 7
            archive.attrs["study"] = "phase"
            archive["experiment"].attrs["encoder.k"] = 4
            archive["experiment"].attrs["source.spectrum"] = [4.0, 3.0, 2.0, 2.0]
            del archive["experiment"].attrs["methods"]
        self.verify(self.path, "'seed' is '7' where the experiment says '3'", "'study' is 'phase'",
                    *(f"attribute 'experiment/{key}' is not what the experiment says"
                      for key in ("encoder.k", "source.spectrum", "methods")))
        with self.changed() as archive:
            archive["status"][place] = 7
        self.verify(self.path, *(f"1 of 48 in '{name}' contradict 'status'"
                                 for name in MEASURED if name != "distance"))
        for name in ("score_corrupted", "leakage", "residual"):
            with self.changed() as archive:
                archive[name][place] = np.nan
                if name == "score_corrupted":
                    archive["distance"][place] = np.nan
            self.verify(self.path, f"1 of 48 in '{name}' contradict 'status': the first is nan where that is 0")
        for value in (0.125, np.nan):
            with self.changed() as archive:
                archive["distance"][place] = value
            self.verify(self.path, "1 of 48 in 'distance' are not |score_clean - score_corrupted|")
        with self.changed() as archive:
            self.fail_at(archive, place, 7)
            archive["distance"][place] = 1
        self.verify(self.path, "1 of 48 in 'distance' are not |score_clean - score_corrupted|")
        self.assertEqual(harness.twoview("info", "--accept", self.path).returncode, 1)

    def test_impossible_values_are_named(self):
        """Every variable has a domain."""
        for name, value in (("data_spectrum", -np.inf), ("gamma_eigenvalues", -1), ("theta_eigenvalues", np.nan),
                            ("encoder_supervised", np.inf), ("score_clean", -1), ("leakage", 1.5),
                            ("objective", np.inf), ("residual", -1), ("orthonormality", -1), ("status", -3),
                            ("status", 0.5), ("seconds", -1), ("flops", np.inf), ("sent", -1),
                            ("peak_memory", -1), ("archive_seconds", np.nan), ("samples/target", np.inf),
                            ("samples/clean", np.nan), ("representation_reconstruction", np.inf)):
            with self.subTest(name=name, value=value):
                with self.changed() as archive:
                    archive[name][(0,) * archive[name].ndim] = value
                self.verify(self.path, f"1 of the values of '{name}' are impossible: the first is {value:g}")
        with self.changed() as archive:
            archive["encoder_supervised"][0, 0, 0, 0, 0, 0] = np.nan
        self.verify(self.path, "1 values of encoders, decoders or representations are NaN, though no")
        with self.changed() as archive:
            for name in ("ranks", "sessions", "groups"):
                archive.attrs[name] = -1
        self.verify(self.path, *(f"attribute '{name}' is -1, and at least 1"
                                 for name in ("ranks", "sessions", "groups")))

    def test_values_that_others_determine_are_compared(self):
        """One number of each variable, to another that could stand there, with a right checksum."""
        place = (1, 1, 0, 1)
        cases = {
            "alpha2_threshold": ((1, 0, 0, 1), 1.5, ["1 of 12 in 'alpha2_threshold' are not the thresholds"]),
            "gamma_eigenvalues": ((1, 1, 2), 3.0, ["1 of 20 in 'gamma_eigenvalues' are not what"]),
            "theta_eigenvalues": ((1, 2), 0.2, ["1 of 18 in 'theta_eigenvalues' are not what"]),
            "transform_reconstruction": ((*place, 2, 3), 0.25, ["1 of 192 in 'transform_reconstruction' are not the encoder"]),
            "transform_supervised": ((*place, 1, 0), 0.25, ["1 of 128 in 'transform_supervised' are not the encoder"]),
            "encoder_joint_embedding": ((*place, 0, 0), 0.25, ["1 of 192 in 'transform_joint_embedding'",
                                                               "of 2400 in 'representation_joint_embedding'"]),
            "encoder_supervised": ((*place, 0, 6), 0.25, ["of 1600 in 'representation_supervised'"]),
            "representation_reconstruction": ((*place, 7, 2), 0.25, [
                "1 of 2400 in 'representation_reconstruction' are not the encoder of the corrupted samples"]),
            "score_clean": ((1, 1, 0, 0, 0, 1), None, ["1 of 48 in 'score_clean' are not those of the first noise"]),
            "objective": ((1, 1, 0, 0, 0, 1), None, ["1 of 48 in 'objective' are below 'objective_optimum'"]),
        }
        for name, (where, value, told) in cases.items():
            for option in ("--verify", "--accept"):
                with self.subTest(name=name, option=option):
                    with self.changed(is_sealed=option == "--verify") as archive:
                        archive[name][where] = 0.9 * archive[name][where] if value is None else value
                        if name == "score_clean":
                            archive["distance"][where] = abs(archive[name][where] -
                                                             archive["score_corrupted"][where])
                    done = harness.twoview("info", option, self.path)
                    self.assertEqual(done.returncode, 1, done.stdout)
                    self.assertEqual(len(done.stdout.splitlines()), len(told), done.stdout)
                    for words in told:
                        self.assertIn(words, done.stdout)

    def test_thresholds_that_are_not_numbers_are_compared(self):
        """SL needs no alignment, -inf; of PCA nothing is known, NaN; k beyond the components, NaN."""
        keys = harness.settings("methods=[supervised, pca, joint-embedding]", "encoder.k=[2, 5]")
        harness.archive(self.experiment, "limits.h5", *keys).close()
        limits = harness.folder / "limits.h5"
        self.verify(limits, whole="")
        with h5py.File(limits) as archive:
            found = archive["alpha2_threshold"][0, 0]
        self.assertTrue(np.all(found[:, 0] == -np.inf) and np.all(np.isnan(found[:, 1])), found)
        self.assertTrue(np.isfinite(found[0, 2]) and np.isnan(found[1, 2]), found)
        for where, value in (((0, 0), 0), ((0, 0), np.nan), ((0, 1), 1), ((0, 2), np.nan), ((1, 2), 1)):
            shutil.copy(limits, self.path)
            with h5py.File(self.path, "r+") as archive:
                archive["alpha2_threshold"][(0, 0, *where)] = value
            harness.seal(self.path)
            with self.subTest(where=where, value=value):
                self.verify(self.path, "1 of 24 in 'alpha2_threshold' are not the thresholds of the spectra")

    def test_axes_and_transforms_of_a_data_set(self):
        with h5py.File(harness.folder / "axes.h5", "w") as data:
            numbers = np.random.default_rng(2)
            data["x"], data["y"] = numbers.normal(size=(150, 6)), numbers.normal(size=(150, 2))
        text = harness.HDF5.replace("data.h5", "axes.h5")
        for scale, kept in ((1, "all"), (4, "last")):
            keys = harness.settings(f"source.scale={scale}", f"archive={{encoders: {kept}, representations: all, "
                                    "samples: true}")
            harness.archive(harness.write("axes.yaml", text), "axed.h5", *keys).close()
            axed = harness.folder / "axed.h5"
            self.verify(axed, whole="")
            for name, told in (("principal_axes", ["'principal_axes' are not orthonormal"]),
                               ("transform_reconstruction", ["1 of", "'transform_reconstruction'"]),
                               ("representation_reconstruction", ["1 of", "'representation_reconstruction'"])):
                shutil.copy(axed, self.path)
                with h5py.File(self.path, "r+") as archive:
                    archive[name][(-1,) * archive[name].ndim] += 0.01
                harness.seal(self.path)
                with self.subTest(scale=scale, name=name):
                    said = self.said("info", "--verify")
                    self.assertTrue(all(words in said for words in told), said)

    def test_another_type_of_file_is_refused(self):
        for value in ("something else", None):
            with self.changed() as archive:
                del archive.attrs["filetype"]
                if value:
                    archive.attrs["filetype"] = value
                archive.attrs["format_version"] = 99
            for command in (["info"], ["info", "--verify"], ["info", "--accept"], ["report"],
                            ["merge", "-o", "x.h5"], ["scaling", "whole.h5"]):
                done = harness.twoview(*command, self.path)
                self.assertEqual(done.returncode, 1)
                self.assertIn("attribute 'filetype' is", done.stdout + done.stderr)

    def test_contradictions_of_a_threshold_study(self):
        text = harness.GAUSSIAN.replace(", alpha: [0.5, 2]", "").split("archive:")[0]
        experiment = harness.write("threshold.yaml", text + "study: threshold\n")
        harness.archive(experiment, "searched.h5", "--set", "noise.lambda_max=10").close()
        self.verify(harness.folder / "searched.h5", whole="")
        statuses = {0: 1.5, 1: 0, 2: np.nan, 3: 1.5, 4: 1.5, -1: np.nan}  # and an alpha^2 of each
        for status, alpha2 in itertools.product(statuses, {str(x): x for x in statuses.values()}.values()):
            shutil.copy(harness.folder / "searched.h5", self.path)
            with h5py.File(self.path, "r+") as archive:
                archive["alpha2_status"][0, 0, 0, 0, 0] = status
                archive["alpha2_measured"][0, 0, 0, 0, 0] = alpha2
            harness.seal(self.path)
            with self.subTest(status=status, alpha2=alpha2):
                if np.array_equal(alpha2, statuses[status], equal_nan=True):
                    self.verify(self.path, whole="")
                else:
                    self.verify(self.path, "1 of 8 in 'alpha2_measured' contradict 'alpha2_status'")

    def test_other_formats_are_refused(self):
        for version, told in ((3, "3"), (0, "0"), (None, "no number")):
            with self.changed() as archive:
                del archive.attrs["format_version"]
                if version is not None:
                    archive.attrs["format_version"] = version
            for command in (["info"], ["report"], ["merge", "-o", "refused.h5"], ["scaling", self.whole]):
                with self.subTest(version=version, command=command):
                    done = harness.twoview(*command, self.path)
                    self.assertEqual((done.returncode, done.stdout), (1, ""))
                    self.assertIn(f"copy.h5: attribute 'format_version' is {told}, but this program "
                                  "knows 1 to 2", done.stderr)
            self.verify(self.path, f"attribute 'format_version' is {told}")
            self.assertEqual(harness.twoview("info", "--accept", self.path).returncode, 1)

    def test_info_tells_that_the_checksum_is_not_right(self):
        whole = harness.twoview("info", self.whole)
        self.assertEqual((whole.returncode, whole.stderr), (0, ""))
        unsealed = self.content[:self.content.rindex(b"\ntwoview archive")]
        flipped = bytearray(self.content)
        flipped[-5] = ord("f") if flipped[-5] != ord("f") else ord("0")
        for content, told in ((unsealed, "does not end with the checksum"), (flipped, "damaged, or changed")):
            self.path.write_bytes(content)
            done = harness.twoview("info", self.path)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stdout, whole.stdout.replace(str(self.whole), str(self.path)))
            self.assertIn(told, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1)

    def test_changes_on_purpose_are_accepted(self):
        with self.changed(is_sealed=False) as archive:
            archive.attrs["note"] = "ours"
            archive["own"] = np.arange(3)
            archive["empty"] = np.empty((2, 0, 3))
        self.assertIn("copy.h5: does not end with the checksum", self.said("info", "--verify"))
        done = harness.twoview("report", self.path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("changed by another program", done.stderr)
        done = harness.twoview("info", "--accept", self.path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("also holds 'own'", done.stdout)
        for command in (["report"], ["info"], ["info", "--verify"]):
            done = harness.twoview(*command, self.path)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_damage_is_not_accepted(self):
        with self.changed(is_sealed=False) as archive:
            del archive["leakage"]
        before = self.path.read_bytes()
        done = harness.twoview("info", "--accept", self.path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("dataset 'leakage' is missing", done.stdout)
        self.assertEqual(self.path.read_bytes(), before)

    def test_a_checksum_that_is_cut_short_is_damage(self):
        for cut in (1, 50, 100):
            content = bytes(self.content)[:-cut]
            self.path.write_bytes(content)
            done = harness.twoview("info", "--accept", self.path)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("cut short", done.stdout)
            self.assertEqual(self.path.read_bytes(), content)

    def test_a_checksum_that_is_not_right_is_damage(self):
        """A change through HDF5 would have cut it off: it is not accepted, and no message offers it."""
        content = bytearray(self.content)
        content[-5] = ord("f") if content[-5] != ord("f") else ord("0")
        self.path.write_bytes(content)
        done = harness.twoview("info", "--accept", self.path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("damaged, or changed since it was written", done.stdout)
        self.assertEqual(self.path.read_bytes(), content)
        self.assertNotIn("--accept", harness.twoview("info", "--verify", self.path).stderr)

    def test_chunks_are_read(self):
        with h5py.File(self.whole) as archive:
            stored = archive["samples/clean"].id.get_chunk_info(1)
        content = bytearray(self.content)
        content[stored.byte_offset + stored.size // 2] ^= 1
        self.path.write_bytes(content)
        self.verify(self.path, "damaged, or changed since it was written",
                    "dataset 'samples/clean' cannot be read where its indices begin with 1")

    def refused(self, command, is_whole=False):
        """Refused in words, without a crash; or done, where only the checksum was hit."""
        done = harness.twoview(*command, env={**os.environ, "TWOVIEW_READ_SECONDS": "2"})
        self.assertIn(done.returncode, (0, 1) if is_whole else (1,), (command, done))
        if done.returncode:
            self.assertRegex(done.stderr.splitlines()[-1], r"^twoview: .*copy\.h5")
        return done

    def test_flipped_bytes(self):
        """Anywhere in the file: no command reads it, and --verify ends in words."""
        choose = random.Random(1)
        commands = (["report"], ["info", "--verify"], ["scaling", self.whole], ["merge", "-o", "refused.h5"])
        for place in choose.sample(range(len(self.content)), FLIPS):
            content = bytearray(self.content)
            content[place] ^= 1 << choose.randrange(8)
            self.path.write_bytes(content)
            for command in commands:
                with self.subTest(place=place, command=command):
                    self.refused([*command, self.path])
            with self.subTest(place=place, command="info"):
                self.refused(["info", self.path], is_whole=True)

    def test_damage_that_was_sealed(self):
        """Wrong sizes of the texts in HDF5's global heaps, on which HDF5 1.10 crashes, without the
        checksum to warn of them."""
        end = self.content.rindex(b"\ntwoview archive")
        heaps = [match.start() for match in re.finditer(b"GCOL", self.content[:end])]
        self.assertTrue(heaps)
        for heap, byte in itertools.product(heaps, range(8)):
            content = bytearray(self.content[:end])
            content[heap + 24 + byte] ^= 0x10  # of a head of 16 bytes and one of an object, 8 + 8
            self.path.write_bytes(content)
            harness.seal(self.path)
            for command in (["info"], ["info", "--verify"]):
                with self.subTest(heap=heap, byte=byte, command=command):
                    self.refused([*command, self.path], is_whole=True)

    def test_truncated(self):
        for length in (0, 1, 8, 512, len(self.content) // 2, len(self.content) - 1):
            self.path.write_bytes(self.content[:length])
            for command in (["report"], ["info", "--verify"], ["scaling", self.whole]):
                with self.subTest(length=length, command=command):
                    self.refused([*command, self.path])

    def test_what_is_no_archive(self):
        self.verify(harness.write("text.h5", "text"), "does not end with", "HDF5")
        os.mkdir(harness.folder / "folder")
        for path in ("nowhere.h5", "folder"):
            done = harness.twoview("info", "--verify", path)
            self.assertEqual(done.returncode, 1)
            self.assertIn(path, done.stderr)


if __name__ == "__main__":
    unittest.main()
