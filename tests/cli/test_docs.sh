#!/bin/sh
# The examples of docs/cli.md print what the page says. `sh test_docs.sh --accept` writes it into the page.
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # lib.sh sets the names in small letters
. "$SOW_SOURCE/tests/cli/lib.sh"

page=$SOW_SOURCE/docs/cli.md
ln -s "$SOW_SOURCE/examples" examples
echo '{"d_model": 16, "d_head": 4, "n_layers": 1, "n_ctx": 10, "d_vocab": 23, "seed": 7}' >one.json
PATH=$SOW_BUILD:$PATH

# The page with what the commands print now: lines "$ COMMAND" of console blocks are run, the rest of
# these blocks is dropped.
rebuild() {
    in_block=no last=0
    while IFS= read -r line; do
        case $in_block,$line in
            no,'```console') in_block=yes && echo "$line" ;;
            yes,'```') in_block=no && echo "$line" ;;
            yes,'$ '*)
                echo "$line"
                command=${line#??}
                [ "$command" != 'echo $?' ] || command="echo $last"
                (eval "$command") 2>&1 </dev/null
                last=$?
                ;;
            no,*) printf '%s\n' "$line" ;;
        esac
    done <"$page"
}

mask() {
    sed 's/^[0-9.]* s, [0-9]* MB\/s$/TIME/; s/, [0-9.]* s$/, TIME/' "$1"
}

rebuild >"$work/rebuilt"
[ "${accept:-no}" = no ] || cp "$work/rebuilt" "$page"
mask "$page" >"$work/expected"
mask "$work/rebuilt" >"$work/got"
[ "$(grep -c '^\$ sow' "$work/got")" -ge 8 ] || fail "the page has lost its examples"
diff -u "$work/expected" "$work/got" >&2 || fail "docs/cli.md does not show what the command prints"
