"""`twoview theory` against formulas of its own, runs, data sets and its README example."""
import gzip
import json
import re
import unittest

import h5py
import numpy as np

import harness
import reference

EPS = np.finfo(float).eps
METHODS = ("reconstruction", "joint_embedding")

# k = 10, 30 noise components, s from 4 to 1, theta 0.5 on the signal and U[0.05, 0.5] on the noise;
# Gamma from weak to strong.
EXAMPLE = """\
name: "example \\"of\\" theory \\u03b1"
seed: 4
replicates: 5
source: {type: gaussian, spectrum: {from: 4, to: 1, count: 10, spacing: linear}}
noise: {components: 30, lambda_max: [0.5, 2, 10], lambda_min_ratio: 0.3}
augmentation:
  theta: {signal: [0.5, 0.5], noise: [0.05, 0.5]}
  alpha: {from: 0, to: 4, count: 17, spacing: linear}
samples: [100]
encoder: {k: 10}
"""


def refuse(token):
    raise ValueError(f"{token} is not JSON")


def theory(experiment, *arguments, ranks=None):
    done = harness.twoview("theory", experiment, "--json", *arguments, ranks=ranks)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", done.stderr
    return json.loads(done.stdout, parse_constant=refuse)


class Theory(unittest.TestCase):
    def close(self, actual, expected, size=1.0, operations=30):
        """Equal up to rounding: a number of operations on numbers of a size."""
        error = np.max(np.abs(np.asarray(actual, float) - expected), initial=0)
        self.assertLessEqual(error, operations * EPS * size)

    def check(self, said):
        """Everything that is said of replicates follows from their eigenvalues."""
        s, alpha = np.array(said["data_spectrum"]), np.array(said["alpha"])
        for replicate in said["replicates"]:
            theta = np.array(replicate["theta_eigenvalues"])
            signal, noise = theta[: len(s)], theta[len(s) :]
            self.close(replicate["signal_phi"], s / np.sqrt(s + signal), np.sqrt(s[0]))
            self.close(replicate["signal_omega"], s / (s + signal))
            for at in replicate["magnitudes"]:
                gamma = np.array(at["gamma_eigenvalues"])
                eta, delta, rc, je = reference.thresholds(said["k"], s, theta, gamma)
                ratio = gamma.max() / eta**2 + np.max(noise / gamma)
                self.close(at["eta"], eta, eta)
                self.close(at["delta"], delta)
                self.close(at["eta2_over_delta"], eta**2 / delta, eta**2 / delta)
                self.close(at["alpha2_reconstruction"], rc, ratio)
                self.close(at["alpha2_joint_embedding"], je, 1 / delta + np.max(noise / gamma))
                self.assertEqual(at["least_gamma"], gamma.min())
                self.assertEqual(at["largest_gamma"], gamma.max())
                needs = max(rc, 0), max(je, 0)
                favoured = None if needs[0] == needs[1] else \
                    METHODS[np.argmin(needs)].replace("_", "-")
                self.assertEqual(at["favoured"], favoured)
                self.assertEqual([each["alpha"] for each in at["alignments"]], list(alpha))
                for each in at["alignments"]:
                    total = noise + (1 + each["alpha"] ** 2) * gamma
                    self.close(each["noise_phi"], gamma / np.sqrt(total), np.sqrt(gamma.max()))
                    self.close(each["noise_omega"], gamma / total)
                    # recovering is that no noise component reaches the weakest important one
                    self.assertEqual(each["reconstruction_recovers"], max(each["noise_phi"]) < eta)
                    self.assertEqual(each["joint_embedding_recovers"],
                                     max(each["noise_omega"]) < delta)

    def check_summary(self, said):
        for m, over in enumerate(said["summary"]):
            of_replicates = [replicate["magnitudes"][m] for replicate in said["replicates"]]
            self.assertEqual(over["lambda_max"], said["lambda_max"][m])
            for name in ("eta", "delta", "eta2_over_delta", "least_gamma", "largest_gamma",
                         "alpha2_reconstruction", "alpha2_joint_embedding"):
                values = np.array([each[name] for each in of_replicates])
                if name.startswith("alpha2"):  # a negative one: no alignment is needed
                    values = np.maximum(values, 0)
                self.close(over[name]["mean"], values.mean(), np.abs(values).max())
                self.assertEqual(over[name]["least"], values.min())
                self.assertEqual(over[name]["largest"], values.max())
            favoured = [each["favoured"] or "undecided" for each in of_replicates]
            for choice in ("reconstruction", "joint-embedding", "undecided"):
                self.assertEqual(over["favoured"][choice], favoured.count(choice))

    def test_example(self):
        said = theory(harness.write("e.yaml", EXAMPLE))
        self.assertEqual(said["name"], 'example "of" theory α')
        self.assertEqual((said["important_components"], said["noise_components"]), (10, 30))
        self.assertEqual(len(said["replicates"]), 5)
        self.close(said["data_spectrum"], np.linspace(4, 1, 10), 4, 1e4)  # of 12 digits
        self.check(said)
        self.check_summary(said)
        # eta^2 = delta = 2/3: noise below 1 favours reconstruction
        choices = ("reconstruction", "joint-embedding", "joint-embedding")
        for over, choice in zip(said["summary"], choices):
            self.assertEqual(over["favoured"][choice], 5)
        for replicate in said["replicates"]:
            theta = np.array(replicate["theta_eigenvalues"])
            self.assertTrue(np.all(theta[:10] == 0.5))
            self.assertTrue(np.all((theta[10:] > 0.05) & (theta[10:] < 0.5)))
            gamma = [np.array(at["gamma_eigenvalues"]) for at in replicate["magnitudes"]]
            self.close(gamma[0] * 20, gamma[2], 10)  # the same uniforms at every noise scale
            self.assertTrue(np.all((gamma[2] > 3) & (gamma[2] < 10)))

    def test_resolved_experiment_says_the_same(self):
        said = theory(harness.write("e.yaml", EXAMPLE))
        again = theory(harness.write("again.yaml", said["experiment"]))
        self.assertEqual(said, again)

    def test_given_eigenvalues(self):
        gamma, theta = [3.0, 7.0, 0.1], [0.5, 0.25, 1.0, 0.125, 2.0]
        said = theory(harness.write("e.yaml", EXAMPLE), *harness.settings(
            "source.spectrum=[4, 1]", f"noise={{components: 3, lambda_max: 1, eigenvalues: {gamma}}}",
            f"augmentation={{theta_eigenvalues: {theta}, alpha: 1}}", "encoder.k=1"))
        for replicate in said["replicates"]:
            self.assertEqual(replicate["theta_eigenvalues"], theta)
            self.assertEqual(replicate["magnitudes"][0]["gamma_eigenvalues"], gamma)
        self.check(said)

    def test_agrees_with_a_run(self):
        experiment = harness.write("e.yaml", EXAMPLE)
        said = theory(experiment)
        with harness.archive(experiment, "e.h5") as archive:
            self.assertEqual(harness.attribute(archive, "experiment"), said["experiment"])
            methods = harness.names(archive["paradigm"])
            for r, replicate in enumerate(said["replicates"]):
                np.testing.assert_array_equal(archive["theta_eigenvalues"][r],
                                              replicate["theta_eigenvalues"])
                for m, at in enumerate(replicate["magnitudes"]):
                    np.testing.assert_array_equal(archive["gamma_eigenvalues"][r, m],
                                                  at["gamma_eigenvalues"])
                    for name in METHODS:
                        method = methods.index(name.replace("_", "-"))
                        self.assertEqual(harness.values(archive, "alpha2_threshold")[r, m, method],
                                         at[f"alpha2_{name}"])

    def test_text_is_of_the_same_numbers(self):
        experiment = harness.write("e.yaml", EXAMPLE)
        over = theory(experiment)["summary"]
        text = harness.twoview("theory", experiment).stdout

        def band(name, m):
            mean, least, largest = (f"{over[m][name][key]:.4g}"
                                    for key in ("mean", "least", "largest"))
            return mean if least == largest else f"{mean} [{least}, {largest}]"

        self.assertRegex(text, rf"(?m)^eta +{re.escape(band('eta', 0))} ")
        for m, choice in enumerate(("reconstruction", "joint-embedding", "joint-embedding")):
            needed = " +".join(re.escape(band(f"alpha2_{name}", m)) for name in METHODS)
            self.assertRegex(text, rf"(?m)^{over[m]['lambda_max']:g} .* {needed} +{choice}$")
        self.assertEqual(len(re.findall(r"(?m) \d of 5 .* \d of 5$", text)), 3 * 17)

    def test_phase_diagram_in_a_page(self):
        done = harness.twoview("theory", harness.ROOT / "jobs/phase.yaml")
        lines = done.stdout.splitlines()
        self.assertEqual(len([line for line in lines if re.match(r"[0-9.]+ ", line)]), 64)
        self.assertLess(len(lines), 64 + 12)
        self.assertIn("--json", lines[-1])

    def test_a_mixture(self):
        experiment = harness.write("m.yaml", harness.MIXTURE)
        said = theory(experiment)
        self.check(said)
        with harness.archive(experiment, "m.h5") as archive:
            np.testing.assert_array_equal(archive["data_spectrum"][()], said["data_spectrum"])

    def test_spectrum_of_a_data_set(self):
        """Eigenvalues are found to eps times the largest, times a modest polynomial in their
        number."""
        random = np.random.default_rng(2)
        x = random.normal(size=(500, 12)) * np.linspace(3, 1, 12) @ random.normal(size=(12, 12)) + 7
        with h5py.File(harness.folder / "data.h5", "w") as file:
            file["x"], file["y"] = x, random.normal(size=(500, 2))
        expected = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]
        experiment = harness.write("h.yaml", harness.HDF5)
        for ranks in (None, 2):
            for kept in (12, 7):
                said = theory(experiment, *harness.settings(f"features.pca={kept}"), ranks=ranks)
                self.close(said["data_spectrum"], expected[:kept], expected[0], 100)
                self.check(said)

    def test_spectrum_of_images(self):
        said = theory(harness.ROOT / "jobs/fashion-mnist.yaml", *harness.settings("replicates=1"))
        content = gzip.open(harness.FASHION / "train-images-idx3-ubyte.gz").read()
        x = np.frombuffer(content[16:], np.uint8).reshape(60000, 784).astype(float)
        expected = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]
        self.close(said["data_spectrum"], expected[:50], expected[0], 1000)
        self.check(said)

    def test_what_is_infinite_or_not_defined_is_null(self):
        experiment = harness.write("e.yaml", EXAMPLE)
        free = theory(experiment, *harness.settings("noise.components=0"))
        beyond = theory(experiment, *harness.settings("encoder.k=11"))
        for said, recovers in ((free, True), (beyond, False)):
            for replicate in said["replicates"]:
                for at in replicate["magnitudes"]:
                    self.assertIsNone(at["favoured"])
                    for name in METHODS:
                        self.assertIsNone(at[f"alpha2_{name}"])
                        self.assertEqual({each[f"{name}_recovers"] for each in at["alignments"]},
                                         {recovers})
            self.assertEqual(said["summary"][0]["favoured"]["undecided"], 5)
            self.assertEqual(said["summary"][0]["alpha2_joint_embedding"]["mean"],
                             0 if recovers else None)
        for key, words in (("noise.components=0", "no noise"), ("encoder.k=11", "k exceeds")):
            text = harness.twoview("theory", experiment, *harness.settings(key)).stdout
            self.assertIn(words, text)
            self.assertNotRegex(text, r"\b(nan|inf)\b")

    def test_one_rank_speaks(self):
        experiment = harness.write("e.yaml", EXAMPLE)
        alone, together = (harness.twoview("theory", experiment, ranks=r).stdout for r in (None, 3))
        self.assertEqual(alone, together)

    def test_refusals(self):
        harness.write("e.yaml", EXAMPLE)
        for arguments, status, words in (
            (["e.yaml", "--set", "noise.lambda_min_ratio=1"], 2, "below 1, got 1"),
            (["e.yaml", "--set", "noise.lambda_max={from: 1, to: 2}"], 2, "lambda_max.count"),
            (["e.yaml", "--set", "noise.eigenvalues=[1, 2]"], 2, "noise.eigenvalues"),
            (["e.yaml", "--set", "augmentation.theta_max=1"], 2, "give one of"),
            (["e.yaml", "--set", "augmentation={theta_eigenvalues: [1, 2], alpha: 1}"], 2,
             "2 eigenvalues for d = 40 inputs"),
            (["e.yaml", "--set", "encoder.k=41"], 2, "k = 41"),
            (["e.yaml", "--jsonn"], 2, "did you mean --json?"),
            (["e.yaml", "-o", "x"], 2, "-o"),
            (["e.yaml", "f.yaml"], 2, "'f.yaml' follows 'e.yaml'"),
            ([], 2, "EXPERIMENT.yaml is missing"),
            (["nowhere.yaml"], 1, "nowhere.yaml: No such file"),
        ):
            done = harness.twoview("theory", *arguments)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertEqual(done.stdout, "")
            self.assertIn(words, done.stderr)

    def test_full_standard_output_is_a_failure(self):
        experiment = harness.write("e.yaml", EXAMPLE)
        for options in ([], ["--json"]):
            with open("/dev/full", "w") as full:
                done = harness.twoview("theory", experiment, *options, stdout=full)
            self.assertEqual(done.returncode, 1)
            self.assertIn("cannot be written", done.stderr)

    def test_example_of_the_readme(self):
        readme = (harness.ROOT / "data/README.md").read_text()
        printed = re.search(r"\$ twoview theory jobs/fashion-mnist.yaml\n(.*?)```", readme, re.S)[1]
        said = harness.twoview("theory", harness.ROOT / "jobs/fashion-mnist.yaml").stdout
        self.assertEqual(printed, said)


if __name__ == "__main__":
    unittest.main()
