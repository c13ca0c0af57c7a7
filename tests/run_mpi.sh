#!/bin/sh
# run_mpi.sh RANKS PROGRAM [ARGUMENT...]: run a program under mpirun, quietly and by itself: more
# ranks than cores, as root, inside a container or a Slurm job are all normal here.
ranks=$1
shift
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_mpi_yield_when_idle=1
export OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,vader OMPI_MCA_btl_vader_single_copy_mechanism=none
export OMPI_MCA_plm=isolated OMPI_MCA_ras=^slurm
export CK_FORK=no
unset SLURM_NTASKS

folder=$(mktemp -d "${TMPDIR:-/tmp}/twoview.XXXXXX") || exit 99
trap 'rm -rf "$folder"' EXIT
trap 'exit 143' TERM INT HUP
TMPDIR=$folder OMPI_MCA_orte_tmpdir_base=$folder \
  mpirun --timeout "${MPI_TEST_TIMEOUT:-540}" -np "$ranks" "$@" </dev/null
