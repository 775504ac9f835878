#!/bin/sh
# `make gpt2`: the file is byte for byte what transformers saves for this config and seed, also the
# second time, and making it takes little memory.
# SPDX-License-Identifier: Apache-2.0
set -eu

# In the build folder, as it needs half a gigabyte.
work=$(mktemp -d "$SOW_BUILD/tests/gpt2.XXXXXX")
trap 'rm -rf "$work"' EXIT
expected=$(grep -v '^#' "$SOW_SOURCE/tests/examples/vectors/gpt2.txt")

for run in first second; do
    /usr/bin/time -o "$work/peak" -f %M "$SOW_BUILD/sow" init "$SOW_SOURCE/examples/gpt2/config.json" \
        --seed 42 --force -o "$work/gpt2.safetensors"
    got=$(sha256sum "$work/gpt2.safetensors" | cut -d ' ' -f 1)
    echo "$run run: expected $expected, got $got, $(cat "$work/peak") KiB"
    [ "$got" = "$expected" ]
    # Sanitizers need memory of their own.
    [ -n "$SOW_SANITIZE" ] || [ "$(cat "$work/peak")" -lt 65536 ]
done
[ "$(ls "$work")" = "$(printf 'gpt2.safetensors\npeak')" ]
