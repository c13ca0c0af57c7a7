#!/bin/sh
# The paper's experiment on Fashion-MNIST, from nothing to the figure: installs what is missing
# (Debian, root or sudo), builds, runs on all cores, reports. What is there already is kept.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
results=$root/results/fashion-mnist

sh "$root/jobs/install.sh" gnuplot-nox dataset-fashion-mnist
sh "$root/jobs/build.sh" "$root/build" -Dtests=false

# One machine: shared memory is all that the ranks need. Containers often run as root.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,vader OMPI_MCA_btl_vader_single_copy_mechanism=none
# After a signal mpirun gives its ranks a minute instead of a second before it kills them, so that
# they can save.
export OMPI_MCA_odls_base_sigkill_timeout=60

mkdir -p "$results"
if [ -f "$results/results.h5" ]; then
  echo "$results/results.h5 is there: kept; remove it to run again" >&2
else
  mpirun --oversubscribe -np "$(nproc)" "$root/build/twoview" run \
    "$root/jobs/fashion-mnist.yaml" -o "$results/results.h5"
fi
"$root/build/twoview" report "$results/results.h5" -o "$results"
echo "$results/results.h5"
