# To be sourced, by POSIX shells: launch RANKS COMMAND [ARGUMENT...] starts a program on so many
# ranks of this Slurm allocation, on as few nodes as hold them at the allocation's own density.
# The site decides how: srun where Slurm speaks PMIx, the MPI's own mpirun otherwise.
launch() {
  launch_ranks=$1
  shift
  : "${SLURM_NTASKS:?launch: to be used in a Slurm job that asks for --ntasks or --ntasks-per-node}"
  launch_each=$(((SLURM_NTASKS + SLURM_JOB_NUM_NODES - 1) / SLURM_JOB_NUM_NODES))
  if srun --mpi=list 2>&1 | grep -q pmix; then
    # Since Slurm 22.05 srun no longer inherits --cpus-per-task. What sbatch says of all tasks
    # would contradict what is asked for here.
    env -u SLURM_NTASKS_PER_NODE -u SLURM_TASKS_PER_NODE srun --mpi=pmix --ntasks="$launch_ranks" \
      --nodes=$(((launch_ranks + launch_each - 1) / launch_each)) --distribution=block \
      --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" "$@"
  else
    # Ranks inherit the SLURM_NTASKS of the job, or of a step of mpirun's own: tell them theirs.
    mpirun -np "$launch_ranks" --map-by "ppr:$launch_each:node:pe=${SLURM_CPUS_PER_TASK:-1}" \
      env SLURM_NTASKS="$launch_ranks" "$@"
  fi
}
