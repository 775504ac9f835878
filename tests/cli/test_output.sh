#!/bin/sh
# Where the output goes: nothing that exists is harmed, pipes get the same bytes, failures leave nothing.
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154,SC2015,SC2016 # inner shells, `|| fail`; lib.sh sets the names in small letters
. "$SOW_SOURCE/tests/cli/lib.sh"
need_helper

run 0 fill normal 1000 -q -o w
only w

# ---- what exists stays ----
cp w before
run 2 fill uniform 1000 -o w
says 'w: exists already (--force replaces it)'
same w before
run 0 fill uniform 1000 -q --force -o w
! cmp -s w before || fail "--force replaced nothing"
mkdir folder
run 2 fill normal 3 --force -o folder
run 2 fill normal 3 --force -o folder/
mkfifo fifo
run 2 fill normal 3 --force -o fifo
run 2 fill normal 3 --force -o /dev/null
run 2 fill normal 3 --force -o /dev/full
[ -p fifo ] && [ -c /dev/null ] || fail "something that is no regular file was replaced"
ln -s w link
cp w target
run 2 fill normal 3 -o link
same w target
run 0 fill normal 1000 -q --force -o link
[ -L link ] || fail "the link was replaced, not its target"
same w before
run 4 fill normal 3 -o nowhere/w
run 4 fill normal 3 -o w/w
run 4 fill normal 3 -o "$(printf '%0300d' 0)"
only before fifo folder link target w
rm -r before fifo folder link target

# ---- a folder that may not be written ----
mkdir locked
chmod 555 locked
if [ "$(id -u)" -ne 0 ]; then
    run 4 fill normal 3 -o locked/w
elif setpriv --reuid 65534 --clear-groups "$sow" version >"$work/out" 2>&1; then
    setpriv --reuid 65534 --clear-groups "$sow" fill normal 3 -o locked/w >"$work/out" 2>"$work/err"
    [ $? -eq 4 ] || fail "read-only folder: expected status 4"
    one_line "read-only folder"
fi
run 4 fill normal 3 -o /sys/w
[ -z "$(ls -A locked)" ] || fail "something was written"
rmdir locked

# ---- pipes ----
"$sow" fill normal 100000 -q -o - >piped || fail "-o -"
run 0 fill normal 100000 -q -o filed
same piped filed
"$sow" fill normal 100000 -q -o - | cat >piped
same piped filed
"$sow" fill normal 1000000 -q -o - 2>"$work/err" | head -c 10 >ten
head -c 10 filed | cut -c 9- >ten.expected
cut -c 9- ten >ten.got
same ten.got ten.expected
[ ! -s "$work/err" ] || fail "a closed pipe needs no words"
# The status of the first in a pipe: died by SIGPIPE, as Unix tools do, whichever thread wrote.
for round in 1 2 3 4 5 6 7 8 9 10; do
    { "$sow" fill normal 1000000 -q -o - 2>"$work/err" || echo $? >"$work/status"; } | head -c 10 >ten
    [ "$(cat "$work/status")" -eq 141 ] ||
        fail "round $round: expected to die by SIGPIPE, got $(cat "$work/status")"
    [ ! -s "$work/err" ] || fail "round $round: a closed pipe needs no words"
    # With SIGPIPE ignored it is a write that fails.
    (
        trap '' PIPE
        { "$sow" fill normal 1000000 -q -o - 2>"$work/err" || echo $? >"$work/status"; } | head -c 10 >ten
    )
    [ "$(cat "$work/status")" -eq 4 ] || fail "round $round: SIGPIPE ignored: expected status 4"
    : >"$work/out"
    says 'standard output: Broken pipe'
done
rm ten*

# ---- a terminal is no place for bytes ----
"$helper" tty out "$sow" fill normal 3 -o - >"$work/tty" 2>"$work/err"
[ $? -eq 2 ] || fail "-o - on a terminal: expected status 2"
: >"$work/out"
says '-o -: standard output is a terminal; use a pipe or a file'
[ ! -s "$work/tty" ] || fail "bytes on the terminal"

# ---- progress: only on a terminal, only after a second, and gone at the end ----
"$helper" tty err sh -c '"$1" fill normal 4000000 -q -o - | { sleep 1.3; cat >slow; }' sh "$sow" >"$work/tty"
grep -q '[0-9]% .* of 16 MB .* MB/s' "$work/tty" || fail "no progress line"
tr '\r' '\n' <"$work/tty" | tail -n 2 | grep -q '^ *$' || fail "the progress line was not cleared"
sh -c '"$1" fill normal 4000000 -q -o - 2>"$2" | { sleep 1.3; cat >slow; }' sh "$sow" "$work/err"
[ ! -s "$work/err" ] || fail "progress in a pipe"
run 0 fill normal 4000000 -q -o quick
"$helper" tty err "$sow" fill normal 3 -q -o fast >"$work/tty"
[ ! -s "$work/tty" ] || fail "progress before a second"
same slow quick
rm slow quick fast

# ---- standard output closed or full ----
"$sow" fill normal 100000 -o late >&- 2>"$work/err"
[ $? -eq 4 ] || fail "closed stdout: expected status 4"
: >"$work/out"
one_line 'fill >&-'
same late filed
"$sow" fill normal 100000 -q -o later >&- || fail "--quiet needs no stdout"
same later filed
"$sow" fill normal 100000 -q -o - >&- 2>"$work/err"
[ $? -eq 4 ] || fail "-o - on a closed stdout: expected status 4"
"$sow" fill normal 100000 -o last 0<&- >&- 2>&-
same last filed
for arguments in help 'help dtypes' version 'inspect filed' 'inspect filed --json' 'diff filed filed' \
    'fill normal 9 -o -' 'fill normal 9 -o new --force'; do
    # shellcheck disable=SC2086 # words
    "$sow" $arguments >/dev/full 2>"$work/err"
    [ $? -eq 4 ] || fail "$arguments on a full disk: expected status 4"
    one_line "$arguments >/dev/full"
done
"$sow" inspect filed | true || fail "nothing"

# ---- two at the same time: one wins, the other says so ----
rm -f ./*
for round in 1 2 3 4 5; do
    "$sow" fill normal 1000000 -q -o race 2>"$work/err.1" & first=$!
    "$sow" fill normal 1000000 -q -o race 2>"$work/err.2" & second=$!
    wait $first
    a=$?
    wait $second
    b=$?
    [ $((a + b)) -eq 2 ] && [ $((a * b)) -eq 0 ] || fail "round $round: statuses $a and $b, expected 0 and 2"
    cat "$work/err.1" "$work/err.2" >"$work/err"
    says 'race: exists already (--force replaces it)'
    only race
    "$sow" fill normal 1000000 -q -o - | cmp - race || fail "round $round: not the whole file"
    "$sow" fill uniform 1000000 -q --force -o race & first=$!
    "$sow" fill uniform 1000000 -q --force -o race || fail "round $round: with --force both succeed"
    wait $first || fail "round $round: with --force both succeed"
    only race
    "$sow" fill uniform 1000000 -q -o - | cmp - race || fail "round $round: not the whole file"
    rm race
done
