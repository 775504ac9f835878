"""Asks torch.nn what it says to arguments and names that are wrong.

usage: make_nn_errors.py [tests/nn/vectors/errors.txt]

Many rows have two failures at once, so that the order of the checks is seen.

One JSON object per line:
  build    a description (tools/nn_case.py) whose construction fails after torch.manual_seed(0)
  skip     torch.nn.utils.skip_init of that description instead
  then     what fails when it is done to the module that build gives: ["reset_parameters"], ["to_empty"],
           or ["register_parameter" or "register_buffer" or "add_module", name] of something new
  error    the exception; message: its text, the members of a set in order. begins: its first line when
           there are more, or what stands before an address in it
  state    XXH3-128 of the generator's state afterwards: what was drawn before the failure
SPDX-License-Identifier: Apache-2.0
"""
import warnings

import torch

from make_nn_vectors import nn, ordered, tensor
from nn_case import call, dtype_object, evaluate, failure, state_hash, write_rows

# Everything that is bound by the signature alone, for a few shapes of signature.
ARGUMENTS = [
    nn("Linear"), nn("Linear", 2), nn("Linear", out_features=2), nn("Linear", 2, 3, foo=1),
    nn("Linear", 2, 3, in_features=2), nn("Linear", 2, 3, True, None, None, 1),
    nn("Linear", 2, 3, 1, in_features=2, foo=1), nn("Linear", 2, foo=1, in_features=2),
    nn("Linear", 2, 3, True, "cpu", device="cpu"),
    nn("Conv2d"), nn("Conv2d", 1, 2), nn("Conv2d", 1), nn("Conv2d", 1, 2, 3, bogus=True),
    nn("Conv2d", 1, 2, 3, 1, 0, 1, 1, True, "zeros", None, None, 0), nn("ReLU", 1, 2), nn("ReLU", foo=2),
    nn("Flatten", 1, 2, 3), nn("Softmax2d", 1), nn("LogSigmoid", a=1), nn("Tanh", 3), nn("Sigmoid", 1, 2),
    nn("Module", 1), nn("Module", a=1), nn("LayerNorm"), nn("GroupNorm", 2),
    nn("GaussianNLLLoss", True), nn("GaussianNLLLoss", True, False), nn("BatchNorm1d", 3, 1, 1, True, True, None,
                                                                         None, False),
    nn("BatchNorm1d", 3, nothing=0), nn("LinearCrossEntropyLoss", 3), nn("LinearCrossEntropyLoss", 3, 4, 5),
    nn("LSTM"), nn("LSTM", 3), nn("RNN"), nn("RNN", 3), nn("GRU", 3), nn("GRU", 3, 4, foo=1),
    nn("LSTM", 3, 4, input_size=3), nn("RNN", 3, 4, 1, "tanh", True, False, 0.0, False, 0, None, None, 5),
    nn("LSTM", 3, 4, 1, True, False, 0.0, False, 0, None, None, 5), nn("LSTM", input_size=3),
    nn("RNN", input_size=3, hidden_size=4, mode="LSTM"), nn("RNNBase"), nn("RNNBase", "LSTM", 3),
    nn("RNNCell", 3), nn("LSTMCell"), nn("RNNCellBase", 2, 3, True), nn("RNNCellBase", 2, 3),
    nn("Embedding"), nn("Embedding", 3), nn("EmbeddingBag", 3), nn("MultiheadAttention", 4),
    nn("TransformerEncoderLayer", 4), nn("TransformerDecoderLayer"), nn("Transformer", foo=1),
    nn("TransformerEncoder"), nn("TransformerDecoder", num_layers=2), nn("AdaptiveLogSoftmaxWithLoss", 3, 4),
    nn("Threshold", 1), nn("ConstantPad1d", 1), nn("Unflatten", 1), nn("Fold", 1), nn("LPPool1d", 1),
    nn("ModuleList", [], []), nn("ModuleDict", {}, {}), nn("ParameterList", [], []), nn("DataParallel"),
    nn("HuberLoss", "mean", 1.0, 2), nn("Dropout", 0.1, False, 3), nn("PixelShuffle"),
    nn("LazyLinear"), nn("LazyConv2d", 3), nn("LazyLinear", 3, in_features=2), nn("LazyBatchNorm1d", num_features=3),
    nn("TripletMarginWithDistanceLoss", None), nn("FractionalMaxPool2d"), nn("Container", 1),
    nn("Upsample", 1, 2, "nearest", None, None, 3), nn("CrossMapLRN2d"), nn("PReLU", 1, 0.25, None, None, 3),
]

# Types and sizes that the allocation refuses, in the order in which it looks.
ALLOCATION = [
    nn("Linear", 2.0, 3), nn("Linear", 2, 3.0), nn("Linear", "a", 3), nn("Linear", None, 3), nn("Linear", 2, None),
    nn("Linear", [2], 3), nn("Linear", 2.0, "b"), nn("Linear", -1, 2), nn("Linear", 2, -1), nn("Linear", -1, -2),
    nn("Linear", 2, 3, dtype="int64"), nn("Linear", 0, 3, dtype="bool"), nn("Linear", -1, 3, dtype="int64"),
    nn("Linear", 2, 3, dtype="float8_e4m3fn"), nn("Linear", 2, 3, bias=False, dtype="float8_e5m2"),
    nn("Linear", 1 << 40, 1 << 40), nn("Linear", 2, 3, device=3.5),
    nn("Linear", True, 2.5), nn("Bilinear", -1, 2, 3), nn("Bilinear", 2, -1, 3), nn("Bilinear", 2, 3, -1),
    nn("Bilinear", 0, 2, 3), nn("Bilinear", 0, 2, 0), nn("Bilinear", 0, -1, 3), nn("Bilinear", 2, 3, 4, dtype="int32"),
    nn("Bilinear", 1.5, 2, 3), nn("Conv2d", 1.0, 2, 3), nn("Conv2d", 2, 3.0, 3), nn("Conv2d", 2, 3, 1.5),
    nn("Conv2d", 2, 3, "k"), nn("Conv2d", 2, 3, None), nn("Conv2d", 2, 3, [3, 1.5]), nn("Conv2d", 2, 3, -1),
    nn("Conv1d", -2, 3, 1), nn("Conv1d", 2, -3, 1), nn("Conv1d", 2, 3, 1, dtype="int64"),
    nn("ConvTranspose2d", 2.0, 3, 3), nn("ConvTranspose2d", 2, 3, -1), nn("ConvTranspose1d", 2, 3, [1.5]),
    nn("Conv3d", "a", 3, 1), nn("BatchNorm1d", 2.0), nn("BatchNorm2d", "x"), nn("BatchNorm1d", -1),
    nn("BatchNorm1d", None), nn("BatchNorm1d", 3, dtype="int64"), nn("BatchNorm1d", 2.0, affine=False),
    nn("BatchNorm1d", -1, affine=False), nn("InstanceNorm1d", 2.0, affine=True),
    nn("InstanceNorm1d", -2, track_running_stats=True), nn("LayerNorm", 2.0), nn("LayerNorm", "x"),
    nn("LayerNorm", None), nn("LayerNorm", [2, -3]), nn("LayerNorm", [2, "x"]), nn("LayerNorm", True),
    nn("LayerNorm", -3), nn("LayerNorm", 3, dtype="int64"), nn("LayerNorm", [2, 1.5]), nn("RMSNorm", 2.0),
    nn("RMSNorm", -3), nn("RMSNorm", [1, -1]), nn("RMSNorm", 3, dtype="int8"), nn("RMSNorm", None),
    nn("GroupNorm", 1, 2.0), nn("GroupNorm", 1, -3), nn("GroupNorm", 3, 3, dtype="int64"),
    nn("RNNCell", 2.0, 3), nn("RNNCell", 2, 3.0), nn("GRUCell", 2, "x"), nn("LSTMCell", -1, 3),
    nn("LSTMCell", 2, -1), nn("GRUCell", 2, 3, dtype="int64"), nn("RNNCellBase", 2, 3, True, 1.5),
    nn("LSTM", 2, 3, dtype="int64"), nn("RNN", 2, 3, 1.5), nn("GRU", 2, 3, "x"), nn("LSTM", 2, 3, proj_size=1.0),
    nn("Embedding", 2.0, 3), nn("Embedding", 2, 3.0), nn("Embedding", "x", 3), nn("Embedding", -1, 3),
    nn("Embedding", 3, -1), nn("Embedding", 3, 2, dtype="int64"), nn("Embedding", 3, 2, dtype="float8_e4m3fn"),
    nn("EmbeddingBag", 2, 3.0), nn("EmbeddingBag", -2, 3), nn("EmbeddingBag", 3, 2, dtype="int32"),
    nn("MultiheadAttention", 4, 2, kdim=1.5), nn("MultiheadAttention", 4, 2, dtype="int64"),
    nn("MultiheadAttention", 4, 2, kdim=-1), nn("MultiheadAttention", 4, 2, vdim="x"),
    nn("TransformerEncoderLayer", 4, 2, -5), nn("TransformerEncoderLayer", 4, 2, 5.0),
    nn("TransformerDecoderLayer", 4, 2, "x"), nn("PReLU", 2.0), nn("PReLU", -1), nn("PReLU", 3, dtype="int64"),
    nn("PReLU", 2, "x"), nn("AdaptiveLogSoftmaxWithLoss", 8.0, 9, [3]), nn("AdaptiveLogSoftmaxWithLoss", 8, 9.0, [3]),
    nn("AdaptiveLogSoftmaxWithLoss", -8, 9, [3]), nn("LinearCrossEntropyLoss", 3.0, 4),
    nn("LinearCrossEntropyLoss", 3, -4), nn("LinearCrossEntropyLoss", 3, 4, dtype="int64"),
    nn("LinearCrossEntropyLoss", 3, 4, out_features=[2.5]), nn("LinearCrossEntropyLoss", 3, 4, out_features=3),
]

CONV = [
    *[node for name in ("Conv1d", "Conv2d", "Conv3d") for node in (
        nn(name, 2, 3, 1, groups=0), nn(name, 3, 4, 1, groups=2), nn(name, 4, 3, 1, groups=2),
        nn(name, 3, 5, 1, groups=2), nn(name, 2, 3, 1, padding="x"), nn(name, 2, 3, 1, 2, padding="same"),
        nn(name, 2, 3, 1, padding_mode="x"), nn(name, 2, 3, 1, groups=-1, padding="x"),
        nn(name, 2, 3, 1, padding="x", padding_mode="y"), nn(name, 2, 3, -1, padding="x"),
        nn(name, 2, 3, 1, 2, padding="same", padding_mode="y"), nn(name, 3, 4, 1, groups=2, padding="x"),
        nn(name, 3, 3, 1, groups=2, padding_mode="y"), nn(name, 2, 3, 1.5, padding_mode="y"))],
    nn("Conv2d", 2, 3, 1, [1, 2], "same"), nn("Conv2d", 2, 3, 1, groups="x"), nn("Conv2d", "a", 3, 1),
    nn("Conv2d", 2, 3, 1, groups=1.5), nn("Conv2d", 2, 3, 1, padding_mode=3), nn("Conv2d", 2, 3, 1, groups=None),
    *[node for n in (1, 2, 3) for node in (
        nn(f"ConvTranspose{n}d", 2, 3, 1, padding_mode="reflect"),
        nn(f"ConvTranspose{n}d", 2, 3, 1, groups=0, padding_mode="x"), nn(f"ConvTranspose{n}d", 2, 3, 1, groups=0),
        nn(f"ConvTranspose{n}d", 3, 4, 1, groups=2), nn(f"ConvTranspose{n}d", 4, 3, 1, groups=2))],
    nn("LazyConv2d", 3, 1, groups=0), nn("LazyConv2d", 3, 1, padding_mode="x"),
    nn("LazyConvTranspose1d", 4, 1, padding_mode="reflect"), nn("LazyConv3d", 4, 1, padding="x"),
]

NORM = [nn("GroupNorm", 2, 5), nn("GroupNorm", 0, 4), nn("GroupNorm", -3, 4), nn("GroupNorm", 0, 2.0),
        nn("GroupNorm", 2, 5, dtype="int64"), nn("GroupNorm", "x", 4), nn("GroupNorm", 2.0, 5)]

RECURRENT = [
    *[nn(name, 2, 3, proj_size=size) for name in ("RNN", "GRU") for size in (0, 1, -1)],
    nn("RNN", 2, 3, nonlinearity="x"), nn("RNN", 2, 3, 1, True), nn("RNN", 2, 3, nonlinearity=None),
    nn("RNN", 2, 3, nonlinearity="x", proj_size=1), nn("RNN", 0, 3, nonlinearity="x"),
    nn("RNN", nonlinearity="x"), nn("LSTM", 2, 3, nonlinearity="tanh"),
    *[node for name in ("RNN", "GRU", "LSTM") for node in (
        nn(name, 2, 3, dropout=1.5), nn(name, 2, 3, dropout=-0.1), nn(name, 2, 3, dropout=True),
        nn(name, 2, 3, dropout="x"), nn(name, 2, 3, dropout="0.5"), nn(name, 2, 3, dropout=None),
        nn(name, 2, 3, bias=1), nn(name, 2, 3, batch_first=1), nn(name, 2, 3, bias=None, batch_first=0),
        nn(name, "2", 3), nn(name, 2.0, 3), nn(name, 0, 3), nn(name, -1, 3), nn(name, 2, 3.0), nn(name, 2, 0),
        nn(name, 2, -3), nn(name, 2, 3, num_layers=0), nn(name, 2, 3, num_layers=-2),
        nn(name, 0, 0, num_layers=0, dropout=2), nn(name, 0, 0, num_layers=0, bias=1),
        nn(name, 0, 0.5, num_layers=0), nn(name, 2, 0, num_layers=0), nn(name, None, 3), nn(name, [2], 3))],
    nn("LSTM", 2, 3, proj_size=-1), nn("LSTM", 2, 3, proj_size=3), nn("LSTM", 2, 3, proj_size=4),
    nn("LSTM", 2, 3, num_layers=0, proj_size=-1), nn("LSTM", 2, 0, proj_size=-1), nn("LSTM", 2, 3, 1, 1),
    nn("RNNBase", "X", 2, 3), nn("RNNBase", "X", 0, 3), nn("RNNBase", "lstm", 2, 3, proj_size=-1),
    nn("RNNBase", 3, 2, 3), nn("RNNBase", "GRU", 2, 3, proj_size=3),
]

EMBEDDING = [
    *[node for name in ("Embedding", "EmbeddingBag") for node in (
        nn(name, 3, 2, padding_idx=3), nn(name, 3, 2, padding_idx=-4), nn(name, 0, 2, padding_idx=0),
        nn(name, -3, 2, padding_idx=5), nn(name, 0, 2, padding_idx=-1), nn(name, 3, -2, padding_idx=7),
        nn(name, 3, 2, padding_idx="x"), nn(name, 3, 2, padding_idx=1.5), nn(name, 0, 2, padding_idx=1),
        nn(name, 3, 2, _weight=tensor("ones", 2, 3)), nn(name, 3, 2, _weight=tensor("ones", 6)),
        nn(name, 3, 2, padding_idx=3, _weight=tensor("ones", 2, 2)))],
    {"_target_": "torch.nn.Embedding.from_pretrained", "_args_": [tensor("ones", 3)]},
    {"_target_": "torch.nn.Embedding.from_pretrained", "_args_": [tensor("ones", 2, 3)], "padding_idx": 2},
    {"_target_": "torch.nn.EmbeddingBag.from_pretrained", "_args_": [tensor("ones", 2, 2, 2)]},
]

ATTENTION = [
    nn("MultiheadAttention", 0, 1), nn("MultiheadAttention", 4, 0), nn("MultiheadAttention", -4, 2),
    nn("MultiheadAttention", 4, -2), nn("MultiheadAttention", 5, 2), nn("MultiheadAttention", 0, 0, kdim=-1),
    nn("MultiheadAttention", 5, 2, kdim=1.5), nn("MultiheadAttention", 4, 2, kdim=-2, vdim="x"),
    nn("MultiheadAttention", 4, 2, vdim=1.5, dtype="int64"), nn("MultiheadAttention", 4, 2, kdim=4.0, vdim=8), nn("MultiheadAttention", "x", 2), nn("MultiheadAttention", 4.0, 2),
    nn("MultiheadAttention", 4, None),
    *[node for name in ("TransformerEncoderLayer", "TransformerDecoderLayer") for node in (
        nn(name, 5, 2), nn(name, 0, 1), nn(name, 4, 2, 5, activation="x"), nn(name, 4, 2, 5, activation=""),
        nn(name, 5, 2, activation="x"), nn(name, 4, 2, 5, dropout=2), nn(name, 4, 2, 5, dropout=-0.5, activation="x"),
        nn(name, 4, 2, dropout="x"), nn(name, 4, 2, 5, dropout=None))],
    nn("Transformer", 5, 2), nn("Transformer", 4, 2, 1, 1, 5, activation="x"), nn("Transformer", 4, 2, 1, 1, 5, 2.0),
    nn("Transformer", 4, 0), nn("Transformer", 4, 2, 1.5, 1, 5), nn("Transformer", 4, 2, 1, "x", 5),
    nn("TransformerEncoder", nn("Linear", 2, 2), 1.5), nn("TransformerDecoder", nn("Linear", 2, 2), "x"),
    nn("TransformerEncoder", nn("Linear", 2), 1),
]

OTHERS = [
    nn("AdaptiveLogSoftmaxWithLoss", 8, 9, []), nn("AdaptiveLogSoftmaxWithLoss", 8, 9, [5, 3]),
    nn("AdaptiveLogSoftmaxWithLoss", 8, 9, [3, 3]), nn("AdaptiveLogSoftmaxWithLoss", 8, 9, [0]),
    nn("AdaptiveLogSoftmaxWithLoss", 8, 9, [-1, 2]), nn("AdaptiveLogSoftmaxWithLoss", 8, 9, [9]),
    nn("AdaptiveLogSoftmaxWithLoss", 8, 9, [1.5]), nn("AdaptiveLogSoftmaxWithLoss", 8, 9, [3.0]),
    nn("AdaptiveLogSoftmaxWithLoss", 8, 9, [3], div_value=0), nn("AdaptiveLogSoftmaxWithLoss", 8, 9, [3], 0.0),
    nn("AdaptiveLogSoftmaxWithLoss", 8, 9, 3), nn("AdaptiveLogSoftmaxWithLoss", 8, 9, None),
    nn("AdaptiveLogSoftmaxWithLoss", 8, 9, ["x"]), nn("AdaptiveLogSoftmaxWithLoss", 8, 9, [3], "x"),
    *[nn(name, p) for name in ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout",
                               "FeatureAlphaDropout") for p in (2, -0.1, 1.5, "x", None)],
    nn("HuberLoss", delta="x"), nn("HuberLoss", delta=None),
    nn("HuberLoss", delta=[1]), nn("MultiMarginLoss", 3), nn("MultiMarginLoss", 1.5),
    nn("MultiMarginLoss", 1, 1.0, tensor("ones", 2, 2)), nn("MultiMarginLoss", 3, 1.0, tensor("ones", 2, 2)),
    *[nn(name, [1.0, 2.0]) for name in ("NLLLoss", "BCELoss", "CrossEntropyLoss", "MultiLabelSoftMarginLoss",
                                        "BCEWithLogitsLoss")],
    nn("NLLLoss", 3), nn("BCEWithLogitsLoss", pos_weight="x"), nn("BCEWithLogitsLoss", 2.0, pos_weight="x"),
    nn("LinearCrossEntropyLoss", 3, 4, label_smoothing=1.5), nn("LinearCrossEntropyLoss", 3, 4, label_smoothing=-0.5),
    nn("LinearCrossEntropyLoss", 3, 4, weight=tensor("ones", 3)),
    nn("LinearCrossEntropyLoss", 3, 4, weight=tensor("ones", 4, 1), label_smoothing=2.0),
    nn("LinearCrossEntropyLoss", 3, 4, weight=[1.0]), nn("TripletMarginLoss", 0), nn("TripletMarginLoss", -1.5),
    nn("TripletMarginWithDistanceLoss", margin=-1), nn("TripletMarginWithDistanceLoss", margin=0),
    nn("Hardtanh", 1, 1), nn("Hardtanh", 2, -2), nn("Hardtanh", 0, 0.0), nn("Hardtanh", 1.5, 1),
    nn("Unflatten", 1, [2, "x"]), nn("Unflatten", 1, 3), nn("Unflatten", 1, [2.5]),
    nn("FractionalMaxPool2d", 3), nn("FractionalMaxPool2d", 3, 2, 0.5), nn("FractionalMaxPool2d", 3, output_ratio=1.5),
    nn("FractionalMaxPool3d", 3), nn("FractionalMaxPool3d", 3, 2, 0.5), nn("FractionalMaxPool3d", 3, output_ratio=0),
    nn("FractionalMaxPool2d", 3, output_ratio=[0.5, 2]), nn("FractionalMaxPool3d", 3, output_ratio=[0.5, 0.5, 1]),
    nn("FractionalMaxPool2d", 3, output_size=2, _random_samples=3), nn("ParameterList", 3), nn("ParameterDict", 3),
    nn("ModuleList", 3), nn("ModuleDict", 3), nn("ModuleList", [3]), nn("ModuleList", "ab"), nn("ModuleList", [[]]),
    nn("ModuleDict", {"a": 3}), nn("ModuleDict", {"a": "x"}), nn("ModuleDict", [3]), nn("ModuleDict", [[1, 2, 3]]),
    nn("Sequential", 3), nn("Sequential", {}), nn("Sequential", "x"), nn("Sequential", [1]), nn("Sequential", 1.5, None),
    nn("Container", a=3), nn("ParameterDict", "ab"), nn("ModuleDict", "ab"),
    nn("Softmax", 1, 2), nn("Softmin", 1, 2),
]

NAMES = [
    nn("ModuleDict", {"keys": nn("ReLU")}), nn("ModuleDict", {"type": nn("ReLU")}), nn("ModuleDict", {"a.b": nn("ReLU")}),
    nn("ModuleDict", {"": nn("ReLU")}), nn("ModuleDict", {"training": nn("ReLU")}),
    nn("ModuleDict", {"ok": nn("ReLU"), "forward": nn("ReLU")}), nn("Sequential", ordered(**{"a.b": nn("ReLU")})),
    nn("Sequential", ordered(**{"": nn("ReLU")})), nn("Sequential", ordered(**{"forward": nn("ReLU")})),
    nn("Sequential", ordered(**{"append": nn("ReLU")})), nn("Sequential", {"a": nn("ReLU")}),
    nn("Sequential", nn("Linear", 2, 3), {"a": nn("ReLU")}), nn("Sequential", nn("Linear", 2, 3), 5),
    nn("Sequential", nn("Linear", 2, 3), nn("Linear", 2.5, 3)), nn("ModuleList", [nn("Linear", 2, 2), 3]),
    nn("Container", **{"a.b": nn("ReLU")}), nn("ParameterDict", {"a.b": tensor("ones", 2)}),
    nn("ParameterDict", {"keys": tensor("ones", 2)}), nn("ParameterDict", {"": tensor("ones", 2)}),
    nn("ParameterList", [tensor("ones", 2, dtype=dtype_object("int64"))]), nn("ModuleDict", {"a": tensor("ones", 2)}),
    nn("ParameterDict", {"a": tensor("ones", 2, dtype=dtype_object("int64"))}),
    nn("TripletMarginWithDistanceLoss", distance_function=nn("Linear", 2)),
]

# A parameter may be registered over a parameter, and so on; all else that has the name is in the way.
LINEAR = nn("Linear", 2, 3)
BATCH = nn("BatchNorm1d", 3)
NEW = ("register_parameter", "register_buffer", "add_module")
THEN = [
    *[(LINEAR, [step, name]) for step in NEW for name in ("a.b", "", ".", "weight.x")],
    *[(LINEAR, [step, name]) for step in NEW[1:] for name in ("weight", "bias")],
    *[(BATCH, [step, name]) for step in NEW[::2] for name in ("running_mean", "num_batches_tracked")],
    *[(BATCH, [step, "bias"]) for step in NEW[1:]],
    *[(nn("Linear", 2, 3, bias=False), [step, "bias"]) for step in NEW[1:]],
    *[(nn("BatchNorm1d", 3, track_running_stats=False), [step, "running_var"]) for step in NEW[::2]],
    *[(nn("MultiheadAttention", 4, 2), [step, "out_proj"]) for step in NEW[:2]],
    *[(nn(*args), ["reset_parameters"]) for args in (
        ("MultiheadAttention", 4, 2), ("TransformerEncoderLayer", 4, 2, 5), ("Transformer", 4, 2, 1, 1, 5),
        ("LinearCrossEntropyLoss", 3, 4), ("ReLU",), ("Sequential",), ("Dropout",), ("NLLLoss",), ("Module",),
        ("ModuleList",), ("HuberLoss",), ("TransformerDecoderLayer", 4, 2, 5))],
    *[(nn(*args), ["to_empty"]) for args in (("LazyLinear", 3), ("LazyBatchNorm1d",), ("LazyConv2d", 3, 1))],
]

SKIP = [
    *[nn(*args) for args in (
        ("LSTM", 2, 3), ("GRU", 2, 3), ("RNN", 2, 3), ("Sequential",), ("ModuleList",), ("ModuleDict",), ("Identity",),
        ("ReLU",), ("Dropout", 2), ("NLLLoss",), ("CrossEntropyLoss",), ("Linear", 2), ("Linear", 2, 3, 4, "cpu"),
        ("Linear", -1, 3), ("Bilinear", 0, 2, 3), ("Embedding", 3, 2, 4), ("MultiheadAttention", 5, 2),
        ("Conv2d", 3, 4, 1, 1, 0, 1, 2), ("LazyLinear", 3), ("LazyConv1d", 3, 1), ("LazyInstanceNorm1d",),
        ("GroupNorm", 0, 4), ("RNNBase", "X", 2, 3), ("AdaptiveLogSoftmaxWithLoss", 8, 9, [3], 0),
        ("Transformer", 4, 0), ("TransformerEncoderLayer", 4, 2, 5, 0.1, "x"), ("LinearCrossEntropyLoss", 3))],
    nn("Linear", 2, 3, dtype="int64"), nn("Linear", 2, 3, foo=1), nn("LSTM", 2), nn("ReLU", foo=1),
    nn("Embedding", 0, 2, padding_idx=0), nn("TripletMarginLoss", margin=-1), nn("LayerNorm", [2, -1]),
    nn("PReLU", -1),
]


def then(module, step):
    name, *args = step
    if name == "to_empty":
        module.to_empty(device="cpu")
    elif name == "reset_parameters":
        module.reset_parameters()
    else:
        fresh = {"register_parameter": lambda: torch.nn.Parameter(torch.empty(1)),
                 "register_buffer": lambda: torch.empty(1), "add_module": torch.nn.ReLU}[name]()
        getattr(module, name)(*args, fresh)


def line(row):
    """The row with what torch says; None when it does not fail."""
    torch.manual_seed(0)
    try:
        if row.get("skip"):
            cls, args, kwargs = call(row["build"])
            torch.nn.utils.skip_init(cls, *args, **kwargs)
        else:
            module = evaluate(row["build"])
            if "then" in row:
                then(module, row["then"])
    except Exception as error:  # noqa: BLE001 - whatever torch says is the answer
        return row | failure(error) | {"state": state_hash()}
    return None


def rows():
    everything = [{"build": node} for node in [*ARGUMENTS, *ALLOCATION, *CONV, *NORM, *RECURRENT, *EMBEDDING,
                                               *ATTENTION, *OTHERS, *NAMES]]
    everything += [{"build": node, "then": step} for node, step in THEN]
    everything += [{"build": node, "skip": True} for node in SKIP]
    for row in everything:
        made = line(row)
        assert made is not None, f"no failure in torch: {row}"
        yield made


def main():
    warnings.simplefilter("ignore")
    count = write_rows("tests/nn/vectors/errors.txt",
                       "one JSON object per line; see the head of that script", rows())
    print(f"{count} cases")


if __name__ == "__main__":
    main()
