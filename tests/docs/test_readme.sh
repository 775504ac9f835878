#!/bin/sh
# The README's C program compiles as it stands and prints what the README says; its shell commands run.
# SPDX-License-Identifier: Apache-2.0
set -eu

readme=$SOW_SOURCE/README.md
# In the build folder: the quick start writes a whole GPT-2.
work=$(mktemp -d "$SOW_BUILD/tests/readme.XXXXXX")
trap 'rm -rf "$work"' EXIT

# block LANGUAGE N: the text of the N-th fenced block that is marked LANGUAGE.
block() {
    awk -v fence="\`\`\`$1" -v want="$2" '
        inside && /^```$/ { inside = 0 }
        inside && n == want { print }
        !inside && $0 == fence { inside = 1; n++ }' "$readme"
}

block c 1 >"$work/first.c"
block text 1 >"$work/expected"
[ -s "$work/first.c" ] && [ -s "$work/expected" ]
"$CC" -std=c11 -Wall -Wextra -pedantic -Werror -I"$SOW_SOURCE/include" "$work/first.c" \
    -o "$work/first" -L"$SOW_BUILD" -Wl,-rpath,"$SOW_BUILD" -lsow
(cd "$work" && ./first >got)
diff -u "$work/expected" "$work/got"

# The quick start, in a folder that looks like the root of the sources with sow in PATH.
block sh 1 >"$work/quick_start"
[ -s "$work/quick_start" ]
ln -s "$SOW_SOURCE/examples" "$work/examples"
(cd "$work" && PATH="$SOW_BUILD:$PATH" sh -eux ./quick_start)
