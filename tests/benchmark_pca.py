"""Twenty principal components of wide data, from the file to the values, against scikit-learn's
randomised PCA (python3-sklearn, in its own process) on as many threads as ranks, in the same run: of
500 rows of 224 x 224 x 3, 20,000 of 64 x 64 x 3, and 4,000 of these, of which the exact values are
compared. Also a program: benchmark_pca.py [ROUNDS]."""
import json
import os
import subprocess
import sys
import time

import h5py
import numpy as np

import harness

KEPT = 20
PIECE = 250

EXPERIMENT = """\
source: {{type: hdf5, file: {file}, samples: x, targets: y}}
features: {{pca: {kept}}}
noise: {{components: 1, lambda_max: 1}}
augmentation: {{theta_max: 0.5, alpha: 1}}
samples: {rows}
encoder: {{k: 1}}
methods: [SL]
archive: {{encoders: none, representations: none, samples: false}}
"""

PEER = f"""\
import json, resource, sys, time
import h5py, numpy as np
from sklearn.decomposition import PCA
used = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
with h5py.File(sys.argv[1]) as file:
    x = file["x"][()].astype(float)
begun, before = time.monotonic(), used()
fitted = PCA({KEPT}, svd_solver="randomized", random_state=0).fit(x)
values = fitted.explained_variance_ * (len(x) - 1) / len(x)
print(json.dumps([used() - before, time.monotonic() - begun, values[-1]]))
"""


def write_images(name, rows, side):
    """Smooth ones: amplitudes fall with the power 1.5 of the frequency."""
    random = np.random.default_rng(1)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)) * side
    colours = np.array([[1, 0, 0], [0.9, 0.3, 0], [0.8, 0.2, 0.3]])
    with h5py.File(harness.folder / name, "w") as file:
        x = file.create_dataset("x", (rows, 3 * side**2), np.uint8)
        for first in range(0, rows, PIECE):
            waves = np.fft.rfft2(random.normal(size=(PIECE, 3, side, side)))
            shown = np.fft.irfft2(waves / np.maximum(1, frequency)**1.5, (side, side))
            shown = np.einsum("cd,ndij->nijc", colours, shown / shown.std())
            x[first:first + PIECE] = np.clip(128 + 45 * shown, 0, 255).reshape(PIECE, -1)
        file["y"] = np.ones((rows, 1))


def run(command, threads):
    """Seconds of all processors and by the clock, and what it prints."""
    before, begun = os.times(), time.monotonic()
    done = subprocess.run(list(map(str, command)), cwd=harness.folder, check=True, text=True, capture_output=True,
                          env={**os.environ, "OPENBLAS_NUM_THREADS": str(threads)})
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return used, time.monotonic() - begun, done.stdout


def solve(name, rows, ranks, solver="auto"):
    experiment = harness.write("pca.yaml", EXPERIMENT.format(file=name, rows=rows, kept=KEPT))
    used, clock, _ = run([harness.MPI_TEST, ranks, harness.TWOVIEW, "run", experiment, "--force", "-o", "pca.h5",
                          *harness.settings(f"features.solver={solver}")], 1)
    with h5py.File(harness.folder / "pca.h5") as archive:
        return used, clock, archive["data_spectrum"][KEPT - 1], dict(archive.attrs)


def compare(name, rows, side, rounds):
    write_images(name, rows, side)
    for ranks in (1, 2):
        ours, peers = [], []
        for _ in range(rounds):
            used, clock, peers_value = json.loads(run(["/usr/bin/python3", "-c", PEER, name], ranks)[2])
            peers.append((used, clock))
            used, clock, value, attributes = solve(name, rows, ranks)
            ours.append((used, clock))
        (our_use, our_clock), (peers_use, peers_clock) = np.min(ours, axis=0), np.min(peers, axis=0)
        print(f"{rows} x {3 * side**2} on {ranks} of the cores: scikit-learn, once it has read the file, {peers_use:.2f} s "
              f"of processor time, {peers_clock:.2f} s by the clock; twoview, all of it, {our_use:.2f} s and "
              f"{our_clock:.2f} s: {our_use / peers_use:.2f} and {our_clock / peers_clock:.2f} of that; by "
              f"{attributes['principal_solver']}, residual {attributes.get('principal_residual', 0):.1g}; "
              f"scikit-learn's value {KEPT} is {1 - peers_value / value:.1g} of it too low", flush=True)


def compare_exactly(name, rows, side):
    write_images(name, rows, side)
    exact, found = (solve(name, rows, 2, solver)[2] for solver in ("rows", "subspace"))
    print(f"{rows} x {3 * side**2}: the relative error of value {KEPT} is {abs(found / exact - 1):.1g}")


def main(rounds=2):
    compare("large.h5", 500, 224, rounds)
    compare("many.h5", 20000, 64, rounds)
    compare_exactly("fewer.h5", 4000, 64)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
