#!/bin/sh
# sow inspect: figures, globs, hostile names, and files far larger than the memory.
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154,SC3045 # ulimit -v; lib.sh sets the names in small letters
. "$SOW_SOURCE/tests/cli/lib.sh"

native '"seed": 7' >native.json
run 0 init native.json -q -o model
run 0 inspect model
shows inspect.txt
run 0 inspect model 'layers.0.*' head.weight
shows inspect-globs.txt
run 0 inspect model --no-stats
shows inspect-no-stats.txt
run 3 inspect model 'layers.9.*' 'head.*'
says "model: no tensor matches 'layers.9.*'"

# Figures of known values.
run 0 fill constant 3,5 --arg val=2.5 -q -o c
run 0 inspect c --json
holds weight tensors 0 name
holds '[3,5]' tensors 0 shape
holds 2.5 tensors 0 mean
holds 0.0 tensors 0 std
holds 2.5 tensors 0 max
holds 0 tensors 0 n_zero
holds 15 totals n_elements
run 0 fill constant 3 --arg val=-inf -q -o i
run 0 inspect i --json
holds null tensors 0 mean
holds -inf tensors 0 min
holds 3 tensors 0 n_inf
run 0 fill constant 3 --arg val=nan -q -o n
run 0 inspect n --json
holds null tensors 0 max
holds 3 tensors 0 n_nan
run 0 fill zeros scalar -q -o z
run 0 inspect z --json
holds '[]' tensors 0 shape
holds null tensors 0 std
holds 1 tensors 0 n_zero
run 0 inspect z --json --no-stats
holds '{"name":"weight","dtype":"f32","shape":[],"n_bytes":4}' tensors 0

# Every type of the format; an empty file; metadata; an empty name; control characters.
safetensors types '{"__metadata__":{"k\u001b":"v\n"},"a\u0007\u202e":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]},"":{"dtype":"BOOL","shape":[2],"data_offsets":[4,6]},"f4":{"dtype":"F4","shape":[4],"data_offsets":[6,8]},"i":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}' 16
run 0 inspect types
shows inspect-types.txt
run 0 inspect types --json
holds null tensors 2 n_zero
holds 4 tensors 0 n_zero
! grep -q '[[:cntrl:]]' "$work/out" || fail "control characters in JSON"
safetensors empty '{}' 0
run 0 inspect empty
[ "$(cat "$work/out")" = "0 tensors, 0 elements, 0 bytes" ] || fail "an empty file"
run 0 inspect empty --json
holds '{}' metadata

# Bad input.
run 3 inspect nowhere
says 'nowhere: No such file or directory'
run 3 inspect .
run 3 inspect native.json
head -c 1000 model >short
run 3 inspect short
head -c 5 model >short
run 3 inspect short
: >short
run 3 inspect short
cat model model >long
run 3 inspect long
[ ! -s "$work/out" ] || fail "half a table"
mkfifo fifo
run 3 inspect fifo

# 100 GB in a sparse file, within 1 GiB of address space.
[ -z "${SOW_SANITIZE:-}" ] || exit 0 # the sanitizers take terabytes of address space
safetensors huge '{"w":{"dtype":"F32","shape":[25000000000],"data_offsets":[0,100000000000]}}' 100000000000
(
    ulimit -v 1048576 || exit 1
    run 0 inspect huge --no-stats
) || fail "100 GB"
mentions '[25000000000]' '100000000000 bytes'
# With figures it streams: 1 GB within 256 MiB of address space.
safetensors large '{"w":{"dtype":"F32","shape":[250000000],"data_offsets":[0,1000000000]}}' 1000000000
(
    ulimit -v 262144 || exit 1
    run 0 inspect large --json
) || fail "1 GB"
holds 250000000 tensors 0 n_zero
