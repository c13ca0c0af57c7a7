"""The command line: help, options, plan, information, report."""
import os
import re
import resource
import signal
import subprocess
import unittest
import unittest.mock as mock
import xml.etree.ElementTree
import zlib

import h5py
import numpy as np

import harness


def has_terminals():
    try:
        for file in os.openpty():
            os.close(file)
    except OSError:
        return False
    return True


class CommandLine(unittest.TestCase):
    def says(self, arguments, exit_status, out=(), err=(), ranks=None):
        done = harness.twoview(*arguments, ranks=ranks)
        self.assertEqual(done.returncode, exit_status, done.stderr)
        for fragment in out:
            self.assertIn(fragment, done.stdout)
        for fragment in err:
            self.assertIn(fragment, done.stderr)
        if not err:
            self.assertEqual(done.stderr, "")
        return done

    def test_help_and_version(self):
        for word in ("--help", "-h", "help"):
            self.says([word], 0, ["Usage: twoview", "run", "report", "info"])
        self.assertRegex(self.says(["--version"], 0).stdout, r"^twoview \d+\.\d+\.\d+ \(.+\)\n$")
        for command in ("run", "theory", "merge", "report", "scaling", "info", "import"):
            for option in ("--help", "-h"):
                self.says([command, option], 0, [f"Usage: twoview {command}"])

    def test_the_list_of_commands_shows_options_that_they_have(self):
        lines = re.findall(r"^  twoview ([a-z]\w*) (.+)$", self.says(["--help"], 0).stdout, re.M)
        self.assertGreaterEqual(len(lines), 6)
        for command, synopsis in lines:
            own = self.says([command, "--help"], 0).stdout
            for option in re.findall(r"-[-\w]+", synopsis):
                self.assertRegex(own, rf"(?m)^  .*{option}\b", command)
            self.says([command + "x"], 2, err=[f"did you mean '{command}'?"])

    def test_help_and_version_on_a_full_disk(self):
        for words in (["--help"], ["--version"], ["info", "--help"]):
            with open("/dev/full", "w") as full:
                done = harness.twoview(*words, stdout=full)
            self.assertEqual(done.returncode, 1, words)
            self.assertIn("standard output cannot be written", done.stderr)

    def test_usage_errors(self):
        self.says([], 2, err=["Usage: twoview"])
        self.says(["rum"], 2, err=["unknown command 'rum'; did you mean 'run'?"])
        self.says(["run"], 2, err=["EXPERIMENT.yaml is missing"])
        self.says(["run", "--dry-rum", "e.yaml"], 2, err=["did you mean --dry-run?"])
        self.says(["run", "e.yaml", "f.yaml"], 2, err=["'f.yaml' follows 'e.yaml'"])
        self.says(["run", "e.yaml", "-o"], 2, err=["-o"])
        self.says(["run", "e.yaml", "--set"], 2, err=["--set"])
        self.says(["info", "--set", "e.yaml"], 2, err=["unknown option --set"])
        harness.write("e.yaml", harness.GAUSSIAN)
        self.says(["run", "e.yaml", "--set", "seed"], 2, err=["KEY=VALUE"])
        self.says(["run", "e.yaml", "--set", "encoder.kk=2"], 2,
                  err=["--set encoder.kk=2", "did you mean 'k'?"])

    def test_tasks_of_slurm_that_mpi_does_not_know(self):
        harness.write("s.yaml", harness.GAUSSIAN)
        env = {**os.environ, "SLURM_NTASKS": "4"}
        done = harness.twoview("run", "--dry-run", "s.yaml", env=env)
        self.assertEqual(done.returncode, 2)
        self.assertIn("Slurm runs 4 tasks but MPI knows of 1 rank; start it with", done.stderr)
        env["SLURM_NTASKS"] = "1"
        self.assertEqual(harness.twoview("run", "--dry-run", "s.yaml", env=env).returncode, 0)
        for words in ("0x1", "01", "one"):
            env["SLURM_NTASKS"] = words
            done = harness.twoview("run", "--dry-run", "s.yaml", env=env)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"SLURM_NTASKS '{words}' in the environment is no number", done.stderr)

    def test_empty_variables_are_not_set(self):
        harness.write("v.yaml", harness.GAUSSIAN)
        names = ("SLURM_NTASKS", "SLURM_JOB_END_TIME", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS",
                 "SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_RESTART_COUNT")
        env = {**os.environ, **dict.fromkeys(names, "")}
        done = harness.twoview("run", "v.yaml", "-o", "v.h5", env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        with h5py.File(harness.folder / "v.h5") as archive:
            self.assertEqual(harness.attribute(archive, "blas_threads"), "1 BLAS thread per rank")
            self.assertNotIn("slurm_job_id", archive.attrs)

    def test_numbers_of_options_are_decimal(self):
        harness.write("n.yaml", harness.GAUSSIAN)
        for number in ("010", "0x10", "1e-400", "1e400", "5x", "inf"):
            self.says(["run", "n.yaml", "--max-time", number], 2, err=["--max-time", number])
            self.says(["run", "n.yaml", "--checkpoint-every", number], 2, err=[number])
            if number == "inf":
                continue  # a network may be that fast
            self.says(["scaling", "--latency", number], 2, err=["--latency", number])
            self.says(["scaling", "--bandwidth", number], 2, err=["--bandwidth", number])

    def test_double_dash_ends_the_options(self):
        harness.write("-e.yaml", harness.GAUSSIAN)
        self.says(["run", "--dry-run", "--", "-e.yaml"], 0, ["points"])

    def test_default_output_is_named_by_the_experiment(self):
        harness.write("d.yaml", harness.GAUSSIAN)
        self.says(["run", "d.yaml", "--set", "name=default-name"], 0, ["default-name.h5"])
        self.assertTrue((harness.folder / "default-name.h5").exists())
        self.says(["run", "d.yaml", "--set", "name=a/b"], 2, err=["give one with -o", "a/b"])

    def test_override_of_any_key(self):
        experiment = harness.write("o.yaml", harness.GAUSSIAN)
        keys = harness.settings("samples={from: 10, to: 40, factor: 2}",
                                "noise={components: 2, lambda_max: 7}", "augmentation.alpha=3")
        with harness.archive(experiment, "o.h5", *keys, ranks=1) as archive:
            self.assertEqual(list(archive["n"]), [10, 20, 40])
            self.assertEqual(list(archive["lambda_max"]), [7])
            self.assertEqual(list(archive["alpha"]), [3])
            self.assertEqual(archive["noise_component"].shape, (2,))

    def test_dry_run_prints_the_plan_and_writes_nothing(self):
        harness.write("p.yaml", harness.GAUSSIAN)
        before = set(harness.folder.iterdir())
        plan = self.says(["run", "--dry-run", "p.yaml"], 0, ranks=2).stdout
        self.assertEqual(set(harness.folder.iterdir()), before)
        for line in (r"points +16 \(48 solutions\) of d = 9 inputs, k = 3",
                     r"ranks +2 in 2 groups of 1 x 1; 64 shards", r"memory per rank +\S+ \w+",
                     r"flops", r"archive, uncompressed"):
            self.assertRegex(plan, line)
        time = re.search(r"estimated time +(\S+) to (\S+) s, .*\ncore hours +(\S+) to (\S+)\n", plan)
        least, most, *hours = map(float, time.groups())
        self.assertLess(least, most)
        for seconds, of_cores in zip((least, most), hours):  # of 2 ranks, in two digits each
            self.assertAlmostEqual(of_cores, 2 * seconds / 3600, delta=0.11 * of_cores)

    def test_dry_run_checks_the_data(self):
        harness.write("x.yaml", "source: {type: idx, images: no.gz, labels: no.gz}\n" +
                      harness.GAUSSIAN[harness.GAUSSIAN.index("\nnoise:") :])
        self.says(["run", "--dry-run", "x.yaml"], 1, err=["no.gz: No such file"])

    def test_no_progress_in_logs_of_short_runs(self):
        """However slow the machine is: short is what ends before the time of the first line."""
        harness.write("q.yaml", harness.GAUSSIAN)
        with mock.patch.dict(os.environ, TWOVIEW_PROGRESS_SECONDS="1e6"):
            self.says(["run", "q.yaml", "-o", "q.h5"], 0, ["16 points, 48 solutions"], ranks=2)

    def test_progress_speaks_of_all_ranks(self):
        for words, lines in (([], (r"moments: 300 of 300 samples \(100 %\), \S+/s, 0:00:00 left",
                                   r"solutions: 16 of 16 points \(100 %\)")),
                             (["noise.sampler=law", "samples=1000", "archive={samples: false, representations: none}"],
                              (r"law: \d of 2 moment matrices \(100 %\)",)),
                             (["parallel.layout=distributed", "archive.samples=false"],
                              (r"moments and solutions: 600 of 600 samples \(100 %\)",))):
            harness.write("w.yaml", harness.GAUSSIAN)
            with mock.patch.dict(os.environ, TWOVIEW_PROGRESS_SECONDS="0"):
                done = harness.twoview("run", "w.yaml", "--force", "-o", "w.h5",
                                       *harness.settings(*words), ranks=2)
            self.assertEqual(done.returncode, 0, done.stderr)
            for line in lines:
                self.assertRegex(done.stderr, line)

    @unittest.skipUnless(has_terminals(), "there are no pseudo-terminals: no /dev/pts")
    def test_progress_on_a_terminal(self):
        harness.write("t.yaml", harness.GAUSSIAN)
        command = f"TWOVIEW_PROGRESS_SECONDS=0 {harness.TWOVIEW} run t.yaml -o t.h5"
        done = subprocess.run(["script", "-qec", command, "/dev/null"], cwd=harness.folder,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"\nmoments: \d+ of 300 samples \(\d+ %\), \S+/s, \d:\d\d:\d\d left")

    def test_seconds_of_the_environment_are_numbers(self):
        harness.write("s.yaml", harness.GAUSSIAN)
        for command in (["run", "s.yaml", "--dry-run"], ["report", "none.h5"], ["info", "s.yaml"]):
            for name in ("READ", "GNUPLOT", "PROGRESS"):
                for value in ("soon", "-1", "nan", "1,5"):
                    with mock.patch.dict(os.environ, {f"TWOVIEW_{name}_SECONDS": value}):
                        self.says(command, 2, err=[
                            f"environment: TWOVIEW_{name}_SECONDS='{value}' is no number of seconds"])


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        harness.archive(harness.write("g.yaml", harness.GAUSSIAN), "g.h5").close()

    def test_info(self):
        said = harness.twoview("info", "g.h5").stdout
        for line in ("g.h5: HDF5", "twoview_version: ", "components: 5", "score_corrupted",
                     "2 x 2 x 2 x 2 x 3", "sample size"):
            self.assertIn(line, said)
        images = harness.FASHION / "t10k-images-idx3-ubyte.gz"
        self.assertIn("IDX, 10000 items of 784 bytes", harness.twoview("info", images).stdout)

    def test_info_of_something_else(self):
        harness.write("text", "nothing")
        for name, words in (("text", "no HDF5 file, no IDX file and no checkpoint"), ("none", "No such file")):
            done = harness.twoview("info", name)
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)

    def test_report(self):
        done = harness.twoview("report", "g.h5", "-o", "report")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"lambda_max +method +alpha +n=50 +n=300 +slope")
        self.assertEqual(len(re.findall(r"^(?:1|10) +\S+ +(?:0.5|2) ", done.stdout, re.M)), 12)
        folder = harness.folder / "report"
        rows = (folder / "scores.csv").read_text().splitlines()
        self.assertEqual(len(rows), 1 + 48)
        self.assertTrue(rows[0].startswith("replicate,lambda_max,alpha,n,method,score_clean,"))
        svg = xml.etree.ElementTree.parse(folder / "figure.svg").getroot()
        self.assertTrue(svg.tag.endswith("svg"))
        text = "".join(svg.itertext())
        for label in ("Supervised (SL)", "Joint embedding (JE)", "Reconstruction (RC)",
                      "sample size n", "α = 0.5"):
            self.assertIn(label, text)
        self.assertEqual((folder / "figure.pdf").read_bytes()[:5], b"%PDF-")

    def letters_of_pdf(self, path):
        """The height of a page, of its letters, and of the lowest line of text above its edge; in
        points, with y downwards as cairo draws."""
        content = path.read_bytes()
        height = float(re.search(rb"/MediaBox \[ 0 0 \S+ (\S+) \]", content)[1])
        streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.S)
        texts = [zlib.decompress(stream) for stream in streams if stream[:1] == b"x"]
        placed = [[float(word) for word in words.split()] for text in texts
                  for words in re.findall(rb"((?:[-.\d]+ ){6})Tm", text)]
        level = [(size, y) for size, skew, _, _, _, y in placed if skew == 0]
        return height, max(size for size, _ in level), height - max(y for _, y in level)

    def test_both_forms_of_a_figure_have_letters_of_the_same_size(self):
        """So that no band of the PDF, laid out for larger ones, is empty: it has 144 pixels of the SVG to
        an inch, and rounds its size to points."""
        harness.twoview("report", "g.h5", "-o", "forms")
        for name in ("figure", "spectra"):
            path = harness.folder / "forms" / name
            height, size, lowest = self.letters_of_pdf(path.with_suffix(".pdf"))
            svg = path.with_suffix(".svg").read_text()
            pixels = float(re.search(r' height="(\d+)"', svg)[1])
            self.assertLessEqual(abs(height - pixels / 2), 1)
            self.assertAlmostEqual(size, float(re.search(r'font-size="([\d.]+)"', svg)[1]) / 2, places=2)
            self.assertLess(lowest, 2 * size)

    def test_names_that_gnuplot_gives_to_curves(self):
        """Browsers show the title of an element, in a page and in a figure that is opened alone."""
        harness.twoview("report", "g.h5", "-o", "names")
        for name in ("figure.svg", "spectra.svg"):
            root = xml.etree.ElementTree.parse(harness.folder / "names" / name).getroot()
            self.assertEqual([element.text for element in root.iter() if element.tag.endswith("title")], [])

    def test_page_shows_scores_beside_distances(self):
        """On corrupted and on clean inputs at the largest n, and how far these are apart."""
        harness.twoview("report", "g.h5", "-o", "scores")
        page = (harness.folder / "scores/report.html").read_text()
        with h5py.File(harness.folder / "g.h5") as archive:
            for heading, name in (("Score on corrupted inputs", "score_corrupted"),
                                  ("Score on clean inputs", "score_clean"), ("Distance to optimality", "distance")):
                table = re.search(rf"<h2>{heading}[^<]* at n = 300</h2>.*?</table>", page, re.S)[0]
                cells = re.findall(r"<td>([^<]*)</td>", table)
                found = np.array([float(cell.split()[0]) for cell in cells]).reshape(4, 5)
                mean = harness.values(archive, name)[:, :, :, -1].mean(axis=0).reshape(4, 3)
                np.testing.assert_allclose(found[:, 2:], mean, rtol=5.01e-4)  # four digits are shown
        self.assertLess(page.index("Score on corrupted"), page.index("Thresholds as n grows"))

    def test_page_needs_nothing_else(self):
        harness.twoview("report", "g.h5", "-o", "page")
        page = (harness.folder / "page/report.html").read_text()
        self.assertIn("<svg", page)
        for outside in ("<script", "<link", "<img", "url(http", "src=", "@import"):
            self.assertNotIn(outside, page)
        self.assertIn("git_revision", page)
        self.assertEqual(page.count("<title>"), 1)  # none of gnuplot's names of curves
        for wide in ("table{", "figure{", "pre{"):  # and each scrolls in a narrow window
            self.assertRegex(page, rf"{wide}[^}}]*overflow(-x)?:auto")

    def test_report_without_gnuplot(self):
        done = harness.twoview("report", "g.h5", "-o", "plain", env={"PATH": "/nowhere"})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("gnuplot is not installed", done.stdout)
        self.assertTrue((harness.folder / "plain/report.html").exists())

    def report_under(self, gnuplot, *words, **variables):
        """A report with this shell script for gnuplot; exit 1, with its output and messages."""
        script = harness.write("gnuplot", "#!/bin/sh\n" + gnuplot)
        script.chmod(0o755)
        path = f"{harness.folder}:{os.environ['PATH']}"
        done = harness.twoview("report", *words, env={**os.environ, "PATH": path, **variables})
        script.unlink()
        self.assertEqual(done.returncode, 1)
        return done

    def test_report_whose_figure_cannot_be_drawn(self):
        """Once none of them, once the second one, half-way."""
        harness.twoview("report", "g.h5", "-o", "failed")
        folder = harness.folder / "failed"
        done = self.report_under("exit 3", "g.h5", "-o", "failed")
        self.assertIn("gnuplot failed on failed/figure.gp (exit 3)", done.stderr)
        self.assertIn("no figure: gnuplot failed; failed/spectra.gp draws it", done.stdout)
        self.assertNotIn("<svg", (folder / "report.html").read_text())
        self.assertEqual({path.name for path in folder.iterdir()}, {
            "report.html", "scores.csv", "figure.gp", "figure.tsv", "spectra.gp", "spectra.tsv"})
        half = ('[ "$3" = figure.gp ] && exec /usr/bin/gnuplot "$@"\n'
                """echo half > "$(echo "$2" | cut -d "'" -f 4)"; kill $$""")
        done = self.report_under(half, "g.h5", "-o", "failed")
        self.assertIn("gnuplot failed on failed/spectra.gp", done.stderr)
        self.assertEqual((folder / "report.html").read_text().count("<svg"), 1)
        self.assertEqual({path.name for path in folder.iterdir()}, {
            "report.html", "scores.csv", "figure.gp", "figure.tsv", "figure.svg", "figure.pdf",
            "spectra.gp", "spectra.tsv"})

    def test_gnuplot_that_does_not_do_its_work(self):
        """The page is written all the same."""
        draws = """echo half > "$(echo "$2" | cut -d "'" -f 4)"\n"""
        for script, words in ((draws + "exit 127", "exit 127"),
                              (draws + "kill -9 $$", "signal 9"),
                              (draws + "sleep 1000 & sleep 1000", "it did not end within 0.5 s"),
                              (draws + "exec >&- 2>&-; sleep 1000", "it did not end within 0.5 s"),
                              (draws + "cat; while :; do echo waiting; done", "it did not end within 0.5 s"),
                              (f"rm -f bad/*.tsv *.tsv; exec /usr/bin/gnuplot \"$@\"", "could not read its data"),
                              (f"echo > $(basename $3 .gp).tsv; exec /usr/bin/gnuplot \"$@\"",
                               "could not read its data")):
            with self.subTest(script=script):
                harness.twoview("report", "g.h5", "-o", "bad")
                limit = "0.5" if "did not end" in words else str(harness.HANG)
                done = self.report_under(script, "g.h5", "-o", "bad", TWOVIEW_GNUPLOT_SECONDS=limit)
                self.assertRegex(done.stderr, rf"gnuplot failed on bad/figure.gp \([^)]*{words}")
                self.assertIn("no figure: gnuplot failed", done.stdout)
                page = (harness.folder / "bad/report.html").read_text()
                self.assertNotIn("<svg", page)
                self.assertIn("</html>", page)
                kept = {path.suffix for path in (harness.folder / "bad").iterdir()}
                self.assertLessEqual(kept, {".html", ".csv", ".gp", ".tsv"})

    def test_gnuplot_in_relative_entries_of_path(self):
        """What it means depends on the folder: one in the report's would run."""
        (harness.folder / "planted").mkdir()
        for folder in (harness.folder, harness.folder / "planted"):
            script = folder / "gnuplot"
            script.write_text(f"#!/bin/sh\ntouch {harness.folder}/owned\n")
            script.chmod(0o755)
            self.addCleanup(script.unlink)
        for path, words in ((".:planted::/nowhere", "is not installed"), (":/usr/bin:/bin", "planted/figure.svg")):
            done = harness.twoview("report", "g.h5", "-o", "planted", env={**os.environ, "PATH": path})
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(words, done.stdout)
            self.assertFalse((harness.folder / "owned").exists())

    def test_gnuplot_has_no_settings_of_its_own(self):
        harness.twoview("report", "g.h5", "-o", "usual")
        harness.write(".gnuplot", "set terminal dumb\nset xlabel 'mine'\nexit")
        variables = {name: "nonsense" for name in ("GNUTERM", "GNUPLOT_LIB", "GNUPLOT_FONTPATH", "GDFONTPATH",
                                                   "GNUPLOT_DEFAULT_GDFONT", "GNUPLOT_DRIVER_DIR",
                                                   "GNUPLOT_PS_DIR", "GNUHELP", "LC_ALL", "LANG")}
        done = harness.twoview("report", "g.h5", "-o", "set", env={**os.environ, **variables, "HOME": str(harness.folder)})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for name in ("figure.svg", "spectra.svg", "report.html"):
            self.assertEqual(*((harness.folder / folder / name).read_text() for folder in ("usual", "set")))

    def test_report_of_many_curves(self):
        """Some are drawn, which figure and page say; the data of the figure are those of what is drawn."""
        few = harness.settings("replicates=1", "noise.lambda_max={from: 0.1, to: 1000, count: 20}",
                               "augmentation.alpha={from: 0.1, to: 100, count: 30}")
        harness.archive("g.yaml", "many.h5", *few, *harness.settings(
            "archive={encoders: none, representations: none, samples: false}")).close()
        self.assertEqual(harness.twoview("report", "many.h5", "-o", "many").returncode, 0)
        folder = harness.folder / "many"
        text = "".join(xml.etree.ElementTree.parse(folder / "figure.svg").getroot().itertext())
        self.assertIn("24 of 30 α, 6 of 20 λ", text)
        self.assertIn("study: phase", text)
        self.assertIn("Of 30 alignments 24 are drawn, of 20 noise scales 6",
                      (folder / "report.html").read_text())
        drawn = re.findall(r"# lambda_max (\S+), (\S+), alpha (\S+)", (folder / "figure.tsv").read_text())
        self.assertEqual(len(drawn), 6 * 3 * 24)
        self.assertEqual((float(drawn[0][0]), float(drawn[0][2])), (0.1, 0.1))
        self.assertEqual((float(drawn[-1][0]), float(drawn[-1][2])), (1000, 100))
        self.assertEqual(len((folder / "scores.csv").read_text().splitlines()), 1 + 20 * 30 * 2 * 3)

    def test_curves_differ_in_colour(self):
        """Alignments are in order: from dark to light, none twice."""
        alphas = ", ".join(str(alpha) for alpha in range(1, 15))
        harness.archive("g.yaml", "14.h5", *harness.settings(f"augmentation.alpha=[{alphas}]",
                        "noise.lambda_max=1", "archive={encoders: none, representations: none}")).close()
        harness.twoview("report", "14.h5", "-o", "14")
        script = (harness.folder / "14/figure.gp").read_text()
        colours = re.findall(r'NaN with linespoints .*linecolor rgb "#(\w{6})" title "α = ', script)
        self.assertEqual(len(colours), 14)
        parts = [[int(colour[i:i + 2], 16) for i in (0, 2, 4)] for colour in colours]
        luma = [0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in parts]  # Rec. 709
        self.assertEqual(luma, sorted(set(luma)))

    def test_report_on_a_full_disk(self):
        """Files end at 4 kB of 16, whether the shell ignores the signal of that or not."""
        harness.twoview("report", "g.h5", "-o", "full")
        scores = harness.folder / "full/scores.csv"
        before = scores.read_bytes()
        self.assertGreater(len(before), 4096)
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        for is_deadly in (False, True):  # Python ignores SIGXFSZ, and gives it back when told to
            done = harness.twoview("report", "g.h5", "-o", "full", preexec_fn=limit,
                                   restore_signals=is_deadly)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("full/scores.csv: File too large", done.stderr)
            self.assertEqual(list(scores.parent.glob("*.part")), [])
            self.assertEqual(scores.read_bytes(), before)

    def test_report_of_another_archive_into_the_same_folder(self):
        few = harness.write("few.yaml", harness.GAUSSIAN)
        harness.archive(few, "few.h5", *harness.settings("encoder.k=5", "samples=50")).close()
        folder = harness.folder / "again"
        folder.mkdir()
        stale = ("figure-n300.svg", "thresholds.csv", "spectra.pdf")
        own = ("figure-notes.svg", "spectra.txt", "my-figure.svg")
        for name in stale + own:
            (folder / name).write_text(name)
        for archive, has_spectra in (("g.h5", True), ("few.h5", False)):
            self.assertEqual(harness.twoview("report", archive, "-o", "again").returncode, 0)
            names = {"report.html", "scores.csv", *own}
            for figure in ("figure", "spectra")[: 1 + has_spectra]:
                names |= {f"{figure}.{end}" for end in ("svg", "pdf", "gp", "tsv")}
            self.assertEqual({path.name for path in folder.iterdir()}, names)

    def test_report_of_something_else(self):
        harness.write("text", "nothing")
        done = harness.twoview("report", "text")
        self.assertEqual(done.returncode, 1)
        self.assertIn("text: cannot be opened as an HDF5 file", done.stderr)
        self.assertFalse((harness.folder / "text-report").exists())


if __name__ == "__main__":
    unittest.main()
