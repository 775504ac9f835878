#!/bin/sh
# Descriptions: the files of hydra, torch and safetensors; what decided each tensor; a checkpoint; failures.
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # lib.sh sets the names in small letters
. "$SOW_SOURCE/tests/cli/lib.sh"

# The five networks, byte for byte.
n=0
while read -r name digest; do
    case $name in '#'*) continue ;; esac
    got=$("$sow" init "$SOW_SOURCE/examples/networks/$name.json" --seed 42 -q -o - | sha256sum)
    [ "$got" = "$digest  -" ] || fail "$name: not the file of torch"
    n=$((n + 1))
done <"$SOW_SOURCE/tests/examples/vectors/networks.txt"
[ "$n" -eq 5 ] || fail "expected 5 networks, got $n"

linear() { echo "{\"_target_\": \"torch.nn.Linear\", \"_args_\": [$1]}"; }
cat >net.json <<END
{"_target_": "torch.nn.Sequential",
 "_args_": [$(linear "6, 5"), {"_target_": "torch.nn.BatchNorm1d", "_args_": [5]}, $(linear "5, 2")],
 "init": [{"match": "*.weight", "exclude": "1.*", "kaiming_normal": {"mode": "fan_out"}}]}
END
run 0 plan net.json --explain
shows plan-description.txt
run 0 plan net.json --explain --json
# shellcheck disable=SC2016 # the place in the file is no expansion
holds '$.init[0] kaiming_normal' tensors 0 decided_by
holds Sequential arch
holds torch-nn-2.13 profile
run 0 plan net.json
! grep -q DECIDED "$work/out" || fail "decided though nobody asked"

# Over a checkpoint: what it has is copied, the rest initialised; --dtype is the default dtype.
cat >keyed.json <<END
{"_target_": "torch.nn.ModuleDict", "_args_": [{"0": $(linear "6, 5")}]}
END
run 0 init keyed.json --seed 1 -q -o part.safetensors
run 0 init net.json --from part.safetensors --explain -o full.safetensors
mentions 'loaded 2: 0.weight, 0.bias' '0.weight               checkpoint' \
    '1.running_var          torch.nn.BatchNorm1d $._args_[1]' '2.weight               $.init[0] kaiming_normal'
run 0 init net.json --from part.safetensors --explain --json --force -o full.safetensors
holds checkpoint decided_by 0.bias
run 0 init keyed.json --dtype bf16 -o low.safetensors
mentions 'low.safetensors: ModuleDict, bf16, torch-nn-2.13'

# What is wrong is named by its place.
linear '6' >short.json
run 3 init short.json -o out.safetensors
says "short.json: \$: Linear.__init__() missing 1 required positional argument: 'out_features'"
echo '{"_target_": "torch.nn.Linear", "_args_": [3, 4], "init": [{"match": "w", "ones": {}}]}' >rule.json
run 3 plan rule.json
says "rule.json: \$.init[0].match: matches no parameter"
echo '{"_target_": "torch.nn.utils.skip_init", "_args_": [{"_target_": "hydra.utils.get_class",
 "path": "torch.nn.Linear"}, 3, 4]}' >skip.json
run 3 init skip.json -o out.safetensors
says 'skip.json: weight: neither loaded nor initialised'
run 3 init net.json --arch GPT2Model -o out.safetensors
says 'net.json: arch: a description ("_target_") says itself what to build'
run 3 init net.json --dtype c64 -o out.safetensors
says 'net.json: dtype: only floating-point types are supported as the default type, got c64'
run 2 init net.json --global-seed 3 -o out.safetensors
[ ! -e out.safetensors ] || fail "something was written"
