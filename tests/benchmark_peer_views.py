"""96 points of the view model on Fashion-MNIST (8 corruptions, 4 severities, 3 strengths; RC, JE and
PCA) as a whole process on 2 ranks, against the NumPy and SciPy peer of the tests on 2 threads, in the
same run. Both find the same losses; the peer's reading of the files is not counted. Targets are
numbers, not classes, so that neither counts rows that are classified."""
import json
import os
import subprocess
import sys
import time

import h5py
import numpy as np

import harness
import peer_views

ROUNDS = 2


def write_rows(name, part):
    images = peer_views.read_idx(harness.FASHION / f"{part}-images-idx3-ubyte.gz")
    labels = peer_views.read_idx(harness.FASHION / f"{part}-labels-idx1-ubyte.gz")
    with h5py.File(harness.folder / name, "w") as file:
        file["x"] = images
        file["y"] = np.eye(10)[labels]


def experiment():
    write_rows("training.h5", "train")
    write_rows("test.h5", "t10k")
    return harness.write("experiment.yaml", f"""\
        source: {{type: hdf5, file: training.h5, samples: x, targets: y, scale: 255}}
        test: {{file: test.h5}}
        corruption: {{sampler: expected, chain: {json.dumps(peer_views.side_by_side(peer_views.CORRUPTIONS))}}}
        augmentation: {{chain: {json.dumps(peer_views.AUGMENTATION)}, floor: {peer_views.FLOOR}}}
        samples: [60000]
        encoder: {{k: 20}}
        methods: {json.dumps(peer_views.METHODS)}
        archive: {{representations: none, encoders: none}}
        """)


def seconds(command, threads):
    begun = time.monotonic()
    done = subprocess.run(list(map(str, command)), cwd=harness.folder, check=True, text=True,
                          capture_output=True, env={**os.environ, "OPENBLAS_NUM_THREADS": threads})
    return time.monotonic() - begun, done.stdout


def differences():
    """The largest of the losses, relative."""
    with h5py.File(harness.folder / "ours.h5") as file:
        ours = file["test_loss"][0, :, :, 0, 0]
    peers = np.load(harness.folder / "peer.npy").reshape(ours.shape)
    return np.max(np.abs(ours - peers) / peers)


def main():
    file = experiment()
    ours, peers = [], []
    for _ in range(ROUNDS):
        said = seconds([sys.executable, harness.ROOT / "tests/peer_views.py", harness.FASHION,
                        "peer.npy"], "2")[1]
        peers.append(float(said.split()[-2]))
        ours.append(seconds([harness.MPI_TEST, 2, harness.TWOVIEW, "run", file, "--force", "-o",
                             "ours.h5"], "1")[0])
    print(f"96 points: NumPy and SciPy {min(peers):.2f} s, twoview on 2 ranks {min(ours):.2f} s: "
          f"{min(ours) / min(peers):.2f} of the peer's time; losses differ by {differences():.0e}")


if __name__ == "__main__":
    main()
