#!/bin/sh
# Runs one agent in a container and needs nobody alive on the host. Any image with /bin/sh will do.
#
#   /session/launch/   read-only  limits (assignments), agent.sh, stdin, done.sh?, last-act.sh?
#   /session/secrets/  read into the agent's environment by agent.sh, and removed there
#   /session/out/      exit (how the agent ended), whatever the last act writes
#   /session/stream.jsonl, /session/stderr.log   appended to by the agent itself: no pipe, so a kill loses no byte
#
# It ends the agent at the wall-clock limit, at the output limit, and when it stays silent after its last word.
#
# The agent has the same user, so while it lives nothing is read from or written to a file of its own, and a watcher that
# it kills or holds up is followed by another. Why it was ended, the watcher says with a signal.

session=/session
launch=$session/launch
stream=$session/stream.jsonl
blind_seconds=60 # without a process to look with; what is printed meanwhile is not limited
. "$launch/limits"

launcher=$$
stopped=
agent=
watcher=
reason=
trap 'stopped=yes; stop_agent' TERM INT HUP
trap 'reason=${reason:-timeout}' USR1
trap 'reason=${reason:-output}' USR2
trap 'reason=${reason:-result}' ALRM
trap 'reason=${reason:-processes}' VTALRM

# sets now: seconds since boot, which no change of the clock touches
look_at_clock() {
    read -r now rest </proc/uptime
    now=${now%%.*}
}

# sets size and errors, in bytes
look_at_sizes() {
    set -- $(ls -ln "$stream" "$session/stderr.log" 2>/dev/null)
    case $9 in
    "$stream") size=${5:-0} errors=${14:-0} ;;
    *) errors=${5:-0} size=${14:-0} ;;
    esac
}

# sets kills: how often the kernel ended something in here for memory; not every engine tells
look_at_memory() {
    kills=0
    for file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
        [ -r "$file" ] || continue
        while read -r name count; do
            [ "$name" = oom_kill ] && kills=$count
        done <"$file"
    done
}

# end SIGNAL: politely, then hard; the launcher knows the reason before the agent hears of it
end() {
    trap 'kill -KILL "$agent" 2>/dev/null' EXIT # also when there is no process left to wait with
    kill -"$1" "$launcher" 2>/dev/null
    kill -TERM "$agent" 2>/dev/null
    waited=0
    while [ "$waited" -lt "$stop_grace_seconds" ] && kill -0 "$agent" 2>/dev/null; do
        sleep 1
        waited=$((waited + 1))
    done
    exit 0
}

# a second without a process
pause() {
    look_at_clock
    last=$now
    while [ "$now" = "$last" ]; do look_at_clock; done
}

# Looks ten times a second while much is written, else once: every look costs three processes. Where the agent has taken
# all processes that the container may have, a shell dies of it: this one goes on as a new one in its own place.
watch() {
    trap 'exec sh "$launch/run.sh" watch "$launcher" "$agent" "$begin" "${blind_since:-$now}"' EXIT
    look_at_clock
    quiet_since=$now
    last_size=0
    last_total=0
    judged=
    soon=0.1
    sleep 0.01 2>/dev/null || soon=1
    tick=$soon
    while sleep "$tick"; do
        look_at_clock
        [ $((now - begin)) -ge "$timeout_seconds" ] && end USR1
        look_at_sizes
        [ $((size + errors)) -gt "$output_bytes" ] && end USR2
        blind_since=
        tick=1
        [ $((size + errors - last_total)) -gt 1000000 ] && tick=$soon
        last_total=$((size + errors))
        if [ "$size" != "$last_size" ]; then
            last_size=$size
            quiet_since=$now
            judged=
        elif [ -z "$judged" ] && [ -r "$launch/done.sh" ] && [ $((now - quiet_since)) -ge "$result_grace_seconds" ]; then
            judged=yes
            sh "$launch/done.sh" "$stream" 2>/dev/null && end ALRM
        fi
    done
}

# after a stop request from outside: once, when there is an agent; the same grace, then hard
stop_agent() {
    [ -n "$agent" ] || return
    kill -TERM "$agent" 2>/dev/null
    [ -z "$escalating" ] || return
    escalating=yes
    (
        trap 'kill -KILL "$agent" 2>/dev/null' EXIT
        sleep "$stop_grace_seconds"
    ) </dev/null >/dev/null 2>&1 &
}

# Whenever a child changes: a watcher that died or was stopped has done so by the agent's hand, unless it is finished.
watch_the_watcher() {
    [ -n "$watcher" ] || return
    read -r pid name state rest 2>/dev/null <"/proc/$watcher/stat" || state=Z
    case $state in
    Z | X | T | t) ;;
    *) return ;;
    esac
    kill -KILL "$watcher" 2>/dev/null
    look_at_clock
    [ $((now - begin)) -ge "$timeout_seconds" ] && reason=${reason:-timeout}
    if [ -n "$reason" ]; then
        kill -KILL "$agent" 2>/dev/null
    else
        start_watcher
    fi
}

start_watcher() {
    watch </dev/null >/dev/null 2>&1 &
    watcher=$!
}

# can_write PATH: nothing that the agent left there may hold up who writes
can_write() {
    if ! [ -e "$1" ] && ! [ -L "$1" ]; then
        { printf '' >"$1"; } 2>/dev/null && return # the usual case needs no process
    fi
    chmod u+rwx "$session/out"
    [ -L "$1" ] || chmod -R u+rwx "$1"
    rm -rf "$1"
    ! [ -e "$1" ] && ! [ -L "$1" ]
}

blind_since=
if [ "${1-}" = watch ]; then
    trap - TERM INT HUP USR1 USR2 ALRM VTALRM
    launcher=$2 agent=$3 begin=$4 blind_since=$5
    pause
    [ $((now - begin)) -ge "$timeout_seconds" ] && end USR1
    [ $((now - blind_since)) -ge "$blind_seconds" ] && end VTALRM
    watch
fi

cd "$workdir" || exit 126
# here, since an engine without the right to raise limits would refuse to start it
ulimit -n 65536 2>/dev/null
ulimit -c 0 # a core of an agent holds its keys
[ -n "$stopped" ] && exit 143
escalating=
look_at_memory
kills_before=$kills
look_at_clock
begin=$now
sh "$launch/agent.sh" <"$launch/stdin" >>"$stream" 2>>"$session/stderr.log" &
agent=$!
[ -n "$stopped" ] && stop_agent
trap watch_the_watcher CHLD
start_watcher
watch_the_watcher

code=
while [ -z "$code" ] || kill -0 "$agent" 2>/dev/null; do
    wait "$agent"
    code=$?
done
# a wait that a signal ended may have seen the agent end without telling how
wait "$agent"
again=$?
[ "$again" = 127 ] || code=$again

# Whatever the agent left behind must not write while its commits are read.
trap - CHLD
trap '' TERM INT HUP USR1 USR2 ALRM VTALRM
trap 'exit "$code"' EXIT # also when there is no process left for what follows
kill -KILL -1 2>/dev/null

[ -n "$stopped" ] && reason=${reason:-stopped}
look_at_memory
[ "$kills" = "$kills_before" ] || reason=${reason:-memory}
can_write "$session/out/exit" && printf '%s %s\n' "$code" "${reason:-exit}" >"$session/out/exit"
[ -r "$launch/last-act.sh" ] || exit "$code"
log=/dev/null
can_write "$session/out/last-act.log" && log=$session/out/last-act.log
sh "$launch/last-act.sh" </dev/null >"$log" 2>&1 &
act=$!
(
    sleep "$last_act_seconds"
    kill -KILL "$act"
) </dev/null >/dev/null 2>&1 &
wait "$act"
exit "$code"
