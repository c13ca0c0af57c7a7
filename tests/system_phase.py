"""Phase diagrams, the figure of the components and that of sample sizes: what the reports draw is
what the archives hold and what theory says."""
import csv
import re
import unittest
import xml.etree.ElementTree

import numpy as np

import harness
import reference

METHODS = ["supervised", "reconstruction", "joint-embedding"]
SMALL = harness.settings(
    "replicates=3",
    "source.power_law.features=6",
    "source.teacher.targets=2",
    "noise.components=7",
    "noise.lambda_max={from: 1, to: 100, count: 5}",
    "augmentation.alpha={from: 0.1, to: 10, count: 4}",
    "samples=[1e3, 1e6]",
    "encoder.k=6",
)


def report(archive, folder):
    done = harness.twoview("report", archive, "-o", folder)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def blocks(name):
    """Arrays of a data file: two blank lines between blocks, one between parts of a block."""
    found = []
    for block in (harness.folder / name).read_text().split("\n\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        found.append(np.array([[float(word) for word in line.split()] for line in lines]))
    return found


def text_of(name):
    return "".join(xml.etree.ElementTree.parse(harness.folder / name).getroot().itertext())


def alpha2_needed(archive):
    """What theory says: replicate, lambda_max, (RC, JE)."""
    s, k = archive["data_spectrum"][()], len(archive["encoder_row"])
    theta, gamma = archive["theta_eigenvalues"][()], archive["gamma_eigenvalues"][()]
    return np.array([[reference.thresholds(k, s, on_all, on_noise)[2:] for on_noise in magnitudes]
                     for on_all, magnitudes in zip(theta, gamma)])


class Phase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.archive = harness.archive(harness.ROOT / "jobs/phase.yaml", "phase.h5",
                                      *SMALL)
        cls.addClassCleanup(cls.archive.close)
        cls.said = report("phase.h5", "phase")
        cls.distance, cls.leakage = (harness.values(cls.archive, name)
                                     for name in ("distance", "leakage"))

    def test_archive_is_a_grid_of_numbers_alone(self):
        self.assertEqual(harness.attribute(self.archive, "study"), "phase")
        self.assertEqual(self.distance.shape, (3, 5, 4, 2, 3))
        self.assertFalse(harness.values(self.archive, "status").any())
        for name in self.archive:
            self.assertFalse(name.startswith(("encoder_r", "encoder_j", "decoder", "represent"))
                             and name != "encoder_row", name)

    def test_csv_is_the_archive(self):
        with open(harness.folder / "phase/scores.csv") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([row["method"] for row in rows[:3]], METHODS)
        for name in ("distance", "leakage", "score_corrupted"):
            read = np.array([float(row[name]) for row in rows])
            np.testing.assert_array_equal(read, self.archive[name][()].ravel())

    def test_cells_are_means(self):
        for level, name in ((1, "figure"), (0, "figure-n1000")):
            cells = blocks(f"phase/{name}.tsv")[0].reshape(4, 5, 8)  # alpha, lambda_max
            lambda_max, alpha = self.archive["lambda_max"][()], self.archive["alpha"][()]
            np.testing.assert_allclose(cells[:, :, 0], np.tile(lambda_max, (4, 1)), rtol=1e-11)
            np.testing.assert_allclose(cells[:, :, 1].T, np.tile(alpha, (5, 1)), rtol=1e-11)
            for first, quantity in ((2, self.distance), (3, self.leakage)):
                means = quantity[:, :, :, level].mean(0).transpose(1, 0, 2)
                np.testing.assert_allclose(cells[:, :, first::2], means, rtol=1e-6)  # 7 digits

    def test_boundaries_are_those_of_theory(self):
        needed = alpha2_needed(self.archive)
        archived = harness.values(self.archive, "alpha2_threshold")
        np.testing.assert_allclose(archived[..., 1:], needed, rtol=1e-12)
        for name in ("figure", "figure-n1000"):
            drawn = blocks(f"phase/{name}.tsv")[1]
            np.testing.assert_allclose(drawn[:, 0], self.archive["lambda_max"], rtol=1e-11)
            np.testing.assert_allclose(drawn[:, 2:], np.maximum(needed, 0).mean(0),
                                       rtol=1e-9)  # 10 digits
            self.assertTrue(np.all(drawn[:, 1] == 0))  # supervised: none is needed

    def test_figures_are_labelled(self):
        for name, n in (("figure", "1000000"), ("figure-n1000", "1000")):
            text = text_of(f"phase/{name}.svg")
            for label in ("Reconstruction (RC)", "Joint embedding (JE)", "Supervised (SL)",
                          "Who wins: RC or JE", "alignment α", "noise scale",
                          "distance to optimality", "leakage", f"n = {n}", "mean of 3 replicates",
                          "JE 1000× closer", "RC 1000× closer"):
                self.assertIn(label, text, name)
            images = re.findall("<image [^>]*", (harness.folder / f"phase/{name}.svg").read_text())
            self.assertGreaterEqual(len(images), 7)  # panels; and browsers do not blur their cells
            self.assertTrue(all("image-rendering:pixelated" in image for image in images))
            pdf = (harness.folder / f"phase/{name}.pdf").read_bytes()
            self.assertEqual(pdf[:5], b"%PDF-")

    def test_page_holds_all_figures(self):
        page = (harness.folder / "phase/report.html").read_text()
        self.assertEqual(page.count("<svg"), 3)  # two sample sizes, components
        for words in ("n = 1000000", "n = 1000<", "Where each method recovers", "Components"):
            self.assertIn(words, page)

    def test_table_counts_points(self):
        alpha2, needed = self.archive["alpha"][()] ** 2, harness.values(self.archive, "alpha2_threshold")
        for m, method in enumerate(METHODS):
            for level, n in enumerate((1000, 1000000)):
                free = self.leakage[..., level, m] < 0.5
                predicted = alpha2[None, None] > needed[:, :, m, None]
                line = re.search(rf"^{method} +{n} .*$", self.said, re.M).group(0)
                shares = [float(word) for word in re.findall(r"([\d.]+) %", line)]
                expected = [free.mean(), predicted.mean(), (free == predicted).mean()]
                if m > 0:
                    rival = self.distance[..., level, 3 - m]
                    expected.append((self.distance[..., level, m] < rival).mean())
                np.testing.assert_allclose(shares, 100 * np.array(expected), atol=0.051)

    def test_far_from_the_boundaries_theory_is_right(self):
        """A factor 2 away at n = 1e6; at thresholds near 0 no factor means much."""
        needed = harness.values(self.archive, "alpha2_threshold")[:, :, None, 1:]
        alpha2 = self.archive["alpha"][()][None, None, :, None] ** 2
        leakage = self.leakage[..., 1, 1:]
        above, below = alpha2 > 2 * np.maximum(needed, 0.05), alpha2 < needed / 2
        below &= needed > 0.05
        self.assertGreater(min(above.sum(), below.sum()), 20)
        self.assertLess(leakage[above].max(), 0.5)
        self.assertGreater(leakage[below].min(), 0.5)

    def test_components_cross_at_the_threshold(self):
        drawn = blocks("phase/spectra.tsv")
        s, theta = self.archive["data_spectrum"][()], self.archive["theta_eigenvalues"][0]
        needed = harness.values(self.archive, "alpha2_threshold")[0, :, 1:]
        crossings = 0
        for row, g in enumerate((0, 2, 4)):  # the first, the middle, the last noise scale
            gamma = self.archive["gamma_eigenvalues"][0, g]
            for m, power in enumerate((0.5, 1)):
                noise, signal = drawn[4 * row + 2 * m], drawn[4 * row + 2 * m + 1]
                expected = s / (s + theta[:6]) ** power
                np.testing.assert_allclose(signal[::2, 1], expected, rtol=1e-7)
                alpha2 = noise[:, :1] ** 2
                values = gamma / (theta[6:] + (1 + alpha2) * gamma) ** power
                np.testing.assert_allclose(noise[:, 2:], values, rtol=1e-4)  # alpha: 6 digits
                np.testing.assert_allclose(noise[:, 1], noise[:, 2:].max(1), rtol=1e-7)
                if needed[g, m] > 0:
                    crossings += 1
                    is_above = noise[:, 1] > signal[:, 1].min()
                    last = np.flatnonzero(is_above)[-1]
                    self.assertTrue(alpha2[last] <= needed[g, m] <= alpha2[last + 1])
                    self.assertIn(f"{needed[g, m]:.4g}", text_of("phase/spectra.svg"))
        self.assertGreaterEqual(crossings, 4)


class Others(unittest.TestCase):
    def test_linear_axes_and_one_method(self):
        archive = harness.archive(
            harness.ROOT / "jobs/phase.yaml", "linear.h5", *SMALL,
            "--set", "augmentation.alpha={from: 0, to: 2, count: 3, spacing: linear}",
            "--set", "samples=1e4", "--set", "methods=joint-embedding")
        self.assertEqual(harness.values(archive, "distance").shape, (3, 5, 3, 1, 1))
        archive.close()
        report("linear.h5", "linear")
        text = text_of("linear/figure.svg")
        self.assertIn("Joint embedding (JE)", text)
        self.assertNotIn("Who wins", text)
        for label in ("n = 10000", "mean of 3 replicates", "joint-embedding"):  # the legend
            self.assertIn(label, text)
        cells = blocks("linear/figure.tsv")[0]
        np.testing.assert_allclose(np.unique(cells[:, 1]), [0, 1, 2])

    def test_boundaries_leave_a_linear_panel(self):
        """Where no alignment is needed, also on an axis whose cells reach below -1."""
        harness.archive(
            harness.ROOT / "jobs/phase.yaml", "wide.h5", *SMALL,
            "--set", "augmentation.alpha={from: 0, to: 30, count: 3, spacing: linear}").close()
        report("wide.h5", "wide")
        script = (harness.folder / "wide/figure.gp").read_text()
        low, high = map(float, re.search(r"^set yrange \[(.*):(.*)\]$", script, re.M).groups())
        self.assertEqual((low, high), (-7.5, 37.5))  # half a cell beyond
        self.assertLess(float(re.search(r"^boundary.* : (\S+)$", script, re.M)[1]), low)
        self.assertIn("set ytics out nomirror scale 0.6 0,10", script)  # none below 0

    def test_panels_of_all_figures_are_in_order(self):
        names = ("Supervised (SL)", "Reconstruction (RC)", "Joint embedding (JE)")
        for study, methods in (("grid", names), ("phase", names), ("threshold", names[1:])):
            with self.subTest(study):
                few = ["noise.lambda_max={from: 1, to: 4, count: 2}", "replicates=1",
                       "samples=[400, 700]"]
                if study != "threshold":
                    few += ["augmentation.alpha={from: 0.5, to: 2, count: 2}"]
                job = "thresholds" if study == "threshold" else "phase"
                harness.archive(harness.ROOT / f"jobs/{job}.yaml", f"{study}.h5",
                                "--set", f"study={study}",
                                *[word for one in few for word in ("--set", one)]).close()
                report(f"{study}.h5", study)
                text = text_of(f"{study}/figure.svg")
                places = [text.index(name) for name in methods]
                self.assertEqual(places, sorted(places))
                if study != "phase":  # no decade is between the sizes: they are the tics
                    self.assertRegex(text, r"400\s+700")
                spectra = text_of(f"{study}/spectra.svg")
                self.assertLess(spectra.index(names[1]), spectra.index(names[2]))

    def test_what_a_logarithmic_axis_cannot_show_is_said(self):
        experiment = harness.write("g.yaml", harness.GAUSSIAN)
        harness.archive(experiment, "clean.h5", "--set", "noise.components=0").close()
        report("clean.h5", "clean")
        self.assertEqual(text_of("clean/figure.svg").count("no distance above rounding"),
                         2 * 2 * 3)  # boxed, and so written twice, in each panel
        harness.archive(harness.ROOT / "jobs/thresholds.yaml", "zeros.h5", "--set", "replicates=1",
                        "--set", "samples=1e4", "--set", "noise.lambda_max=[0.01, 3, 300]").close()
        report("zeros.h5", "zeros")
        self.assertIn("0 (no alignment is needed)", text_of("zeros/figure.svg"))

    def test_tics_keep_apart_over_many_decades(self):
        harness.archive(
            harness.ROOT / "jobs/phase.yaml", "decades.h5", "--set", "replicates=1",
            "--set", "noise.lambda_max={from: 1e-6, to: 1e6, count: 5}",
            "--set", "augmentation.alpha={from: 0.1, to: 10, count: 4}").close()
        report("decades.h5", "decades")
        script = (harness.folder / "decades/figure.gp").read_text()
        lines = re.findall(r"^set xtics out .*\((.*)\)$", script, re.M)
        self.assertEqual(len(lines), 7)  # panels
        for line in lines:
            self.assertEqual(re.findall(r"\S+(?=,|$)", line), ["-6.000000", "-3.000000", "0.000000",
                                                               "3.000000", "6.000000"])

    def test_what_no_number_tells(self):
        """Variances of whose squares no double tells the size: RC fails, at every point."""
        done = harness.twoview("run", harness.ROOT / "jobs/phase.yaml", *SMALL,
                               "--set", "source.power_law.scale=1e303", "-o", "huge.h5")
        self.assertEqual(done.returncode, 0, done.stderr)
        said = report("huge.h5", "huge")
        self.assertRegex(said, r"(?m)^reconstruction +1000( +-){4}$")
        self.assertNotIn("nan", said)

    def test_components_that_no_axis_shows_are_left_out(self):
        experiment = harness.write("g.yaml", harness.GAUSSIAN)
        done = harness.twoview("run", experiment, "--set", "source.spectrum=[4e300, 3, 2, 1e-300]",
                               "--set", "encoder.k=4", "-o", "extreme.h5")
        self.assertEqual(done.returncode, 0, done.stderr)
        said = report("extreme.h5", "extreme")
        self.assertIn("extreme/figure.svg", said)
        self.assertNotIn("spectra", said)

    def test_sizes(self):
        """Just below its threshold a method's distance stays, just above it falls like 1/n."""
        job = harness.ROOT / "jobs/sizes.yaml"
        with harness.archive(job, "sizes.h5", "--set", "replicates=5") as archive:
            self.assertFalse(harness.values(archive, "status").any())
            alpha2, n = archive["alpha"][()] ** 2, archive["n"][()].astype(float)
            needed = harness.values(archive, "alpha2_threshold")[:, 0]
            distance = np.median(harness.values(archive, "distance")[:, 0], 0)  # alpha, n, method
        np.testing.assert_allclose(needed[:, 1:], np.tile([13.95, 0.45], (5, 1)), rtol=1e-12)
        self.assertEqual((n[0], n[-1]), (100, 1e12))
        for m, above in ((0, [1, 1, 1, 1]), (1, [0, 0, 0, 1]), (2, [0, 1, 1, 1])):
            self.assertEqual(list((alpha2 > needed[0, m]).astype(int)), above)
            for a in range(4):
                # From n = 1e8 on, four decades: medians of 5 scatter by less than a factor 4.
                change = distance[a, -1, m] / distance[a, -5, m]
                if above[a]:
                    self.assertTrue(0.25e-4 < change < 4e-4, (m, a, change))
                else:
                    self.assertAlmostEqual(change, 1, delta=0.05)
        report("sizes.h5", "sizes")
        text = text_of("sizes/figure.svg")
        for label in ("∝ 1/n", "α = 0.654", "dashed: α below the threshold of theory"):
            self.assertIn(label, text)

    def test_curves_are_means_and_their_range(self):
        with harness.archive(harness.write("g.yaml", harness.GAUSSIAN), "g.h5",
                             "--set", "replicates=6") as archive:
            distance = harness.values(archive, "distance").transpose(1, 4, 2, 3, 0)  # ..., replicate
        report("g.h5", "g")
        curves = np.array(blocks("g/figure.tsv")[1:])  # the first block is a comment
        expected = np.array([distance.mean(-1), distance.min(-1), distance.max(-1)]).reshape(3, 12, 2)
        np.testing.assert_allclose(curves[:, :, 1:], expected.transpose(1, 2, 0), rtol=1e-6)


if __name__ == "__main__":
    unittest.main()
