#!/bin/sh
# Wrong command lines: status 2, one line that names the option and the value, nothing written.
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # lib.sh sets the names in small letters
. "$SOW_SOURCE/tests/cli/lib.sh"

gpt2 1 10 >config.json
wrong() {
    expected_text=$1
    shift
    run 2 "$@"
    says "$expected_text"
    only config.json
}

# shellcheck disable=SC2016 # the backquotes are text
{
    wrong 'init: unknown option --sede (did you mean --seed?)' init config.json --sede 3 -o out
    wrong 'init: unknown option --thread-count (`sow help init` lists the options)' \
        init config.json --thread-count=3 -o out
    wrong 'fill: unknown option -z (`sow help fill` lists the options)' fill normal 3 -z -o out
    wrong 'diff: unknown option --jsno (did you mean --json?)' diff --jsno a b
}
wrong 'fill: --force takes no value' fill normal 3 --force=3 -o out
wrong 'fill: --output needs a value: OUT' fill normal 3 -o
wrong 'fill: --seed needs a value: N' fill normal 3 -o out --seed
wrong 'init: -o OUT is missing' init config.json
wrong 'fill: -o OUT is missing' fill normal 3
wrong "--output '': must not be empty" fill normal 3 -o ''
wrong 'init: CONFIG is missing (usage: sow init CONFIG|FOLDER [OPTION]... -o OUT)' init -o out
wrong 'plan: CONFIG is missing (usage: sow plan CONFIG|FOLDER [OPTION]...)' plan
wrong 'diff: B is missing (usage: sow diff A.safetensors B.safetensors [OPTION]...)' diff config.json
wrong 'init: CONFIG must not be empty' init '' -o out
wrong 'fill: SHAPE must not be empty' fill normal '' -o out
wrong 'inspect: FILE must not be empty' inspect ''
wrong 'diff: B must not be empty' diff config.json ''
wrong 'a limit of 1 bytes of memory: at least 65536 are needed' init config.json --memory 1 -o out
wrong "init: unexpected argument 'more'" init config.json more -o out
wrong "plan: unexpected argument 'more'" plan config.json more

for seed in abc '' 1.5 0x10 ' 1' 18446744073709551616 -9223372036854775809; do
    wrong "--seed '$seed': must be a whole number from -2^63 to 2^64-1" fill normal 3 --seed "$seed" -o out
    wrong "--global-seed '$seed': must be a whole number from -2^63 to 2^64-1" \
        init config.json --global-seed "$seed" -o out
done
for threads in 0 -1 1025 2.0 x '' 99999999999999999999; do
    wrong "--threads '$threads': must be a number from 1 to 1024" \
        init config.json --threads "$threads" -o out
done
for limit in 0 -1 M 1.5G 64MB 64m 64X '' ' 1' 16777216T 99999999999999999999; do
    wrong "--memory '$limit': must be bytes, or a number with K, M, G or T as in 64M" init config.json --memory "$limit" -o out
done
for dtype in f33 F32 i64 ''; do
    wrong "--dtype '$dtype': must be one of f32, f64, f16, bf16, c64, c128" \
        fill normal 3 --dtype "$dtype" -o out
done
wrong "--dialect: unknown dialect 'torch'; one of: torch-2.13 torch-2.12 torch-2.11" \
    plan config.json --dialect torch
wrong "--profile 'transformers-5.32': no such profile (did you mean transformers-5.23?)" \
    plan config.json --profile transformers-5.32
wrong "--names 'torch': must be native or bridge" init config.json --names torch -o out
wrong '--global-seed is for native configs, which config.json is not; use --seed' \
    init config.json --global-seed 3 -o out
wrong '--names is for native configs, which config.json is not' init config.json --names bridge -o out
for verb in 'init -o out' plan; do
    # shellcheck disable=SC2086 # the options are words
    wrong '--explain is for descriptions, which config.json is not' $verb config.json --explain
    # shellcheck disable=SC2086
    wrong '--ignore-mismatched is for --from, which is not given' $verb config.json --ignore-mismatched
done

wrong "no initializer 'normla' (did you mean normal?)" fill normla 3 -o out
# shellcheck disable=SC2016 # the backquotes are text
wrong 'no initializer '"'magic'"' (`sow help initializers` lists them)' fill magic 3 -o out
for shape in ',' '3,' '3,,3' 3x 3x3,3 -1 3,-1 +3 a 3.0 ' 3' '3 ' 99999999999999999999; do
    # shellcheck disable=SC2016 # the backquotes are text
    wrong 'SHAPE '"'$shape'"': must be sizes as in 64,3,7,7, or `scalar`' fill normal -o out -- "$shape"
done
wrong "--arg 'std': must be KEY=VALUE" fill normal 3 --arg std -o out
wrong "--arg '=1': must be KEY=VALUE" fill normal 3 --arg =1 -o out
wrong 'fill: sparse needs --arg sparsity=VALUE' fill sparse 3,3 --arg std=1 -o out
wrong 'fill: constant needs --arg val=VALUE' fill constant 3 -o out
run 2 fill normal 3 --arg men=2 -o out
mentions "--arg 'men=2': " 'mean, std'
run 2 fill normal 3 --arg std=abc -o out
mentions "--arg 'std=abc': "
only config.json

# The last of a repeated option counts; options and words may come in any order.
run 0 fill -o out --seed 1 normal --seed 2 20
run 0 fill normal 20 --seed 2 -o out2
same out out2
