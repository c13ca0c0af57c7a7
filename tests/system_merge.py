"""Experiments whose replicates are run in parts: each part holds what the whole run holds."""
import hashlib
import os
import resource
import threading
import unittest

import h5py
import numpy as np
import xarray

import harness

REPLICATES = 4
OF_RANKS = {"rank", "stage", "host", "seconds", "flops", "sent", "archive_seconds", "peak_memory"}


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
    harness.write_idx("images.gz", random.integers(0, 256, (150, 3, 3)))
    harness.write_idx("labels.gz", random.integers(0, 3, 150))
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
        "law": [gaussian, "noise.sampler=law",
                "archive={encoders: last, samples: false, representations: none}"],
        "hdf5": [harness.write("hdf5.yaml", harness.HDF5)],
        "population": [harness.write("population.yaml", harness.HDF5), "noise.sampler=law",
                       "source.as=population", "samples=[40, 1000]",
                       "archive={encoders: last, samples: false, representations: none}"],
        "idx": [harness.write("idx.yaml", images)],
    }


def run(kind, first, count, *settings, output=None, ranks=2):
    """Replicates [first, first + count) of an experiment; the path of the archive."""
    experiment, *own = kind
    output = output or f"{first}-{first + count - 1}.h5"
    keys = [*own, f"replicates={count}", *settings]
    if first:
        keys.append(f"first_replicate={first}")
    harness.archive(experiment, output, *harness.settings(*keys), ranks=ranks).close()
    return harness.folder / output


def merge(output, *parts, exit_status=0):
    done = harness.twoview("merge", *parts, "--force", "-o", output)
    assert done.returncode == exit_status, done.stderr
    return done


class Parts(unittest.TestCase):
    """Archives of replicates 0 to 3, in one run and in three, of every kind of source."""

    def same_values(self, whole, part, replicates=slice(None)):
        """All variables but those of ranks, coordinates included."""
        self.assertEqual(set(whole) - OF_RANKS, {n for n in part if "parts/" not in n} - OF_RANKS)
        self.assertEqual(list(part["replicate"]), list(range(REPLICATES))[replicates])
        for name in set(whole) - OF_RANKS:
            with self.subTest(variable=name):
                expected = whole[name][replicates] if along_replicates(whole[name]) else whole[name]
                np.testing.assert_array_equal(part[name][()], expected)
                self.assertEqual(part[name].dtype, whole[name].dtype)

    def same_archive(self, whole, merged):
        one, other = datasets(whole), datasets(merged)
        self.same_values(one, other)
        for name in set(one) - OF_RANKS:
            with self.subTest(variable=name):
                self.assertEqual(dimensions(one[name]), dimensions(other[name]))
                for form in ("chunks", "compression", "shuffle", "fletcher32"):
                    self.assertEqual(getattr(one[name], form), getattr(other[name], form), form)
                for label in ("long_name", "units"):
                    self.assertEqual(one[name].attrs[label], other[name].attrs[label])
        for name in ("experiment", "title", "seed", "filetype", "layout", "random_streams"):
            self.assertEqual(whole.attrs[name], merged.attrs[name], name)

    def test_parts_and_whole_hold_the_same(self):
        for name, kind in experiments().items():
            whole = run(kind, 0, REPLICATES)
            parts = [run(kind, first, count) for first, count in ((0, 1), (1, 2), (3, 1))]
            merge("merged.h5", *parts[::-1])
            with self.subTest(name), h5py.File(whole) as whole, h5py.File(parts[1]) as part, \
                    h5py.File(harness.folder / "merged.h5") as merged:
                self.same_values(datasets(whole), datasets(part), slice(1, 3))
                self.same_archive(whole, merged)


def attributes(item):
    return {name: value for name, value in item.attrs.items()}


class Gaussian(unittest.TestCase):
    """The rest, with one kind of source."""

    @classmethod
    def setUpClass(cls):
        cls.kind = [harness.write("gaussian.yaml", harness.GAUSSIAN)]
        cls.parts = [run(cls.kind, first, count) for first, count in ((0, 1), (1, 2), (3, 1))]

    def conflict(self, parts, *fragments, exit_status=1):
        done = harness.twoview("merge", *parts, "-o", "refused.h5")
        self.assertEqual(done.returncode, exit_status, done.stderr)
        for fragment in fragments:
            self.assertIn(fragment, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertEqual(list(harness.folder.glob("refused*")), [])

    def same_part(self, source, part, first, count):
        """A part holds what the archive of its run holds about itself and its ranks."""
        own = {"first_replicate": first, "replicates": count}
        self.assertEqual(attributes(part), {**attributes(source), **own})
        self.assertEqual(set(part), OF_RANKS)
        for name in OF_RANKS:
            np.testing.assert_array_equal(part[name][()], source[name][()])
            self.assertEqual(dimensions(part[name])[0].rpartition("/")[2],
                             dimensions(source[name])[0].rpartition("/")[2])

    def test_provenance_of_the_parts_is_kept(self):
        merge("merged.h5", *self.parts)
        with h5py.File(harness.folder / "merged.h5") as merged:
            self.assertEqual(set(merged["parts"]), {"0", "1", "2"})
            for i, (first, count) in enumerate(((0, 1), (1, 2), (3, 1))):
                with h5py.File(self.parts[i]) as source:
                    self.same_part(source, merged["parts"][str(i)], first, count)
            self.assertNotIn("command", merged.attrs)  # differs
            self.assertEqual(merged.attrs["ranks"], 2)  # does not
            self.assertIn("twoview merge ", harness.attribute(merged, "merge_command"))

    def test_what_was_merged_is_merged_again(self):
        merge("merged.h5", *self.parts)
        merge("two.h5", *self.parts[1:])
        merge("again.h5", "two.h5", self.parts[0])
        with h5py.File(harness.folder / "merged.h5") as merged, \
                h5py.File(harness.folder / "again.h5") as again:
            one, other = datasets(merged), datasets(again)
            self.assertEqual(set(one), set(other))
            for name in one:
                np.testing.assert_array_equal(one[name][()], other[name][()])
            for i in "012":
                self.assertEqual(attributes(merged["parts"][i]), attributes(again["parts"][i]))
            own = ("merged", "merge_command")
            for archive in (merged, again):
                self.assertIn("merged", archive.attrs)
            self.assertEqual({k: v for k, v in attributes(merged).items() if k not in own},
                             {k: v for k, v in attributes(again).items() if k not in own})

    def test_other_commands_read_what_was_merged(self):
        whole = run(self.kind, 0, REPLICATES)
        said = merge("merged.h5", *self.parts).stdout
        self.assertEqual(said, "merged.h5: replicates 0 to 3, of 3 archives\n")
        tables = []
        for archive in (whole, "merged.h5"):
            done = harness.twoview("report", archive, "-o", "report")
            self.assertEqual(done.returncode, 0, done.stderr)
            tables.append([done.stdout, (harness.folder / "report/scores.csv").read_text()])
        self.assertEqual(*tables)
        told = harness.twoview("info", "merged.h5")
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertIn("replicates: 4", told.stdout)
        self.assertRegex(told.stdout, r"parts/1/\n(    .*\n)*    first_replicate: 1\n")
        self.assertRegex(told.stdout, r"parts/2/\n    command: twoview run ")
        self.assertIn("parts/2/seconds", told.stdout)
        done = harness.twoview("scaling", "merged.h5", whole)
        self.assertEqual(done.returncode, 1)
        self.assertIn("merged.h5: joined from several runs", done.stderr)
        with xarray.open_dataset(harness.folder / "merged.h5") as data:
            self.assertEqual(list(data["replicate"].values), [0, 1, 2, 3])

    def test_a_part_may_begin_anywhere(self):
        merge("merged.h5", *self.parts[1:])
        with h5py.File(harness.folder / "merged.h5") as merged:
            self.assertEqual(list(merged["replicate"]), [1, 2, 3])
            self.assertIn("replicates: 3\nfirst_replicate: 1\n",
                          harness.attribute(merged, "experiment"))

    def test_replicates_are_consecutive(self):
        self.conflict(self.parts[::2], "replicates 1 to 2 are missing", "0-0.h5", "3-3.h5")
        one = run(self.kind, 2, 1)
        self.conflict([self.parts[0], one], "replicate 1 is missing", "0-0.h5", "2-2.h5")
        self.conflict([self.parts[1], one], "replicate 2 is in both", "1-2.h5", "2-2.h5")
        self.conflict([one, one], "replicate 2 is in both")

    def test_other_experiments_are_refused(self):
        for key, told in (("seed=4", "'seed: 3' in the one is 'seed: 4' in the other"),
                          ("noise.lambda_max=[1, 9]", "noise: {components: 5, lambda_max: [1, 9]"),
                          ("source.teacher.noise=0.2", "noise: 0.2}"),
                          ("archive.encoders=last", "encoders: last"),
                          ("parallel.layout=distributed", "layout: distributed")):
            other = run(self.kind, 1, 1, key, output="other.h5")
            self.conflict([other, self.parts[0]], "not of one experiment", told, "0-0.h5",
                          "other.h5")

    def test_other_data_are_refused(self):
        parts = []
        for first in (0, 1):
            with h5py.File(harness.folder / "data.h5", "w") as data:
                random = np.random.default_rng(first)
                data["x"], data["y"] = random.normal(size=(150, 6)), random.normal(size=(150, 2))
            parts.append(run([harness.write("hdf5.yaml", harness.HDF5)], first, 1))
        digest = hashlib.sha256((harness.folder / "data.h5").read_bytes()).hexdigest()
        self.conflict(parts, "'source_file_1_sha256'", digest, "0-0.h5", "1-1.h5")
        type(self).setUpClass()  # the parts that were overwritten

    def changed(self, change):
        path = harness.folder / "changed.h5"
        path.write_bytes(self.parts[0].read_bytes())
        with h5py.File(path, "r+") as archive:
            change(archive)
        return path

    def test_what_has_no_replicates_is_equal(self):
        def change(archive):
            archive["data_spectrum"][1] += 1e-15

        path = self.changed(change)
        harness.seal(path)
        self.conflict([path, self.parts[1]], "dataset 'data_spectrum' differs", "changed.h5",
                      "1-2.h5")

    def test_both_hold_the_same_arrays(self):
        def less(archive):
            del archive["samples/noise"]

        def more(archive):
            archive["samples/own"] = np.zeros(3)

        def longer(archive):
            del archive["leakage"]
            archive["leakage"] = np.zeros((1, 2, 2, 3, 1, 3))

        for change, told in ((less, "dataset 'noise' is in "), (more, "'own' is in "),
                             (longer, "dataset 'leakage' differs between")):
            path = self.changed(change)
            harness.seal(path)
            self.conflict([path, self.parts[1]], told, "changed.h5", "1-2.h5")

    def test_damaged_and_changed_parts_are_refused(self):
        content = bytearray(self.parts[0].read_bytes())
        content[len(content) // 2] ^= 1
        damaged = harness.folder / "damaged.h5"
        damaged.write_bytes(content)
        self.conflict([damaged, self.parts[1]], "damaged.h5: damaged, or changed")
        changed = self.changed(lambda archive: archive.attrs.create("note", 1))
        self.conflict([changed, self.parts[1]], "changed.h5: ", "changed by another program")
        self.conflict([harness.write("t.yaml", "x"), self.parts[1]], "t.yaml: cannot be opened")
        self.conflict(["nowhere.h5"], "nowhere.h5: No such file")

    def test_files_that_are_replaced_while_they_are_read(self):
        """Whatever is joined then, its numbers are those of its experiment."""
        folder, over = harness.folder, threading.Event()
        for seed in (3, 4):
            harness.archive("gaussian.yaml", f"seed{seed}.h5", "--set", f"seed={seed}").close()

        def swap():
            while not over.is_set():
                for seed in (3, 4):
                    (folder / "next.h5").unlink(missing_ok=True)
                    os.link(folder / f"seed{seed}.h5", folder / "next.h5")
                    os.replace(folder / "next.h5", folder / "swapped.h5")

        expected = {seed: h5py.File(folder / f"seed{seed}.h5")["score_clean"][()] for seed in (3, 4)}
        os.link(folder / "seed3.h5", folder / "swapped.h5")
        swapping = threading.Thread(target=swap)
        swapping.start()
        for _ in range(40):
            done = harness.twoview("merge", "swapped.h5", "-o", "joined.h5", "--force")
            if done.returncode:
                self.assertRegex(done.stderr, "swapped.h5: was replaced")
                continue
            with h5py.File(folder / "joined.h5") as joined:
                np.testing.assert_array_equal(joined["score_clean"], expected[joined.attrs["seed"]])
        over.set()
        swapping.join()

    def test_no_room(self):
        """For the arrays, or for the checksum at the end: nothing is left behind."""
        command, output = ["merge", *self.parts, "-o", "refused.h5"], harness.folder / "refused.h5"
        self.assertEqual(harness.twoview(*command).returncode, 0)
        size = output.stat().st_size
        output.unlink()
        for room in (1, 4096, size // 4, size // 2, size - 100, size - 1):
            done = harness.twoview(*command, restore_signals=False,
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                                                         (room, room)))
            self.assertEqual(done.returncode, 1, (room, done.stderr))
            self.assertRegex(done.stderr, "^twoview: .*File too large\n$")
            self.assertEqual(list(harness.folder.glob("refused*")), [])

    def test_the_output_is_new(self):
        first, second = (part.read_bytes() for part in self.parts[:2])
        for output, told in ((self.parts[0], "is read by this run"),
                             (self.parts[2], "exists; name another output with -o")):
            done = harness.twoview("merge", *self.parts[:2], "-o", output)
            self.assertEqual(done.returncode, 2)
            self.assertIn(told, done.stderr)
        self.assertEqual([part.read_bytes() for part in self.parts[:2]], [first, second])
        self.assertEqual(harness.twoview("merge", "-o", "x.h5").returncode, 2)
        self.assertIn("-o", harness.twoview("merge", *self.parts).stderr)


if __name__ == "__main__":
    unittest.main()
