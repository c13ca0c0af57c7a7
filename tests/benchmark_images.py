"""The view model at scale: images whose moments no rank has whole. What a run takes beside what
--dry-run says, and how its time splits by stage and rank. Also a program:

    benchmark_images.py [SIDE [SAMPLES [RANKS]]]

of SAMPLES images of SIDE x SIDE x 3, 28, 5000 and 4 unless told otherwise; 64, 20000 and 4 take 11 GB
and 1085 s of processor time."""
import re
import sys

import h5py
import numpy as np

import harness

EXPERIMENT = """\
source: {{type: hdf5, file: images.h5, samples: images, labels: labels, scale: 255}}
test: {{fraction: 0.2}}
corruption: {{chain: [{{type: texture, length: 5, deviation: 0.4}}], sampler: expected}}
augmentation:
  chain:
    - {{type: shift, pixels: 1}}
    - {{type: noise, deviation: 0.1}}
    - {{type: corruption, severity: 1}}
  floor: 0.000246059207997
samples: [{samples}]
encoder: {{k: 20}}
methods: [RC, JE, PCA, SL]
"""
CLASSES, PIECE = 10, 500


def textures(random, labels, side):
    """Smooth images: the length of their waves and their colour belong to the class."""
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    length = 1 + labels[:, None, None, None] / 3
    colour = np.stack([np.cos(labels), np.sin(labels), np.cos(2 * labels)], -1)
    waves = np.fft.rfft2(random.normal(size=(len(labels), 3, side, side)))
    smooth = np.fft.irfft2(waves * np.exp(-(2 * np.pi * frequency * length) ** 2 / 2), (side, side))
    smooth /= smooth.std(axis=(1, 2, 3), keepdims=True)
    shown = 128 + 40 * smooth.transpose(0, 2, 3, 1) + 15 * colour[:, None, None, :]
    return np.clip(shown + random.normal(scale=4, size=shown.shape), 0, 255).astype(np.uint8)


def write_images(side, samples):
    random = np.random.default_rng(12)
    labels = np.arange(samples) % CLASSES
    with h5py.File(harness.folder / "images.h5", "w") as file:
        images = file.create_dataset("images", (samples, side, side, 3), np.uint8)
        for first in range(0, samples, PIECE):
            images[first:first + PIECE] = textures(random, labels[first:first + PIECE], side)
        file["labels"] = labels


def main(side=28, samples=5000, ranks=4):
    write_images(side, samples)
    experiment = harness.write("images.yaml", EXPERIMENT.format(samples=samples - samples // 5))
    plan = harness.twoview("run", experiment, "--dry-run", ranks=ranks).stdout
    print(f"{samples} images, d = {3 * side**2}, {ranks} ranks")
    print("\n".join(line for line in plan.splitlines() if re.match(r"moments|memory|estimated|flops", line)))
    with harness.archive(experiment, "images.h5.archive", ranks=ranks) as archive:
        planned = archive.attrs["planned_memory"]
        stages = harness.names(archive["stage"])
        for rank, memory in enumerate(archive["peak_memory"][()]):
            times = ", ".join(f"{stage} {seconds:.1f} s"
                              for stage, seconds in zip(stages, archive["seconds"][rank]))
            print(f"rank {rank}: {memory / 2**20:.0f} MiB, {planned / memory:.2f} of it planned; {times}")
        for method, loss in zip(harness.names(archive["paradigm"]), archive["test_loss"][()].ravel()):
            print(f"{method}: test loss {loss:.4f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
