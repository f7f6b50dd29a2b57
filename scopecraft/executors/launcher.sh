#!/bin/sh
# Runs one agent in a container and needs nobody alive on the host. Any image with /bin/sh will do.
#
#   /session/launch/   read-only  limits (assignments), agent.sh, stdin, done.sh?, last-act.sh?
#   /session/secrets/  read into the agent's environment by agent.sh, and removed there
#   /session/out/      exit (how the agent ended), whatever the last act writes
#   /session/stream.jsonl, /session/stderr.log   appended to by the agent itself: no pipe, so a kill loses no byte
#
# It ends the agent at the wall-clock limit, at the output limit, and when it stays silent after its last word.

session=/session
launch=$session/launch
stream=$session/stream.jsonl
blind_seconds=60 # without a process to look with; what is printed meanwhile is not limited
. "$launch/limits"

stopped=
agent=
on_stop() {
    stopped=yes
    [ -n "$agent" ] && kill -TERM "$agent" 2>/dev/null
}
trap on_stop TERM INT HUP

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

# end REASON: politely, then hard; the reason stands before the first signal is sent
end() {
    trap 'kill -KILL "$agent" 2>/dev/null' EXIT # also when there is no process left to wait with
    echo "$1" >"$session/out/reason"
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
    trap 'exec sh "$launch/run.sh" watch "$agent" "$begin" "${blind_since:-$now}"' EXIT
    look_at_clock
    begin=${begin:-$now}
    quiet_since=$begin
    last_size=0
    last_total=0
    judged=
    soon=0.1
    sleep 0.01 2>/dev/null || soon=1
    tick=$soon
    while sleep "$tick"; do
        look_at_clock
        [ $((now - begin)) -ge "$timeout_seconds" ] && end timeout
        look_at_sizes
        [ $((size + errors)) -gt "$output_bytes" ] && end output
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
            sh "$launch/done.sh" "$stream" 2>/dev/null && end result
        fi
    done
}

# after a stop request from outside: the same grace, then hard
stop_hard_later() {
    trap 'kill -KILL "$agent" 2>/dev/null' EXIT
    sleep "$stop_grace_seconds"
}

begin=
blind_since=
if [ "${1-}" = watch ]; then
    trap - TERM INT HUP
    agent=$2 begin=$3 blind_since=$4
    pause
    [ $((now - begin)) -ge "$timeout_seconds" ] && end timeout
    [ $((now - blind_since)) -ge "$blind_seconds" ] && end processes
    watch
fi

cd "$workdir" || exit 126
[ -n "$stopped" ] && exit 143
sh "$launch/agent.sh" <"$launch/stdin" >>"$stream" 2>>"$session/stderr.log" &
agent=$!
watch </dev/null >/dev/null 2>&1 &
watcher=$!

escalating=
while :; do
    wait "$agent"
    code=$?
    kill -0 "$agent" 2>/dev/null || break
    # a signal woke us, the agent lives
    if [ -n "$stopped" ] && [ -z "$escalating" ]; then
        kill -TERM "$agent" 2>/dev/null
        stop_hard_later </dev/null >/dev/null 2>&1 &
        escalating=yes
    fi
done
kill "$watcher" 2>/dev/null

# Whatever the agent left behind must not write while its commits are read.
trap '' TERM INT HUP
kill -KILL -1 2>/dev/null

reason=exit
[ -n "$stopped" ] && reason=stopped
[ -r "$session/out/reason" ] && read -r reason <"$session/out/reason"
printf '%s %s\n' "$code" "$reason" >"$session/out/exit"
[ -r "$launch/last-act.sh" ] && sh "$launch/last-act.sh" </dev/null >"$session/out/last-act.log" 2>&1
exit "$code"
