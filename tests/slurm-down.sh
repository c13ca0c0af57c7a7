#!/bin/sh
# slurm-down.sh FOLDER: end what slurm-up.sh FOLDER has started, and nothing else: its jobs, and the
# processes whose numbers its daemons left in FOLDER/pid.
folder=$(realpath -m "$1")
export SLURM_CONF="$folder/slurm.conf"
timeout 20 scancel --partition=all 2>/dev/null
for file in "$folder"/pid/slurmd-* "$folder/pid/slurmctld" "$folder/pid/munged"; do
  [ -s "$file" ] || continue
  process=$(cat "$file")
  kill "$process" 2>/dev/null
  for _ in $(seq 100); do
    kill -0 "$process" 2>/dev/null || continue 2
    sleep 0.1
  done
  kill -KILL "$process" 2>/dev/null
done
exit 0
