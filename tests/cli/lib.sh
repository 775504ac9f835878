#!/bin/sh
# What the shell tests of the command share; a test sources it first and then stands in an empty folder.
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2012,SC2015 # the names in our folders are plain; `|| fail` may follow either
set -u
: "${SOW_BUILD:?the build folder}" "${SOW_SOURCE:?the root of the sources}"
LC_ALL=C
export LC_ALL
sow=$SOW_BUILD/sow
here=$SOW_SOURCE/tests/cli
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
chmod 755 "$work"
mkdir "$work/here"
cd "$work/here" || exit 1

fail() {
    echo "FAILED: $*" >&2
    [ -s "$work/out" ] && sed 's/^/  stdout: /' "$work/out" | head -n 20 >&2
    [ -s "$work/err" ] && sed 's/^/  stderr: /' "$work/err" | head -n 20 >&2
    exit 1
}

# run STATUS ARGUMENT...: runs sow, keeps what it prints in $work/out and $work/err, checks the status,
# and after a failure that nothing came out but one clean line.
run() {
    expected=$1
    shift
    "$sow" "$@" >"$work/out" 2>"$work/err"
    status=$?
    [ "$status" -eq "$expected" ] || fail "sow $*: expected status $expected, got $status"
    [ "$expected" -lt 2 ] || one_line "$*"
}

# one_line WHAT: stdout is empty, stderr one line of sow without control characters.
one_line() {
    [ ! -s "$work/out" ] || fail "sow $1: stdout is not empty"
    [ "$(wc -l <"$work/err")" -eq 1 ] || fail "sow $1: expected one line on stderr"
    grep -q '^sow: .' "$work/err" || fail "sow $1: the line does not begin with \"sow: \""
    ! tr -d '\n' <"$work/err" | grep -q '[[:cntrl:]]' || fail "sow $1: control characters"
}

# says TEXT: the line on stderr is "sow: TEXT".
says() {
    [ "$(cat "$work/err")" = "sow: $1" ] || fail "expected on stderr: sow: $1"
}

# mentions TEXT...: stdout and stderr together hold every text.
mentions() {
    for text; do
        cat "$work/out" "$work/err" | grep -qF -e "$text" || fail "expected to read: $text"
    done
}

# quiet: nothing was printed.
quiet() {
    if [ -s "$work/out" ] || [ -s "$work/err" ]; then
        fail "expected to read nothing"
    fi
}

# shows NAME: stdout is expected/NAME; `sh test_x.sh --accept` writes that file instead.
shows() {
    if [ "${accept:-no}" = yes ]; then
        cp "$work/out" "$here/expected/$1"
    fi
    diff -u "$here/expected/$1" "$work/out" >&2 || fail "stdout is not expected/$1"
}
[ "${1:-}" != --accept ] || accept=yes

# same A B: equal files.
same() {
    cmp "$1" "$2" || fail "$1 and $2 differ"
}

# only NAME...: these are all the entries of the folder, hidden ones too.
only() {
    printf '%s\n' "$@" | sort >"$work/wanted"
    ls -A | sort >"$work/found"
    diff "$work/wanted" "$work/found" >&2 || fail "the folder does not hold exactly: $*"
}

# value KEY...: the JSON on stdout is strict; prints what is below the keys.
value() {
    need_helper
    "$helper" json "$@" <"$work/out" || fail "no strict JSON, or not there: $*"
}

# holds VALUE KEY...: the JSON on stdout has VALUE below the keys.
holds() {
    expected=$1
    shift
    got=$(value "$@") || exit 1
    [ "$got" = "$expected" ] || fail "$*: expected $expected, got $got"
}

# need_helper: compiles helper.c and sets $helper.
need_helper() {
    helper=$work/helper
    [ -x "$helper" ] && return
    # shellcheck disable=SC2046 # flags are words
    "${CC:-cc}" -std=c11 -O1 -o "$helper" "$here/helper.c" $(pkg-config --cflags --libs jansson) ||
        fail "helper.c does not compile"
}

# safetensors FILE HEADER N_BYTES: a file with this header and that many zero bytes of data.
safetensors() {
    length=$(printf '%s' "$2" | wc -c)
    low=$(printf '%03o' $((length % 256)))
    high=$(printf '%03o' $((length / 256)))
    # shellcheck disable=SC2059 # the format is ours
    printf "\\$low\\$high\\000\\000\\000\\000\\000\\000" >"$1"
    printf '%s' "$2" >>"$1"
    truncate -s $((8 + length + $3)) "$1"
}

# Small models. gpt2 LAYERS VOCABULARY and native [MORE]: a config on stdout.
gpt2() {
    cat <<END
{"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": 32, "n_head": 2,
 "n_layer": $1, "n_positions": 16, "vocab_size": $2, "initializer_range": 0.02}
END
}
native() {
    echo "{\"d_model\": 16, \"d_head\": 4, \"n_layers\": 2, \"n_ctx\": 10, \"d_vocab\": 23${1:+, $1}}"
}
