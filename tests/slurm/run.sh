#!/bin/sh
# An experiment as a Slurm array of TASKS tasks on this machine, one of which is killed and requeued in the middle: the bytes of its
# cells, rows and summary equal those of a run in one process. Usage: run.sh CONFIG TASKS FOLDER. Skips loudly without Slurm.
set -eu
config=$1 tasks=$2 folder=$3
here=$(cd "$(dirname "$0")" && pwd)
skip() { echo "SKIPPED: Slurm: $1"; exit 0; }

if ! command -v sbatch > /dev/null || ! command -v slurmctld > /dev/null || ! command -v munged > /dev/null; then
    [ "$(id -u)" = 0 ] || skip "is not installed, and only root can install it"
    apt-get install --yes --no-install-recommends slurmctld slurmd slurm-client munge > /dev/null 2>&1 ||
        skip "cannot be installed from Debian"
fi
rm -rf "$folder"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
scratch=$(mktemp -d)
trap 'sh "$here/local.sh" stop "$scratch"; rm -rf "$scratch"' EXIT
sh "$here/local.sh" start "$scratch"
. "$scratch/env.sh"

barp run "$config" --out "$folder/alone" > /dev/null
barp submit slurm "$config" --tasks "$tasks" --out "$folder/array" | tee "$folder/submitted"
job=$(sed -n 's/.* as job \([0-9]*\);.*/\1/p' "$folder/submitted")

# Once a first cell is there, the task that runs is sent SIGTERM and begins again.
until ls "$folder"/array/tasks/*/cells/*.parquet > /dev/null 2>&1; do sleep 0.2; done
running=$(squeue -h -r -j "$job" -t running -o %i | head -n 1)
if [ -n "$running" ]; then
    scontrol requeue "$running"
    # Slurm waits two minutes before a requeued task may begin; nothing here needs that.
    scontrol update "JobId=$running" StartTime=now || true
    echo "requeued $running"
fi
until [ -z "$(squeue -h)" ]; do sleep 1; done
cat "$folder/array/submit/merge.log"

same() {
    (cd "$folder/alone" && find cells tested summary.parquet -type f | sort | xargs sha256sum) > "$folder/alone.sums"
    (cd "$folder/array" && find cells tested summary.parquet -type f | sort | xargs sha256sum) > "$folder/array.sums"
    cmp "$folder/alone.sums" "$folder/array.sums"
}
same
echo "PASSED: $(wc -l < "$folder/alone.sums") files of $tasks tasks have the bytes of one process${running:+, one task requeued}"
