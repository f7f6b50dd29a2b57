#!/bin/sh
# Runs one agent in a container and needs nobody alive on the host. Any image with /bin/sh will do.
#
#   /session/launch/   read-only  limits (assignments), agent.sh, stdin, done.sh?, last-act.sh?
#   /session/inbox/    read-only  inbox.jsonl: what the agent is told while it works, if it has an inbox
#   /session/secrets/  read into the agent's environment by agent.sh, and removed there
#   /session/out/      exit (how the agent ended), inbox-closed/, whatever the last act writes
#   /session/stream.jsonl, /session/stderr.log   appended to by the agent itself: no pipe, so a kill loses no byte
#
# It ends the agent at the wall-clock limit, at the output limit, and when it stays silent after its last word.
#
# The agent has the same user, so while it lives nothing is read from or written to a file of its own, and a watcher that
# it kills or holds up is followed by another. Why it was ended, the watcher says with a signal.
#
# An agent with an inbox has a pipe for its stdin, which nothing but the feeder can end: the prompt, then the inbox line
# by line as the host appends to it. Lines with `#` are for us: `#eof`; `#hold`, by which a result does not end the
# session, until `#release`. The inbox closes when the agent's turn is over and nothing moves any more. First the folder
# inbox-closed/ is there, and what was appended before that is fed all the same; then comes end-of-file.

session=/session
launch=$session/launch
stream=$session/stream.jsonl
told=$session/inbox/inbox.jsonl
closed=$session/out/inbox-closed
linger_looks=2   # with nothing new, half a second apart, after a turn's end: somebody may be about to say something
blind_seconds=60 # without a process to look with; what is printed meanwhile is not limited
. "$launch/limits"

launcher=$$
stopped=
agent=
watcher=
listener=
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

# sets size, errors and asked (of the inbox), in bytes
look_at_sizes() {
    size=0 errors=0 asked=0
    set -- $(ls -ln "$stream" "$session/stderr.log" ${inbox:+"$told"} 2>/dev/null)
    while [ $# -ge 9 ]; do
        case $9 in
        "$stream") size=$5 ;;
        "$told") asked=$5 ;;
        *) errors=$5 ;;
        esac
        shift 9
    done
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
    trap 'exec sh "$launch/run.sh" watch "$launcher" "$agent" "$begin" "${blind_since:-$now}" "$listener"' EXIT
    look_at_clock
    quiet_since=$now
    quiet_looks=0
    last_size=0
    last_asked=0
    last_total=0
    judged=
    soon=0.1
    usual=1
    [ -z "$listener" ] || usual=0.5
    sleep 0.01 2>/dev/null || soon=1 usual=1
    tick=$soon
    while sleep "$tick"; do
        look_at_clock
        [ $((now - begin)) -ge "$timeout_seconds" ] && end USR1
        look_at_sizes
        [ $((size + errors)) -gt "$output_bytes" ] && end USR2
        blind_since=
        tick=$usual
        [ $((size + errors - last_total)) -gt 1000000 ] && tick=$soon
        last_total=$((size + errors))
        if [ "$size" != "$last_size" ] || [ "$asked" != "$last_asked" ]; then
            last_size=$size
            last_asked=$asked
            quiet_since=$now
            quiet_looks=0
            judged=
        elif [ -n "$listener" ]; then
            quiet_looks=$((quiet_looks + 1))
            close_inbox
        elif [ -z "$judged" ] && [ -r "$launch/done.sh" ] && [ $((now - quiet_since)) -ge "$result_grace_seconds" ]; then
            judged=yes
            sh "$launch/done.sh" "$stream" 2>/dev/null && end ALRM
        fi
    done
}

# When nobody has said anything for a while after the end of a turn, nor wants to; the agent then ends by itself.
close_inbox() {
    [ "$quiet_looks" -ge "$linger_looks" ] && [ -z "$judged" ] || return
    judged=yes
    is_held && return
    sh "$launch/done.sh" "$stream" 2>/dev/null || return
    kill -KILL "$listener" 2>/dev/null # the agent may have stopped it
    listener= judged= quiet_since=$now
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

# The agent's stdin as descriptor 4, with an inbox the other ends too: 3 to write to it, 6 and 7 for what is appended.
# The names are gone before the agent is there, and an end-of-file comes when nobody holds 3 any more.
open_stdin() {
    if [ -n "$inbox" ] && mkfifo /tmp/stdin.sc /tmp/told.sc 2>/dev/null; then
        # 5 is both ends, so that opening the one does not wait for the other
        exec 5<>/tmp/stdin.sc 3>/tmp/stdin.sc 4</tmp/stdin.sc 5>&-
        exec 5<>/tmp/told.sc 6</tmp/told.sc 7>/tmp/told.sc 5>&-
        rm -f /tmp/stdin.sc /tmp/told.sc
    else
        inbox=
        exec 4<"$launch/stdin"
    fi
}

# Only what the feeder is told ends it: the listener's end, by whoever's hand, closes the inbox in good order.
start_feeder() {
    # by exec: a redirected function's shell keeps the descriptors that it will want back
    (exec >&7 2>/dev/null 3>&- 4<&- 6<&- 7>&-; listen) &
    listener=$!
    (exec <&6 >&3 2>/dev/null 3>&- 4<&- 6<&- 7>&-; feed) &
}

# stdout: the inbox as it grows, from its beginning
listen() {
    trap - TERM INT HUP USR1 USR2 ALRM VTALRM
    command -v tail >/dev/null && exec tail -n +1 -f "$told"
    seen=0
    while sleep 1; do
        number=0
        while IFS= read -r line; do
            number=$((number + 1))
            [ "$number" -gt "$seen" ] && printf '%s\n' "$line"
        done <"$told"
        seen=$number
    done
}

# stdout: the agent's stdin. Every line whole, and none twice.
feed() {
    trap - TERM INT HUP USR1 USR2 ALRM VTALRM
    trap '' PIPE
    cat "$launch/stdin"
    fed=0
    while IFS= read -r line; do
        fed=$((fed + 1))
        [ "$line" = '#eof' ] && break
        hand_on "$line" || break
    done
    mkdir "$closed"
    number=0
    while IFS= read -r line; do
        number=$((number + 1))
        [ "$number" -gt "$fed" ] && hand_on "$line"
    done <"$told"
}

hand_on() {
    case $1 in
    '#'* | *'#' | '') ;; # the latter is half a line: the host's disk was full
    *) printf '%s\n' "$1" ;;
    esac
}

# Whether somebody wants to talk to the agent though its turn is over.
is_held() {
    case $(grep -a -e '^#hold' -e '^#release' "$told" | tail -n 1) in
    '#hold'*) return 0 ;;
    esac
    return 1
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
    launcher=$2 agent=$3 begin=$4 blind_since=$5 listener=$6
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
open_stdin
sh "$launch/agent.sh" <&4 >>"$stream" 2>>"$session/stderr.log" 3>&- 4<&- 6<&- 7>&- &
agent=$!
[ -n "$stopped" ] && stop_agent
[ -z "$inbox" ] || start_feeder
exec 3>&- 4<&- 6<&- 7>&-
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

[ -z "$inbox" ] || [ -e "$closed" ] || mkdir "$closed" 2>/dev/null
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
