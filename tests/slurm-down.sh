#!/bin/sh
# slurm-down.sh FOLDER: end what slurm-up.sh FOLDER has started, and nothing else: its jobs, and the
# processes whose numbers its daemons left in FOLDER/pid. Exit 1: one of these is still there.
folder=$(realpath -m "$1")
export SLURM_CONF="$folder/slurm.conf"
status=0
timeout 20 scancel --partition=all 2>/dev/null
for file in "$folder"/pid/slurmd-* "$folder/pid/slurmctld" "$folder/pid/munged"; do
  [ -s "$file" ] || continue
  process=$(cat "$file")
  kill "$process" 2>/dev/null
  for _ in $(seq 600); do
    kill -0 "$process" 2>/dev/null || continue 2
    sleep 0.1
  done
  kill -KILL "$process" 2>/dev/null
  sleep 1
  kill -0 "$process" 2>/dev/null || continue
  echo "slurm-down.sh: $file: process $process does not end" >&2
  status=1
done
exit "$status"
