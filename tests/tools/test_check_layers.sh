#!/bin/sh
# tools/check_layers passes on this tree and finds each kind of forbidden include in a bad one.
# SPDX-License-Identifier: Apache-2.0
set -eu

tree=$(mktemp -d "$SOW_BUILD/tests/work.XXXXXX")
trap 'rm -rf "$tree"' EXIT

fail() {
    echo "$*" >&2
    exit 1
}

# room_file FILE LINE: a tree of one file with one line.
tree_of() {
    rm -rf "$tree/t"
    mkdir -p "$tree/t/$(dirname "$1")"
    printf '/* A file. */\n%s\n' "$2" >"$tree/t/$1"
}

must_pass() {
    tree_of "$1" "$2"
    "$SOW_SOURCE/tools/check_layers" "$tree/t" >"$tree/out" ||
        fail "$1: $2: expected to pass, got: $(cat "$tree/out")"
}

must_fail() {
    tree_of "$1" "$2"
    if "$SOW_SOURCE/tools/check_layers" "$tree/t" >"$tree/out"; then
        fail "$1: $2: expected to fail"
    fi
    grep -q "^$1:2: " "$tree/out" || fail "$1: $2: the line is not named: $(cat "$tree/out")"
}

"$SOW_SOURCE/tools/check_layers" "$SOW_SOURCE" || fail "this tree has forbidden includes"

must_pass src/kern/uniform.c '#include "base/cpu.h"'
must_pass src/kern/uniform.c '#include "kern.inc"'
must_pass src/kern/uniform.c '#include <sow/dtype.h>'
must_pass src/kern/kern_avx2.c '#include <immintrin.h>'
must_pass src/plan/run.c '#include "init/init.h"'
must_pass src/io/safetensors/read.c '#include <jansson.h>'
must_pass src/io/safetensors/read.c '#include "io/io.h"'
must_pass cli/init.c '#include <getopt.h>'
must_pass cli/init.c '#include "cli.h"'
must_pass tests/rng/test_jump.c '#include "rng/jump.h"'

must_fail src/base/cpu.c '#include "kern/kern.h"'
must_fail src/kern/uniform.c '#include "rng/stream.h"'
must_fail src/rng/stream.c '#include "tensor/tensor.h"'
must_fail src/tensor/tensor.c '  #  include "fill/fill.h"'
must_fail src/fill/fill.c '#include "init/init.h"'
must_fail src/init/uniform.c '#include "nn/nn.h"'
must_fail src/nn/linear.c '#include "io/io.h"'
must_fail src/io/safetensors/read.c '#include "fill/fill.h"'
must_fail src/models/gpt2.c '#include "plan/plan.h"'
must_fail src/rng/stream.c '#include <jansson.h>'
must_fail src/nowhere/x.c '#include <stdio.h>'
must_fail src/kern/kern.inc '#include "../rng/stream.h"'
must_fail src/init/registry.def '#include "nn/nn.h"'
must_fail include/sow/init.h '#include "base/error.h"'
must_fail include/sow/init.h '#include <jansson.h>'
must_fail cli/init.c '#include "base/error.h"'
must_fail python/sow.c '#include "tensor/tensor.h"'
must_fail examples/set.c '#include "fill/fill.h"'
