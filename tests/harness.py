"""Running the program from outside, for the system tests."""
import atexit
import gzip
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time

import h5py

TWOVIEW = os.environ["TWOVIEW"]
MPI_TEST = os.environ["MPI_TEST"]
ROOT = pathlib.Path(os.environ["SOURCE_ROOT"])
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")

HANG = 600  # seconds: however busy the machine is, only what hangs takes so long

folder = pathlib.Path(tempfile.mkdtemp(prefix="twoview."))


def wait_for(condition, pause=0.01, failure="it does not happen", limit=HANG):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(failure)
        time.sleep(pause)


def is_removed():
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


@atexit.register
def remove_folder():
    """What ends may write there for a moment. Python would end with 0 although this fails."""
    try:
        wait_for(is_removed, pause=0.1)
    except AssertionError:
        left = [str(path) for path in folder.rglob("*")]
        print(f"{folder} cannot be removed; left are {left[:9]}", file=sys.stderr, flush=True)
        os._exit(1)


def small_disk(test, name, size):
    """A folder that is a file system in memory, for one test. That it stays mounted is an error."""
    disk = folder / name
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk],
                             text=True, capture_output=True)
    if mounted.returncode:
        test.skipTest(f"a small file system cannot be mounted: {mounted.stderr.strip()}")
    test.addCleanup(wait_for, lambda: subprocess.run(["umount", disk], capture_output=True).returncode == 0,
                    pause=0.1, failure=f"{disk} stays mounted")
    return disk

GAUSSIAN = """\
name: small
seed: 3
replicates: 2
source:
  type: gaussian
  spectrum: [4, 3, 2, 1]
  teacher: {type: linear, targets: 2, noise: 0.1}
noise: {components: 5, lambda_max: [1, 10]}
augmentation: {theta_max: 0.5, alpha: [0.5, 2]}
samples: [50, 300]
encoder: {k: 3}
archive: {encoders: all, representations: all, samples: true}
"""

MIXTURE = """\
name: mixed
seed: 5
replicates: 2
source: {type: mixture, classes: 5, separation: 2, spectrum: [4, 3, 2, 1]}
noise: {components: 5, lambda_max: [1, 10]}
augmentation: {theta_max: 0.5, alpha: [0.5, 2]}
samples: [50, 300]
encoder: {k: 3}
archive: {encoders: all, representations: all, samples: true}
"""

HDF5 = """\
source: {type: hdf5, file: data.h5, samples: x, targets: y}
noise: {components: 3, lambda_max: 2}
augmentation: {theta_max: 1, alpha: [0.3, 3]}
samples: [40, 120]
encoder: {k: 5}
archive: {encoders: all, representations: all, samples: true}
"""


def values(archive, name):
    """The numbers of a variable, of the one k that there is."""
    found = archive[name]
    axes = [axis for axis, dimension in enumerate(found.dims) if dimension.keys() == ["k"]]
    assert all(found.shape[axis] == 1 for axis in axes), name
    return found[()].squeeze(tuple(axes))


def write(name, text):
    path = folder / name
    path.write_text(textwrap.dedent(text))
    return path


def write_idx(name, array, magic=None, compress=True):
    """An IDX file of bytes; `magic` replaces the right first four bytes."""
    header = magic or bytes([0, 0, 8, array.ndim])
    header += b"".join(size.to_bytes(4, "big") for size in array.shape)
    content = header + array.astype("uint8").tobytes()
    path = folder / name
    path.write_bytes(gzip.compress(content) if compress else content)
    return path


def settings(*keys):
    """The options that override these KEY=VALUE."""
    return [word for key in keys for word in ("--set", key)]


def twoview(*arguments, ranks=None, **options):
    """Run the program, under mpirun when a number of ranks is given."""
    launcher = [MPI_TEST, str(ranks)] if ranks else []
    return subprocess.run(
        [*launcher, TWOVIEW, *map(str, arguments)],
        **{
            "cwd": folder,
            "text": True,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "timeout": HANG,
            **options,
        },
    )


def archive(experiment, output, *arguments, ranks=2):
    """Run an experiment that has to succeed, and open its archive."""
    done = twoview("run", experiment, "--force", "-o", output, *arguments, ranks=ranks)
    assert done.returncode == 0, done.stderr
    return h5py.File(folder / output)


def names(dataset):
    return [text.decode() for text in dataset[()]]


def attribute(archive, name):
    value = archive.attrs[name]
    return value.decode() if isinstance(value, bytes) else value


def seal(path):
    """Give an archive that was changed a checksum, as the program does."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with path.open("a") as file:
        file.write(f"\ntwoview archive, SHA-256 of all bytes before this line: {digest}\n")
