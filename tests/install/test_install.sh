#!/bin/sh
# An installed sow is found by pkg-config and by find_package, from C and from C++, and its command runs.
# SPDX-License-Identifier: Apache-2.0
set -eu

work=$(mktemp -d "$SOW_BUILD/tests/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
run() {
    "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2 && exit 1; }
}

run cmake --install "$SOW_BUILD" --prefix "$prefix"

cat >"$work/use.c" <<'END'
#include <sow/sow.h>
#include <stdio.h>

int main(void)
{
    int64_t sizes[] = {2, 3};
    sow_tensor *w = sow_empty(SOW_F32, 2, sizes, SOW_CPU, NULL);
    sow_status status = sow_ones(w, NULL);
    printf("%s %s %g\n", sow_version(), sow_status_name(status), *(float *)sow_tensor_data(w));
    sow_tensor_free(w);
    return status == SOW_OK ? 0 : 1;
}
END
sed 's/(float \*)sow_tensor_data(w)/static_cast<float *>(sow_tensor_data(w))/' "$work/use.c" >"$work/use.cpp"
expected="$(sed -n 's/^#define SOW_VERSION "\(.*\)"/\1/p' "$SOW_SOURCE/include/sow/export.h") SOW_OK 1"

must_print() {
    got=$("$@")
    if [ "$got" != "$expected" ]; then
        echo "$*: expected '$expected', got '$got'" >&2
        exit 1
    fi
}

pc=$(find "$prefix" -name sow.pc)
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
flags=$(pkg-config --cflags --libs sow)
libdir=$(pkg-config --variable=libdir sow)
# shellcheck disable=SC2086 # the flags are split on purpose
"$CC" -std=c11 "$work/use.c" -o "$work/use_c" $flags
# shellcheck disable=SC2086
g++ -std=c++17 "$work/use.cpp" -o "$work/use_cpp" $flags
must_print env LD_LIBRARY_PATH="$libdir" "$work/use_c"
must_print env LD_LIBRARY_PATH="$libdir" "$work/use_cpp"

cat >"$work/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.18)
project(use C CXX)
find_package(sow 0.1 REQUIRED)
add_executable(cmake_c use.c)
add_executable(cmake_cpp use.cpp)
target_link_libraries(cmake_c sow::sow)
target_link_libraries(cmake_cpp sow::sow)
END
run cmake -S "$work" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix"
run cmake --build "$work/build"
must_print "$work/build/cmake_c"
must_print "$work/build/cmake_cpp"

"$prefix/bin/sow" --version
[ -f "$(find "$prefix" -name LICENSE)" ]

# Every relative link in the installed documents leads to a file that is there.
cd "$(dirname "$(find "$prefix" -name README.md -path '*/doc/sow/README.md')")"
"$SOW_SOURCE/tests/docs/links.sh" ./*.md docs/*.md examples/*/*.md
