#!/bin/sh
# Every public header compiles alone, as C11 and as C++17, without a warning.
# SPDX-License-Identifier: Apache-2.0
set -eu

work=$(mktemp -d "$SOW_BUILD/tests/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
strict="-Wall -Wextra -pedantic -Werror -fsyntax-only -I$SOW_SOURCE/include"

n=0
for header in "$SOW_SOURCE"/include/sow/*.h; do
    echo "#include <sow/$(basename "$header")>" >"$work/alone.c"
    cp "$work/alone.c" "$work/alone.cpp"
    # shellcheck disable=SC2086 # the flags are split on purpose
    "$CC" -std=c11 $strict "$work/alone.c"
    # shellcheck disable=SC2086
    g++ -std=c++17 $strict "$work/alone.cpp"
    n=$((n + 1))
done
echo "$n headers"
[ $n -ge 11 ]
