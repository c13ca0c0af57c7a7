"""The pages: their examples, run as they stand there, their tables and their links."""
import os
import re
import shlex
import subprocess
import sys
import unittest

import harness

FOLDERS = ("data", "jobs", "src", "tests")
PATHS = [*harness.ROOT.glob("*.md"), *(p for f in FOLDERS for p in (harness.ROOT / f).rglob("*.md"))]
PAGES = {str(path.relative_to(harness.ROOT)): path.read_text() for path in PATHS}
README = PAGES["README.md"]


def blocks(language, page="README.md"):
    return re.findall(rf"```{language}\n(.*?)```", PAGES[page], re.S)


def commands(page):
    """Those in the blocks of a page that are marked as `sh`, each as its words."""
    text = "".join(blocks("sh", page)).replace("\\\n", "").replace("&&", "\n")
    return [shlex.split(line, comments=True) for line in text.splitlines()]


def anchors(page):
    """The links to headings, as web pages of repositories name them."""
    prose = re.sub(r"```.*?```", "", PAGES[page], flags=re.S)
    titles = re.findall(r"^#+ (.*)$", prose, re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def run_here(*command):
    path = f"{os.path.dirname(harness.TWOVIEW)}:{os.environ['PATH']}"
    done = subprocess.run(command, cwd=harness.folder, text=True, capture_output=True,
                          env={**os.environ, "PATH": path}, timeout=harness.HANG)
    if done.returncode != 0:
        raise AssertionError(f"{shlex.join(command)}: {done.stderr}")
    return done.stdout


def follow(command, *more):
    launcher = [harness.MPI_TEST, *command[2:]] if command[0] == "mpirun" else command
    return run_here(*launcher, *more)


class Examples(unittest.TestCase):
    """The experiment of the README is there for the commands of all pages."""

    @classmethod
    def setUpClass(cls):
        (harness.folder / "jobs").symlink_to(harness.ROOT / "jobs")
        run_here(sys.executable, "-c", blocks("python")[0])
        harness.write("own.yaml", blocks("yaml")[0])
        for command in commands("README.md"):
            follow(command)

    def test_own_experiment(self):
        self.assertTrue((harness.folder / "report/figure.svg").exists())
        series = run_here(sys.executable, "-c", blocks("python")[1])
        harness.write("read.c", blocks("c")[0])
        flags = run_here("pkg-config", "--cflags", "--libs", "hdf5-openmpi").split()
        run_here("mpicc", "-Wall", "-Werror", "read.c", "-o", "read", *flags)
        with harness.h5py.File(harness.folder / "results.h5") as file:
            self.assertEqual(harness.values(file, "distance").shape, (10, 2, 3, 7, 3))
            expected = harness.values(file, "distance")[:, 1, 1, 6, 2]
        self.assertAlmostEqual(float(run_here("./read")), expected[0], delta=1e-5 * expected[0])
        last = float(re.search(r"^3200 +(\S+)$", series, re.M)[1])
        self.assertAlmostEqual(last, expected.mean(), delta=0.05 * expected.mean())  # 2 digits

    def test_commands_on_data(self):
        for command in commands("data/README.md"):
            with self.subTest(shlex.join(command)):
                follow(command)

    def test_commands_of_jobs(self):
        """Their runs take minutes and gigabytes: the plan of each is made."""
        for command in commands("jobs/README.md"):
            with self.subTest(shlex.join(command)):
                follow(command, "--dry-run")

    def test_thresholds(self):
        """Two measurements of one threshold are each within the experiment's tolerance of it, and
        are printed with 6 digits."""
        tolerance = 2 * 1e-4 + 2e-5
        printed = re.search(r"\n(lambda_max  method .*?)```", PAGES["data/README.md"], re.S)[1]
        run_here(harness.TWOVIEW, "run", "jobs/thresholds.yaml", "--force")
        said = run_here(harness.TWOVIEW, "report", "thresholds.h5", "-o", "thresholds")
        rows = {tuple(words[:3]): words for words in map(str.split, said.splitlines())}
        for words in map(str.split, printed.splitlines()):
            for here, there in zip(words, rows[tuple(words[:3])], strict=True):
                number = re.search(r"\d[\d.e+-]*", here)
                if number and here != there:
                    other = float(re.search(r"\d[\d.e+-]*", there)[0])
                    self.assertAlmostEqual(float(number[0]), other, delta=tolerance * other)


class Launcher(unittest.TestCase):
    def test_hosts_that_are_lost_are_noticed(self):
        """The parameters of launch.sh are Open MPI's, and those of the page; a user's own stay."""
        show = f". {harness.ROOT}/jobs/launch.sh && env"
        own = "OMPI_MCA_oob_tcp_keepalive_probes"
        for given in ({}, {own: "3"}):
            done = subprocess.run(["sh", "-c", show], capture_output=True, text=True, check=True,
                                  env={"PATH": os.environ["PATH"], "SLURM_NTASKS": "1",
                                       "SLURM_JOB_ID": "1", **given})
            found = dict(re.findall(r"^(OMPI_MCA_oob_tcp_keepalive_\w+)=(\d+)$", done.stdout, re.M))
            self.assertEqual(len(found), 3)
            self.assertEqual(found[own], given.get(own, "6"))
        known = subprocess.run(["ompi_info", "--parsable", "--param", "oob", "tcp", "--level", "9"],
                               capture_output=True, text=True, check=True).stdout
        for name, value in found.items():
            self.assertIn(f":{name.removeprefix('OMPI_MCA_')}:value:", known)
            if name != own:
                self.assertIn(f"{name}={value}", PAGES["jobs/README.md"])


class Pages(unittest.TestCase):
    def test_keys_of_the_experiment_file_are_all_described(self):
        words = re.findall(r"`([^`\n]+)`", PAGES["data/README.md"])
        described = set(re.findall(r"\w+", " ".join(words)))
        for experiment in (harness.GAUSSIAN, harness.MIXTURE):
            harness.write("r.yaml", experiment)
            plan = harness.twoview("run", "--dry-run", "r.yaml").stdout
            for key in re.findall(r"(\w+): ", plan[: plan.index("\n\n")]):
                self.assertIn(key, described)

    def test_every_source_file_is_in_the_table_of_rooms(self):
        """Headers alone with their ending, as `fortran.h`."""
        rows = re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", PAGES["src/README.md"], re.M)
        listed = {room: sorted(re.findall(r"`([^`]+)`", files)) for room, files in rows}
        rooms = {}
        for folder in ("src", "include/twoview"):
            for path in (harness.ROOT / folder).glob("*/*.[ch]"):
                rooms.setdefault(path.parent.name, []).append(path)
        rooms["kinds"] = [harness.ROOT / "src/kinds.c"]
        for room, files in rooms.items():
            sources = {path.stem for path in files if path.suffix == ".c"}
            headers = {path.stem for path in files if path.suffix == ".h"} - sources
            rooms[room] = sorted(sources | {f"{name}.h" for name in headers})
        self.assertEqual(listed, rooms)

    def test_every_environment_variable_is_described(self):
        read = re.compile(r'tv_environment\("(\w+)"|"(TWOVIEW_\w+)"')
        code = "".join(path.read_text() for path in (harness.ROOT / "src").rglob("*.c"))
        names = {"".join(found) for found in read.findall(code)}
        self.assertIn("TWOVIEW_READ_SECONDS", names)
        self.assertLessEqual(names, set(re.findall(r"`(\w+)`", PAGES["jobs/README.md"])))

    def test_links_lead_to_files_and_headings(self):
        for page, text in PAGES.items():
            folder = (harness.ROOT / page).parent
            for target in re.findall(r"\]\(([^)]+)\)", text):
                if target.startswith("https://"):
                    continue
                name, _, anchor = target.partition("#")
                path = (folder / name).resolve() if name else harness.ROOT / page
                with self.subTest(page=page, link=target):
                    self.assertTrue(path.is_file())
                    if anchor:
                        self.assertIn(anchor, anchors(str(path.relative_to(harness.ROOT))))

    def test_paths_that_pages_name_are_there(self):
        """In code within a line and in indented lines of commands; from the root of the sources."""
        name = re.compile(rf"(?<![\w/.-])(?:include|{'|'.join(FOLDERS)})/[a-z0-9_./-]*(?!\w)")
        for page, text in PAGES.items():
            code = re.findall(r"`[^`\n]+`|^    .*$", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
            for path in {path for line in code for path in name.findall(line)}:
                with self.subTest(page=page, path=path):
                    self.assertTrue((harness.ROOT / path).exists())

    def test_names_in_the_map_of_the_code_are_in_its_files(self):
        table = PAGES["src/README.md"].split("## Where things are")[1].split("## ")[0]
        for path, name in re.findall(r"\| `([^`]+)` \| `([^`]+)` \|$", table, re.M):
            with self.subTest(path=path, name=name):
                self.assertTrue(name in (harness.ROOT / path).read_text())

    def test_citation_is_of_this_version_and_licence(self):
        citation = (harness.ROOT / "CITATION.cff").read_text()
        build = (harness.ROOT / "meson.build").read_text()
        for key in ("version", "license"):
            self.assertEqual(re.search(rf"^{key}: (.*)$", citation, re.M)[1],
                             re.search(rf"{key}: '(.*?)'", build)[1])


if __name__ == "__main__":
    unittest.main()
