"""What --dry-run predicts against what the run then takes: memory of the fullest rank, and time."""
import re

import harness

CASES = [
    ("fashion-mnist.yaml", []),
    ("gaussian.yaml", []),
    ("thresholds.yaml", []),
    ("gaussian.yaml", ["samples=[1e4, 2e4]", "replicates=1", "source.power_law.features=500",
                       "noise.components=500", "augmentation.alpha=1"]),
    ("gaussian.yaml", ["samples=4000", "replicates=1", "source.power_law.features=1500",
                       "noise.components=1500", "augmentation.alpha=1", "noise.lambda_max=1"]),
]


def main():
    for name, pairs in CASES:
        words = harness.settings(*pairs)
        experiment = harness.ROOT / "jobs" / name
        for ranks in (1, 2):
            plan = harness.twoview("run", experiment, "--dry-run", *words, ranks=ranks).stdout
            inputs = re.search(r"d = (\d+) inputs", plan)[1]
            least, most = map(float, re.search(r"estimated time +(\S+) to (\S+) s", plan).groups())
            with harness.archive(experiment, "p.h5", *words, ranks=ranks) as archive:
                planned = archive.attrs["planned_memory"] / 2**20
                memory = archive["peak_memory"][()].max() / 2**20
                took = archive["seconds"][()].sum(1).max()
                layout = harness.attribute(archive, "layout")
            print(f"{name}, d = {inputs}, {layout}, {ranks} ranks: memory {memory:.0f} MiB, "
                  f"{planned / memory:.2f} of it planned; time {took:.2f} s, "
                  f"{least / took:.2f} to {most / took:.2f} of it planned")


if __name__ == "__main__":
    main()
