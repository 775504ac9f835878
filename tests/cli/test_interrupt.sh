#!/bin/sh
# Signals at random moments: the target is the old file or the whole new one, and nothing is left.
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # lib.sh sets the names in small letters
. "$SOW_SOURCE/tests/cli/lib.sh"
need_helper

fill_arguments='fill normal 3000000 --dtype f64 -q'
# shellcheck disable=SC2086 # words
run 0 $fill_arguments -o "$work/new"
run 0 fill uniform 1000 -q -o "$work/old"

# How long a run takes, so that the moments spread over all of it: microseconds.
begun=$(date +%s%N)
# shellcheck disable=SC2086 # words
run 0 $fill_arguments -o timed
took=$((($(date +%s%N) - begun) / 1000))
rm timed
moments=$(awk -v n=80 -v took="$took" -v seed="$$" 'BEGIN {
    srand(seed); for (i = 0; i < n; i++) printf "%d\n", rand() * took * 1.1 }')
echo "a run takes $took us; seed of the moments: $$"

# old_or_new: w is the old file or the whole new one.
old_or_new() {
    cmp -s w "$work/old" || cmp -s w "$work/new" || fail "after $1 us: w is neither old nor new"
}

count=0 died=0
for moment in $moments; do
    count=$((count + 1))
    cp "$work/old" w
    case $((count % 8)) in
        0) number=1 ;;
        1 | 3 | 5) number=15 ;;
        2 | 4 | 6) number=2 ;;
        7) number=9 ;;
    esac
    # shellcheck disable=SC2086 # words
    "$helper" signal "$moment" "$number" "$sow" $fill_arguments --force -o w >"$work/ended" 2>"$work/err"
    case $(cat "$work/ended") in
        "signal $number") died=$((died + 1)) ;;
        'exit 0') same w "$work/new" ;;
        *) fail "signal $number after $moment us: $(cat "$work/ended")" ;;
    esac
    [ ! -s "$work/err" ] || fail "signal $number after $moment us: words on stderr"
    old_or_new "$moment"
    if [ "$number" -eq 9 ]; then
        # Nobody can tidy up after KILL: at most one hidden temporary, which harms no later run.
        [ "$(find . -type f ! -name w | wc -l)" -le 1 ] || fail "KILL after $moment us: more than one left over"
        [ "$(find . -type f ! -name w ! -name '.*' | wc -l)" -eq 0 ] || fail "KILL after $moment us: a left over that is not hidden"
        # shellcheck disable=SC2086 # words
        run 0 $fill_arguments --force -o w
        same w "$work/new"
        find . -name '.*' -type f -exec rm {} +
    fi
    only w
done
[ $died -ge 20 ] || fail "only $died of $count runs were hit by their signal"

# Without an old file: nothing, or the whole new one.
rm w
for moment in $(echo "$moments" | head -n 10); do
    # shellcheck disable=SC2086 # words
    "$helper" signal "$moment" 2 "$sow" $fill_arguments -o w >"$work/ended"
    [ ! -e w ] || same w "$work/new"
    [ "$(cat "$work/ended")" != 'exit 0' ] || [ -e w ] || fail "status 0 and no file"
    rm -f w
    [ -z "$(ls -A)" ] || fail "after $moment us: something is left: $(ls -A)"
done

# A signal that was ignored when sow began stays ignored, as nohup wants it.
(
    trap '' HUP
    # shellcheck disable=SC2086 # words
    "$helper" signal 20000 1 "$sow" $fill_arguments -o w
) >"$work/ended"
[ "$(cat "$work/ended")" = 'exit 0' ] || fail "an ignored HUP ended the run: $(cat "$work/ended")"
same w "$work/new"

# Into a pipe that nobody reads: there is nothing to tidy up, so that the signal ends it at once.
mkfifo "$work/pipe"
# shellcheck disable=SC2217 # it holds the pipe open
sleep 20 <"$work/pipe" & reader=$!
# shellcheck disable=SC2016 # for the inner shell
"$helper" signal 300000 15 sh -c 'exec "$0" fill normal 3000000 -q -o - >"$1"' "$sow" "$work/pipe" \
    >"$work/ended"
kill $reader
[ "$(cat "$work/ended")" = 'signal 15' ] || fail "TERM in a pipe: $(cat "$work/ended")"
