#!/bin/sh
# A disk that is full, and a limit on file sizes: the old file stays as it was, and nothing is left.
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154,SC2016 # inner shell; lib.sh sets the names in small letters
. "$SOW_SOURCE/tests/cli/lib.sh"

# full FOLDER: a run that needs more than the folder takes.
full() {
    cd "$1" || fail "$1"
    run 0 fill normal 50000 -q -o w
    cp w "$work/before"
    run 4 fill normal 1000000 --force -o w
    mentions 'w: '
    same w "$work/before"
    run 4 fill normal 1000000 -o new
    only w
    "$sow" fill normal 1000000 -o - >"$1/piped" 2>"$work/err"
    [ $? -eq 4 ] || fail "-o - onto a full disk: expected status 4"
    : >"$work/out"
    one_line '-o -'
    rm piped
    # What fits goes on working.
    run 0 fill uniform 50000 -q --force -o w
    only w
    rm w
    cd "$work/here" || fail "$work/here"
}

# SIGXFSZ would kill a program that does not look out. The unit is 512 or 1024 bytes.
(
    ulimit -f 2000 || exit 1
    full "$work/here"
) || exit 1

# A real file system of 1 MB, where one may be mounted.
if unshare -m true 2>/dev/null; then
    mkdir "$work/small"
    work=$work sow=$sow unshare -m sh -c '
        mount -t tmpfs -o size=1m none "$work/small" || exit 77
        cd "$work/small" || exit 1
        "$sow" fill normal 50000 -q -o w && cp w "$work/before" || exit 1
        "$sow" fill normal 1000000 --force -o w >"$work/out" 2>"$work/err"
        [ $? -eq 4 ] && cmp w "$work/before" && [ "$(ls -A)" = w ]'
    status=$?
    [ $status -eq 77 ] || [ $status -eq 0 ] || fail "tmpfs: a full disk must leave the old file alone"
    [ $status -eq 77 ] || one_line 'tmpfs'
fi
