"""The view model: every archived score recomputed by other means, from the data alone."""
import io
import itertools
import json
import unittest

import h5py
import numpy as np
import PIL.Image
import scipy.linalg

import harness
import peer_views as peer

METHODS = ["SL", "RC", "JE", "PCA"]
ROUNDING = 1e-9  # of losses, relative to the variance of the targets; of gaps, to the largest value
ANGLES = 1e-7  # radians
SCORES = ["training_loss", "test_loss", "test_loss_clean", "target_variance", "gap"]

AUGMENTATION = [{"type": "shift", "pixels": 1}, {"type": "noise", "deviation": 0.1},
                {"type": "corruption", "severity": [0, 1, 2]}]


# ---- Data and experiments ----

def images(count, shape, seed):
    """Images of a few smooth factors and noise, not negative; and targets that need them."""
    random = np.random.default_rng(seed)
    rows, columns, channels = np.indices(shape).reshape(3, -1) + 0.5
    factors = np.array([np.cos(a * rows * np.pi / shape[0]) * np.cos(b * columns * np.pi / shape[1])
                        * (1 + c * channels) for a, b, c in itertools.product(range(3), range(2), (0, 0.3))])
    weights = random.normal(size=(count, len(factors))) * np.linspace(2, 0.5, len(factors))
    x = np.abs(weights @ factors + 0.5 * random.normal(size=(count, len(rows))))
    y = np.stack([np.abs(weights[:, :4]).sum(1), weights[:, 4] ** 2 + weights[:, 1]], 1)
    return x, y + 3


def write_images(name, shape, count=500, seed=1, whole=False):
    """`whole`: counts."""
    x, y = images(count, shape, seed)
    x = np.round(3 * x) if whole else x
    with h5py.File(harness.folder / name, "w") as file:
        file["x"], file["y"] = x.reshape(count, *shape), y
    return x, y


def settings(**changes):
    return {"replicates": 2, "seed": 5,
            "source": {"type": "hdf5", "file": "train.h5", "samples": "x", "targets": "y", "scale": 2},
            "test": {"file": "test.h5"},
            "augmentation": {"chain": AUGMENTATION, "floor": 0.01},
            "samples": [30, 400], "encoder": {"k": [2, 5, 7]}, "methods": METHODS,
            "archive": {"samples": True, "encoders": "all"}, **changes}


def run(experiment, name="views.h5", *arguments, ranks=1):
    """JSON is YAML."""
    return harness.archive(harness.write("views.yaml", json.dumps(experiment)), name, *arguments, ranks=ranks)


# ---- Draws of corrupted rows: Philox4x32-10 once more ----

def philox(counter, key):
    counter, key = [np.uint64(c) for c in counter], [np.uint64(k) for k in key]
    low, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    for _ in range(10):
        first, second = counter[0] * np.uint64(0xD2511F53), counter[2] * np.uint64(0xCD9E8D57)
        counter = [(second >> shift) ^ counter[1] ^ key[0], second & low,
                   (first >> shift) ^ counter[3] ^ key[1], first & low]
        key = [(key[0] + np.uint64(0x9E3779B9)) & low, (key[1] + np.uint64(0xBB67AE85)) & low]
    return counter


def uniform_pairs(seed, purpose, replicate, numbers, pairs):
    """Two uniforms for each pair of each number of a sample: 2 x numbers x pairs."""
    numbers, block = np.meshgrid(np.asarray(numbers, np.uint64), np.arange(pairs, dtype=np.uint64), indexing="ij")
    place = np.full_like(numbers, purpose << 24 | replicate)
    bits = philox([numbers & np.uint64(0xFFFFFFFF), numbers >> np.uint64(32), block, place], [seed, 0])
    cells = [(bits[i] << np.uint64(32) | bits[i + 1]) >> np.uint64(12) for i in (0, 2)]
    return [(cell.astype(float) + 0.5) * 2.0**-52 for cell in cells]


def jpeg(image, quality):
    """There and back by Pillow, at a scale of 2."""
    pixels = np.clip(np.rint(2 * image), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(pixels.squeeze()).save(file, "JPEG", quality=quality)
    return np.asarray(PIL.Image.open(file)).reshape(-1) / 2


def windows(step, shape, uniforms):
    """Which numbers the windows hit whose centres two uniforms choose: rows x numbers."""
    hit = np.ones((len(uniforms), *shape), bool)
    for axis in (0, 1):
        first = (uniforms[:, axis] * shape[axis]).astype(int) - step["size"][axis] // 2
        place = np.arange(shape[axis])
        of_axis = (place >= first[:, None]) & (place < first[:, None] + step["size"][axis])
        hit &= of_axis[:, :, None, None] if axis == 0 else of_axis[:, None, :, None]
    return hit.reshape(len(uniforms), -1)


def draw(step, x, numbers, place, shape, partners):
    """One draw for each row; `partners` finds those that uniforms choose."""
    first, second = uniform_pairs(*place, numbers, (x.shape[1] + 1) // 2)
    uniforms = np.stack([first, second], 2).reshape(len(x), -1)[:, :x.shape[1]]
    radius = np.sqrt(-2 * np.log(first))
    normals = np.stack([radius * np.cos(2 * np.pi * second), radius * np.sin(2 * np.pi * second)], 2)
    normals = normals.reshape(len(x), -1)[:, :x.shape[1]]
    if step["type"] == "noise":
        return x + step["deviation"] * normals
    if step["type"] == "jpeg":
        return np.stack([jpeg(row.reshape(shape), step["quality"]) for row in x])
    if step["type"] == "cutmix":
        return np.where(windows(step, shape, uniforms), partners(uniforms[:, 2]), x)
    if step["type"] == "blend":
        textures = peer.textures(step["with"])
        drawn = textures[(uniforms[:, 0] * len(textures)).astype(int)]
        return (1 - step["weight"]) * x + step["weight"] * drawn
    if step["type"] == "multiply":
        return x * (1 + step["deviation"] * normals)
    assert step["type"] == "mask"
    return np.where(uniforms < step["keep"], x, 0)


def corrupt(chain, x, numbers, seed, replicate, pool=None, shape=None):
    """Partners are rows of the pool, with the steps before, drawn apart."""
    def partners(count):
        def find(uniforms):
            apart = np.uint64(1 << 63) | np.floor(uniforms * 2.0**52).astype(np.uint64)
            rows = pool[(uniforms * len(pool)).astype(int)]
            return corrupt(chain[:count], rows, apart, seed, replicate, pool, shape)
        return find
    for i, step in enumerate(chain):
        x = draw(step, x, numbers, (seed, 64 + i, replicate), shape, partners(i))
    return x


# ---- Comparison ----

class Comparison(unittest.TestCase):
    def compare_number(self, stored, expected, scale, where):
        if np.isnan(expected):
            self.assertTrue(np.isnan(stored), where)
        else:
            self.assertLessEqual(abs(stored - expected), ROUNDING * scale, where)

    def compare_encoder(self, archive, at, found, method, i, k):
        """One number of an encoder of k rows after the other."""
        values = found["value"][method]
        for name in SCORES:
            largest = 1 if values is None else values[0] / values[k - 1]
            scale = largest if name == "gap" else found["target_variance"][method][i]
            self.compare_number(archive[name][at], found[name][method][i], scale, f"{name} of {method} at {at}")
        stored = archive["value"][at]
        for j in range(len(stored)):
            expected = np.nan if values is None or j >= k else values[j]
            self.compare_number(stored[j], expected, 1 if values is None else values[0],
                                f"value {j} of {method} at {at}")

    def compare_angles(self, archive, at, found, method, k):
        spectral = [other for other in METHODS if other != "SL"]
        for o, other in enumerate(METHODS):
            angles = [np.nan]
            if method in spectral and other in spectral:
                angles = scipy.linalg.subspace_angles(*(found["encoder"][name][:k].T for name in (method, other)))
            for name, number in (("largest_angle", np.max(angles)), ("mean_angle", np.mean(angles))):
                if method != other:
                    apart = abs(archive[name][(*at, o)] - number)
                    self.assertTrue(apart <= ANGLES or np.isnan(number) and np.isnan(apart),
                                    f"{name} of {method} and {other} at {at}: {apart}")

    def compare_accuracy(self, archive, at, found, method, i, test):
        """`test`: corrupted rows and clean ones, and their targets, which are one-hot."""
        *rows, targets = test
        for probe, x, name in zip(found["probes"][method][i], rows, ("test_accuracy", "test_accuracy_clean")):
            expected = np.nan
            if set(np.unique(targets)) == {0, 1}:
                expected = np.mean(probe.predict(x).argmax(1) == targets.argmax(1))
            self.compare_number(archive[name][at], expected, 1, f"{name} of {method} at {at}")

    def compare_point(self, archive, index, found, ks, test):
        for m, method in enumerate(METHODS):
            for i, k in enumerate(ks):
                at = (*index, i, m)
                self.assertEqual(archive["status"][at], 0, f"{method} at {at}")
                self.compare_encoder(archive, at, found, method, i, k)
                self.compare_angles(archive, at, found, method, k)
                self.compare_accuracy(archive, at, found, method, i, test)

    def point(self, experiment, sets, severity, strength):
        """What is to be found at a point, of moments (training, clean, test, test clean)."""
        chains = list(peer.strengths(experiment["augmentation"]["chain"],
                                     experiment.get("corruption", {}).get("chain", [])))
        return peer.points(*sets, chains[strength], experiment["augmentation"].get("floor", 0),
                           experiment["encoder"]["k"], METHODS,
                           experiment.get("probe", {}).get("intercept", True))

    def compare(self, archive, experiment, shape, held_out):
        """`held_out`: replicate -> rows, targets and numbers of the test rows; None: there are none."""
        corruption = experiment.get("corruption", {"chain": []})
        for replicate, level in itertools.product(range(experiment["replicates"]), range(len(archive["n"]))):
            n = archive["n"][level]
            samples = archive["samples"]
            training = [samples[name][replicate][:n] for name in ("clean", "target", "row")]
            both = [training, held_out(replicate) if held_out else training]
            clean = [peer.Samples.of_rows(x, y, shape) for x, y, _ in both]
            for s, severity in enumerate(archive["severity"][()]):
                steps = peer.at_level(corruption["chain"], severity - 1) if severity else []
                is_expected = corruption.get("sampler") == "expected"
                drawn = [None if is_expected else corrupt(steps, x, numbers, experiment["seed"], replicate,
                                                          samples["clean"][replicate], shape)
                         for x, _, numbers in both]
                corrupted = [of.corrupted(steps) if is_expected else peer.Samples.of_rows(rows, y, shape)
                             for of, rows, (_, y, _) in zip(clean, drawn, both)]
                for strength in range(len(archive["strength"])):
                    sets = corrupted[0], clean[0], corrupted[1], clean[1]
                    found = self.point(experiment, sets, severity, strength)
                    self.compare_point(archive, (replicate, s, strength, level), found,
                                       experiment["encoder"]["k"], (drawn[1], both[1][0], both[1][1]))

    def check(self, experiment, shape, held_out, ranks=1):
        with run(experiment, ranks=ranks) as archive:
            self.compare(archive, experiment, shape, held_out)

    @staticmethod
    def rows_of_a_file(x, y, rows):
        """Their numbers follow those of the training file."""
        return lambda replicate: (x / 2, y, rows + np.arange(len(x)))

    def small(self, shape=(8, 8, 1), **options):
        x, _ = write_images("train.h5", shape, **options)
        return self.rows_of_a_file(*write_images("test.h5", shape, 200, seed=2, **options), len(x))


class Recomputation(Comparison):
    def test_expected(self):
        """Of few of the rows that there could be, and of many, which are found in other ways."""
        held_out = self.small()
        for intercept, k in ((True, [2, 5, 7]), (False, [3, 20])):
            self.check(settings(corruption={"chain": [{"type": "texture", "length": 2, "deviation": [0.5, 1]},
                                                      {"type": "cutout", "size": [[2, 2], [4, 3]]}],
                                            "clean": True, "sampler": "expected"},
                                probe={"intercept": intercept}, encoder={"k": k}), (8, 8, 1), held_out,
                       ranks=2)

    def test_rows(self):
        held_out = self.small((6, 5, 3))
        for chain in ([{"type": "noise", "deviation": [0.5, 1]}],
                      [{"type": "multiply", "deviation": [0.2, 0.4]}, {"type": "mask", "keep": [0.9, 0.7]},
                       {"type": "noise", "deviation": 0.3}]):
            for intercept in (True, False):
                self.check(settings(corruption={"chain": chain, "clean": True},
                                    probe={"intercept": intercept}), (6, 5, 3), held_out, ranks=3)

    def test_jpeg(self):
        """Grey and in colour, of several blocks; some numbers are beyond 255."""
        for shape in ((12, 11, 1), (18, 9, 3)):
            sets = []
            for seed, (name, count) in enumerate((("train.h5", 500), ("test.h5", 200)), start=1):
                x, y = images(count, shape, seed)
                with h5py.File(harness.folder / name, "w") as file:
                    file["x"], file["y"] = 30 * x.reshape(count, *shape), y
                sets.append((30 * x, y))
            self.assertGreater(sets[0][0].max(), 255)
            chain = [{"type": "jpeg", "quality": [90, 10]}, {"type": "noise", "deviation": 0.3}]
            self.check(settings(corruption={"chain": chain, "clean": True},
                                augmentation={"chain": AUGMENTATION[:2], "floor": 0.01}), shape,
                       self.rows_of_a_file(*sets[1], 500), ranks=3)

    def test_partners(self):
        """Of rows: of the training sample, here all of it, and of test rows too."""
        held_out = self.small((6, 5, 3))
        for chain in ([{"type": "cutmix", "size": [[2, 3], [4, 4]]}],
                      [{"type": "noise", "deviation": [0.5, 1]}, {"type": "cutmix", "size": [3, 3]},
                       {"type": "mask", "keep": 0.9}, {"type": "cutmix", "size": [2, 2]}]):
            self.check(settings(corruption={"chain": chain, "clean": True}), (6, 5, 3), held_out, ranks=3)

    def write_textures(self, count=37, scale=4):
        x, _ = images(count, (8, 8, 1), seed=7)
        np.save(harness.folder / "textures.npy", x.reshape(count, 8, 8) + 1)
        return {"type": "npy", "samples": str(harness.folder / "textures.npy"), "scale": scale}

    def test_textures(self):
        """Of either sampler, and of the views, where the corruption is one of them."""
        held_out = self.small()
        textures = self.write_textures()
        blend = {"type": "blend", "weight": [0.3, 0.7], "with": textures}
        views = [{"type": "blend", "weight": [0.1, 0.2, 0.6], "with": self.write_textures()},
                 {"type": "noise", "deviation": 0.1}, {"type": "corruption", "severity": [0, 1, 2]}]
        for sampler in ("rows", "expected"):
            self.check(settings(replicates=1, corruption={"chain": [blend, {"type": "noise", "deviation": 0.2}],
                                                          "clean": True, "sampler": sampler},
                                augmentation={"chain": views, "floor": 0.01}), (8, 8, 1), held_out, ranks=3)

    def test_textures_are_those_of_any_file(self):
        """With a scale of their own or the source's, of any kind, in either layout, on any number of ranks."""
        self.small()
        textures = self.write_textures(scale=2)
        rows = np.load(textures["samples"])
        with h5py.File(harness.folder / "textures.h5", "w") as file:
            file["t"] = rows
        known = []
        for data_set, layout, ranks in ((textures, "replicated", 1), (textures, "distributed", 3),
                                        ({"type": "hdf5", "file": "textures.h5", "samples": "t"}, "replicated", 2),
                                        ({"type": "npy", "samples": "textures.npy"}, "replicated", 7)):
            chain = [{"type": "blend", "weight": [0.2, 0.5], "with": data_set}, {"type": "noise", "deviation": 0.1}]
            with run(settings(augmentation={"chain": chain}, parallel={"layout": layout}), ranks=ranks) as archive:
                known.append(archive["test_loss"][()])
                stored = archive["experiment"].attrs["augmentation.chain.1.with.type"]
                self.assertEqual(stored, data_set["type"])
            np.testing.assert_allclose(known[-1], known[0], rtol=ROUNDING)

    def test_classes(self):
        """The accuracy too, of one draw of each test row."""
        sets = []
        for seed, (name, count) in enumerate((("train.h5", 500), ("test.h5", 200)), start=1):
            x, y = write_images(name, (8, 8, 1), count, seed)
            labels = np.digitize(y[:, 0], [5, 7, 9])
            with h5py.File(harness.folder / name, "a") as file:
                file["classes"] = labels
            sets.append((x / 2, np.eye(4)[labels]))
        held_out = (*sets[1], 500 + np.arange(200))
        experiment = settings(source={"type": "hdf5", "file": "train.h5", "samples": "x", "labels": "classes",
                                      "scale": 2},
                              corruption={"chain": [{"type": "noise", "deviation": [0.5, 1]}], "clean": True})
        self.check(experiment, (8, 8, 1), lambda replicate: held_out, ranks=2)

    def test_a_share_is_held_out(self):
        """The same rows for every n: those of the largest sample are all others here."""
        x, y = write_images("train.h5", (6, 5, 3))
        experiment = settings(test={"fraction": 0.2}, corruption={"chain": [{"type": "noise", "deviation": [0.5, 1]}]})
        with run(experiment, ranks=2) as archive:
            rows = archive["samples/row"][()]

            def others(replicate):
                numbers = np.setdiff1d(np.arange(len(x)), rows[replicate])
                self.assertEqual(len(numbers), 100)
                return x[numbers] / 2, y[numbers], numbers
            self.compare(archive, experiment, (6, 5, 3), others)
            # Of the law of the permutation: two shares of a fifth have a fifth of theirs in common.
            self.assertLess(len(np.intersect1d(others(0)[2], others(1)[2])), 40)

    def test_without_test_rows(self):
        """The training rows stand for them; and without a corruption there is one severity."""
        self.small()
        experiment = settings(augmentation={"chain": AUGMENTATION[:2], "floor": 0.01})
        del experiment["test"]
        self.check(experiment, (8, 8, 1), None)

    def test_a_kernel_that_is_too_narrow_smooths_nothing(self):
        self.small()
        losses = []
        for width in (0, 1e-300, 0.01):
            chain = [{"type": "blur", "widths": [width]}, {"type": "noise", "deviation": 0.3}]
            with run(settings(augmentation={"chain": chain})) as archive:
                losses.append(archive["test_loss"][()])
                self.assertTrue(np.isfinite(archive["example_view"][()]).all())
        np.testing.assert_array_equal(losses[1], losses[0])
        np.testing.assert_array_equal(losses[2], losses[0])

    CHAINS = {
        (8, 8, 1): [
            [{"type": "crop", "sizes": [5, 7], "step": 2}, {"type": "flip", "probability": 0.3}],
            [{"type": "crop", "sizes": [[6], [8]]}, {"type": "flip", "axis": "rows"}],
            [{"type": "rotate", "degrees": [-20, 5, 35]}, {"type": "zoom", "factors": [0.8, 1.3]}],
            [{"type": "mask", "exactly": [6, 11], "per": "patch", "patch": [2, 2]}, {"type": "contrast", "deviation": 0.3}],
            [{"type": "mask", "keep": 0.7, "fill": "mean"}, {"type": "shift", "pixels": [1, 2], "fill": "edge"}],
            [{"type": "mask", "keep": 0.6, "per": "patch", "patch": [3, 2], "fill": 0.5}, {"type": "cutmix", "size": [3, 4]}],
            [{"type": "replace", "keep": [0.9, 0.5]}, {"type": "mixup", "beta": 0.4}],
            [{"type": "swap", "rounds": 5}, {"type": "blur", "widths": [0, 0.7, 1.5]}, {"type": "pixelate", "sizes": [1, 3]}],
            [{"type": "impulse", "probability": [0.1, 0.3], "values": [-1, 2]}, {"type": "brightness", "deviation": 0.3}],
            [{"type": "time-mask", "width": 3}, {"type": "frequency-mask", "width": [2, 5]}],
        ],
        (6, 5, 3): [
            [{"type": "blend", "weight": [0.3, 0.8]}, {"type": "multiply", "deviation": 0.2, "per": "channel"}],
            [{"type": "mask", "keep": 0.8, "per": "channel"}, {"type": "swap", "rounds": 3},
             {"type": "multiply", "deviation": 0.2, "per": "sample"}],
            [{"type": "cutout", "size": [2, 3]}, {"type": "noise", "deviation": 0.2}, {"type": "texture", "length": 3, "deviation": 0.4}],
        ],
        (12, 1, 3): [
            [{"type": "phase-jitter", "angle": [0.4, 2]}, {"type": "baseline", "degree": 3, "deviation": 0.2}],
            [{"type": "shift", "pixels": 2}, {"type": "swap", "rounds": 3}, {"type": "frequency-mask", "width": 1}],
            [{"type": "blur", "widths": [0.5, 2]}, {"type": "baseline", "degree": 0, "deviation": 0.3}],
        ],
        (11, 1, 2): [[{"type": "phase-jitter", "angle": 1}, {"type": "time-mask", "width": 4}]],
    }

    def test_every_step(self):
        steps = set()
        for shape, chains in self.CHAINS.items():
            held_out = self.small(shape)
            for chain in chains:
                steps.update(step["type"] for step in chain)
                with self.subTest(chain=chain):
                    self.check(settings(replicates=1, samples=[200], augmentation={"chain": chain, "floor": 0.05},
                                        corruption={"chain": chain, "clean": True, "sampler": "expected"}),
                               shape, held_out)
        held_out = self.small(whole=True)
        for chain in ([{"type": "poisson", "scale": [0.5, 2]}], [{"type": "thin", "keep": [0.9, 0.4]}]):
            steps.update(step["type"] for step in chain)
            with self.subTest(chain=chain):
                self.check(settings(replicates=1, samples=[200], augmentation={"chain": chain, "floor": 0.05},
                                    source={"type": "hdf5", "file": "train.h5", "samples": "x", "targets": "y"}),
                           (8, 8, 1), lambda replicate: (2 * held_out(replicate)[0], *held_out(replicate)[1:]))
        self.assertEqual(len(steps), 26)


class Agreement(Comparison):
    CORRUPTION = {"chain": [{"type": "noise", "deviation": [0.5, 1]}], "clean": True}

    def test_ranks(self):
        self.small()
        for sampler in ("rows", "expected"):
            experiment = settings(corruption={**self.CORRUPTION, "sampler": sampler})
            with run(experiment, "one.h5") as one:
                for ranks, more in ((2, ()), (3, ()), (2, ("--set", "parallel.ranks_per_point=2"))):
                    with run(experiment, "more.h5", *more, ranks=ranks) as other:
                        np.testing.assert_array_equal(one["moments_sha256"], other["moments_sha256"])
                        for name in SCORES:
                            scale = one["target_variance"][()].max()
                            np.testing.assert_allclose(other[name], one[name], rtol=ROUNDING,
                                                       atol=ROUNDING * scale, err_msg=f"{name}, {ranks} ranks")

    # At these numbers a step does nothing.
    IDLE = [{"type": "mask", "keep": 1}, {"type": "cutout", "size": [0, 0]}, {"type": "brightness", "deviation": 0},
            {"type": "contrast", "deviation": 0}, {"type": "multiply", "deviation": 0}, {"type": "shift", "pixels": 0},
            {"type": "texture", "length": 2, "deviation": 0}, {"type": "flip", "probability": 0},
            {"type": "impulse", "probability": 0, "values": [0, 1]}, {"type": "time-mask", "width": 0},
            {"type": "frequency-mask", "width": 0}, {"type": "phase-jitter", "angle": 0},
            {"type": "baseline", "degree": 2, "deviation": 0}]

    def test_idle_steps(self):
        """They change neither moments nor the draws of the steps before them, to the bit."""
        self.small()
        noise = self.CORRUPTION["chain"]
        for sampler in ("rows", "expected"):
            found = []
            for idle in ([], self.IDLE):
                chain = {"chain": [{"type": "noise", "deviation": 0.3}] + idle, "floor": 0.01}
                experiment = settings(corruption={"sampler": sampler, "chain": noise + idle}, augmentation=chain)
                with run(experiment, "idle.h5") as archive:
                    found.append([archive[name][()] for name in SCORES + ["value"]])
            for a, b in zip(*found):
                np.testing.assert_array_equal(a, b)

    def test_rows_and_their_mean(self):
        """One draw a row has moments of the exact mean: losses at the same rows lie within the spread
        of replicates, 5 standard errors, of it at large n. How far they spread falls as the square
        root of n or faster; half of that distinguishes small n."""
        write_images("train.h5", (8, 8, 1), 20000)
        found = {}
        for sampler in ("rows", "expected"):
            experiment = settings(corruption={**self.CORRUPTION, "sampler": sampler, "clean": False},
                                  samples=[40, 20000], replicates=8, archive={"encoders": "none"})
            del experiment["test"]
            with run(experiment, f"{sampler}.h5", ranks=2) as archive:
                found[sampler] = archive["training_loss"][()]
        apart = found["rows"] - found["expected"]
        errors = apart.std(0, ddof=1) / np.sqrt(len(apart))
        # A probe of 64 numbers at the most, fitted to n rows, takes this share of the noise with it.
        fitted = 2 * 64 / 20000 * found["expected"].mean(0)
        self.assertTrue((np.abs(apart.mean(0)) <= 5 * errors + fitted)[:, :, 1].all())
        spread = np.sqrt((apart**2).mean(0))
        ratio = spread[:, :, 0] / spread[:, :, 1]
        self.assertGreater(ratio.min(), np.sqrt(20000 / 40) / 2)

    def test_transform(self):
        """z = (x - feature_mean) @ transform' is what the probe sees."""
        x, y = write_images("train.h5", (8, 8, 1))
        held_out = self.rows_of_a_file(*write_images("test.h5", (8, 8, 1), 200, seed=2), len(x))
        experiment = settings(corruption=self.CORRUPTION,
                              archive={"samples": True, "encoders": "all", "representations": "all",
                                       "representation_samples": 30})
        with run(experiment) as archive:
            for s, severity in enumerate(archive["severity"][()]):
                steps = peer.at_level(self.CORRUPTION["chain"], severity - 1) if severity else []
                for replicate, strength, level in itertools.product(range(2), range(3), range(2)):
                    at = replicate, s, strength, level
                    rows = archive["samples/row"][replicate][:archive["n"][level]]
                    sets = [(x[rows] / 2, y[rows], rows), held_out(replicate)]
                    corrupted = [2 * corrupt(steps, of, numbers, 5, replicate) for of, _, numbers in sets]
                    for m, name in enumerate(harness.names(archive["paradigm"])):
                        key = name.replace("-", "_")
                        E, mean = archive[f"transform_{key}"][at], archive["feature_mean"][at]
                        z, of_test = ((of - mean) @ E.T for of in corrupted)
                        shown = archive[f"representation_{key}"][at]
                        np.testing.assert_allclose(shown, z[:30], atol=ROUNDING * np.abs(z).max())
                        z, of_test = (np.hstack([of, np.ones((len(of), 1))]) for of in (z, of_test))
                        probe = np.linalg.lstsq(z, sets[0][1], rcond=None)[0]
                        for quantity, of, target in (("training_loss", z, sets[0][1]),
                                                     ("test_loss", of_test, sets[1][1])):
                            loss = ((target - of @ probe) ** 2).sum(1).mean()
                            bound = ROUNDING * archive["target_variance"][(*at, 0, 0)]
                            self.assertLessEqual(abs(archive[quantity][(*at, 2, m)] - loss), bound,
                                                 f"{quantity} of {name} at {at}")

    def test_parts(self):
        """Replicates run one by one, and runs that are interrupted, hold what the whole run holds."""
        self.small()
        experiment = harness.write("views.yaml", json.dumps(settings(corruption=self.CORRUPTION)))
        harness.archive(experiment, "whole.h5").close()
        for part in range(2):
            harness.archive(experiment, f"part{part}.h5", "--set", "replicates=1", "--set",
                            f"first_replicate={part}").close()
        merged = harness.twoview("merge", "part0.h5", "part1.h5", "-o", "merged.h5")
        self.assertEqual(merged.returncode, 0, merged.stderr)
        for limit in 4 * ["0.01"] + 96 * ["2.5"]:
            done = harness.twoview("run", experiment, "-o", "pieces.h5", "--resume", "--max-time", limit, ranks=2)
            if done.returncode == 0:
                break
            self.assertIn(done.returncode, (3, 75), done.stderr)  # 3: a step was all it had time for
        self.assertEqual(done.returncode, 0)
        for other in ("merged.h5", "pieces.h5"):
            verified = harness.twoview("info", "--verify", other)
            self.assertEqual(verified.returncode, 0, verified.stderr)
            with h5py.File(harness.folder / "whole.h5") as a, h5py.File(harness.folder / other) as b:
                for name in [*SCORES, "feature_mean", "moments_sha256", "samples/row"]:
                    np.testing.assert_array_equal(a[name], b[name], f"{name} of {other}")


@unittest.skipUnless(harness.FASHION.exists(), "Fashion-MNIST is not installed")
class FashionMnist(Comparison):
    """What an independent program found: R^2 of the probe on corrupted training rows."""

    def find(self, corruption):
        files = {part: {"images": str(harness.FASHION / f"{name}-images-idx3-ubyte.gz"),
                        "labels": str(harness.FASHION / f"{name}-labels-idx1-ubyte.gz")}
                 for part, name in (("source", "train"), ("test", "t10k"))}
        experiment = {"source": {"type": "idx", "scale": 255, **files["source"]}, "test": files["test"],
                      "corruption": {"chain": [corruption], "sampler": "expected"},
                      "augmentation": {"chain": AUGMENTATION, "floor": peer.FLOOR},
                      "samples": [60000], "encoder": {"k": [20]}, "methods": ["JE", "RC"],
                      "archive": {"encoders": "none"}}
        with run(experiment, ranks=2) as archive:
            held_out = 1 - archive["test_loss_clean"][0, :, :, 0, 0] / archive["target_variance"][0, :, :, 0, 0]
            # One-hot targets of ten classes with as many rows each have variance .9.
            return 1 - archive["training_loss"][0, :, :, 0, 0] / 0.9, held_out

    def compare_with(self, found, joint_embedding, reconstruction):
        np.testing.assert_allclose(found[:, 0], joint_embedding, atol=0.003)
        np.testing.assert_allclose(found[:, 1], reconstruction, atol=0.003)

    def test_texture(self):
        corrupted, clean = self.find({"type": "texture", "length": 5, "deviation": [0.1, 0.2, 0.4, 0.8]})
        self.compare_with(corrupted[2], [.233, .260, .308], [.224, .231, .248])
        self.compare_with(corrupted[3], [.134, .143, .172], [.088, .090, .095])
        self.compare_with(clean[3], [.425, .427, .432], [.415, .416, .418])

    def test_white_noise(self):
        corrupted, _ = self.find({"type": "noise", "deviation": [0.1, 0.2, 0.4, 0.8]})
        self.compare_with(corrupted[3], [.332, .333, .336], [.368, .368, .369])


if __name__ == "__main__":
    unittest.main()
