"""Archives of format 1, made by revision 56aa041, stay readable by every command: tests/format1 holds
some and what that revision reported of them."""
import csv
import gzip
import re
import unittest

import h5py
import numpy as np

import harness

KEPT = harness.ROOT / "tests/format1"
WHOLE = {"part0": "37 datasets, replicates 0 to 0, 24 solutions",
         "part1": "37 datasets, replicates 1 to 1, 24 solutions",
         "data": "44 datasets, replicates 0 to 0, 6 solutions",
         "threshold": "25 datasets, replicates 0 to 1, 16 thresholds",
         "phase": "32 datasets, replicates 0 to 0, 27 solutions",
         "law": "32 datasets, replicates 0 to 0, 24 solutions"}


def said(*arguments):
    done = harness.twoview(*arguments)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def table(path):
    with open(path) as file:
        return list(csv.DictReader(file))


class Format1(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for path in KEPT.glob("*.h5.gz"):
            (harness.folder / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
        said("merge", "part0.h5", "part1.h5", "-o", "merged.h5")

    def same_reports(self, name):
        """All numbers to the last bit, however they are written; of tables, those of distances."""
        printed = said("report", f"{name}.h5", "-o", name)
        scores = "thresholds.csv" if name == "threshold" else "scores.csv"
        found, kept = table(harness.folder / name / scores), table(KEPT / f"{name}.csv")
        self.assertEqual(len(found), len(kept))
        for row, was in zip(found, kept):
            for key in was.keys() - {"method"}:
                np.testing.assert_equal(float(row[key]), float(was[key]), key)
            self.assertEqual(row["method"], was["method"])
        if (KEPT / f"{name}.txt").exists():
            distance = r"\b\d\.\d{3}e[+-]\d\d\b"
            expected = re.findall(distance, (KEPT / f"{name}.txt").read_text())
            self.assertTrue(expected)
            self.assertEqual(re.findall(distance, printed), expected)

    def test_report(self):
        for name in ("part0", "data", "threshold", "phase", "law", "merged"):
            with self.subTest(name):
                self.same_reports(name)

    def test_info(self):
        for name, whole in WHOLE.items():
            with self.subTest(name):
                self.assertIn("format_version: 1", said("info", f"{name}.h5"))
                self.assertEqual(said("info", "--verify", f"{name}.h5"), f"{name}.h5: whole: {whole}\n")

    def test_merge(self):
        self.assertIn("whole: 45 datasets, replicates 0 to 1, 48 solutions",
                      said("info", "--verify", "merged.h5"))
        with h5py.File(harness.folder / "merged.h5") as merged:
            self.assertEqual(merged.attrs["format_version"], 1)
            self.assertNotIn("experiment", merged)
            self.assertEqual(merged["distance"].dims[4].keys(), ["method"])
            for i in range(2):
                with h5py.File(harness.folder / f"part{i}.h5") as part:
                    for name in ("distance", "theta_eigenvalues", "encoder_reconstruction"):
                        np.testing.assert_array_equal(merged[name][i], part[name][0])

    def test_formats_are_not_merged(self):
        with h5py.File(harness.folder / "part1.h5") as part:
            text = harness.attribute(part, "experiment")
        harness.archive(harness.write("again.yaml", text), "again.h5", ranks=1).close()
        done = harness.twoview("merge", "part0.h5", "again.h5", "-o", "mixed.h5")
        self.assertEqual(done.returncode, 1)
        self.assertIn("attribute 'format_version' is '1' in the one and '2' in the other", done.stderr)

    def test_scaling(self):
        rows = r"^ +[12] +1 .*"
        expected = re.findall(rows, (KEPT / "scaling.txt").read_text(), re.M)
        self.assertEqual(len(expected), 2)
        self.assertEqual(re.findall(rows, said("scaling", "part0.h5", "ranks2.h5"), re.M), expected)

    def test_damage_is_reported(self):
        path = harness.folder / "changed.h5"
        path.write_bytes((harness.folder / "part0.h5").read_bytes())
        with h5py.File(path, "r+") as archive:
            archive["method"][0] = "other"
            del archive["leakage"]
        harness.seal(path)
        done = harness.twoview("info", "--verify", path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("coordinate 'method' has 'other' at index 0, not 'supervised'", done.stdout)
        self.assertIn("dataset 'leakage' is missing", done.stdout)


if __name__ == "__main__":
    unittest.main()
