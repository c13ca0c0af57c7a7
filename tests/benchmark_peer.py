"""The paper's experiment as a whole process on 2 ranks, against the NumPy peer on the same machine.
Prints times and their ratio; the runs alternate and the best of each counts."""
import subprocess
import sys
import time

import harness

EXPERIMENT = harness.ROOT / "jobs/fashion-mnist.yaml"
SCRIPT = harness.ROOT / "tests/reference.py"
ROUNDS = 3


def seconds(command):
    begun = time.monotonic()
    subprocess.run(list(map(str, command)), cwd=harness.folder, check=True, capture_output=True)
    return time.monotonic() - begun


def main():
    images = harness.FASHION / "train-images-idx3-ubyte.gz"
    labels = harness.FASHION / "train-labels-idx1-ubyte.gz"
    ours, peers = [], []
    for _ in range(ROUNDS):
        peers.append(seconds([sys.executable, SCRIPT, images, labels, "peer.npz"]))
        for _ in range(2):
            ours.append(seconds([harness.MPI_TEST, 2, harness.TWOVIEW, "run", EXPERIMENT, "--force",
                                 "-o", "ours.h5"]))
    print(f"NumPy peer {min(peers):.2f} s, twoview on 2 ranks {min(ours):.2f} s: "
          f"{min(peers) / min(ours):.1f} times as fast")


if __name__ == "__main__":
    main()
