# shellcheck shell=sh
# To be sourced, by POSIX shells, in a Slurm job that asks for --ntasks or --ntasks-per-node.
#
# launch RANKS COMMAND [ARGUMENT...] runs a program on so many ranks of the allocation, on as few
# nodes as hold them at the allocation's own density, and returns its exit status. SIGUSR1 and
# SIGTERM to the job's shell reach the ranks as SIGUSR1, because mpirun answers SIGTERM by killing
# them after a while.
#
# launch_or_requeue TIMES RANKS COMMAND [ARGUMENT...] does the same. A program that ends with 75 has
# saved its work and can be continued: the job goes back into the queue, unless it has been started
# again so many TIMES, and the script ends. Other statuses are returned: with 3 the program says that
# the job's time is too short for any progress.
#
# launch_counts says on how many ranks to run to see how a program scales: 1, 2, 4, ... up to all.

: "${SLURM_NTASKS:?launch: to be used in a Slurm job that asks for --ntasks or --ntasks-per-node}"

# A task of an array by its own name: the number in SLURM_JOB_ID may be that of the whole array.
launch_job=${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}
launch_process=
launch_is_stopped=0

# After a signal mpirun gives its ranks a minute instead of a second before it kills them, so that
# they can save.
export OMPI_MCA_odls_base_sigkill_timeout="${OMPI_MCA_odls_base_sigkill_timeout:-60}"
# mpirun ends the job when a host is silent for 60 s and then does not answer 6 questions, 10 s
# apart: after two minutes instead of Open MPI's eight.
export OMPI_MCA_oob_tcp_keepalive_time="${OMPI_MCA_oob_tcp_keepalive_time:-60}"
export OMPI_MCA_oob_tcp_keepalive_intvl="${OMPI_MCA_oob_tcp_keepalive_intvl:-10}"
export OMPI_MCA_oob_tcp_keepalive_probes="${OMPI_MCA_oob_tcp_keepalive_probes:-6}"
# srun ends the ranks that are left a minute after the first has ended: they would wait for its messages
# until the job's time is over. Ranks that end by themselves do so together.
export SLURM_WAIT="${SLURM_WAIT:-60}"
# Slurm's PMIx has two ways to make the hosts wait for each other while MPI starts. The tree, which it
# takes where nothing is exchanged, lets ranks of a busy host go on before the others are there, now and
# then: these then die of a first message that they do not expect yet, or wait for ever.
export SLURM_PMIX_FENCE="${SLURM_PMIX_FENCE:-ring}"
trap launch_stop USR1 TERM

launch_stop() {
  launch_is_stopped=1
  [ -z "$launch_process" ] || kill -USR1 "$launch_process" 2>/dev/null || :
}

# The program leaves before this time, which Slurm 22.05 does not export. Empty when it is unknown.
launch_find_end() {
  [ -z "${SLURM_JOB_END_TIME:-}" ] || return 0
  SLURM_JOB_END_TIME=$(date -d "$(squeue -h -j "$launch_job" -o %e)" +%s 2>/dev/null || :)
  export SLURM_JOB_END_TIME
}

# The site decides how to start ranks: srun where Slurm speaks PMIx, the MPI's own mpirun otherwise.
launch_start() {
  if srun --mpi=list 2>&1 | grep -q pmix; then
    # Since Slurm 22.05 srun no longer inherits --cpus-per-task. The variables of sbatch for all
    # tasks would contradict the options here.
    env -u SLURM_NTASKS_PER_NODE -u SLURM_TASKS_PER_NODE srun --mpi=pmix --ntasks="$launch_ranks" \
      --nodes=$(((launch_ranks + launch_each - 1) / launch_each)) --distribution=block \
      --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" "$@" &
  else
    # Ranks inherit the SLURM_NTASKS of the job, or of a step of mpirun's own, and need their own.
    mpirun -np "$launch_ranks" --map-by "ppr:$launch_each:node:pe=${SLURM_CPUS_PER_TASK:-1}" \
      env SLURM_NTASKS="$launch_ranks" "$@" &
  fi
  launch_process=$!
}

# A signal ends `wait` before the program has ended; it is waited for again then. 127: it had ended.
launch_wait() {
  launch_status=0
  while
    launch_is_stopped=0
    launch_now=0
    wait "$launch_process" || launch_now=$?
    [ "$launch_now" = 127 ] || launch_status=$launch_now
    [ "$launch_is_stopped" = 1 ]
  do :; done
  launch_process=
}

launch() {
  launch_ranks=$1
  shift
  launch_each=$(((SLURM_NTASKS + SLURM_JOB_NUM_NODES - 1) / SLURM_JOB_NUM_NODES))
  launch_find_end
  [ "$launch_is_stopped" = 0 ] || return 75
  launch_start "$@"
  [ "$launch_is_stopped" = 0 ] || launch_stop
  launch_wait
  return "$launch_status"
}

# 138: the signal came while the ranks were starting and did not listen yet; nothing is lost.
launch_or_requeue() {
  launch_times=$1
  shift
  launch_status=0
  launch "$@" || launch_status=$?
  case $launch_status in
    75 | 138) ;;
    *) return "$launch_status" ;;
  esac
  # A controller that does not answer for a moment has not ended the job.
  launch_state=$(squeue -h -j "$launch_job" -o %T) || launch_state=RUNNING
  if [ "$launch_state" != RUNNING ]; then
    echo "job $launch_job: Slurm has ended it, and decides whether it comes back" >&2
  elif [ "${SLURM_RESTART_COUNT:-0}" -ge "$launch_times" ]; then
    echo "job $launch_job: not done after ${SLURM_RESTART_COUNT:-0} restarts; submit it again to" \
      "continue" >&2
  else
    echo "job $launch_job: goes back into the queue" >&2
    trap '' TERM # Slurm ends the job at once, and with it whatever runs
    scontrol requeue "$launch_job" || echo "job $launch_job: submit it again to continue" >&2
  fi
  exit 75
}

launch_counts() {
  launch_count=1
  while [ "$launch_count" -lt "$SLURM_NTASKS" ]; do
    echo "$launch_count"
    launch_count=$((2 * launch_count))
  done
  echo "$SLURM_NTASKS"
}
