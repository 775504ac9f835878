#!/bin/sh
# --report: JSON as its schema has it, the same for any threads; a page that needs nothing else.
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154,SC2015 # lib.sh sets the names in small letters; `|| fail`
. "$SOW_SOURCE/tests/cli/lib.sh"

# shellcheck disable=SC2046 # flags are words
"${CC:-cc}" -std=c11 -D_POSIX_C_SOURCE=200809L -O1 -o "$work/schema" "$here/schema.c" \
    $(pkg-config --cflags --libs jansson) || fail "schema.c does not compile"

# valid FILE...: JSON as docs/report.schema.json has it.
valid() {
    for file; do
        "$work/schema" "$SOW_SOURCE/docs/report.schema.json" <"$file" || fail "$file: not as the schema has it"
    done
}

# page FILE: a whole page without scripts and without anything from elsewhere.
page() {
    head -c 15 "$1" | grep -q '<!DOCTYPE html>' && tail -n 1 "$1" | grep -q '</html>' || fail "$1: not whole"
    ! grep -iE '<script|<link|<img|<iframe|@import|url\(|https?:|[ "]on[a-z]+=|src=' "$1" ||
        fail "$1: something from elsewhere"
}

gpt2 2 50 >gpt2.json

# ---- the checker finds what is wrong ----
run 0 fill normal 4,4 -q -o w --report good.json
valid good.json
for edit in 's/"report": 1/"report": 2/' 's/"n_zero": 0/"n_zero": -1/' 's/"n_zero"/"zeros"/' 's/\[4, 4\]/[4, "4"]/' \
    's/"std": [0-9.]*/"std": "infinity"/' 's/"state": "initialised"/"state": "made"/' 's/"counts": \[.*\]/"counts": []/'; do
    sed "$edit" good.json >bad.json
    ! cmp -s good.json bad.json || fail "nothing to edit: $edit"
    ! "$work/schema" "$SOW_SOURCE/docs/report.schema.json" <bad.json 2>"$work/err" || fail "accepted: $edit"
done
rm w good.json bad.json

# ---- the same for any threads, into a file and into a pipe ----
run 0 init gpt2.json --seed 5 -o t1 --threads 1 --report t1.json
mentions 't1.json: nothing looks wrong'
valid t1.json
sed 's/"title": "t1"/"title": "T"/' t1.json >expected.json
for threads in 2 3; do
    run 0 init gpt2.json --seed 5 -q -o t$threads --threads $threads --report t$threads.json
    same t1 t$threads
    sed "s/\"title\": \"t$threads\"/\"title\": \"T\"/" t$threads.json >got.json
    same expected.json got.json
done
"$sow" init gpt2.json --seed 5 -q -o - --report piped.json >piped || fail "-o - --report"
same t1 piped
sed 's/"title": "-"/"title": "T"/' piped.json >got.json
same expected.json got.json
run 0 init gpt2.json --seed 5 -q -o bare
same t1 bare

# ---- what it says ----
run 0 init gpt2.json --seed 5 --dtype bf16 --json -o a --report a.json
holds a.json report
holds 0 n_wrong
cp a.json "$work/out"
holds GPT2LMHeadModel model
holds transformers-5.23 profile
holds torch-2.13 dialect
holds bf16 dtype
holds 5 seed
holds seed seed_from
holds '[5]' stream_seeds
holds 28 totals n_tensors
holds 28 totals n_initialised
holds transformer.wte.weight tensors 0 name
holds '[50,32]' tensors 0 shape
holds initialised tensors 0 state
holds normal tensors 0 initializer
holds 'normal(0, 0.02)' tensors 0 fill
holds null tensors 0 file
holds 0.02 tensors 0 expected std
holds 1600 tensors 0 measured n

# --report - is JSON on standard output, and the summary goes to standard error.
"$sow" init gpt2.json --seed 5 --dtype bf16 -o a --force --report - >"$work/out" 2>"$work/err" || fail "--report -"
same a.json "$work/out"
grep -q '^-: nothing looks wrong' "$work/err" || fail "the summary goes to standard error"

# ---- loaded, mismatched, unexpected; NaN and infinities through --from ----
gpt2 1 50 >one.json
gpt2 2 60 >wide.json
run 0 init one.json --seed 1 -q -o one
run 0 init gpt2.json --seed 1 -q -o both --from one --report both.json
valid both.json
cp both.json "$work/out"
holds 16 totals n_loaded
holds 12 totals n_initialised
holds loaded tensors 0 state
holds one tensors 0 file
holds transformer.wte.weight tensors 0 name_in_file
holds null tensors 0 expected mean
run 0 init wide.json --seed 1 -q -o wide --from both --ignore-mismatched --report wider.json
cp wider.json "$work/out"
holds mismatched tensors 0 state
holds 1 totals n_mismatched
holds mismatched findings 0 kind
holds 0 totals n_wrong
run 0 init one.json --seed 1 -q -o less --from both --report less.json
cp less.json "$work/out"
holds 12 totals n_unexpected
holds both files 0 path
holds 28 files 0 n_tensors
holds 16 files 0 n_loaded
holds transformer.h.1.attn.c_attn.bias unexpected 0
# The page lists the files, and says so when a file was of no use.
safetensors stranger '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}' 3
run 0 init one.json --seed 1 -q -o some --from one --from stranger --report some.html
page some.html
grep -q '<dd><code>one</code> <span class="soft">16 of 16 tensors loaded</span></dd>' some.html || fail "one is not listed"
grep -q '<dd><code>stranger</code> <span class="soft">0 of 2 tensors loaded</span></dd>' some.html || fail "stranger is not listed"
grep -q '<h2>Worth knowing: 1</h2>' some.html || fail "not one thing worth knowing"
grep -q '<code>stranger</code> was of no use: none of its 2 tensors was loaded' some.html || fail "stranger was of use"
run 0 init one.json --seed 1 -q -o some --force --from stranger --report none.json
valid none.json
cp none.json "$work/out"
holds 0 files 0 n_loaded
holds 0 totals n_wrong
rm -f some stranger some.html
rm -f t1 t2 t3 piped bare a one both wide less ./*.json

# A linear layer over a checkpoint whose weight has a NaN, an infinity, and a bias of zeros.
safetensors broken '{"weight":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]},"bias":{"dtype":"F32","shape":[3],"data_offsets":[24,36]}}' 36
offset=$(($(wc -c <broken) - 36))
printf '\000\000\300\177\000\000\200\377\000\000\200\077' | dd of=broken bs=1 seek=$offset conv=notrunc 2>/dev/null
echo '{"_target_": "torch.nn.Linear", "in_features": 2, "out_features": 3}' >linear.json
run 0 init linear.json -o l --from broken --report l.json
mentions 'l.json: 2 things look wrong'
valid l.json
cp l.json "$work/out"
holds nan findings 0 kind
holds '1 of 6 values is NaN' findings 0 text
holds inf findings 1 kind
holds 1 tensors 0 measured n_nan
holds 1 tensors 0 measured n_inf
holds -inf tensors 0 measured min
holds 1.0 tensors 0 measured max
holds 0.25 tensors 0 measured mean
run 0 init linear.json -q -o l --force --from broken --report l.html
page l.html
grep -q '<h2>Looks wrong: 2</h2>' l.html || fail "the page does not say that something is wrong"

# ---- the page ----
gpt2 2 50 >gpt2.json
run 0 init gpt2.json --seed 5 -q -o a --report a.html
page a.html
[ "$(grep -c '<tr role="row" id=' a.html)" -eq 28 ] || fail "expected 28 rows"
grep -q '<h2>Nothing looks wrong</h2>' a.html || fail "something looks wrong"
grep -q '>expected 0.02</span><span class="s">[0-9.]* s.e. off</span>' a.html || fail "no distance in the row"
name=$(printf 'a<b>&"c.safetensors')
run 0 init gpt2.json --seed 5 -q -o "$name" --report name.html
page name.html
grep -q '<title>a&lt;b&gt;&amp;&quot;c.safetensors</title>' name.html || fail "the name is not escaped"
run 0 fill zeros 0,3 -q -o z --report z.html
page z.html
grep -q 'no values' z.html || fail "an empty tensor"
run 0 fill zeros 3,3 -o z --force --report z.json
mentions 'z.json: nothing looks wrong'
valid z.json
cp z.json "$work/out"
holds asked-zero findings 0 kind
run 0 fill normal 20,20 --dtype c128 -q -o c --report c.json
valid c.json

# Two numbers in each complex element; constants as an 8-bit float has them; values too small for a type.
run 0 fill ones 30,20 --dtype c64 -o k --report k.json
mentions 'k.json: nothing looks wrong'
cp k.json "$work/out"
holds 0.5 tensors 0 expected mean
holds 0.5 tensors 0 measured mean
run 0 fill normal 300,200 --dtype c64 -o n --report n.html
mentions 'n.html: nothing looks wrong'
grep -q 'a complex element is two numbers' n.html || fail "the page does not say what it counts"
for type in e5m2 e4m3fn e8m0fnu e4m3fnuz e5m2fnuz; do
    echo '{"_target_": "torch.nn.LayerNorm", "normalized_shape": 40, "dtype": {"_target_": "hydra.utils.get_object",' \
        "\"path\": \"torch.float8_$type\"}}" >norm.json
    run 0 init norm.json -o f8 --force --report f8.json
    mentions 'f8.json: nothing looks wrong'
    valid f8.json
done
run 0 fill normal 1000 --dtype f16 --arg std=1e-8 -o s --report s.json
mentions 's.json: nothing looks wrong'
# A comma for a dot, where the system has such a locale.
LC_ALL=de_DE.UTF-8 "$sow" fill normal 50 -q -o d --report d.html && page d.html

# ---- refused ----
rm -f ./*
run 2 fill normal 3 -o w --report r.txt
says "--report 'r.txt': must end in .html or .json, or be -"
run 2 fill normal 3 -o w --report .html/
run 2 fill normal 3 -o - --report -
says '--report - and -o - cannot both be standard output'
run 2 fill normal 3 -o w.json --report w.json
says "--report 'w.json': is the file of -o"
run 2 fill normal 3 -o w.json --report ./w.json
says "--report './w.json': is the file of -o"
rm -f w.json
: >old.html
run 2 fill normal 3 -o w --report old.html
says 'old.html: exists already (--force replaces it)'
mkdir folder.html
run 2 fill normal 3 -o w --report folder.html --force
run 4 fill normal 3 -o w --report nowhere/r.html
says '--report nowhere/r.html: No such file or directory'
only old.html folder.html
run 0 fill normal 3 -q -o w --report old.html --force
page old.html
"$sow" fill normal 3 -q -o x --report - >/dev/full 2>"$work/err"
[ $? -eq 4 ] || fail "--report - on a full disk: expected status 4"
