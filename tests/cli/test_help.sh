#!/bin/sh
# Help, version and lists.
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # lib.sh sets the names in small letters
. "$SOW_SOURCE/tests/cli/lib.sh"

for arguments in --help -h help; do
    run 0 "$arguments"
    shows usage.txt
done

# Nothing at all fails as every failure does.
"$sow" >"$work/out" 2>"$work/err"
[ $? -eq 2 ] || fail "sow alone: expected status 2"
one_line alone
# shellcheck disable=SC2016 # the backquotes are text
says 'a verb is missing (`sow help` lists them)'

# Each verb explains itself, in the same words in three ways, within 100 columns.
for verb in init fill plan inspect diff help version; do
    run 0 help "$verb"
    shows "help-$verb.txt"
    run 0 "$verb" --help
    shows "help-$verb.txt"
    run 0 "$verb" -h --no-such-option
    shows "help-$verb.txt"
    ! grep -n '.\{101\}' "$work/out" || fail "help $verb: a line has more than 100 characters"
done

run 0 help dtypes
shows help-dtypes.txt
run 0 help dialects
shows help-dialects.txt
run 0 help initializers
shows help-initializers.txt
run 0 help modules
if ! grep -q '^torch.nn.Linear  *in_features, out_features, bias=True, device=None, dtype=None$' "$work/out" ||
    ! grep -q '^torch.nn.utils.skip_init  *(a function)$' "$work/out"; then
    fail "help modules"
fi
run 0 help architectures
mentions GPT2LMHeadModel NativeModel
run 0 help profiles
mentions transformers-5.23 transformerlens-4.3 transformerlens-3.7

for arguments in version --version -V; do
    SOW_CPU=scalar run 0 "$arguments"
    [ "$(cat "$work/out")" = "sow $(sed -n 's/^#define SOW_VERSION "\(.*\)"/\1/p' \
        "$SOW_SOURCE/include/sow/export.h") (scalar)" ] || fail "version"
done

run 2 inti
says "no verb 'inti' (did you mean init?)"
run 2 frobnicate
says "no verb 'frobnicate' (\`sow help\` lists them)"
run 2 help inti
says "no help on 'inti' (did you mean init?)"
run 2 help nonsense
# shellcheck disable=SC2016 # the backquotes are text
says 'no help on '"'nonsense'"' (`sow help help` lists what there is help on)'
run 2 help dtype
says "no help on 'dtype' (did you mean dtypes?)"
run 2 help init fill
says "help: unexpected argument 'fill'"
run 2 version 1
says "version: unexpected argument '1'"
run 2 "$(printf 'a\033[31m\nb\177\302\205\342\200\256\377')"
says "no verb 'a\x1b[31m\x0ab\x7f\xc2\x85\xe2\x80\xae\xff' (\`sow help\` lists them)"
