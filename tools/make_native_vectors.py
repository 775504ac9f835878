"""Asks TransformerLens for the weights of tiny native models and writes their hashes as a case file.
Run once with each release that has a profile.

usage: make_native_vectors.py [FILE]   (default: tests/models/vectors/native-MAJOR.MINOR.txt)
SPDX-License-Identifier: Apache-2.0
"""
import importlib.metadata
import logging
import pathlib
import sys
import warnings
from unittest import mock

import torch
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.model_bridge.sources import _bridge_builder, native

from case_file import DTYPES, CaseFile, error_line, shape_text, state_hash, tensor_hash

VERSION = importlib.metadata.version("transformer-lens")
DTYPE_NAMES = {text: dtype for dtype, text in DTYPES.items()}
A = {"d_model": 16, "d_head": 4, "n_layers": 2, "n_ctx": 10, "d_vocab": 23}
SMALL = {"d_model": 3, "d_head": 3, "n_layers": 1, "n_ctx": 2, "d_vocab": 4}
LLAMA = {**A, "gated_mlp": True, "act_fn": "silu", "normalization_type": "RMS", "final_rms": True,
         "positional_embedding_type": "rotary", "n_key_value_heads": 2, "d_mlp": 24}
MODES = ["gpt2", "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal"]
CAUGHT = (RuntimeError, ValueError, TypeError, ZeroDivisionError, NotImplementedError)


def tensor_lines(state):
    return [f"tensor {name} {DTYPES[tensor.dtype]} {shape_text(tensor)} {tensor_hash(tensor)}"
            for name, tensor in state.items()]


def read_config(config, init_seed):
    """An init_seed stands before the config's, as the seed argument of the initialisation does."""
    cfg = TransformerBridgeConfig.from_dict(config)
    cfg.seed = cfg.seed if init_seed is None else init_seed
    return cfg


def build_bridge(config, init_seed, dtype):
    return TransformerBridge.boot_native(read_config(config, init_seed), dtype=dtype).state_dict()


def build_model(config, init_seed, dtype):
    """What boot_native has made before it wraps it."""
    name = "build_bridge_from_module"
    with mock.patch.object(_bridge_builder, name, lambda model, **_: model), \
            mock.patch.object(native, name, lambda model, **_: model, create=True):
        return build_bridge(config, init_seed, dtype)


def case(out, name, config, seed=42, init_seed=None, dtype=None, bridge=False):
    options = [f"seed {seed}"]
    options += [f"init_seed {init_seed}"] if init_seed is not None else []
    options += [f"dtype {dtype}"] if dtype else []
    options += ["names bridge"] if bridge else []
    torch.manual_seed(seed)
    try:
        build = build_bridge if bridge else build_model
        state = build(config, init_seed, DTYPE_NAMES[dtype] if dtype else None)
        lines = tensor_lines(state) + [f"state {state_hash()}"]
    except CAUGHT as error:
        lines = [error_line(error)]
    out.block(name, options, config, lines)


def mode_cases(out):
    for mode in MODES:
        for label, base in (("A", A), ("llama", LLAMA), ("small", SMALL)):
            config = {**base, "init_mode": mode}
            case(out, f"{mode} {label}", config)
            case(out, f"{mode} {label} seed", {**config, "seed": 0})
            case(out, f"{mode} {label} bridge", {**config, "seed": 5}, bridge=True)
        for value in (0, 0.0, -1.0, -3, 0.5, 1, 2.75, 1e-9):
            case(out, f"{mode} range {value}", {**A, "init_mode": mode, "initializer_range": value,
                                                "seed": 1})
        case(out, f"{mode} range null", {**A, "init_mode": mode, "initializer_range": None})
        case(out, f"{mode} no layers", {**A, "n_layers": 0, "init_mode": mode})
        case(out, f"{mode} negative layers", {**A, "n_layers": -1, "init_mode": mode, "seed": 1})
        case(out, f"{mode} no d_model", {**A, "d_model": 0, "init_mode": mode, "seed": 1,
                                         "n_heads": 2})
    for mode in ("GPT2", "", None, "Xavier_Uniform", "KAIMING_normal", "orthogonal", "Foo"):
        for value in (-1.0, 0.0, 0.5):
            case(out, f"mode {mode} range {value}", {**A, "init_mode": mode,
                                                     "initializer_range": value, "seed": 3})


def seed_cases(out):
    for seed in (0, 1, 42, -1, -2**63, 2**63, 2**64 - 1, 2**64, -2**63 - 1, 10**40, 1.5, "a", True,
                 False, [1], {"a": 1}, None):
        case(out, f"seed {seed!r}", {**SMALL, "seed": seed})
    case(out, "seed before mode", {**SMALL, "seed": "a", "init_mode": "orthogonal"})
    for seed in (0, 9, -1, 2**64 - 1):
        case(out, f"init_seed {seed}", {**A, "seed": 3}, init_seed=seed)
        case(out, f"init_seed {seed} alone", LLAMA, init_seed=seed)
    for seed in (0, -5, 123456789012345):
        case(out, f"global seed {seed}", A, seed=seed)
        case(out, f"global seed {seed}, seeded", {**A, "seed": 2}, seed=seed)


def tree_cases(out):
    norms = ("LN", "ln", "RMS", "rms", "LNPre", "RMSPre", "lnpre", "RMSPRE", None, "other", "")
    for norm in norms:
        for final in (False, True):
            case(out, f"norm {norm} final_rms {final}", {**A, "normalization_type": norm,
                                                        "final_rms": final, "seed": 1})
        case(out, f"norm {norm} bridge", {**A, "normalization_type": norm, "seed": 1}, bridge=True)
    for act in ("gelu", "gelu_new", "relu", "silu", "swish", "solu", "solu_ln", "SoLU_LN", "", None,
                "tanh"):
        case(out, f"act_fn {act}", {**A, "act_fn": act})
        case(out, f"act_fn {act} gated", {**A, "act_fn": act, "gated_mlp": True, "seed": 1})
        case(out, f"act_fn {act} bridge", {**A, "act_fn": act, "seed": 1, "n_layers": 1},
             bridge=True)
        case(out, f"act_fn {act} attn_only", {**A, "act_fn": act, "attn_only": True})
    for kind in ("standard", "Standard", "rotary", "ROTARY", None, "", "alibi", "Shortformer"):
        case(out, f"position {kind}", {**A, "positional_embedding_type": kind})
        case(out, f"position {kind} bridge", {**A, "positional_embedding_type": kind, "seed": 4},
             bridge=True)
    for dim in (2, 3, 4, 8, 0, -2, None):
        case(out, f"rotary_dim {dim}", {**LLAMA, "rotary_dim": dim})
        case(out, f"rotary_dim {dim} without rotary", {**A, "rotary_dim": dim, "seed": 1})
    case(out, "odd d_head with rotary", {**LLAMA, "d_head": 1, "n_heads": 4})
    for heads in (None, 0, 1, 2, 3, 4, -1, 8):
        case(out, f"n_key_value_heads {heads}", {**A, "n_key_value_heads": heads})
    for heads in (-1, 0, 1, 3, 8, -2):
        case(out, f"n_heads {heads}", {**A, "n_heads": heads})
        case(out, f"n_heads {heads} seed", {**A, "n_heads": heads, "seed": 1})
    for size in (None, 0, 1, 5, -1):
        case(out, f"d_mlp {size}", {**A, "d_mlp": size})
        case(out, f"d_mlp {size} gated", {**A, "d_mlp": size, "gated_mlp": True, "seed": 1})
    for size in (-1, 0, 5, 40):
        case(out, f"d_vocab_out {size}", {**A, "d_vocab_out": size})
        case(out, f"d_vocab_out {size} bridge", {**A, "d_vocab_out": size, "seed": 1}, bridge=True)


def more_cases(out):
    for value in (True, False):
        case(out, f"init_weights {value}", {**A, "init_weights": value})
        case(out, f"init_weights {value} seed", {**A, "init_weights": value, "seed": 6})
        case(out, f"init_weights {value} solu_ln", {**A, "init_weights": value, "act_fn": "solu"})
    case(out, "init_weights False, unknown mode", {**SMALL, "init_weights": False,
                                                   "init_mode": "orthogonal", "seed": "a"})
    for dtype in ("f32", "f64", "f16", "bf16", "c64"):
        for mode in ("gpt2", "kaiming_uniform"):
            config = {**A, "init_mode": mode, "initializer_range": 0.5}
            case(out, f"dtype {dtype} {mode}", config, dtype=dtype)
            case(out, f"dtype {dtype} {mode} seed", {**config, "seed": 2}, dtype=dtype)
            case(out, f"dtype {dtype} {mode} bridge", {**config, "seed": 2, "n_layers": 1},
                 dtype=dtype, bridge=True)
        case(out, f"dtype {dtype} small", SMALL, dtype=dtype)
        case(out, f"dtype {dtype} no init", {**A, "init_weights": False}, dtype=dtype)
    case(out, "solu_ln as f16", {**A, "act_fn": "solu_ln" if "4." in VERSION[:2] else "relu"},
         dtype="f16")
    case(out, "unknown keys", {**A, "foo": 1, "rope_scaling": {"type": "yarn", "factor": 2}})
    case(out, "tied", {**A, "tie_word_embeddings": True, "parallel_attn_mlp": True, "seed": 1})
    case(out, "one vocabulary entry", {**A, "d_vocab": 1, "seed": 1})


def error_cases(out):
    required = ("d_model", "d_head", "n_layers", "n_ctx")
    for missing in (("n_ctx",), ("d_head", "n_layers"), ("d_head", "n_layers", "n_ctx"),
                    ("d_model", "d_head", "n_layers", "n_ctx"), ("d_model",)):
        config = {key: value for key, value in A.items() if key not in missing}
        assert set(missing) <= set(required)
        case(out, f"missing {' '.join(missing)}", {**config})
    case(out, "d_head does not divide", {**A, "d_model": 8, "d_head": 3})
    case(out, "d_head 0", {**A, "d_head": 0})
    case(out, "d_head 0 with heads", {**A, "d_head": 0, "n_heads": 2})
    case(out, "d_head -4", {**A, "d_head": -4})
    case(out, "d_head -4, scaled", {**A, "d_head": -4, "attn_scale": 2.0})
    case(out, "no d_vocab", {key: value for key, value in A.items() if key != "d_vocab"})
    for key in ("d_vocab", "n_ctx", "d_model"):
        case(out, f"negative {key}", {**A, key: -8})
    case(out, "negative n_ctx with rotary", {**LLAMA, "n_ctx": -3})
    for value in (1, 1.5, True, [], {}, "GPT2LMHeadModel", "TransformerLensNative", None, ""):
        case(out, f"architecture {value!r}", {**SMALL, "architecture": value})
    case(out, "architecture after heads", {**A, "d_head": 3, "architecture": 3})
    case(out, "unscaled", {**A, "attn_scale": 1.0})
    case(out, "unscaled, almost", {**A, "attn_scale": 1.0 + 1e-10})
    case(out, "scaled by more", {**A, "attn_scale": 1.0 + 1e-8})
    case(out, "unscaled, one wide", {**A, "d_head": 1, "attn_scale": 1.0})
    case(out, "unscaled, not used", {**A, "use_attn_scale": False, "attn_scale": 1.0})
    case(out, "unscaled, no layers", {**A, "n_layers": 0, "attn_scale": 1.0, "init_mode":
                                      "xavier_normal"})


def main():
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    name = f"native-{'.'.join(VERSION.split('.')[:2])}.txt"
    root = pathlib.Path(__file__).resolve().parent.parent
    path = sys.argv[1] if len(sys.argv) > 1 else root / "tests/models/vectors" / name
    out = CaseFile(path, f"tools/make_native_vectors.py: transformer-lens {VERSION}, "
                         f"torch {torch.__version__}")
    mode_cases(out)
    seed_cases(out)
    tree_cases(out)
    more_cases(out)
    error_cases(out)
    out.close()
    print(f"{out.count} cases")


if __name__ == "__main__":
    main()
