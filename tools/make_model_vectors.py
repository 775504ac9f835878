"""Asks transformers for the weights of tiny GPT-2 models, built from a config and loaded from
partial state dicts, and writes their hashes as a case file.

usage: make_model_vectors.py [tests/models/vectors/gpt2.txt]
SPDX-License-Identifier: Apache-2.0
"""
import logging
import pathlib
import sys
import tempfile

import safetensors
import safetensors.torch
import torch
import transformers

from case_file import DTYPES, CaseFile, error_line, shape_text, state_hash, tensor_hash

TINY = {"model_type": "gpt2", "vocab_size": 40, "n_positions": 32, "n_embd": 16, "n_layer": 2,
        "n_head": 4}
ODD = {**TINY, "vocab_size": 37, "n_positions": 11, "n_embd": 6, "n_head": 2}
SMALL = {**TINY, "vocab_size": 3, "n_positions": 2, "n_embd": 2, "n_head": 1, "n_layer": 1}
LM = "GPT2LMHeadModel"
CLASSES = ["GPT2Model", LM, "GPT2DoubleHeadsModel", "GPT2ForSequenceClassification",
           "GPT2ForTokenClassification", "GPT2ForQuestionAnswering"]
DTYPE_NAMES = {text: dtype for dtype, text in DTYPES.items()}


def read_config(config):
    fields = {key: value for key, value in config.items() if key != "model_type"}
    return transformers.GPT2Config.from_dict(fields)


def saved_lines(model, values=None):
    """The tensors that save_pretrained writes, in the order of the model's state_dict."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        saved = safetensors.torch.load_file(pathlib.Path(folder) / "model.safetensors")
    lines = []
    for name in model.state_dict():
        if name not in saved:
            continue
        tensor = saved[name]
        text = f"{name} {DTYPES[tensor.dtype]} {shape_text(tensor)}"
        value = float(tensor.reshape(-1)[0]) if values and tensor.numel() else None
        if value in (values or ()) and bool((tensor == value).all()):
            lines.append(f"loaded {text} {int(value)}")
        else:
            lines.append(f"tensor {text} {tensor_hash(tensor)}")
    return lines


def from_config(out, name, arch, config, seed=42, dtype=None, in_config=True):
    config = {**config, "architectures": [arch]} if in_config else config
    options = [] if in_config else [f"arch {arch}"]
    options += [f"seed {seed}"] + ([f"dtype {dtype}"] if dtype else [])
    try:
        torch.manual_seed(seed)
        extra = {"dtype": DTYPE_NAMES[dtype]} if dtype else {}
        model = getattr(transformers, arch)._from_config(read_config(config), **extra)
        state = state_hash()
        lines = saved_lines(model) + [f"state {state}"]
    except (RuntimeError, ValueError, ZeroDivisionError) as error:
        lines = [error_line(error)]
    out.block(name, options, config, lines)


def from_partial(out, name, arch, config, present, seed=42, dtype=None, shapes=None,
                 file_dtype=None, ignore=False):
    """present: names given to the loader, or {name: value}; every tensor is one constant."""
    config = {**config, "architectures": [arch]}
    made = getattr(transformers, arch)._from_config(read_config(config))
    sizes = {}
    for key, tensor in made.state_dict().items():
        sizes[key] = sizes["transformer." + key] = tuple(tensor.shape)
        sizes[key.removeprefix("transformer.")] = tuple(tensor.shape)
    if not isinstance(present, dict):
        present = {key: 100 + i for i, key in enumerate(present)}
    load_dtype = DTYPE_NAMES[file_dtype or "f32"]
    given = {key: torch.full((shapes or {}).get(key, sizes.get(key, (3,))), float(value),
                             dtype=load_dtype)
             for key, value in present.items()}
    options = ["checkpoint", f"seed {seed}"] + ([f"dtype {dtype}"] if dtype else [])
    options += ["ignore_mismatched"] if ignore else []
    options += [f"have {key} {DTYPES[tensor.dtype]} {shape_text(tensor)} {present[key]}"
                for key, tensor in given.items()]
    torch.manual_seed(seed)
    extra = {"dtype": DTYPE_NAMES[dtype]} if dtype else {}
    model, info = getattr(transformers, arch).from_pretrained(
        None, config=read_config(config), state_dict={k: v.clone() for k, v in given.items()},
        output_loading_info=True, ignore_mismatched_sizes=ignore, **extra)
    state = state_hash()
    lines = saved_lines(model, set(float(v) for v in present.values()))
    lines += [f"mismatched {key[0]}" for key in sorted(info["mismatched_keys"])]
    lines += [f"unexpected {key}" for key in sorted(info["unexpected_keys"])]
    out.block(name, options, config, lines + [f"state {state}"])


def config_cases(out):
    for arch in CLASSES:
        from_config(out, f"{arch} tiny", arch, TINY)
        from_config(out, f"{arch} odd", arch, ODD, seed=1234)
        from_config(out, f"{arch} small", arch, SMALL, seed=7)
        from_config(out, f"{arch} cross", arch, {**ODD, "add_cross_attention": True}, seed=3)
        from_config(out, f"{arch} bf16", arch, {**ODD, "dtype": "bfloat16"})
        from_config(out, f"{arch} by arch", arch, TINY, in_config=False)
    for seed in (0, 1, -1, -2**63, 2**32, 2**63, 2**64 - 1):
        from_config(out, f"seed {seed}", LM, SMALL, seed=seed)
    for dtype in ("float16", "float64", "float32", "bfloat16"):
        from_config(out, f"dtype {dtype}", LM, {**ODD, "dtype": dtype})
        from_config(out, f"torch_dtype {dtype}", LM, {**TINY, "torch_dtype": dtype})
    from_config(out, "both dtypes", LM, {**SMALL, "torch_dtype": "float16", "dtype": "bfloat16"})
    from_config(out, "dtype null", LM, {**SMALL, "torch_dtype": "float16", "dtype": None})
    for dtype in ("f16", "bf16", "f64", "f32"):
        from_config(out, f"dtype argument {dtype}", LM, {**ODD, "dtype": "float16"}, dtype=dtype)
    for value in (0.0, 0.5, 1.0, 1e-8, 3.25):
        from_config(out, f"initializer_range {value}", LM, {**ODD, "initializer_range": value})
    for n_layer in (0, 1, 3):
        from_config(out, f"n_layer {n_layer}", LM, {**ODD, "n_layer": n_layer})
        from_config(out, f"GPT2DoubleHeadsModel n_layer {n_layer}", "GPT2DoubleHeadsModel",
                    {**SMALL, "n_layer": n_layer})
    for n_inner in (None, 0, 5, 16):
        from_config(out, f"n_inner {n_inner}", LM, {**ODD, "n_inner": n_inner})
    from_config(out, "untied", LM, {**TINY, "tie_word_embeddings": False})
    from_config(out, "untied odd", LM, {**ODD, "tie_word_embeddings": False}, seed=5)
    from_config(out, "untied two heads", "GPT2DoubleHeadsModel",
                {**ODD, "tie_word_embeddings": False}, seed=5)
    from_config(out, "aliases", LM, {"model_type": "gpt2", "vocab_size": 11, "hidden_size": 6,
                                     "max_position_embeddings": 5, "num_attention_heads": 3,
                                     "num_hidden_layers": 1})
    for key, alias, value in (("n_embd", "hidden_size", 12), ("n_layer", "num_hidden_layers", 1),
                              ("n_positions", "max_position_embeddings", 9)):
        from_config(out, f"alias after {key}", LM, {**ODD, alias: value})
        from_config(out, f"alias before {key}", LM, {alias: value, **ODD})


def head_cases(out):
    classifier, tagger = "GPT2ForSequenceClassification", "GPT2ForTokenClassification"
    for n in (0, 1, 3, 17):
        from_config(out, f"num_labels {n}", classifier, {**ODD, "num_labels": n})
        from_config(out, f"num_labels {n} bias", tagger, {**TINY, "num_labels": n}, seed=-3)
    names = {"0": "a", "1": "b", "2": "c"}
    from_config(out, "id2label", classifier, {**ODD, "id2label": names})
    from_config(out, "id2label null", classifier, {**ODD, "id2label": None, "num_labels": 4})
    from_config(out, "id2label wins", tagger, {**ODD, "id2label": names, "num_labels": 5})
    two = "GPT2DoubleHeadsModel"
    from_config(out, "summary to hidden", two, {**ODD, "summary_proj_to_labels": False})
    from_config(out, "no summary projection", two, {**ODD, "summary_use_proj": False})
    from_config(out, "two heads, labels are one", two, {**ODD, "num_labels": 7})
    from_config(out, "padding does not matter", LM, {**ODD, "pad_token_id": 3})


def error_cases(out):
    for name, extra in (("heads do not divide", {"n_head": 4}), ("vocab_size", {"vocab_size": -1}),
                        ("n_positions", {"n_positions": -7}), ("n_embd", {"n_embd": -6}),
                        ("n_inner", {"n_inner": -2}),
                        ("initializer_range", {"initializer_range": -0.5})):
        from_config(out, f"bad {name}", LM, {**ODD, **extra})


def partial_cases(out):
    base = ["wte.weight", "wpe.weight", "h.0.ln_1.weight", "h.0.attn.c_attn.weight",
            "h.0.attn.c_proj.weight", "h.1.mlp.c_fc.bias", "h.1.mlp.c_proj.weight", "ln_f.bias"]
    full = ["transformer." + name for name in base]
    for arch in CLASSES:
        prefixed = base if arch == "GPT2Model" else full
        from_partial(out, f"{arch} nothing there", arch, TINY, [])
        from_partial(out, f"{arch} some there", arch, ODD, prefixed[1:], seed=9)
        from_partial(out, f"{arch} no base prefix", arch, ODD, base)
        from_partial(out, f"{arch} base prefix", arch, ODD, full)
        from_partial(out, f"{arch} cross", arch, {**SMALL, "add_cross_attention": True},
                     [prefixed[2]])
    made = transformers.GPT2LMHeadModel._from_config(read_config(ODD))
    everything = [name for name in made.state_dict() if name != "lm_head.weight"]
    from_partial(out, "everything there", LM, ODD, everything)
    from_partial(out, "everything there, new head", "GPT2ForSequenceClassification", ODD,
                 everything)
    for name in ("transformer.h.0.attn.c_proj.weight", "transformer.h.1.mlp.c_fc.weight",
                 "transformer.ln_f.weight", "transformer.wpe.weight"):
        from_partial(out, f"all but {name}", LM, ODD, [key for key in everything if key != name])
    tied_cases(out, everything)
    extra = ["transformer.h.0.attn.bias", "transformer.h.1.attn.bias", "score.weight", "other"]
    from_partial(out, "unexpected", LM, SMALL, extra)
    for dtype in ("bf16", "f16", "f64"):
        from_partial(out, f"load as {dtype}", LM, ODD, full[:3], dtype=dtype)
        from_partial(out, f"file of {dtype}", LM, ODD, full[:3], file_dtype=dtype)
    from_partial(out, "file of bf16, config of f32", LM, {**ODD, "dtype": "float32"}, full[:3],
                 file_dtype="bf16")
    from_partial(out, "mismatched", LM, ODD, full[:4], ignore=True,
                 shapes={"transformer.wpe.weight": (5, 6), "transformer.h.0.ln_1.weight": (6, 1)})
    from_partial(out, "zero range", LM, {**ODD, "initializer_range": 0.0}, full[2:4])


def tied_cases(out, everything):
    head, source = "lm_head.weight", "transformer.wte.weight"
    rest = [name for name in everything if name != source]
    for arch in (LM, "GPT2DoubleHeadsModel"):
        from_partial(out, f"{arch} head there, embedding missing", arch, ODD, [head])
        from_partial(out, f"{arch} embedding there, head missing", arch, ODD, [source])
        from_partial(out, f"{arch} both there, equal", arch, ODD, {head: 100, source: 100})
        from_partial(out, f"{arch} both there, different", arch, ODD, {head: 100, source: 101})
    from_partial(out, "tied, both missing", LM, ODD, rest)
    untied = {**ODD, "tie_word_embeddings": False}
    from_partial(out, "untied, head missing", LM, untied, everything)
    from_partial(out, "untied, embedding missing", LM, untied, [*rest, head])
    from_partial(out, "untied, both missing", LM, untied, rest)


def main():
    logging.disable(logging.WARNING)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    root = pathlib.Path(__file__).resolve().parent.parent
    path = sys.argv[1] if len(sys.argv) > 1 else root / "tests/models/vectors/gpt2.txt"
    out = CaseFile(path, f"tools/make_model_vectors.py: transformers {transformers.__version__}, "
                         f"torch {torch.__version__}, safetensors {safetensors.__version__}")
    config_cases(out)
    head_cases(out)
    error_cases(out)
    partial_cases(out)
    out.close()
    print(f"{out.count} cases")


if __name__ == "__main__":
    main()
