#!/bin/sh
# GPT-2 from its config and seed 42 is the file that transformers 5.23.0 on torch 2.13.0 saves, for every
# number of threads, in a file and in a pipe, within 64 MiB of memory.
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # lib.sh sets the names in small letters
. "$SOW_SOURCE/tests/cli/lib.sh"
need_helper

digest=4153529acd44388c630636c880b03580ad8bc69c2d152807e41f151b46f9f767
config=$SOW_SOURCE/examples/gpt2/config.json

for threads in 1 2; do
    "$helper" peak "$work/peak" "$sow" init "$config" --seed 42 --threads $threads -q --force -o gpt2 ||
        fail "threads $threads: status $?"
    [ "$(sha256sum <gpt2)" = "$digest  -" ] || fail "threads $threads: not the file of transformers"
    # The sanitizers add memory of their own.
    [ -n "${SOW_SANITIZE:-}" ] || [ "$(cat "$work/peak")" -lt 65536 ] ||
        fail "threads $threads: peak of $(cat "$work/peak") KiB"
done

# With a limit the whole process takes little more than that: the command itself has 8 MB, and jumps in
# the stream take some; without one it takes 27.
for memory in 64K 1M; do
    "$helper" peak "$work/peak" "$sow" init "$config" --seed 42 --threads 2 --memory $memory -q --force \
        -o gpt2 || fail "memory $memory: status $?"
    [ "$(sha256sum <gpt2)" = "$digest  -" ] || fail "memory $memory: not the file of transformers"
    [ -n "${SOW_SANITIZE:-}" ] || [ "$(cat "$work/peak")" -lt 16384 ] ||
        fail "memory $memory: peak of $(cat "$work/peak") KiB"
done
only gpt2
[ "$("$sow" init "$config" --seed 42 -q -o - | sha256sum)" = "$digest  -" ] || fail "in a pipe"
