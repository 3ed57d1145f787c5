#!/usr/bin/env bash
# A real Slurm of one node on this machine, for tests: munge, MariaDB, slurmdbd, slurmctld, slurmd.
#
#   slurm.sh up       start it and wait until it takes jobs
#   slurm.sh status   daemons, node and jobs
#   slurm.sh down     cancel all jobs, stop it, and leave nothing behind
#
# Needs root and Debian's slurm-wlm, munge, slurmdbd and mariadb-server; no systemd. All files lie
# in one folder. Slurm's commands find it without SLURM_CONF, which the executor of Snakemake drops
# inside of jobs: they look in /run/slurm/conf if there is no /etc/slurm/slurm.conf.
set -euo pipefail

HOME_DIR=/tmp/normwise-slurm
RUN_CONF=/run/slurm/conf
# stopped in the reverse order
DAEMONS=(munged mariadbd slurmdbd slurmctld slurmd)

fail() {
  echo "slurm.sh: $*" >&2
  exit 1
}

tails() {
  local log
  for log in "$HOME_DIR"/log/*.log; do
    [ -s "$log" ] || continue
    echo "--- $log" >&2
    tail -n 8 "$log" >&2
  done
}

program_of() { # what the process of a daemon runs; nothing if it has ended, waited for or not
  [ -s "$HOME_DIR/pid/$1" ] && readlink "/proc/$(cat "$HOME_DIR/pid/$1")/exe"
}

running() {
  # its number may have gone to another process since; Debian names some with -wlm at the end
  [[ "$(program_of "$1")" =~ /$1(-wlm)?( \(deleted\))?$ ]]
}

any_running() {
  local name
  for name in "${DAEMONS[@]}"; do
    ! running "$name" || return 0
  done
  return 1
}

start() { # name, command...
  local name=$1
  shift
  setsid "$@" </dev/null >>"$HOME_DIR/log/$name.log" 2>&1 &
  echo $! >"$HOME_DIR/pid/$name"
}

wait_for() { # daemon, seconds, command that succeeds once it is ready
  local name=$1 seconds=$2 end answer
  shift 2
  end=$((SECONDS + seconds))
  until answer=$("$@" 2>&1); do
    # at first it is still the shell that starts it
    program_of "$name" >/dev/null || fail "$name has ended"
    [ "$SECONDS" -lt "$end" ] || fail "$name is not ready after $seconds s; '$*' says: $answer"
    sleep 0.2
  done
}

write_config() {
  # eight processors whatever the machine has, so that no rule asks for more than a node offers
  cat >"$HOME_DIR/conf/slurm.conf" <<CONF
ClusterName=normwise
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$HOME_DIR/munge/socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
StateSaveLocation=$HOME_DIR/state
SlurmdSpoolDir=$HOME_DIR/spool
SlurmctldPidFile=$HOME_DIR/slurmctld.pid
SlurmdPidFile=$HOME_DIR/slurmd.pid
SlurmdParameters=config_overrides
ReturnToService=2
MailProg=/bin/true
KillWait=2
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePass=$HOME_DIR/munge/socket
# names the rule of each job in the efficiency report
AccountingStoreFlags=job_comment
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=8 RealMemory=$(free -m | awk '/^Mem/ {print $2}')
PartitionName=test Nodes=ALL Default=YES DefMemPerCPU=500 MaxTime=1-0 State=UP
CONF
  cat >"$HOME_DIR/conf/slurmdbd.conf" <<CONF
DbdHost=$(hostname -s)
DbdAddr=127.0.0.1
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$HOME_DIR/munge/socket
PidFile=$HOME_DIR/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=slurm
CONF
  chmod 600 "$HOME_DIR/conf/slurmdbd.conf"
}

up() {
  local need missing=() with_conf=(env SLURM_CONF="$HOME_DIR/conf/slurm.conf")
  for need in munged mariadb-install-db mariadbd slurmdbd slurmctld slurmd sbatch sacct; do
    command -v "$need" >/dev/null || missing+=("$need")
  done
  [ ${#missing[@]} -eq 0 ] ||
    fail "not installed: ${missing[*]} (Debian: slurm-wlm munge slurmdbd mariadb-server)"
  [ "$(id -u)" -eq 0 ] || fail "needs root"
  ! any_running || fail "it is up already; 'slurm.sh down' ends it"
  # of one that was killed
  [ ! -e "$HOME_DIR" ] || down
  for need in /etc/slurm/slurm.conf "$RUN_CONF"; do
    [ ! -e "$need" ] || fail "$need exists: this machine has a Slurm of its own"
  done

  trap 'code=$?; [ $code -eq 0 ] || { tails; down; }' EXIT
  mkdir -m 755 "$HOME_DIR"
  mkdir "$HOME_DIR"/{conf,log,pid,state,spool}
  mkdir -m 700 "$HOME_DIR"/{key,mariadb}
  mkdir -m 755 "$HOME_DIR/munge"
  write_config
  mkdir -p "$(dirname "$RUN_CONF")"
  ln -s "$HOME_DIR/conf" "$RUN_CONF"

  (umask 077 && head -c 1024 /dev/urandom >"$HOME_DIR/key/munge.key")
  start munged munged --foreground --key-file="$HOME_DIR/key/munge.key" \
    --socket="$HOME_DIR/munge/socket" --pid-file="$HOME_DIR/munge/pid" \
    --seed-file="$HOME_DIR/key/seed" --log-file="$HOME_DIR/log/munge.log"
  wait_for munged 10 munge --no-input --socket="$HOME_DIR/munge/socket"

  export MYSQL_UNIX_PORT=$HOME_DIR/mariadb/socket
  mariadb-install-db --no-defaults --user=root --datadir="$HOME_DIR/mariadb/data" \
    --auth-root-authentication-method=normal --skip-test-db >"$HOME_DIR/log/install.log" 2>&1 ||
    fail "mariadb-install-db failed"
  start mariadbd mariadbd --no-defaults --user=root --datadir="$HOME_DIR/mariadb/data" \
    --skip-networking --socket="$MYSQL_UNIX_PORT" --pid-file="$HOME_DIR/mariadb/pid"
  wait_for mariadbd 30 mariadb-admin --no-defaults --socket="$MYSQL_UNIX_PORT" ping

  start slurmdbd "${with_conf[@]}" slurmdbd -D
  wait_for slurmdbd 5 sacctmgr --noheader list cluster
  sacctmgr --immediate --quiet add cluster normwise >/dev/null 2>&1 || true
  start slurmctld "${with_conf[@]}" slurmctld -D -c
  wait_for slurmctld 30 scontrol ping
  start slurmd "${with_conf[@]}" slurmd -D
  wait_for slurmd 30 sh -c 'sinfo --noheader --format=%T | grep -qx idle'
  trap - EXIT
  echo "Slurm is up: $(sinfo --noheader --format='%P %D node, %c processors, %m MB, %T')"
}

status() {
  local name
  for name in "${DAEMONS[@]}"; do
    running "$name" && echo "$name: $(cat "$HOME_DIR/pid/$name")" || echo "$name: down"
  done
  ! running slurmctld || { sinfo && squeue; }
}

down() {
  local name pid end i
  trap - EXIT
  if running slurmctld && running slurmd; then
    scancel --state=PENDING --user=root || true
    scancel --user=root || true
    # a job ends before its daemon does, or its processes would stay
    end=$((SECONDS + 30))
    while [ -n "$(squeue --noheader 2>/dev/null)" ]; do
      [ "$SECONDS" -lt "$end" ] || { squeue >&2; break; }
      sleep 0.2
    done
  fi
  for ((i = ${#DAEMONS[@]} - 1; i >= 0; i--)); do
    name=${DAEMONS[i]}
    running "$name" || continue
    pid=$(cat "$HOME_DIR/pid/$name")
    kill "$pid"
    end=$((SECONDS + 20))
    while running "$name"; do
      [ "$SECONDS" -lt "$end" ] || { kill -KILL "$pid"; echo "$name had to be killed" >&2; }
      sleep 0.2
    done
  done
  [ ! -L "$RUN_CONF" ] || rm "$RUN_CONF"
  rmdir --ignore-fail-on-non-empty "$(dirname "$RUN_CONF")" 2>/dev/null || true
  rm -rf "$HOME_DIR"
}

case ${1:-} in
  up | down | status) "$1" ;;
  *) sed -n 's/^#   //p' "$0" >&2; exit 2 ;;
esac
