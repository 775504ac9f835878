"""Writes tests/nn/vectors/calls.txt: what torch.nn says of wrong arguments.

Each line is FUNCTION|CLASS|JSON arguments|exception|message; an exception of "-" is a call that
works. A JSON list is positional arguments, an object keyword ones, with positional ones in "_args_".

Run as: .venv-oracle/bin/python tools/make_nn_calls.py
SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import warnings

import torch
from torch import nn

OUT = pathlib.Path(__file__).parent.parent / "tests/nn/vectors/calls.txt"

CALLS = [
    # Python's own words
    ("Linear", []), ("Linear", [1]), ("Linear", [1, 2, 3, None, None, 6]),
    ("Linear", {"_args_": [1, 2], "foo": 1}), ("Linear", {"_args_": [1, 2], "in_features": 1}),
    ("Linear", {"_args_": [1, 2, 3, 4, 5, 6], "foo": 1}),
    ("Linear", {"_args_": [1, 2, 3, 4, 5, 6], "in_features": 1}),
    ("Linear", {"_args_": [1], "in_features": 2}), ("Linear", {"out_features": 2}),
    ("Linear", {"in_features": 2, "out_features": 3, "bias": False}),
    ("Conv2d", []), ("Bilinear", [1]), ("BatchNorm1d", []), ("BatchNorm2d", {"_args_": [1], "foo": 2}),
    ("GroupNorm", [1, 2, 3, 4, None, None, 7]),
    ("GroupNorm", {"_args_": [1, 2, 3, 4, None, None, 7], "bias": True}),
    ("LinearCrossEntropyLoss", [1]), ("LinearCrossEntropyLoss", [1, 2, 3]),
    ("LinearCrossEntropyLoss", {"_args_": [1, 2, 3], "bias": True}),
    ("LinearCrossEntropyLoss", {"_args_": [1, 2, 3, 4], "bias": True, "weight": None}),
    ("GaussianNLLLoss", [1]), ("GaussianNLLLoss", {"_args_": [1], "full": True}),
    ("ReLU", [1, 2]), ("ReLU", [True]), ("ChannelShuffle", []), ("ChannelShuffle", [1, 2]),
    ("Dropout", [0, 1, 2]), ("Dropout2d", {"x": 1}), ("AlphaDropout", [0, 1, 2]),
    ("FeatureAlphaDropout", {"x": 1}), ("MSELoss", [1, 2, 3, 4]), ("L1Loss", {"foo": 1}),
    ("SoftMarginLoss", {"foo": 1}), ("MultiLabelMarginLoss", {"foo": 1}),
    ("BCELoss", [1, 2, 3, 4, 5]), ("MultiLabelSoftMarginLoss", {"foo": 1}),
    ("MaxPool1d", []), ("MaxPool3d", []), ("LPPool2d", [1]), ("AdaptiveAvgPool1d", []),
    ("AdaptiveMaxPool3d", []), ("AvgPool1d", []), ("MaxUnpool1d", []), ("Softmax", [1, 2]),
    ("InstanceNorm3d", []), ("LazyBatchNorm1d", [1, 2, 3, 4, None, None, 7, 8]),
    ("LazyInstanceNorm2d", {"foo": 1}), ("SyncBatchNorm", []), ("CrossEntropyLoss", {"foo": 1}),
    ("Tanh", [1, 2]), ("Tanh", {"_args_": [1], "x": 2}), ("Sigmoid", [1]), ("Softmax2d", [1]),
    ("Module", [1]), ("Module", {"x": 1}), ("Identity", {"_args_": [1, 2], "x": 3}),
    ("Container", [1]), ("Container", {}), ("Container", {"a": None}), ("Container", {"a": 1}),
    ("Container", {"a.b": None}), ("Sequential", {"a": 1}), ("RNN", []), ("LSTM", [2]),
    ("LSTM", {"_args_": [2, 3], "foo": 1}), ("Foo", []),
    # sizes, device and dtype
    ("Linear", [2.0, 3]), ("Linear", [2, 3.0]), ("Linear", ["a", 3]), ("Linear", [None, 3]),
    ("Linear", [[1], 3]), ("Linear", [3, [1]]), ("Linear", [3, True]), ("Linear", [True, 3]),
    ("Linear", {"_args_": [2, 3], "device": 3.5}), ("Linear", {"_args_": [2, 3], "device": []}),
    ("Linear", {"_args_": [2, 3], "device": ""}), ("Linear", {"_args_": [2, 3], "device": True}),
    ("Linear", {"_args_": [2, 3], "device": "meta"}), ("Linear", {"_args_": [2, 3], "device": "cpu:0"}),
    ("Linear", {"_args_": [2, 3], "dtype": 3}), ("BatchNorm1d", [2.0]),
    # what classes without state check
    ("HuberLoss", ["mean", "x"]), ("HuberLoss", {"delta": True}), ("HuberLoss", {"delta": None}),
    ("HuberLoss", {"delta": [1]}), ("HuberLoss", {"delta": 2}), ("Hardtanh", []),
    ("Hardtanh", [1, 1]), ("Hardtanh", [-1.5, -2.5]), ("Hardtanh", {"_args_": [1, 2], "min_value": 5}),
    ("Hardtanh", {"_args_": [1, 2], "max_value": 0}), ("Hardtanh", ["a", 2]), ("Hardtanh", [None, 2]),
    ("Unflatten", [1, 2]), ("Unflatten", [1, [2, 3]]), ("Unflatten", [1, [2, "a"]]),
    ("Unflatten", [1, [2, True]]), ("Unflatten", [1, [2.0]]), ("Unflatten", [1, "ab"]),
    ("Unflatten", [1, None]), ("Unflatten", [1, []]), ("Unflatten", ["x", {}]),
    ("TripletMarginLoss", [0]), ("TripletMarginLoss", [-1.5]), ("TripletMarginLoss", ["x"]),
    ("TripletMarginLoss", [0.5]),
]

SKIPS = [
    ("Linear", [2, 3]), ("Linear", {"_args_": [2, 3], "device": "cpu"}),
    ("Linear", [2, 3, True, "cpu"]), ("Linear", [2]), ("LSTM", [2, 3]), ("RNNBase", ["LSTM", 2, 3]),
    ("LSTMCell", [2, 3]), ("Sequential", []), ("Identity", []), ("ReLU", []), ("MSELoss", []),
    ("PReLU", []), ("BatchNorm2d", [3]), ("MultiheadAttention", [4, 2]),
    ("LinearCrossEntropyLoss", [4, 2]), ("DataParallel", []), ("TransformerEncoderLayer", [4, 2]),
]


def outcome(call):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call()
        except Exception as error:  # whatever it is, it is the known answer
            text = error.args[0] if isinstance(error, KeyError) else str(error)
            return f"{type(error).__name__}|" + text.split("\n", 1)[0]
    return "-|"


def run(function, name, args):
    keyword = dict(args) if isinstance(args, dict) else {"_args_": args}
    positional = keyword.pop("_args_", [])
    if function == "skip_init":
        return lambda: nn.utils.skip_init(getattr(nn, name), *positional, **keyword)
    return lambda: getattr(nn, name)(*positional, **keyword)


def main():
    with open(OUT, "w", encoding="utf-8") as file:
        print(f"# torch {torch.__version__}, tools/make_nn_calls.py", file=file)
        for function, calls in (("nn", CALLS), ("skip_init", SKIPS)):
            for name, args in calls:
                result = outcome(run(function, name, args))
                print(f"{function}|{name}|{json.dumps(args)}|{result}", file=file)


main()
