#!/bin/sh
# Reads out of a private git directory what an agent has done, inside a container: the host's git never opens it.
# The launcher runs it last, or a fresh container does. All that it writes is a claim, and the host checks it.
#
#   /session/harvest/   read-only: settings (branch, seconds, most_refs), seeds (the refs of the start), old (^ids)
#   /session/out/harvest/   report (complete once it is there), pack, tip.pack (the mission's tip alone)
#   /session/modules/*/     the same for each submodule

here=${0%/*}
base=${here%/harvest}
out=$base/out/harvest
for each in "$base"/modules/*/harvest/harvest.sh; do
    [ ! -e "$each" ] || /bin/sh "$each"
done
. "$here/settings"

# not timeout: some images have none, and the signal it sends may be ignored since before us
(sleep "$seconds" && kill -KILL $$) >/dev/null 2>&1 </dev/null &
guard=$!
trap 'kill -KILL "$guard"' EXIT

umask 077
ulimit -f 8388608 # blocks of 512 bytes: no file that is written here grows beyond 4 GiB
rm -rf "$out"
mkdir -p "$out" && cd "$out" || exit 1
exec 2>log

unset GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_NAMESPACE GIT_WORK_TREE GIT_COMMON_DIR
export GIT_DIR="$base/git" GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_OPTIONAL_LOCKS=0
export GIT_TERMINAL_PROMPT=0 GIT_NO_REPLACE_OBJECTS=1 LC_ALL=C

git() {
    # no deltas of large files: neither here nor on the host is there memory for them
    command git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.bigFileThreshold=32m -c gc.auto=0 \
        -c maintenance.auto=false "$@"
}

# pack NAME: of the ids on stdin all that the host does not have
pack() {
    cat - "$here/old" | git pack-objects -q --revs --thin --delta-base-offset --stdout >"$1.tmp" && mv "$1.tmp" "$1"
}

state() {
    [ -e "$GIT_DIR/MERGE_HEAD" ] && echo merge && return
    [ -e "$GIT_DIR/rebase-merge" ] && echo rebase && return
    [ -e "$GIT_DIR/rebase-apply" ] && echo rebase && return
    [ -e "$GIT_DIR/CHERRY_PICK_HEAD" ] && echo cherry-pick && return
    [ -e "$GIT_DIR/REVERT_HEAD" ] && echo revert && return
    [ -e "$GIT_DIR/BISECT_LOG" ] && echo bisect && return
}

head=$(git rev-parse --verify --quiet 'HEAD^{commit}')
head_tree=$(git rev-parse --verify --quiet 'HEAD^{tree}')
on=$(git symbolic-ref --quiet HEAD)
tip=$(git rev-parse --verify --quiet "refs/heads/$branch^{commit}")

# of a copy: writing a tree takes the index's lock, and someone may have left one
tree=
if [ -f "$GIT_DIR/index" ] && cp "$GIT_DIR/index" index; then
    tree=$(GIT_INDEX_FILE="$out/index" git write-tree)
fi

# not comm: some images have none. Nothing to tell is 1, trouble is more.
git for-each-ref --format='%(objectname) %(refname)' >now || exit 1
grep -vxF -f "$here/seeds" now >all_changed
[ $? -le 1 ] || exit 1
grep -vxF -f now "$here/seeds" >gone
[ $? -le 1 ] || exit 1
head -n "$((most_refs + 1))" all_changed >changed || exit 1
: >stash
[ -e "$GIT_DIR/logs/refs/stash" ] && git rev-list --walk-reflogs --max-count=100 refs/stash >stash

printf '%s\n' $head $tip | sort -u >tips
{
    cat tips stash
    sed 's/ .*//' changed
    [ "$tree" = "$head_tree" ] || echo "$tree"
} | grep . | sort -u >ids

pack pack <ids
# where the whole cannot be taken, the mission's own commits still may
[ "$(cat tips)" = "$(cat ids)" ] || pack tip.pack <tips

{
    echo "harvest 1"
    echo "head $head"
    echo "on $on"
    echo "tree $tree"
    echo "state $(state)"
    sed 's/^/stash /' stash || exit 1
    sed 's/^/ref /' changed || exit 1
    sed 's/^/gone /' gone || exit 1
    echo end
} >report.tmp
rm -f index now all_changed changed gone stash tips ids
mv report.tmp report
