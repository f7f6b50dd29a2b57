# Sourced by the other scripts: words for the person, the project's python, and an engine.
# shellcheck shell=bash

# Kept for the whole run: without compiled files every `sc` would compile itself anew.
unset PYTHONDONTWRITEBYTECODE

python=.venv/bin/python
engine_pid=

say() { printf '==> %s\n' "$*" >&2; }

die() {
  printf 'error: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
  exit "${3:-1}"
}

# quietly LOG COMMAND...: runs it, and shows the end of its output only if it fails.
quietly() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 </dev/null && return
  tail -n 25 "$log" >&2
  die "'$*' failed" "all of its output: $log"
}

engine_answers() {
  "$python" -c 'import docker; docker.from_env(timeout=5).ping()' >/dev/null 2>&1
}

# A pid file outlives a killed daemon, and its number may belong to another program by now.
forget_stale_pid() {
  local file=$1 program=$2 pid
  [ -s "$file" ] || return 0
  pid=$(cat "$file")
  # a zombie has no program any more, and yet dockerd waits for it
  case $(readlink "/proc/$pid/exe") in */"$program"*) ;; *) rm -f "$file" ;; esac
}

# Uses the engine that answers; as root starts one if none does, and engine_stop ends that one only.
# SC_DOCKERD_ARGS and SC_DOCKERD_RUN (folder of its pid files) start it somewhere else than usual.
engine_start() {
  local run=${SC_DOCKERD_RUN:-/var/run} log=.cache/dockerd.log
  engine_answers && return
  if [ -n "${DOCKER_HOST:-}" ] && [ -z "${SC_DOCKERD_ARGS:-}" ]; then
    die "no engine answers at DOCKER_HOST=$DOCKER_HOST" "start it, or unset DOCKER_HOST" 4
  fi
  [ "$(id -u)" = 0 ] || die "no container engine answers" \
    "start Docker (sudo systemctl start docker) and be in its group, or set DOCKER_HOST to Podman's socket" 4
  command -v dockerd >/dev/null || die "there is no dockerd" "apt-get install docker.io iptables" 4
  forget_stale_pid "$run/docker.pid" dockerd
  forget_stale_pid "$run/docker/containerd/containerd.pid" containerd
  say "starting a container engine"
  mkdir -p .cache
  # Its own session: Ctrl-C is for us, and containers end before their engine does.
  # shellcheck disable=SC2086
  setsid dockerd ${SC_DOCKERD_ARGS:-} >"$log" 2>&1 </dev/null &
  engine_pid=$!
  trap engine_stop EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  engine_await "$log"
}

engine_await() {
  local deadline=$((SECONDS + 60))
  until engine_answers; do
    if ! kill -0 "$engine_pid" 2>/dev/null || [ $SECONDS -gt $deadline ]; then
      tail -n 5 "$1" >&2
      die "dockerd did not come up" "its log: $1" 4
    fi
    sleep 0.2
  done
}

# The image that sessions use, kept between runs; quick when it is up to date.
agent_image() {
  .venv/bin/sc image build --claude-binary .cache/claude/claude </dev/null >/dev/null
}

# dockerd ends its containers and its containerd itself, given the time for it.
engine_stop() {
  [ -n "$engine_pid" ] || return 0
  local pid=$engine_pid deadline=$((SECONDS + 40))
  engine_pid=
  kill -TERM "$pid" 2>/dev/null || return 0
  # one that has ended is a zombie until we wait for it
  while readlink "/proc/$pid/exe" >/dev/null; do
    [ $SECONDS -le $deadline ] || kill -KILL "$pid"
    sleep 0.1
  done
  wait "$pid" 2>/dev/null || true
}
