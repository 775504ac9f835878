#!/bin/sh
# sow plan: the table and the JSON; nothing is computed or written.
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # lib.sh sets the names in small letters
. "$SOW_SOURCE/tests/cli/lib.sh"

gpt2 1 50 >config.json
native '"seed": 7' >native.json
gpt2 2 50 >two.json

run 0 plan config.json --seed 42
shows plan-gpt2.txt
run 0 plan native.json
shows plan-native.txt
only config.json native.json two.json

run 0 init config.json -q -o one.safetensors
run 0 plan two.json --from one.safetensors
shows plan-from.txt

run 0 plan config.json --seed 42 --json
holds GPT2LMHeadModel arch
holds 42 seed
holds transformer.wte.weight tensors 0 name
holds '[50,32]' tensors 0 shape
holds 'normal(0, 0.02)' tensors 0 fill
holds 0.02 tensors 0 std
holds 42 tensors 0 seed
holds true tensors 0 exact
holds null tensors 2 position
holds 16 totals n_tensors

# A model far larger than the memory costs nothing.
gpt2 2 2000000000 >huge.json
run 0 plan huge.json
mentions '[2000000000, 32]'

run 3 plan nowhere.json
says 'nowhere.json: No such file or directory'
