#!/bin/sh
# sow init: configs, seeds, --from and the summary.
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # lib.sh sets the names in small letters
. "$SOW_SOURCE/tests/cli/lib.sh"

mkdir folder empty
gpt2 2 50 >folder/config.json
gpt2 1 50 >one.json
gpt2 2 60 >wide.json
native >native.json
native '"seed": 7' >seeded.json

# ---- ways to name a config give the same file ----
run 0 init folder -o a
run 0 init folder/ -o b
run 0 init folder/config.json -o c
"$sow" init - -o d --seed 0 <folder/config.json >"$work/out" || fail "a config from standard input"
same a b
same a c
same a d
for threads in 1 2 3; do
    run 0 init folder --threads $threads -o t$threads
    same a t$threads
done

# ---- the summary ----
run 0 init folder -o e
sed 's/^[0-9.]* s, [0-9]* MB\/s$/TIME/' "$work/out" >"$work/masked" && mv "$work/masked" "$work/out"
shows init.txt
run 0 init folder --seed 5 --dtype bf16 --json -o f
holds f path
holds GPT2LMHeadModel arch
holds transformers-5.23 profile
holds torch-2.13 dialect
holds 5 seed
holds seed seed_from
holds bf16 dtype
holds 28 n_tensors
holds 27584 n_parameters
holds 55168 n_bytes
run 0 init folder -q -o g
quiet
"$sow" init folder -o - >h 2>"$work/err" || fail "-o -"
same a h
grep -q 'seed 0 (default)' "$work/err" || fail "-o -: the summary goes to stderr"
"$sow" init folder -o - --json >h 2>"$work/out" || fail "-o - --json"
same a h
holds - path

# ---- seeds of native configs ----
run 0 init native.json -o n0
mentions 'global seed 0 (default)'
run 0 init native.json --global-seed 0 --json -o n1
holds global-seed seed_from
same n0 n1
run 0 init native.json --global-seed 3 -o n2
mentions 'global seed 3'
! cmp -s n0 n2 || fail "--global-seed changes nothing"
run 0 init native.json --seed 7 -o n3
mentions 'seed 7,'
run 0 init seeded.json -o n4
mentions 'seed 7 (config)'
same n3 n4
run 0 init seeded.json --global-seed 9 -o n5
same n3 n5
run 0 init seeded.json --seed 8 -o n6
! cmp -s n3 n6 || fail "--seed does not win over the config's"
run 0 init native.json --seed 7 --names bridge -o n7
run 0 inspect n7 --no-stats
mentions blocks.0.attn.q.weight unembed.bias

# ---- --from ----
run 0 init one.json --seed 1 -o one
run 0 init folder --seed 2 --from one -o both
sed 's/^[0-9.]* s, [0-9]* MB\/s$/TIME/' "$work/out" >"$work/masked" && mv "$work/masked" "$work/out"
shows init-from.txt
run 0 init folder --seed 2 --from one -o both2 --json
holds '["one"]' from files
holds transformer.wte.weight from loaded 0
holds transformer.h.1.ln_1.weight from initialised 0
holds '[]' from unexpected
holds '[]' from mismatched
# Every loaded tensor has the bits of the file it came from.
run 1 diff one both
mentions '16 of 28 tensors have the same bits'
! grep -q 'differs\|DIFFERENT' "$work/out" || fail "a loaded tensor has changed"

run 0 init one.json --from a -o less
mentions 'unexpected 12: transformer.h.1.attn.c_attn.bias, ' ' and 2 more'
run 3 init wide.json --from a -o wider
says 'a: transformer.wte.weight has shape [50, 32], the model needs [60, 32] (--ignore-mismatched initialises it)'
run 0 init wide.json --from a --ignore-mismatched -o wider
mentions 'loaded 27' 'initialised 1: transformer.wte.weight' 'mismatched 1: transformer.wte.weight'
run 3 init folder --from a --from one -o twice
mentions ' is in both a and one'
run 3 init folder --from nowhere -o twice
mentions 'nowhere: '
run 3 init folder --from one.json -o twice
# The type of a checkpoint is that of its first floating tensor by name, as transformers finds it
# (from_pretrained of 5.23.0 with dtype="auto"), not that of the first in the file.
header='{"z":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"b":{"dtype":"F16","shape":[1],"data_offsets":[8,10]},"a":{"dtype":"I8","shape":[1],"data_offsets":[10,11]}}'
# shellcheck disable=SC2059 # the length is an octal escape
{
    printf "\\$(printf %o ${#header})\0\0\0\0\0\0\0%s" "$header"
    head -c 11 /dev/zero
} >mixed
run 0 init folder --from mixed -o halves
mentions 'GPT2LMHeadModel, f16' 'unexpected 3: a, b, z'
# Into the file that is being read.
cp a self
run 0 init folder --seed 9 --from self --force -o self
same a self

# A file with nothing for the model is warned of, one by one; plan says the same as init.
run 0 fill normal 3 -q -o stray.safetensors
run 0 init one.json --from stray.safetensors --from folder/../a --force -o x
cp "$work/err" warnings
mentions 'stray.safetensors: none of its tensors (1) is in the model' 'unexpected 13: weight, '
[ "$(wc -l <warnings)" -eq 1 ] || fail "expected one warning"
grep -E '^(loaded|initialised|unexpected|mismatched) ' "$work/out" >said
[ "$(wc -l <said)" -eq 4 ] || fail "expected four lines on --from"
run 0 plan one.json --from stray.safetensors --from folder/../a
tail -n 4 "$work/out" | diff said - >&2 || fail "plan and init disagree"
same warnings "$work/err"
run 0 plan one.json --from stray.safetensors --from a --json
holds weight from unexpected 0
holds a from files 1
rm x
# Neither OUT nor the report replaces the file that was read.
cp one.json kept.json
ln -s one.json link.json
for arguments in '-o one.json' '-o link.json' '-o x --report one.json'; do
    # shellcheck disable=SC2086 # the options are words
    run 2 init one.json --force $arguments
    mentions ': is the CONFIG'
done
run 2 init - --force -o one.json <link.json
says '-o one.json: is the CONFIG'
same one.json kept.json
rm link.json kept.json
run 4 init one.json -o no/folder
says 'no/folder: the folder no/ does not exist'

# ---- bad configs ----
run 3 init nowhere.json -o x
says 'nowhere.json: No such file or directory'
run 3 init empty -o x
says 'empty/config.json: No such file or directory'
mkfifo fifo
run 3 init fifo -o x
# shellcheck disable=SC2016 # the backquotes are text
says 'fifo: is not a regular file (`-` reads standard input)'
run 3 init /dev/null -o x
: >nothing.json
run 3 init nothing.json -o x
mentions nothing.json
truncate -s 65M large.json
run 3 init large.json -o x
says 'large.json: a config has at most 64 MiB'
for text in '[]' '{' '{}' '{"model_type": "frobnicator"}' '{"model_type": 3}' \
    '{"_target_": "torch.nn.Linear", "in_features": 10}' \
    '{"model_type": "gpt2", "n_embd": -1}' '{"model_type": "gpt2", "vocab_size": "many"}'; do
    echo "$text" >bad.json
    run 3 init bad.json -o x
    mentions bad.json
done
printf '{"model_type": "gp\\u001bt2"}' >bad.json
run 3 init bad.json -o x
run 3 init folder --arch Frobnicator -o x
[ ! -e x ] || fail "something was written"
"$sow" init - -o x <&- >"$work/out" 2>"$work/err" && fail "closed standard input"
one_line 'init - <&-'

# Numbers in JSON are as short as they can be: no digits of rounding.
run 0 init one.json --json --force -o out.safetensors
grep -Eq '"seconds": ([0-9]+\.[0-9]{1,6}|[0-9.]{1,7}e-0[56])[,}]?$' "$work/out" || fail "seconds in microseconds"
run 0 plan seeded.json --json
grep -q '"std": 0\.2,$' "$work/out" || fail "0.2 in fewest digits"
