#!/bin/sh
# What the launcher watches in the place of an agent that has a terminal. Any image with /bin/sh will do.
#
# Such an agent is started by the engine's `exec`, by terminal.sh: it has the terminal's foreground to itself and hears
# Ctrl-C, which a shell's child in the background does not. This one ends when the agent does, and as it did, so that
# limits, harvest and exit code are the launcher's as ever. Nobody on the host needs to be alive for that.
#
#   /session/out/keeper     this one's pid; SIGUSR1 wakes it
#   /session/out/terminal   the pid of the shell around the agent, from the agent's beginning on
#   /session/out/left       the agent's exit code, from its end on

out=/session/out
patience_seconds=120 # until somebody comes with a terminal
ended=
terminal=
trap 'ended=yes; hang_up' TERM INT HUP
trap : USR1
printf '%s\n' "$$" >"$out/keeper"

# tell SIGNAL: the agent, which is the child of the shell around it
tell() {
    signal=$1
    for stat in /proc/[0-9]*/stat; do
        { read -r line <"$stat"; } 2>/dev/null || continue
        set -- ${line##*) }
        [ "$2" = "$terminal" ] && kill -"$signal" "${line%% *}" 2>/dev/null
    done
}

# politely; a shell at a prompt hears the hang-up alone, and whoever hears neither is ended by the launcher
hang_up() {
    [ -n "$terminal" ] || { [ -s "$out/terminal" ] && read -r terminal <"$out/terminal"; } || return
    tell TERM
    (
        sleep 1
        tell HUP
    ) &
}

pause() {
    sleep "$1" &
    wait "$!"
}

waited=0
while ! [ -s "$out/terminal" ]; do
    [ -z "$ended" ] || exit 143
    [ "$waited" -lt "$patience_seconds" ] || exit 125
    pause 1
    waited=$((waited + 1))
done
read -r terminal <"$out/terminal"
[ -z "$ended" ] || hang_up
while ! [ -s "$out/left" ] && kill -0 "$terminal" 2>/dev/null; do pause 2; done
code=137
[ -s "$out/left" ] && read -r code <"$out/left"
exit "$code"
