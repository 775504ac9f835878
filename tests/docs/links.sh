#!/bin/sh
# Checks that every relative link of documents leads to a file that is there.
# SPDX-License-Identifier: Apache-2.0
#
#   tests/docs/links.sh DOCUMENT...      status 1 and one line per link that does not
set -eu

links() {
    grep -o '](\([^)#: ]*\)' "$1" | cut -c 3-
}

n=0
bad=0
for document; do
    while read -r target; do
        n=$((n + 1))
        [ -e "$(dirname "$document")/$target" ] || { echo "$document: no $target" >&2 && bad=1; }
    done <<END
$(links "$document")
END
done
echo "$n links"
[ $n -gt 10 ] && [ $bad -eq 0 ]
