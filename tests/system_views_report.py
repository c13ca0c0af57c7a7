"""Reports of the view model: scores, the verdict, figures, and the page in a browser."""
import csv
import html
import os
import re
import shutil
import subprocess
import unittest

import numpy as np

import harness

SIDE = 8
CLASSES = 4
EXPERIMENT = """\
    name: views
    seed: 2
    replicates: 2
    source: {type: idx, images: images, labels: labels, scale: 255}
    test: {images: test-images, labels: test-labels}
    corruption:
      chain: [{type: noise, deviation: [0.1, 0.5]}]
      clean: true
    augmentation:
      chain:
        - {type: shift, pixels: 1}
        - {type: noise, deviation: [0.1, 0.3]}
      floor: 1e-4
    samples: [90, 240]
    encoder: {k: 3}
    methods: [SL, RC, JE, PCA]
    """


def write_data():
    """Blobs, whose place is their class, and some noise."""
    random = np.random.default_rng(5)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    for name, count in (("", 240), ("test-", 100)):
        labels = random.integers(0, CLASSES, count)
        centre = np.array([(2, 2), (2, 5), (5, 2), (5, 5)])[labels] + random.normal(0, 0.7, (count, 2))
        square = (rows - centre[:, :1, None]) ** 2 + (columns - centre[:, 1:, None]) ** 2
        images = 200 * np.exp(-square / 3) + random.uniform(0, 50, (count, SIDE, SIDE))
        harness.write_idx(f"{name}images", images)
        if not name:
            training = images.astype("uint8")
        harness.write_idx(f"{name}labels", labels)
    return training


IMAGES = write_data()
harness.write("views.yaml", EXPERIMENT)
archive = harness.archive("views.yaml", "views.h5")
report = harness.twoview("report", "views.h5", "-o", "views")
PAGE = harness.folder / "views/report.html"


def of_archive(name, opened=archive):
    """replicate x severity x strength x n x method."""
    return harness.values(opened, name)


def scores(loss, opened=archive):
    return 1 - of_archive(loss, opened) / of_archive("target_variance", opened)


def shown(cell):
    """Mean, least and largest: 0.4321 [0.4320, 0.4322], or 0.4321 where they look the same."""
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d{4}", cell)]
    return numbers * 3 if len(numbers) == 1 else numbers


def rows_of(output, heading):
    """The lines of a printed table, without its heading."""
    table = output.split(heading, 1)[1].split("\n\n", 1)[0]
    return [re.split(r" {2,}", line.strip()) for line in table.splitlines()[2:] if line.strip()]


def texts(page):
    return html.unescape(re.sub(r"<[^>]+>", "", page))


class Table(unittest.TestCase):
    def test_numbers_are_those_of_the_archive(self):
        """A row for each method and strength: mean, least and largest at each severity, and how far the score
        falls from the first on average over the others."""
        self.assertEqual(report.returncode, 0, report.stderr)
        methods = harness.names(archive["paradigm"])
        for heading, values in (("R^2 on corrupted", scores("test_loss")), ("R^2 on clean", scores("test_loss_clean")),
                                ("accuracy on corrupted", of_archive("test_accuracy")),
                                ("accuracy on clean", of_archive("test_accuracy_clean"))):
            score = values[:, :, :, -1]  # replicate x severity x strength x method
            drop = score[:, 0] - score[:, 1:].mean(axis=1)
            best = score.mean(axis=(0, 1)).argmax(axis=0)
            expected = []
            for m, method in enumerate(methods):
                is_any = np.ptp(score[..., m], axis=2).max() < 1e-8
                for s in range(1 if is_any else 2):
                    cells = [score[:, g, s, m] for g in range(3)] + [drop[:, s, m]]
                    numbers = [f(cell) for cell in cells for f in (np.mean, np.min, np.max)]
                    name = "any" if is_any else f"{s + 1}{' *' if s == best[m] else ''}"
                    expected.append((method, name, numbers))
            found = rows_of(report.stdout, heading + " held-out rows, n = 240")
            self.assertEqual([tuple(row[:2]) for row in found], [row[:2] for row in expected])
            for row, (_, _, numbers) in zip(found, expected):
                np.testing.assert_allclose([number for cell in row[2:] for number in shown(cell)], numbers,
                                           rtol=0, atol=0.5001e-4)  # half of the last digit shown
                page = texts(PAGE.read_text())
                for cell in row[2:]:
                    self.assertIn(cell, page)

    def test_gaps(self):
        """Behind the k-th value, of methods that have values."""
        gap = of_archive("gap")[:, :, :, -1].mean(axis=0)  # severity x strength x method
        table = PAGE.read_text().split("Gap behind the k-th value at n = 240</h2>")[1].split("</table>")[0]
        rows = [re.findall(r"<td>([^<]*)</td>", row) for row in table.split("<tr>")[2:]]
        methods = harness.names(archive["paradigm"])
        self.assertEqual({row[0] for row in rows}, set(methods) - {"supervised"})
        for method, strength, *cells in rows:
            expected = gap[:, int(strength) - 1, methods.index(method)]
            np.testing.assert_allclose([shown(cell)[0] for cell in cells], expected, rtol=0, atol=0.5001e-4)

    def test_targets_that_do_not_vary(self):
        """All rows are of one class, and a loss is no share of nothing."""
        for name, count in (("alike", 240), ("test-alike", 100)):
            harness.write_idx(name, np.zeros(count))
        harness.archive("views.yaml", "alike.h5", *harness.settings("source.labels=alike", "test.labels=test-alike")).close()
        done = harness.twoview("report", "alike.h5", "-o", "alike-report")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("inf", done.stdout)
        self.assertIn("not defined", done.stdout)

    def test_csv_holds_every_quantity(self):
        with (harness.folder / "views/scores.csv").open() as file:
            rows = list(csv.DictReader(file))
        coordinates = ["replicate", "severity", "strength", "n", "method"]
        self.assertEqual(list(rows[0])[:5], coordinates)
        self.assertNotIn("alpha2_threshold", rows[0])
        for name in list(rows[0])[5:]:
            np.testing.assert_array_equal([float(row[name]) for row in rows], of_archive(name).ravel())
        self.assertEqual([tuple(row[name] for name in coordinates) for row in rows[:5]],
                         [("0", "0", "1", "90", method) for method in harness.names(archive["paradigm"])]
                         + [("0", "0", "1", "240", "supervised")])


def blocks(name):
    """The numbers of a figure's data, block by block, by what stands above each."""
    text = (harness.folder / "views" / name).read_text()
    return {block.splitlines()[0].strip("# "): np.array([[float(word) for word in line.split("\t")]
                                                         for line in block.splitlines()[1:]])
            for block in text.split("\n\n\n")[1:]}


class Figures(unittest.TestCase):
    def test_curves(self):
        """Mean, least and largest against n, for each score, severity, method and strength."""
        score = scores("test_loss")
        found = blocks("figure.tsv")
        self.assertEqual(len(found), 4 * 3 * 4 * 2)
        here = found["R^2 on corrupted held-out rows, reconstruction, severity 2, strength 1"]
        values = score[:, 2, 0, :, harness.names(archive["paradigm"]).index("reconstruction")]
        np.testing.assert_allclose(here.T, [[90, 240], values.mean(0), values.min(0), values.max(0)], rtol=1e-5)

    def test_gains(self):
        """What the second strength gains over the first at the largest n, for RC and JE."""
        score = scores("test_loss")[:, :, :, -1]
        found = blocks("gains.tsv")
        self.assertEqual(list(found), ["reconstruction", "joint-embedding"])
        for method, rows in found.items():
            values = score[..., harness.names(archive["paradigm"]).index(method)]
            gain = (values[:, :, 1] - values[:, :, 0]).mean(axis=0)
            np.testing.assert_allclose(rows.T, [[0, 1, 2], [2, 2, 2], gain], rtol=1e-5, atol=1e-12)

    def test_pictures_of_encoders(self):
        """Each row of an encoder, or column of a decoder, relative to its entry largest in size; of the first
        replicate and strength, the last severity and sample size."""
        names = [f"encoder of {method}" for method in harness.names(archive["paradigm"])]
        found = blocks("encoders.tsv")
        self.assertEqual(list(found), [*names, "decoder of reconstruction"])
        for name, pixels in found.items():
            kind, method = name.split(" of ")
            stored = {"encoder": "transform", "decoder": "decoder"}[kind]
            rows = archive[f"{stored}_{method.replace('-', '_')}"][0, -1, 0, -1]
            montage = pixels.reshape(4 * (SIDE + 1) - 1, 4 * (SIDE + 1) - 1)
            for number in range(16):
                y, x = (SIDE + 1) * (number // 4), (SIDE + 1) * (number % 4)
                picture = montage[y:y + SIDE, x:x + SIDE]
                if number >= len(rows):
                    self.assertTrue(np.isnan(picture).all())
                    continue
                expected = rows[number].reshape(SIDE, SIDE) / abs(rows[number]).max()
                np.testing.assert_allclose(picture, expected, rtol=0, atol=0.5001e-3)  # the last digit
            self.assertTrue(np.isnan(montage[SIDE::SIDE + 1]).all())


class Examples(unittest.TestCase):
    """Samples that are archived as they are, corrupted and as views, for a user to look at."""
    representations = ("--set", "archive.representations=last", "--set", "archive.representation_samples=8",
                       "--set", "archive.encoders=last")

    def test_they_are_the_samples_that_were_learned_from(self):
        opened = harness.archive("views.yaml", "examples.h5", *self.representations)
        clean, corrupted = opened["example_clean"][()], opened["example_corrupted"][()]
        images = IMAGES.reshape(-1, SIDE * SIDE)
        np.testing.assert_array_equal(np.rint(255 * clean), images[opened["row"][0]])
        np.testing.assert_array_equal(corrupted[0], clean)  # severity 0
        mean = opened["feature_mean"][0, :, 0, -1]
        for s in range(3):
            encoder = opened["transform_pca"][0, s, 0, -1]
            inputs = 255 * corrupted[s] - mean[s]
            bound = 1e-12 * np.linalg.norm(inputs, axis=1).max() * np.linalg.norm(encoder, axis=1).max()
            np.testing.assert_allclose(inputs @ encoder.T, opened["representation_pca"][0, s, 0, -1],
                                       rtol=0, atol=bound)

    def test_views_are_drawn_anew(self):
        """At strength 2, noise of deviation 0.3 after a shift."""
        corrupted, views = archive["example_corrupted"][()], archive["example_view"][()]
        square = corrupted.reshape(3, 8, SIDE, SIDE)
        shifts = [np.roll(square, (i, j), (2, 3))[..., 1:-1, 1:-1] for i in (-1, 0, 1) for j in (-1, 0, 1)]
        inner = views.reshape(3, 8, SIDE, SIDE)[..., 1:-1, 1:-1]
        spread = np.min([np.square(inner - shifted).mean(axis=(2, 3)) for shifted in shifts], axis=0)
        error = 0.3**2 * np.sqrt(2 / (SIDE - 2) ** 2)  # standard error of the mean square
        np.testing.assert_allclose(spread, 0.3**2, rtol=0, atol=5 * error)

    def test_they_do_not_depend_on_ranks_and_replicates(self):
        spread = ["--set", "parallel.layout=distributed", "--set", "corruption.sampler=expected"]
        for name, words, ranks in (("three.h5", [], 3), ("spread.h5", spread, 3),
                                   ("part.h5", ["--set", "first_replicate=1"], 1)):
            opened = harness.archive("views.yaml", name, *words, ranks=ranks)
            for example in ("example_clean", "example_corrupted", "example_view"):
                np.testing.assert_array_equal(opened[example][()], archive[example][()])

    def test_parts_of_replicates_are_joined(self):
        for part in (0, 1):
            harness.archive("views.yaml", f"part{part}.h5", "--set", "replicates=1", "--set", f"first_replicate={part}")
        done = harness.twoview("merge", "part0.h5", "part1.h5", "-o", "joined.h5", "--force")
        self.assertEqual(done.returncode, 0, done.stderr)
        with harness.h5py.File(harness.folder / "joined.h5") as joined:
            np.testing.assert_array_equal(joined["example_view"][()], archive["example_view"][()])
        done = harness.twoview("report", "joined.h5", "-o", "joined")
        self.assertEqual(done.stdout.replace("joined/", "views/"), report.stdout)

    def test_colour_images(self):
        """Red, green and blue as they are; maps as means over the channels."""
        random = np.random.default_rng(7)
        with harness.h5py.File(harness.folder / "colour.h5", "w") as file:
            file["x"] = random.uniform(size=(60, 5, 6, 3))
            file["y"] = random.integers(0, 3, 60)
        harness.write("colour.yaml", """\
            source: {type: hdf5, file: colour.h5, samples: x, labels: y}
            augmentation: {chain: [{type: noise, deviation: 0.1}]}
            samples: [60]
            encoder: {k: 2}
            """)
        opened = harness.archive("colour.yaml", "c.h5")
        done = harness.twoview("report", "c.h5", "-o", "colour")
        self.assertEqual(done.returncode, 0, done.stderr)
        pixels = np.loadtxt((harness.folder / "colour/samples.tsv").read_text().splitlines())
        montage = pixels.reshape(2 * 6 - 1, 8 * 7 - 1, 3)
        clean = opened["example_clean"][()].reshape(8, 5, 6, 3)
        share = (clean[1] - clean.min()) / (clean.max() - clean.min())
        np.testing.assert_allclose(montage[:5, 7:13], 255 * share, rtol=0, atol=0.5001)
        row = opened["transform_supervised"][0, 0, 0, 0, 0].reshape(5, 6, 3).mean(axis=2)
        first = (harness.folder / "colour/encoders.tsv").read_text().split("\n\n\n")[1].splitlines()
        found = np.array([float(word) for word in first[1:]]).reshape(4 * 6 - 1, 4 * 7 - 1)
        np.testing.assert_allclose(found[:5, :6], row / abs(row).max(), rtol=0, atol=0.5001e-3)

    def test_another_shape_is_refused(self):
        shutil.copy(harness.folder / "views.h5", harness.folder / "shape.h5")
        with harness.h5py.File(harness.folder / "shape.h5", "r+") as file:
            file.attrs["source_shape"] = np.array([SIDE, SIDE + 1, 1])
        harness.seal(harness.folder / "shape.h5")
        done = harness.twoview("report", "shape.h5", "-o", "shape")
        self.assertEqual(done.returncode, 1)
        self.assertIn("shape.h5: attribute 'source_shape' is not the shape of 64 features", done.stderr)

    def test_none_where_a_step_needs_other_samples(self):
        text = EXPERIMENT.replace("{type: shift, pixels: 1}", "{type: cutmix, size: [3, 3]}")
        harness.write("others.yaml", text)
        opened = harness.archive("others.yaml", "others.h5")
        self.assertNotIn("example", opened)
        self.assertNotIn("example_view", opened)
        opened.close()
        self.assertEqual(harness.twoview("info", "--verify", "others.h5").returncode, 0)
        done = harness.twoview("report", "others.h5", "-o", "others")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("samples", done.stdout)

    def test_pictures(self):
        """Black and white are the ends of the samples as they are; there is a white line between pictures."""
        text = (harness.folder / "views/samples.tsv").read_text()
        pixels = np.loadtxt(text.splitlines(), dtype=int)
        self.assertTrue((pixels == pixels[:, :1]).all())
        montage = pixels[:, 0].reshape(6 * (SIDE + 1) - 1, 8 * (SIDE + 1) - 1)
        clean, corrupted, views = (archive[f"example_{name}"][()] for name in ("clean", "corrupted", "view"))
        rows = [clean, views[0], corrupted[1], views[1], corrupted[2], views[2]]
        for y, row in enumerate(rows):
            for x, sample in enumerate(row):
                share = (sample - clean.min()) / (clean.max() - clean.min())
                found = montage[y * (SIDE + 1):, x * (SIDE + 1):][:SIDE, :SIDE]
                np.testing.assert_allclose(found, 255 * share.clip(0, 1).reshape(SIDE, SIDE), rtol=0, atol=0.5001)
        self.assertTrue((montage[:, SIDE::SIDE + 1] == 255).all())


def verdict_of(output):
    return next(line for line in output.splitlines() if line.startswith("By the loss"))


class Verdict(unittest.TestCase):
    """It compares held-out scores, each method at its best strength, with the range over replicates."""
    margin = 0.005

    def changed(self, name, change):
        """The verdict on an archive whose test losses were changed."""
        path = harness.folder / name
        shutil.copy(harness.folder / "views.h5", path)
        with harness.h5py.File(path, "r+") as file:
            losses = file["test_loss"][()]
            change(losses, file["target_variance"][()])
            file["test_loss"][...] = losses
        harness.seal(path)
        done = harness.twoview("report", name, "-o", f"{name}-report")
        self.assertEqual(done.returncode, 0, done.stderr)
        page = texts((harness.folder / f"{name}-report/report.html").read_text())
        self.assertIn(verdict_of(done.stdout), page)
        return verdict_of(done.stdout)

    @staticmethod
    def give(losses, variance, of):
        """R^2 of reconstruction, joint embedding and PCA in both replicates, at every severity."""
        for method, (first, second) in of.items():
            losses[0, ..., method] = (1 - first) * variance[0, ..., method]
            losses[1, ..., method] = (1 - second) * variance[1, ..., method]

    def test_cases(self):
        rc, je, pca = (harness.names(archive["paradigm"]).index(name)
                       for name in ("reconstruction", "joint-embedding", "pca"))
        cases = [
            ({rc: (.40, .42), je: (.30, .34), pca: (.1, .1)},
             "RC predicts better than JE at severity 0 (by 0.0900 [0.0800, 0.1000]), 1 ("),
            ({rc: (.40, .42), je: (.50, .51), pca: (.1, .1)}, "JE predicts better than RC at severity 0 (by 0.0950 ["),
            ({rc: (.40, .42), je: (.402, .424), pca: (.1, .1)}, "RC and JE are equal within 0.005 at severity 0, 1, 2."),
            ({rc: (.40, .42), je: (.50, .41), pca: (.1, .1)}, "the replicates do not decide between RC and JE"),
            ({rc: (.40, .42), je: (.50, .51), pca: (.6, .6)},
             "neither RC nor JE: a baseline of as many rows predicts better at severity 0 (by 0.0950 [0.0900, 0.1000])"),
            ({rc: (.40, .42), je: (.50, .51), pca: (.504, .514)}, "JE predicts better than RC"),
        ]
        for number, (of, words) in enumerate(cases):
            with self.subTest(words):
                verdict = self.changed(f"case{number}.h5",
                                       lambda losses, variance: self.give(losses, variance, of))
                self.assertIn(words, verdict)
                self.assertEqual(verdict.count(" at severity "), 1)

    def test_best_strength_of_each(self):
        rc, je, pca = (harness.names(archive["paradigm"]).index(name)
                       for name in ("reconstruction", "joint-embedding", "pca"))

        def change(losses, variance):
            losses[..., pca] = variance[..., pca]
            for method, strength, score in ((rc, 0, .5), (rc, 1, .2), (je, 0, .3), (je, 1, .6)):
                losses[:, :, strength, ..., method] = (1 - score) * variance[:, :, strength, ..., method]
        verdict = self.changed("best.h5", change)
        self.assertIn("JE predicts better than RC at severity 0 (by 0.1000), 1 (by 0.1000), 2 (by 0.1000).", verdict)
        self.assertIn("at the same strength, RC predicts better in 3 of 6 cases, JE in 3.", verdict)

    def test_one_replicate_has_no_spread(self):
        harness.archive("views.yaml", "one.h5", "--set", "replicates=1", "--set", "samples=[240]")
        done = harness.twoview("report", "one.h5", "-o", "one")
        self.assertIn("One replicate has no spread", done.stdout)
        self.assertNotIn("replicate has no spread", report.stdout)

    def test_data_that_are_not_corrupted(self):
        """There is nothing to tell clean scores from."""
        start, rest = EXPERIMENT.split("    corruption:\n")
        harness.write("plain.yaml", start + "    augmentation:\n" + rest.split("    augmentation:\n")[1])
        harness.archive("plain.yaml", "plain.h5")
        done = harness.twoview("report", "plain.h5", "-o", "plain")
        self.assertIn("R^2 on held-out rows, n = 240\n", done.stdout)
        self.assertNotIn("clean", done.stdout)
        self.assertNotIn(" at severity ", verdict_of(done.stdout))

    def test_without_rows_held_out(self):
        text = "\n".join(line for line in EXPERIMENT.splitlines() if "test:" not in line)
        harness.write("training.yaml", text)
        harness.archive("training.yaml", "training.h5")
        done = harness.twoview("report", "training.h5", "-o", "training")
        self.assertIn("R^2 on corrupted training rows", done.stdout)
        self.assertNotIn("held-out", done.stdout)
        self.assertIn("No rows are held out", (harness.folder / "training/report.html").read_text())


class Published(unittest.TestCase):
    """What the README says of the experiments whose scores come with it."""

    @staticmethod
    def scores(name):
        """R^2 at the largest n by severity, strength and method: means over replicates."""
        with (harness.ROOT / "data" / name / "scores.csv").open() as file:
            rows = list(csv.DictReader(file))
        last, found = max(float(row["n"]) for row in rows), {}
        for row in rows:
            if float(row["n"]) == last:
                key = int(row["severity"]), int(row["strength"]), row["method"]
                found.setdefault(key, []).append(1 - float(row["test_loss"]) / float(row["target_variance"]))
        return {key: np.mean(values) for key, values in found.items()}

    def test_corruption(self):
        found = self.scores("corruption")
        readme = (harness.ROOT / "README.md").read_text()
        for method, title in (("reconstruction", "reconstruction"), ("joint-embedding", "joint embedding")):
            best = [max(found[severity, strength, method] for strength in (1, 2, 3)) for severity in range(5)]
            self.assertIn(f"| {title} | " + " | ".join(f"{score:.3f}" for score in best) + " |", readme)

    def test_augmentations(self):
        found = self.scores("augmentations")
        self.assertEqual({strength for _, strength, _ in found}, set(range(1, 21)))
        for strength in range(1, 21):
            self.assertLess(found[0, strength, "joint-embedding"] - found[0, strength, "reconstruction"], 0.005)


# The narrowest window of the browser is wider than 400 pixels: the page is shown in a frame. All that it holds
# has been loaded when the outer page has.
WINDOW = """<!DOCTYPE html>
<body>
<iframe srcdoc="PAGE" style="width:400px;height:800px;border:0"></iframe>
<script>
addEventListener("load", () => {
  const page = document.querySelector("iframe").contentDocument;
  const pictures = [...page.images], figures = [...page.querySelectorAll("svg")];
  const found = {
    width: page.documentElement.scrollWidth,
    window: page.defaultView.innerWidth,
    broken: pictures.filter(picture => !(picture.naturalWidth > 0)).length,
    figures: figures.length,
    empty: figures.filter(figure => !(figure.getBoundingClientRect().width > 0)).length,
  };
  document.body.dataset.found = Object.entries(found).map(entry => entry.join("=")).join();
});
</script>
</body>
"""


@unittest.skipUnless(shutil.which("chromium"), "chromium is not installed")
class Browser(unittest.TestCase):
    def look(self, page, name):
        """What a narrow window of the browser shows, and the messages in its console. Pictures inside figures
        are shown once more beside them, where the browser says whether it could read them."""
        pictures = re.findall(r"<image [^>]*?href='([^']*)'", page)
        copies = "".join(f'<img hidden src="{picture}">' for picture in pictures)
        path = harness.folder / name
        path.write_text(WINDOW.replace("PAGE", html.escape(page.replace("</body>", f"{copies}</body>"))))
        done = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
             f"--user-data-dir={harness.folder / 'browser'}", "--dump-dom", path.as_uri()],
            text=True, capture_output=True, timeout=harness.HANG, env={**os.environ, "HOME": str(harness.folder)})
        found = re.search(r'data-found="([^"]*)"', done.stdout)
        self.assertIsNotNone(found, done.stderr[-2000:])
        found = {word: int(number) for word, number in re.findall(r"(\w+)=(\d+)", found[1])}
        return {**found, "pictures": len(pictures)}, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    def test_page(self):
        page = PAGE.read_text()
        found, console = self.look(page, "page.html")
        self.assertEqual(console, [])
        self.assertEqual(found["window"], 400)
        self.assertLessEqual(found["width"], 400)
        self.assertEqual((found["broken"], found["empty"]), (0, 0))
        self.assertEqual(found["figures"], page.count("<svg"))
        self.assertEqual(found["figures"], 4)
        self.assertEqual(found["pictures"], 6)

    def test_page_of_the_component_model(self):
        harness.write("small.yaml", harness.GAUSSIAN)
        harness.archive("small.yaml", "small.h5")
        harness.twoview("report", "small.h5", "-o", "small")
        found, console = self.look((harness.folder / "small/report.html").read_text(), "small.html")
        self.assertEqual(console, [])
        self.assertLessEqual(found["width"], 400)
        self.assertEqual((found["figures"], found["empty"]), (2, 0))

    def test_faults_are_seen(self):
        wide = '<div style="width:900px">x</div><img src="data:image/png;base64,AAAA"><script>nothing()</script>'
        found, console = self.look(PAGE.read_text().replace("</body>", wide + "</body>"), "faulty.html")
        self.assertEqual(len(console), 1)
        self.assertGreater(found["width"], 400)
        self.assertEqual(found["broken"], 1)


if __name__ == "__main__":
    unittest.main()
