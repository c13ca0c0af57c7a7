"""Random Fourier features, computed again by NumPy in complex numbers: with u = exp(i W x), noise of
covariance Sigma takes E u_j conj(u_k) to exp(-v/2) times that, v the variance of (w_j - w_k).e, and
E u_j u_k likewise with that of (w_j + w_k).e; cosines and sines are their real and imaginary parts."""
import json
import unittest

import h5py
import numpy as np
import scipy.spatial.distance

import harness
import peer_views as peer
import system_views as views

SHAPE, SCALE, FREQUENCIES, SEED = (6, 5, 1), 2, 7, 5
METHODS = views.METHODS
NOISE, TEXTURE = {"type": "noise", "deviation": 0.3}, {"type": "texture", "length": 2, "deviation": [0.2, 0.5]}
BRIGHTNESS, BASELINE = {"type": "brightness", "deviation": 0.4}, {"type": "baseline", "degree": 2, "deviation": 0.1}


# ---- Features of rows ----

def frequencies(bandwidth, count=FREQUENCIES, d=30):
    first, second = views.uniform_pairs(SEED, 13, 0, np.arange(count), (d + 1) // 2)
    radius, angle = np.sqrt(-2 * np.log(first)), 2 * np.pi * second
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 2).reshape(count, -1)[:, :d] / bandwidth


def features(x, W):
    angles = x @ W.T
    return np.stack([np.cos(angles), np.sin(angles)], -1).reshape(len(x), -1)


# ---- Moments of features ----

def covariance(chain, shape=SHAPE):
    d = int(np.prod(shape))
    nothing = peer.Samples(shape, np.zeros((d, d)), np.zeros((d, 1)), np.zeros(d), np.zeros(1), 0.0)
    return nothing.corrupted(chain).A


def turned(M, h):
    """Second moments of features when the angles get normal numbers of covariance h."""
    cc, cs, sc, ss = M[::2, ::2], M[::2, 1::2], M[1::2, ::2], M[1::2, 1::2]
    v = np.diag(h)
    apart = (cc + ss + 1j * (sc - cs)) * np.exp(-(v[:, None] + v - 2 * h) / 2)
    both = (cc - ss + 1j * (sc + cs)) * np.exp(-(v[:, None] + v + 2 * h) / 2)
    out = np.empty_like(M)
    out[::2, ::2], out[1::2, 1::2] = (apart + both).real / 2, (apart - both).real / 2
    out[1::2, ::2], out[::2, 1::2] = (both + apart).imag / 2, (both - apart).imag / 2
    return out


def turn(self, h):
    """A step of the peer."""
    self.S = turned(self.S, h)
    self.scale(np.repeat(np.exp(-np.diag(h) / 2), 2))


def take_drawn(self, x, drawn, y):
    """The same of views that were drawn, rows x views x numbers."""
    n, m = drawn.shape[:2]
    t = drawn.mean(1)
    self.S = np.einsum("nmi,nmj->ij", drawn, drawn) / (n * m)
    within = self.S - t.T @ t / n
    self.C, self.G, self.B, self.m = x.T @ t / n, t.T @ t / n - within / (m - 1), t.T @ y / n, t.mean(0)


peer.Views.turn, peer.Views.drawn = turn, take_drawn


def turning(chain, W):
    return [{"type": "turn", "h": W @ covariance(chain) @ W.T}] if chain else []


# ---- Experiments ----

def settings(count=FREQUENCIES, **changes):
    return views.settings(**{"seed": SEED, "features": {"type": "random-fourier", "count": count},
                             "augmentation": {"chain": [NOISE, TEXTURE], "floor": 0.01},
                             "encoder": {"k": [2, 5]}, **changes})


class Recomputation(views.Comparison):
    def setUp(self):
        self.x, self.y = views.write_images("train.h5", SHAPE)
        test, targets = views.write_images("test.h5", SHAPE, 200, seed=2)
        self.test = test / SCALE, targets, len(self.x) + np.arange(200)

    def weights(self, archive, replicate_0=0):
        """Those of the archive, which belong to the numbers of the file, are those expected."""
        rows = self.x[archive["samples/row"][replicate_0]] / SCALE
        bandwidth = np.median(scipy.spatial.distance.pdist(rows))
        self.assertLessEqual(abs(archive.attrs["bandwidth"] / bandwidth - 1), 1e-14)
        W = frequencies(bandwidth)
        np.testing.assert_allclose(archive["fourier_weights"] * np.float64(SCALE), W, rtol=0,
                                   atol=1e-13 * np.abs(W).max())
        return W

    def rows(self, archive, replicate, n):
        number = archive["samples/row"][replicate][:n]
        return self.x[number] / SCALE, self.y[number], number

    def compare_all(self, archive, experiment, problem):
        """`problem`: replicate, n, severity, strength -> the four sets, the chain, rows of tests."""
        W = self.weights(archive)
        for r, n in np.ndindex(experiment["replicates"], len(archive["n"])):
            for s, severity in enumerate(archive["severity"][()]):
                for strength in range(len(archive["strength"])):
                    sets, chain, test = problem(W, r, archive["n"][n], severity, strength)
                    found = peer.points(*sets, chain, 0.01, experiment["encoder"]["k"], METHODS)
                    self.compare_point(archive, (r, s, strength, n), found, experiment["encoder"]["k"],
                                       test)

    def test_expected(self):
        """Corruption and augmentation from the moments of clean features alone, in either layout."""
        corruption = {"chain": [{"type": "noise", "deviation": [0.2, 0.6]}, BRIGHTNESS], "clean": True,
                      "sampler": "expected"}
        for ranks, layout, augmentation in ((1, "replicated", [NOISE, TEXTURE]), (3, "replicated", [NOISE]),
                                            (2, "distributed", [BASELINE, {"type": "corruption",
                                                                           "severity": [0, 2]}])):
            augmentation = {"chain": augmentation, "floor": 0.01}
            experiment = settings(corruption=corruption, augmentation=augmentation,
                                  parallel={"layout": layout})
            with views.run(experiment, ranks=ranks) as archive:
                def problem(W, replicate, n, severity, strength):
                    both = self.rows(archive, replicate, n), self.test
                    clean = [peer.Samples.of_rows(features(x, W), y, (len(W) * 2, 1, 1)) for x, y, _ in both]
                    steps = peer.at_level(corruption["chain"], severity - 1) if severity else []
                    corrupted = [of.corrupted(turning(steps, W)) for of in clean]
                    chain = list(peer.strengths(augmentation["chain"], corruption["chain"]))[strength]
                    sets = corrupted[0], clean[0], corrupted[1], clean[1]
                    return sets, turning(chain, W), (None, None, self.test[1])
                self.compare_all(archive, experiment, problem)

    def test_rows(self):
        """Rows are corrupted by any steps before they are mapped; representations are of these."""
        corruption = {"chain": [{"type": "mask", "keep": [0.9, 0.6]}, NOISE], "clean": True}
        experiment = settings(corruption=corruption, archive={"samples": True, "encoders": "all",
                                                              "representations": "all"})
        for ranks in (1, 2, 3):
            with views.run(experiment, ranks=ranks) as archive:
                def rows(W, x, numbers, severity, replicate):
                    steps = peer.at_level(corruption["chain"], severity - 1) if severity else []
                    return features(views.corrupt(steps, x, numbers, SEED, replicate), W)

                def problem(W, replicate, n, severity, strength):
                    sets = []
                    for x, y, numbers in (self.rows(archive, replicate, n), self.test):
                        for at in (severity, 0):
                            z = rows(W, x, numbers, at, replicate)
                            sets.append(peer.Samples.of_rows(z, y, (len(W) * 2, 1, 1)))
                    chain = peer.at_level(experiment["augmentation"]["chain"], strength)
                    return sets, turning(chain, W), (None, None, self.test[1])
                self.compare_all(archive, experiment, problem)
                W = self.weights(archive)
                x, _, numbers = self.rows(archive, 1, 30)
                z = rows(W, x, numbers, 2, 1) - archive["input_mean"][1, 2, 1, 1]
                for method in ("joint_embedding", "supervised"):
                    encoder = archive[f"encoder_{method}"][1, 2, 1, 1]
                    shown = archive[f"representation_{method}"][1, 2, 1, 1]
                    np.testing.assert_allclose(shown, z[:len(shown)] @ encoder.T, rtol=0,
                                               atol=1e-11 * np.abs(shown).max())

    def test_sampled_views(self):
        """Steps of any kind are drawn in the inputs, and mapped."""
        chain, m = [{"type": "multiply", "deviation": [0.2, 0.4]}, {"type": "mask", "keep": 0.8}], 3
        corruption = {"chain": [{"type": "noise", "deviation": 0.2}]}
        experiment = settings(corruption=corruption,
                              augmentation={"chain": chain, "views": m, "floor": 0.01})
        digests = set()
        for ranks in (1, 3):
            with views.run(experiment, ranks=ranks) as archive:
                digests.add(archive["test_loss"][()].tobytes())

                def problem(W, replicate, n, severity, strength):
                    sets = []
                    for x, y, numbers in (self.rows(archive, replicate, n), self.test):
                        drawn = views.corrupt(corruption["chain"], x, numbers, SEED, replicate)
                        sets += [peer.Samples.of_rows(features(z, W), y, (len(W) * 2, 1, 1)) for z in (drawn, x)]
                    x, y, numbers = self.rows(archive, replicate, n)
                    x = views.corrupt(corruption["chain"], x, numbers, SEED, replicate)
                    view = np.repeat(x, m, 0)
                    for i, step in enumerate(peer.at_level(chain, strength)):
                        view = views.draw(step, view, (numbers[:, None] * m + np.arange(m)).ravel(),
                                          (SEED, 128 + i, replicate), SHAPE, None)
                    of_views = {"type": "drawn", "x": features(x, W), "y": y,
                                "drawn": features(view, W).reshape(n, m, -1)}
                    return sets, [of_views], (None, None, self.test[1])
                self.compare_all(archive, experiment, problem)
        self.assertEqual(len(digests), 1)

    def test_given_views(self):
        """Those of another program are mapped, too."""
        given = (self.x / SCALE)[:, None] + np.random.default_rng(4).uniform(-1, 1, (len(self.x), 3, self.x.shape[1]))
        with h5py.File(harness.folder / "train.h5", "a") as file:
            file["views"] = SCALE * given
        experiment = settings(augmentation={"floor": 0.01})
        experiment["source"]["views"] = "views"
        with views.run(experiment, ranks=2) as archive:
            def problem(W, replicate, n, severity, strength):
                both = self.rows(archive, replicate, n), self.test
                clean = [peer.Samples.of_rows(features(x, W), y, (len(W) * 2, 1, 1)) for x, y, _ in both]
                x, y, numbers = both[0]
                drawn = features(given[numbers].reshape(3 * n, -1), W).reshape(n, 3, -1)
                chain = [{"type": "drawn", "x": features(x, W), "y": y, "drawn": drawn}]
                return (clean[0], clean[0], clean[1], clean[1]), chain, (None, None, self.test[1])
            self.compare_all(archive, experiment, problem)

    def test_accuracy(self):
        classes = np.digitize(self.y[:, 0], [5, 7])
        with h5py.File(harness.folder / "train.h5", "a") as file:
            file["classes"] = classes
        self.y = np.eye(3)[classes]
        self.test = self.x / SCALE, self.y, np.arange(len(self.x))
        experiment = settings(source={"type": "hdf5", "file": "train.h5", "samples": "x", "labels": "classes",
                                      "scale": SCALE}, samples=[500], replicates=1)
        experiment.pop("test")
        with views.run(experiment, ranks=2) as archive:
            def problem(W, replicate, n, severity, strength):
                x, y, _ = self.rows(archive, replicate, n)
                z = features(x, W)
                of = peer.Samples.of_rows(z, y, (len(W) * 2, 1, 1))
                chain = peer.at_level(experiment["augmentation"]["chain"], strength)
                return (of, of, of, of), turning(chain, W), (z, z, y)
            self.compare_all(archive, experiment, problem)


class Use(unittest.TestCase):
    """What a reader does with an archive, and what is refused."""

    def setUp(self):
        self.x, _ = views.write_images("train.h5", SHAPE)
        views.write_images("test.h5", SHAPE, 200, seed=2)

    def test_python_of_the_readme(self):
        """It encodes the represented rows of the data as the program has."""
        page = (harness.ROOT / "data/README.md").read_text()
        code = page.split("## Nonlinear features")[1].split("```python\n")[1].split("```")[0]
        experiment = settings(archive={"encoders": "all", "representations": "all"})
        with views.run(experiment, ranks=2) as archive:
            point = 1, 0, 1, 0
            space = {"np": np, "archive": archive, "x": self.x[archive["row"][1]], "point": point}
            exec(code, space)
            shown = archive["representation_joint_embedding"][point]
            np.testing.assert_allclose(space["z"], shown, rtol=0, atol=1e-11 * np.abs(shown).max())
        done = harness.twoview("info", "--verify", "views.h5")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_replicates_of_two_runs_are_merged(self):
        """Their frequencies are the same."""
        whole = settings(archive={"encoders": "last"})
        with views.run(whole) as archive:
            loss, weights = archive["test_loss"][()], archive["fourier_weights"][()]
        for replicate in (0, 1):
            views.run({**whole, "replicates": 1, "first_replicate": replicate}, f"{replicate}.h5").close()
        harness.twoview("merge", "0.h5", "1.h5", "-o", "merged.h5")
        with h5py.File(harness.folder / "merged.h5") as merged:
            np.testing.assert_array_equal(merged["test_loss"], loss)
            np.testing.assert_array_equal(merged["fourier_weights"], weights)

    def test_phase_diagram(self):
        """The experiment to start from: 20 severities at 20 strengths, from the moments of one pass."""
        done = harness.twoview("run", harness.ROOT / "jobs/nonlinear.yaml", "--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"\b400 ")

    def test_theory(self):
        """It has the values of the run."""
        experiment = settings(samples=[400], replicates=1)
        with views.run(experiment) as archive:
            value = archive["value"][0, 0, 0, 0, 1, METHODS.index("JE")]
        said = harness.twoview("theory", "views.yaml", "--json").stdout
        of_theory = json.loads(said)["settings"][0]["methods"]["joint_embedding"]["omega"][:5]
        np.testing.assert_allclose(of_theory, value, rtol=1e-9)

    def refuse(self, words, ranks=(1,), **changes):
        harness.write("bad.yaml", json.dumps(settings(**changes)))
        for count in ranks:
            done = harness.twoview("run", "bad.yaml", "-o", "bad.h5", ranks=count)
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stderr, words)
            self.assertFalse((harness.folder / "bad.h5").exists())

    def test_refused_keys(self):
        def fourier(**keys):
            return {"type": "random-fourier", **keys}
        self.refuse("features.count: must be from 1 to 524288, got 0", features=fourier(count=0))
        self.refuse("features.count: is missing", features=fourier())
        for bandwidth in (0, -1, "wide"):
            self.refuse(f"features.bandwidth: .*{bandwidth}", features=fourier(count=3, bandwidth=bandwidth))
        self.refuse("features.count: belongs to 'type: random-fourier'", features={"count": 3})
        self.refuse("features.pca: random Fourier features", features=fourier(count=9, pca=3))

    def test_refused_steps(self):
        """Where nothing is drawn, steps that do more than to add normal numbers."""
        shift = {"type": "shift", "pixels": 1}
        self.refuse("augmentation.chain.2: what 'shift' does to random Fourier features.*views: 4",
                    augmentation={"chain": [NOISE, shift]})
        self.refuse("corruption.chain.1: what 'shift' does to random Fourier features.*sampler: rows",
                    corruption={"chain": [shift], "sampler": "expected"})

    def test_refused_data(self):
        """Rows that have no median distance."""
        few = {"samples": [1], "replicates": 1, "encoder": {"k": 1}, "archive": {"encoders": "none"}}
        self.refuse("features.bandwidth: 'auto' is the median distance of training rows, and there is one",
                    (1, 2), **few)
        x = np.repeat(self.x[:2], (470, 30), 0)
        with h5py.File(harness.folder / "train.h5", "a") as file:
            file["x"][...] = x.reshape(file["x"].shape)
        self.refuse("features.bandwidth: .* of 400 of them is 0: most of them are equal", (1, 2))
        with views.run(settings(features={"type": "random-fourier", "count": 3, "bandwidth": 2})) as archive:
            self.assertEqual(archive.attrs["bandwidth"], 2)


if __name__ == "__main__":
    unittest.main()
