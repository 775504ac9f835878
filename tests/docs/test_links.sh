#!/bin/sh
# Every relative link in the documents leads to a file that is there.
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$SOW_SOURCE"

n=0
bad=0
for document in *.md docs/*.md; do
    for target in $(grep -o '](\([^)#: ]*\)' "$document" | cut -c 3-); do
        n=$((n + 1))
        [ -e "$(dirname "$document")/$target" ] || { echo "$document: no $target" >&2 && bad=1; }
    done
done
echo "$n links"
[ $n -gt 10 ] && [ $bad -eq 0 ]
