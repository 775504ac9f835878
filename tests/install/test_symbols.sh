#!/bin/sh
# libsow.so exports what include/ declares and nothing else, and asks the system for nothing that a
# library has no business with.
# SPDX-License-Identifier: Apache-2.0
set -eu

library=$SOW_BUILD/libsow.so
work=$(mktemp -d "$SOW_BUILD/tests/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
bad=0

# none_of TITLE FILE: complains when the file has lines.
none_of() {
    if [ -s "$2" ]; then
        echo "$1:" >&2
        sed 's/^/    /' "$2" >&2
        bad=1
    fi
}

# Declarations: after SOW_API, the name before the first parenthesis.
cat "$SOW_SOURCE"/include/sow/*.h | tr '\n' ' ' | sed 's,/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/,,g' | tr ';' '\n' |
    sed -n 's/.*SOW_API [^(]*[ *]\(sow_[a-z0-9_]*\) *(.*/\1/p' | sort -u >"$work/declared"
[ "$(wc -l <"$work/declared")" -ge 100 ] || { echo "the headers were not understood" >&2 && exit 1; }

nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u >"$work/exported"
comm -23 "$work/declared" "$work/exported" >"$work/missing"
comm -13 "$work/declared" "$work/exported" >"$work/extra"
none_of "declared in include/ and not exported" "$work/missing"
none_of "exported and not declared in include/" "$work/extra"
nm -D --defined-only "$library" | awk '$2 != "A" && $3 !~ /@@SOW_[0-9]+$/ { print $3 }' >"$work/unversioned"
none_of "exported without a version" "$work/unversioned"

# Each public function is called by a test, the command or an example.
find "$SOW_BUILD" -name '*.c.o' ! -path '*/sow_objects.dir/*' -exec nm -u {} + |
    awk '$1 == "U" { print $2 }' | sort -u >"$work/called"
comm -23 "$work/declared" "$work/called" >"$work/unused"
none_of "no test, verb or example calls" "$work/unused"

objdump -p "$library" | grep -q 'SONAME *libsow\.so\.[0-9]*$' || { echo "no SONAME" >&2 && bad=1; }

# A library does not end the process, print, or change what belongs to all of it.
nm -D --undefined-only "$library" | awk '{ sub(/@.*/, "", $2); print $2 }' |
    grep -xE '_?_?_?exit|_Exit|quick_exit|abort|atexit|__assert_fail|v?printf|__v?printf_chk|puts|putchar|perror|stdout|stderr|setlocale|signal|sigaction|sigprocmask|system|popen|fork|setenv|putenv|chdir|umask' \
        >"$work/manners" || true
none_of "imported, and not for a library" "$work/manners"
exit $bad
