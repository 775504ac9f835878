#!/bin/sh
# Names of tensors beyond ASCII: tables end and stand in columns whatever the locale is.
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # lib.sh sets the names in small letters
. "$SOW_SOURCE/tests/cli/lib.sh"

cat >names.json <<'END_OF_JSON'
{"_target_": "torch.nn.Sequential", "_args_": [{"_target_": "collections.OrderedDict",
 "e": {"_target_": "torch.nn.Linear", "_args_": [2, 2]},
 "é": {"_target_": "torch.nn.Linear", "_args_": [2, 2]},
 "日本": {"_target_": "torch.nn.Linear", "_args_": [2, 2]},
 "a\u0007b": {"_target_": "torch.nn.Linear", "_args_": [2, 2]}}]}
END_OF_JSON

# expected: the first lines of the table, é as wide as e.
expected() {
    cat <<'END_OF_TABLE'
NAME           DECIDED BY
e.weight       torch.nn.Linear $._args_[0].e
e.bias         torch.nn.Linear $._args_[0].e
é.weight       torch.nn.Linear $._args_[0].é
é.bias         torch.nn.Linear $._args_[0].é
END_OF_TABLE
}

n=0
for locale in C POSIX C.UTF-8 $(locale -a); do
    for verb in "plan --explain" "init --explain --force -o out.safetensors"; do
        # shellcheck disable=SC2086 # the options are words
        LC_ALL=$locale timeout 20 "$sow" ${verb%% *} names.json ${verb#* } >"$work/out" 2>"$work/err" ||
            fail "$locale, $verb: status $?"
        grep -F 'weight' "$work/out" >"$work/names"
        [ "$(grep -c . "$work/names")" -eq 4 ] || fail "$locale, $verb: expected four weights"
    done
    sed -n '/^NAME/,/^é.bias/p' "$work/out" >"$work/got"
    expected | diff - "$work/got" >&2 || fail "$locale: not the table"
    grep -qF 'a\x07b.weight  torch' "$work/out" || fail "$locale: a control character"
    n=$((n + 1))
done
[ "$n" -ge 3 ] || fail "expected three locales or more"

# A character that takes two columns, where the locale knows that.
if locale -a | grep -qi '^C.utf-*8$'; then
    grep -qF '日本.weight    torch' "$work/out" || fail "a wide character"
fi

# The file's own table.
LC_ALL=C timeout 20 "$sow" inspect out.safetensors >"$work/out" 2>"$work/err" || fail "inspect: status $?"
mentions é.weight 日本.bias 'a\x07b.weight'
