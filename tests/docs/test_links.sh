#!/bin/sh
# Every relative link in the documents leads to a file that is there.
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$SOW_SOURCE"
exec tests/docs/links.sh ./*.md docs/*.md
