#!/bin/sh
# The examples of modules give byte for byte what PyTorch gives.
# SPDX-License-Identifier: Apache-2.0
set -eu

work=$(mktemp -d "$SOW_BUILD/tests/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
vectors=$SOW_SOURCE/tests/examples/vectors

# same NAME FILE: the digest of a file is the one that PyTorch's file has.
same() {
    expected=$(grep -v '^#' "$vectors/$1.txt")
    got=$(sha256sum "$2" | cut -d ' ' -f 1)
    echo "$1: expected $expected, got $got"
    [ "$got" = "$expected" ]
}

"$SOW_BUILD/examples/my_module" "$work/my_module.safetensors" >"$work/said"
same my_module "$work/my_module.safetensors"
grep -qx 'on meta: 0 words drawn' "$work/said"

"$SOW_BUILD/examples/guarded_load" "$vectors/guarded_load.safetensors" "$work/full.safetensors" \
    >"$work/said"
same guarded_load "$work/full.safetensors"
grep -qx 'missing: head.weight' "$work/said"
grep -qx '1280 words drawn' "$work/said"
