#!/bin/sh
# slurm-up.sh FOLDER FIRST_PORT [NODES [CPUS]]: a Slurm cluster of virtual nodes on this machine,
# for the tests: its own munged, slurmctld and one slurmd for each node, as root, all files in
# FOLDER. Then SLURM_CONF=FOLDER/slurm.conf is all that sbatch needs; slurm-down.sh FOLDER ends it.
# Jobs of the partition `urgent` preempt those of `all`.
set -eu
folder=$(realpath -m "$1") port=$2 nodes=${3:-2} cpus=${4:-2}
host=$(hostname -s)
# fail WHAT: say it, and what the daemons said.
fail() {
  echo "slurm-up.sh: $1; see $folder/log" >&2
  tail -n 5 "$folder"/log/* >&2
  exit 1
}

mkdir -p "$folder/log" "$folder/state" "$folder/pid"
chmod 755 "$folder" "$folder/pid"

# A key and a socket of its own; --force: munged dislikes folders under /tmp.
(umask 077 && head -c 1024 /dev/urandom >"$folder/munge.key")
munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
  --pid-file="$folder/pid/munged" --log-file="$folder/log/munged" \
  --seed-file="$folder/munge.seed" || fail "munged does not start"

# FirstJobId: Open MPI names its shared memory by node and job, and several clusters may run here.
# cred_expire: a job that is requeued waits for its old credential to expire, two minutes otherwise. It
# is also how long a machine may stall between the start of a step and its ranks, and this goes on as it
# began: MessageTimeout is longer, and UnkillableStepTimeout, after which a node is drained, longer yet.
cat >"$folder/slurm.conf" <<CONF
ClusterName=twoview
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
FirstJobId=$((port * 1000))
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket,cred_expire=20
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool-%n
TmpFS=$folder/tmp-%n
SlurmctldPidFile=$folder/pid/slurmctld
SlurmdPidFile=$folder/pid/slurmd-%n
SlurmctldLogFile=$folder/log/slurmctld
SlurmdLogFile=$folder/log/slurmd-%n
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=1,bf_interval=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
KillWait=120
MessageTimeout=60
UnkillableStepTimeout=600
MailProg=/bin/true
CONF
for i in $(seq "$nodes"); do
  mkdir -p "$folder/tmp-node$i" # PMIx keeps a folder there that the nodes of a step must not share
  echo "NodeName=node$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + i))" \
    "CPUs=$cpus CoresPerSocket=$cpus RealMemory=1000" >>"$folder/slurm.conf"
done
cat >>"$folder/slurm.conf" <<CONF
PartitionName=all Nodes=ALL Default=YES MaxTime=600 DefaultTime=10
PartitionName=urgent Nodes=ALL PriorityTier=2 MaxTime=600 DefaultTime=10
CONF

# Nothing above uses control groups, and a machine may have none; slurmd then finds no plugin for them
# by itself, and does not start without one.
echo CgroupPlugin=cgroup/v1 >"$folder/cgroup.conf"

# Daemons keep what descriptors they are given: none of the caller's. A host name of its own for
# each node, so that MPI sees several machines.
export SLURM_CONF="$folder/slurm.conf"
setsid slurmctld -c </dev/null >"$folder/log/slurmctld.out" 2>&1 || fail "slurmctld does not start"
for i in $(seq "$nodes"); do
  # shellcheck disable=SC2016 # for the inner shell
  setsid unshare --uts sh -c 'hostname "$1" && exec slurmd -N "$1"' sh "node$i" </dev/null \
    >"$folder/log/slurmd-node$i.out" 2>&1 || fail "slurmd of node$i does not start"
done

for _ in $(seq 600); do
  [ "$(sinfo --noheader --states=idle --format=%D 2>/dev/null)" != "$nodes" ] || exit 0
  sleep 0.2
done
fail "the nodes are not idle after two minutes"
