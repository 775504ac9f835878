#!/bin/sh
# sow diff: every kind of difference, and its status.
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # lib.sh sets the names in small letters
. "$SOW_SOURCE/tests/cli/lib.sh"

gpt2 1 50 >one.json
gpt2 1 60 >wide.json
gpt2 2 50 >two.json
run 0 init one.json -q -o a
run 0 init one.json -q --seed 1 -o b
run 0 init wide.json -q -o wide
run 0 init two.json -q -o two
run 0 init one.json -q --dtype bf16 -o bf16

run 0 diff a a
[ "$(cat "$work/out")" = "16 of 16 tensors have the same bits" ] || fail "diff a a"
run 1 diff a b
shows diff-values.txt
run 1 diff a wide
mentions 'shape differs: transformer.wte.weight f32 [50, 32] and f32 [60, 32]'
run 1 diff a bf16
mentions 'dtype differs: transformer.wte.weight f32 [50, 32] and bf16 [50, 32]'
mentions '0 of 16 tensors have the same bits'
run 1 diff a two
mentions 'only in two: transformer.h.1.attn.c_attn.weight f32 [32, 96]'
run 1 diff two a
mentions 'only in two: transformer.h.1.attn.c_attn.weight f32 [32, 96]'
for arguments in '' -q --quiet '--quiet --json'; do
    # shellcheck disable=SC2086 # words
    run 1 diff a b $arguments
    # shellcheck disable=SC2086 # words
    run 0 diff a a $arguments
done
quiet

# One element: its place, and the difference. 2.5 and 2.0 in float32 differ in one byte.
run 0 fill constant 300,2000 --arg val=2.5 -q -o p
cp p q
at=$(($(wc -c <p) - 4 * (300 * 2000 - 123 * 2000 - 45)))
printf '\000\000\000\100' | dd of=q bs=1 seek=$at conv=notrunc 2>/dev/null
run 1 diff p q --json
holds false same
holds values tensors 0 state
holds 1 tensors 0 n_different
holds 0.5 tensors 0 max_difference
holds '[123,45]' tensors 0 first_index
# A NaN is no number: the bits differ, the difference is none.
printf '\000\000\300\177' | dd of=q bs=1 seek=$at conv=notrunc 2>/dev/null
run 1 diff p q --json
holds null tensors 0 max_difference
# -0 and +0 have other bits.
run 0 fill constant scalar --arg val=0.0 -q -o zero
run 0 fill constant scalar --arg val=-0.0 -q -o minus
run 1 diff zero minus --json
holds 0.0 tensors 0 max_difference
holds '[]' tensors 0 first_index

# 64-bit integers that are the same double; types that are only compared as bits.
header='{"i":{"dtype":"U64","shape":[2],"data_offsets":[0,16]},"f":{"dtype":"F4","shape":[4],"data_offsets":[16,18]}}'
safetensors u "$header" 18
cp u v
size=$(wc -c <u)
for file in u v; do
    printf '\000\000\000\000\000\000\000\200' | dd of=$file bs=1 seek=$((size - 18)) conv=notrunc 2>/dev/null
done
printf '\003' | dd of=v bs=1 seek=$((size - 18)) conv=notrunc 2>/dev/null
printf '\007' | dd of=v bs=1 seek=$((size - 1)) conv=notrunc 2>/dev/null
run 1 diff u v --json
holds 3.0 tensors 0 max_difference
holds null tensors 1 n_different
run 1 diff u v
mentions some

# Metadata counts, unless it shall not.
safetensors m1 '{"__metadata__":{"a":"1","b":"2"},"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}' 1
safetensors m2 '{"__metadata__":{"b":"3","c\u001b":"4"},"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}' 1
run 1 diff m1 m2
shows diff-metadata.txt
run 1 diff m1 m2 -q
run 1 diff m1 m2 --json
holds '[{"key":"a","a":"1","b":null},{"key":"b","a":"2","b":"3"},{"key":"c\u001B","a":null,"b":"4"}]' metadata
run 0 diff m1 m2 --ignore-metadata
run 0 diff m1 m2 --ignore-metadata --json
holds true same

run 3 diff a nowhere
says 'nowhere: No such file or directory'
run 3 diff nowhere a
run 3 diff a one.json
head -c 3000 a >short
run 3 diff short a
