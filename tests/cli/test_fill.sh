#!/bin/sh
# sow fill: the files of the real PyTorch, every dtype, and the summary.
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # lib.sh sets the names in small letters
. "$SOW_SOURCE/tests/cli/lib.sh"

# Known answers: "SHA256 ARGUMENT..." a line, written by tools/make_cli_vectors.py.
n=0
while read -r digest arguments; do
    case $digest in '#'*) continue ;; esac
    # shellcheck disable=SC2086 # words
    run 0 fill $arguments -o w.safetensors --force
    [ "$(sha256sum <w.safetensors)" = "$digest  -" ] || fail "sow fill $arguments: not PyTorch's file"
    n=$((n + 1))
done <"$here/expected/fill.txt"
[ $n -ge 40 ] || fail "only $n known answers"

# Seeds are numbers modulo 2^64.
run 0 fill normal 33 --seed -1 -o a
run 0 fill normal 33 --seed 18446744073709551615 -o b
same a b
# Both ways to write a shape; the default seed is 0 and said to be the default.
run 0 fill uniform 3x5x7 -o c
mentions 'seed 0 (default), torch-2.13' 'uniform(0, 1)' 'weight f32 [3, 5, 7]' '105 elements, 420 bytes'
run 0 fill uniform 3,5,7 --seed 0 -o d
same c d
mentions 'seed 0, torch-2.13'

# complex128 says how it is stored.
run 0 fill normal 3,5 --dtype c128 -o e
mentions 'stored as torch.view_as_real has it, f64 [3, 5, 2]'
run 0 fill normal 0,5 --dtype c128 -o e0
run 0 inspect --no-stats e0
mentions '[0, 5, 2]'

# Strict JSON.
run 0 fill kaiming_uniform 64,3,7,7 --arg nonlinearity=relu --seed 18446744073709551615 --dtype bf16 \
    -o f --json
holds f path
holds kaiming_uniform initializer
holds bf16 dtype
holds '[64,3,7,7]' shape
holds 18446744073709551615 seed
holds seed seed_from
holds 9408 n_elements
holds 18816 n_bytes
run 0 fill constant 3 --arg val=inf -o g --json
holds f32 stored_dtype
run 0 fill normal 3 -o h --quiet
quiet

# PyTorch's errors and warnings.
run 3 fill dirac 3 -o i
says 'dirac: Only tensors with 3, 4, or 5 dimensions are supported'
run 3 fill xavier_normal 3 -o i
says 'xavier_normal: Fan in and fan out can not be computed for tensor with fewer than 2 dimensions'
run 3 fill normal 3 --arg std=-1 -o i
says 'normal expects std >= 0.0, but found std -1'
run 2 fill normal 3 --arg std=1e400 -o i
says "--arg 'std=1e400': normal: std must be a number that a double can hold, got \"1e400\""
run 0 fill trunc_normal 3 --arg a=-inf --arg b=inf -q -o infinite
run 3 fill orthogonal 3,3 --dtype bf16 -o i
run 3 fill normal 4294967296,4294967296,16 -o i
run 0 fill kaiming_uniform 0,3 -o i
[ "$(grep -c '^sow: warning: ' "$work/err")" -eq 1 ] || fail "a warning was expected"
mentions 'kaiming_uniform: nothing'

# Any limit of memory gives the same file; what is made whole is refused when it does not fit.
run 0 fill trunc_normal 1000,1000 --dtype f16 -o unlimited
run 0 fill trunc_normal 1000,1000 --dtype f16 --memory 256K -o limited
same unlimited limited
run 2 fill orthogonal 1000,1000 --memory 8M -o never
says 'weight: is made whole (orthogonal(1)), for which 17089536 bytes of memory are needed; the limit is 8388608'
[ ! -e never ] || fail "a file in spite of the limit"
run 0 fill orthogonal 100,100 --memory 8M -o limited --force

# Any number of threads gives the same file.
for threads in 1 2 3 7; do
    run 0 fill trunc_normal 1000,1000 --dtype f16 --threads $threads -o t$threads
    same t1 t$threads
done
