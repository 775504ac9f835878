#!/bin/sh
# The example's file is byte for byte the one that PyTorch and safetensors write.
# SPDX-License-Identifier: Apache-2.0
set -eu

work=$(mktemp -d "$SOW_BUILD/tests/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$SOW_BUILD/examples/tensor_set" "$work/set.safetensors"
expected=$(grep -v '^#' "$SOW_SOURCE/tests/examples/vectors/tensor_set.txt")
got=$(sha256sum "$work/set.safetensors" | cut -d ' ' -f 1)
echo "expected $expected, got $got"
[ "$got" = "$expected" ]
