#!/bin/sh
# One node of Slurm in a folder of its own, without systemd: local.sh start DIR, local.sh stop DIR; then `. DIR/env.sh`.
set -eu
command=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)

up() {
    host=$(hostname -s)
    memory=$(($(awk '/MemTotal/ {print $2}' /proc/meminfo) / 1024 - 512))
    mkdir -p "$folder/munge" "$folder/state" "$folder/spool"
    chmod 700 "$folder/munge"
    (umask 077 && head -c 1024 /dev/urandom > "$folder/munge/key")
    cat > "$folder/slurm.conf" <<CONF
ClusterName=barp
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16917
SlurmdPort=16918
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CryptoType=crypto/munge
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
KillWait=5
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$memory State=UNKNOWN
PartitionName=local Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
CONF
    # Slurm 22.05 wants a cgroup plug-in to be named even where nothing is tracked by cgroups.
    echo "CgroupPlugin=cgroup/v1" > "$folder/cgroup.conf"
    echo "export SLURM_CONF='$folder/slurm.conf'" > "$folder/env.sh"
    . "$folder/env.sh"
    munged --foreground --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
        --pid-file="$folder/munge/pid" --log-file="$folder/munge/log" --seed-file="$folder/munge/seed" \
        > "$folder/munged.out" 2>&1 < /dev/null &
    echo $! > "$folder/munged.process"
    wait_for 'munge -S "$folder/munge/socket" -n'
    slurmctld -D -i -c -f "$SLURM_CONF" > "$folder/slurmctld.out" 2>&1 < /dev/null &
    echo $! > "$folder/slurmctld.process"
    slurmd -D -f "$SLURM_CONF" -N "$host" > "$folder/slurmd.out" 2>&1 < /dev/null &
    echo $! > "$folder/slurmd.process"
    wait_for 'test "$(sinfo -h -o %T)" = idle'
}

wait_for() {
    for _ in $(seq 200); do
        if eval "$1" > /dev/null 2>&1; then return; fi
        sleep 0.1
    done
    echo "Slurm did not come up: $1" >&2
    tail -n 5 "$folder"/*.out "$folder"/slurm*.log >&2
    exit 1
}

down() {
    for daemon in slurmd slurmctld munged; do
        if [ -f "$folder/$daemon.process" ]; then
            process=$(cat "$folder/$daemon.process")
            kill "$process" 2> /dev/null || true
            for _ in $(seq 100); do
                kill -0 "$process" 2> /dev/null || break
                sleep 0.1
            done
            rm "$folder/$daemon.process"
        fi
    done
}

case $command in
    start) up ;;
    stop) down ;;
    *) echo "start or stop, got $command" >&2; exit 2 ;;
esac
