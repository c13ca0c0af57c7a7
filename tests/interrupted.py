"""Runs that are interrupted, and comparisons of what they end with. Also a program:

    interrupted.py [TIMES [SEED]]

kills runs of each of STUDIES, on 1 to 4 ranks, TIMES times in all (50 unless told otherwise), each time
one rank or the launcher, half of the times at a random moment and half when the part file of a
checkpoint exists, resumes it on another number of ranks every other time, and compares each archive
that is completed with that of a run left alone. Nothing else may be left then."""
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import h5py
import numpy as np

import harness

# What describes a run rather than its results.
OF_THE_RUN = {"seconds", "flops", "sent", "archive_seconds", "peak_memory", "rank", "host", "stage"}

GENERATED = """\
name: interrupted
seed: 7
replicates: 2
source: {type: gaussian, power_law: {features: 12, scale: 3, exponent: 0.5}}
noise: {components: 12, lambda_max: [1, 10]}
augmentation: {theta_max: 0.5, alpha: [0.5, 2]}
samples: [500, 20000, SAMPLES]
encoder: {k: 6}
archive: {encoders: all, representations: all}
"""

STUDIES = {  # settings beside GENERATED's
    "grid": [],
    "law": ["noise.sampler=law", "archive={encoders: all, representations: none}", "replicates=100"],
    "phase": ["study=phase", "noise.lambda_max={from: 0.1, to: 10, count: 24}",
              "augmentation.alpha={from: 0.1, to: 10, count: 24}"],
    "threshold": ["study=threshold", "augmentation={theta_max: 0.5}", "threshold.tolerance=1e-8",
                  "noise.lambda_max={from: 0.1, to: 10, count: 30}",
                  "archive={encoders: none, representations: none}"],
}

SCORES = ("score_clean", "score_corrupted")
LOSSES = ("test_loss", "test_loss_clean", "training_loss")  # of the view model


def differences(left, right, same_grids=True):
    """Names of the datasets in which two archives differ. Points solved by other numbers of ranks,
    not same_grids, have scores that agree to rounding, 1e-12 of the clean ones, and 1e-10 of losses
    on rows held out; what hangs on single eigenvectors is then left out."""
    found = []
    with h5py.File(harness.folder / left) as a, h5py.File(harness.folder / right) as b:

        def compare(name, one):
            if not isinstance(one, h5py.Dataset) or name in OF_THE_RUN:
                return
            x, y = one[()], b[name][()]
            if x.shape != y.shape or x.dtype != y.dtype:
                found.append(name)
            elif x.dtype.kind != "f" or same_grids:
                equal = np.array_equal(x, y, equal_nan=x.dtype.kind == "f")
                found.extend([] if equal else [name])
            elif name in SCORES and (abs(x - y) > 1e-12 * a["score_clean"][()]).any():
                found.append(name)
            elif name in LOSSES and not (abs(x - y) <= 1e-10 * x).all():
                found.append(name)

        a.visititems(compare)
        found.extend(name for name in b if name not in a)
    return found


def start(*arguments, ranks, **options):
    """The program, under mpirun unless ranks is None, left to run."""
    launcher = [harness.MPI_TEST, str(ranks)] if ranks else []
    return subprocess.Popen([*launcher, harness.TWOVIEW, *map(str, arguments)],
                            cwd=harness.folder, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **options)


def processes_below(parent):
    """Process numbers of all descendants."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, left = [], [parent]
    while left:
        more = children.get(left.pop(), [])
        found += more
        left += more
    return found


def is_called(process, name):
    try:
        return pathlib.Path(f"/proc/{process}/comm").read_text().strip() == name
    except (FileNotFoundError, ProcessLookupError):
        return False


def ranks_of(launched):
    """Those that live: a launcher may leave one that has ended for a zombie."""
    return [p for p in processes_below(launched.pid)
            if is_called(p, "twoview") and state_of(p) not in ("", "Z")]


def launcher_of(launched):
    return [p for p in [launched.pid, *processes_below(launched.pid)]
            if is_called(p, "mpirun") or is_called(p, "orterun")]


def signal_mask(process, name):
    """One of the masks in /proc/PROCESS/status; 0 when it is gone."""
    try:
        status = pathlib.Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    masks = [line.split()[1] for line in status.splitlines() if line.startswith(name + ":")]
    return int(masks[0], 16) if masks else 0


def state_of(process):
    """R, S, T (stopped) ...; empty when it is gone."""
    try:
        status = pathlib.Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return next(line.split()[1] for line in status.splitlines() if line.startswith("State:"))


def watch_signals(ranks):
    """Whether all of them catch SIGUSR1."""
    return all(signal_mask(rank, "SigCgt") & 1 << signal.SIGUSR1 - 1 for rank in ranks)


def kill_somewhere(launched, chance):
    """SIGKILL to one rank, or to the launcher, unless the run is over."""
    victims = ranks_of(launched) if chance.random() < 0.7 else launcher_of(launched)
    if victims:
        try:
            os.kill(chance.choice(victims), signal.SIGKILL)
        except ProcessLookupError:
            return False
    return bool(victims)


def end_idle_launcher(launched, patience=60):
    """mpirun can miss the end of a rank that is killed while it starts, and then waits for ever."""
    began = idle_since = time.monotonic()
    while launched.poll() is None and time.monotonic() < began + harness.HANG:
        if ranks_of(launched):
            idle_since = time.monotonic()
        elif time.monotonic() > idle_since + patience:
            for launcher in launcher_of(launched):
                os.kill(launcher, signal.SIGKILL)
        time.sleep(0.05)


def wait_for_silence(launched, left=()):
    """The launcher's children outlive it for a moment; `left`: those of one that was killed."""
    left = {*left, *processes_below(launched.pid)}
    end_idle_launcher(launched)
    launched.communicate(timeout=1)
    for process in left:
        harness.wait_for(lambda: not is_called(process, "twoview"))


def wait_for_part(launched, output, longest):
    """Until the part of a checkpoint exists, or the run or the time is over."""
    end, part = time.monotonic() + longest, harness.folder / f"{output}.checkpoint.part"
    while time.monotonic() < end and launched.poll() is None and not part.exists():
        pass


def kill_and_resume(experiment, reference, times, chance, longest, settings=()):
    """Kill runs until it has been done so often; returns how many archives were completed on the way,
    each compared with the reference, and how many kills found the part of a checkpoint."""
    kills = completed = on_part = 0
    while kills < times:
        output, ranks = f"killed{completed}.h5", 2
        part = harness.folder / f"{output}.checkpoint.part"
        while not (harness.folder / output).exists():
            launched = start("run", experiment, "-o", output, "--resume", "--checkpoint-every", "0.05",
                             *settings, ranks=ranks)
            below = []
            if kills < times:
                time.sleep(chance.uniform(0.2, longest))
                if chance.random() < 0.5:
                    wait_for_part(launched, output, longest)
                is_part, below = part.exists(), processes_below(launched.pid)
                if kill_somewhere(launched, chance):
                    kills += 1
                    on_part += is_part
            wait_for_silence(launched, below)
            ranks = chance.choice([1, 3, 4]) if chance.random() < 0.5 else 2
        completed += 1
        harness.twoview("run", experiment, "-o", output, "--resume", *settings)  # clears away
        different = differences(reference, output)
        if different:
            raise AssertionError(f"{output} differs in {different}")
        (harness.folder / output).unlink()
        left = [path.name for path in harness.folder.glob(f"{output}*")]
        if left:
            raise AssertionError(f"{left} are left")
    return completed, on_part


def kill_study(name, times, chance):
    experiment = harness.write("kill.yaml", GENERATED.replace("SAMPLES", "2000000"))
    settings = harness.settings(*STUDIES[name])
    began = time.monotonic()
    harness.archive(experiment, "alone.h5", *settings).close()
    alone = time.monotonic() - began
    completed, on_part = kill_and_resume(experiment, "alone.h5", times, chance, 0.8 * alone, settings)
    print(f"{name}: {times} kills of runs that take {alone:.1f} s alone, {on_part} of them while a part "
          f"file was there: {completed} archives completed, all equal to that of a run left alone",
          flush=True)


def main(times=50, seed=1):
    chance = random.Random(seed)
    for i, name in enumerate(STUDIES):
        kill_study(name, times * (i + 1) // len(STUDIES) - times * i // len(STUDIES), chance)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
