"""Asks torch for the values that the constructors of torch.nn give.

usage: make_nn_vectors.py [tests/nn/vectors/modules.txt]

One JSON object per line:
  seed     torch.manual_seed before the first module
  build    descriptions (tools/nn_case.py), built one after the other
  tensors  per module its state_dict in order: [name, dtype, shape, XXH3-128, hex of up to 4 elements];
           on the meta device [name, dtype, shape]; of lazy modules the names alone
  state    XXH3-128 of the generator's state afterwards
  warnings [category, first line], absent when there are none
  reset    what reset_parameters after the same seed gives: "same" for the same tensors and state, else
           {"tensors", "state"}; {"error", "message"} when there is none. Absent with several modules
  skip     what torch.nn.utils.skip_init gives for the same arguments: "ok" or {"error", "message"};
           absent for nested descriptions
SPDX-License-Identifier: Apache-2.0
"""
import copy
import hashlib
import inspect
import struct
import warnings

import torch
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from nn_case import (COMPLEX, FLOAT8, FLOATS, call, dtype_object, entry, evaluate, failure, is_nested,
                     raw_bytes, state_hash, warning_rows, write_rows)

SEEDS = (0, 42, 7)


def nn(name, *args, **kwargs):
    node = {"_target_": f"torch.nn.{name}"}
    if args:
        node["_args_"] = list(args)
    return node | kwargs


def tensor(function, *args, **kwargs):
    node = {"_target_": f"torch.{function}"}
    if args:
        node["_args_"] = list(args)
    return node | kwargs


def ordered(**modules):
    return {"_target_": "collections.OrderedDict"} | modules


def typed(node, dtype):
    """The description with dtype= for its class."""
    return node | {"dtype": dtype_object(dtype) if is_nested(node) else dtype}


# ---- classes without state: every class has to stand in one of these tables --------------------------

PADS = [nn(f"{kind}Pad{n}d", size) for kind in ("Circular", "Reflection", "Replication", "Zero")
        for n in (1, 2, 3) for size in (1, [1, 2] * n)]
POOLS = [node for n in (1, 2, 3) for node in (
    nn(f"AdaptiveAvgPool{n}d", 2), nn(f"AdaptiveAvgPool{n}d", [2] * n),
    nn(f"AdaptiveMaxPool{n}d", 2), nn(f"AdaptiveMaxPool{n}d", [2] * n, return_indices=True),
    nn(f"AvgPool{n}d", 3), nn(f"AvgPool{n}d", 3, 2, padding=1, ceil_mode=True),
    nn(f"MaxPool{n}d", 3), nn(f"MaxPool{n}d", kernel_size=3, stride=2, padding=1, dilation=2),
    nn(f"MaxUnpool{n}d", 2), nn(f"MaxUnpool{n}d", 2, stride=2, padding=0),
    nn(f"LPPool{n}d", 2, 3), nn(f"LPPool{n}d", 1.5, 2, stride=1),
    nn(f"ConstantPad{n}d", 1, 0.5), nn(f"ConstantPad{n}d", padding=[1, 1] * n, value=0),
)]
ACTIVATIONS = [
    nn("CELU"), nn("CELU", 2.0, inplace=True), nn("ELU"), nn("ELU", 0.5), nn("GELU"),
    nn("GELU", approximate="tanh"), nn("GLU"), nn("GLU", 1), nn("Hardshrink"), nn("Hardshrink", 0.1),
    nn("Hardsigmoid"), nn("Hardsigmoid", True), nn("Hardswish"), nn("Hardswish", inplace=True),
    nn("Hardtanh"), nn("Hardtanh", -2, 2), nn("LeakyReLU"), nn("LeakyReLU", 0.2, True),
    nn("LogSigmoid"), nn("LogSigmoid"), nn("LogSoftmax"), nn("LogSoftmax", dim=1), nn("Mish"),
    nn("Mish", inplace=True), nn("RReLU"), nn("RReLU", 0.1, 0.4), nn("ReLU"), nn("ReLU", True),
    nn("ReLU6"), nn("ReLU6", inplace=False), nn("SELU"), nn("SELU", inplace=True), nn("SiLU"),
    nn("SiLU", True), nn("Sigmoid"), nn("Sigmoid"), nn("Softmax"), nn("Softmax", -1), nn("Softmax2d"),
    nn("Softmax2d"), nn("Softmin"), nn("Softmin", 0), nn("Softplus"), nn("Softplus", 2, 10),
    nn("Softshrink"), nn("Softshrink", 0.3), nn("Softsign"), nn("Softsign"), nn("Tanh"), nn("Tanh"),
    nn("Tanhshrink"), nn("Tanhshrink"), nn("Threshold", 0.1, 20), nn("Threshold", 1, value=2),
]
LOSSES = [
    nn("CTCLoss"), nn("CTCLoss", 1, zero_infinity=True), nn("CosineEmbeddingLoss"),
    nn("CosineEmbeddingLoss", 0.5), nn("GaussianNLLLoss"), nn("GaussianNLLLoss", full=True),
    nn("HingeEmbeddingLoss"), nn("HingeEmbeddingLoss", margin=2), nn("HuberLoss"),
    nn("HuberLoss", delta=2), nn("KLDivLoss"), nn("KLDivLoss", log_target=True, reduction="sum"),
    nn("L1Loss"), nn("L1Loss", reduction="none"), nn("MSELoss"), nn("MSELoss", reduction="sum"),
    nn("MarginRankingLoss"), nn("MarginRankingLoss", 1.0), nn("MultiLabelMarginLoss"),
    nn("MultiLabelMarginLoss", reduction="none"), nn("PoissonNLLLoss"), nn("PoissonNLLLoss", False),
    nn("SmoothL1Loss"), nn("SmoothL1Loss", beta=0.5), nn("SoftMarginLoss"),
    nn("SoftMarginLoss", reduction="sum"), nn("TripletMarginLoss"), nn("TripletMarginLoss", 2.0, p=1),
]
OTHERS = [
    nn("ChannelShuffle", 2), nn("ChannelShuffle", groups=3), nn("CosineSimilarity"),
    nn("CosineSimilarity", 0, 1e-6), nn("CrossMapLRN2d", 5), nn("CrossMapLRN2d", 3, 0.1, 0.5, 2),
    nn("Flatten"), nn("Flatten", 0, -2), nn("Fold", 4, 2), nn("Fold", [4, 5], [2, 2], stride=2),
    nn("Unfold", 2), nn("Unfold", [2, 3], padding=1), nn("Unflatten", 1, [2, 3]),
    nn("Unflatten", dim=-1, unflattened_size=[6]), nn("Identity"), nn("Identity", 54, unused=0.1),
    nn("LocalResponseNorm", 2), nn("LocalResponseNorm", 2, k=2.0), nn("Module"), nn("Module"),
    nn("PairwiseDistance"), nn("PairwiseDistance", 1, keepdim=True), nn("PixelShuffle", 2),
    nn("PixelShuffle", upscale_factor=3), nn("PixelUnshuffle", 2), nn("PixelUnshuffle", 3),
    nn("Upsample", scale_factor=2), nn("Upsample", 4, mode="bilinear", align_corners=True),
    nn("UpsamplingBilinear2d", 4), nn("UpsamplingBilinear2d", scale_factor=2),
    nn("UpsamplingNearest2d", 4), nn("UpsamplingNearest2d", scale_factor=2),
    nn("Dropout"), nn("Dropout", 0), nn("Dropout1d", 0.1), nn("Dropout1d", p=1), nn("Dropout2d"),
    nn("Dropout2d", 0.3, True), nn("Dropout3d"), nn("Dropout3d", 1.0), nn("AlphaDropout"),
    nn("AlphaDropout", 0.2), nn("FeatureAlphaDropout"), nn("FeatureAlphaDropout", p=0.9),
    nn("FractionalMaxPool2d", 3, output_size=2), nn("FractionalMaxPool2d", 3, output_ratio=0.5),
    nn("FractionalMaxPool3d", 3, output_size=2), nn("FractionalMaxPool3d", 3, output_ratio=0.5),
    nn("NLLLoss"), nn("NLLLoss", ignore_index=3), nn("NLLLoss2d"), nn("BCELoss"),
    nn("BCELoss", reduction="sum"), nn("CrossEntropyLoss"), nn("CrossEntropyLoss", label_smoothing=0.1),
    nn("MultiLabelSoftMarginLoss"), nn("MultiMarginLoss"), nn("MultiMarginLoss", 2, 0.5),
    nn("BCEWithLogitsLoss"), nn("TripletMarginWithDistanceLoss"),
    nn("TripletMarginWithDistanceLoss", margin=2, swap=True), nn("Sequential"), nn("ModuleList"),
    nn("ModuleDict"), nn("ParameterList"), nn("ParameterDict"), nn("Container"),
]

# ---- classes with state, each in all dtypes ----------------------------------------------------------

LINEAR = [
    nn("Linear", 20, 30), nn("Linear", 5, 3), nn("Linear", 1, 1), nn("Linear", 3, 7, bias=False),
    nn("Linear", in_features=4, out_features=4), nn("Linear", 33, 64, True),
    nn("Bilinear", 7, 5, 3), nn("Bilinear", 2, 3, 1, bias=False), nn("Bilinear", 4, 4, 5, True),
    {"_target_": "torch.nn.modules.linear.NonDynamicallyQuantizableLinear", "_args_": [6, 5]},
]
CONV = [
    nn("Conv1d", 3, 8, 5), nn("Conv1d", 4, 6, kernel_size=3, groups=2, bias=False),
    nn("Conv1d", 2, 3, 3, 2, 1, 2, padding_mode="circular"),
    nn("Conv2d", 6, 4, [3, 5], groups=2), nn("Conv2d", 3, 8, 3, stride=[1, 1], padding="same", bias=0),
    nn("Conv2d", 1, 1, 1), nn("Conv2d", 3, 5, 3, padding="same", padding_mode="reflect"),
    nn("Conv2d", 2, 3, [3]), nn("Conv2d", 2, 3, [3, 1, 2]), nn("Conv2d", 4, 8, 2, 1, 0, 1, 4, False),
    nn("Conv3d", 2, 3, 2), nn("Conv3d", 4, 2, [1, 2, 3], groups=2, bias=False),
    nn("Conv3d", 3, 3, 1, padding_mode="replicate"),
    nn("ConvTranspose1d", 3, 8, 5), nn("ConvTranspose1d", 4, 6, 3, groups=2, bias=False),
    nn("ConvTranspose2d", 6, 4, [3, 5], groups=2), nn("ConvTranspose2d", 2, 3, 3, 2, 1, 1, 1, True, 2),
    nn("ConvTranspose2d", 3, 2, 2, padding="any text"),
    nn("ConvTranspose3d", 2, 3, 2), nn("ConvTranspose3d", 4, 2, [1, 2, 3], groups=2, bias=False),
]
NORM = [
    *[node for n in (1, 2, 3) for node in (
        nn(f"BatchNorm{n}d", 5), nn(f"BatchNorm{n}d", 5, affine=False),
        nn(f"BatchNorm{n}d", 3, track_running_stats=False), nn(f"BatchNorm{n}d", 4, bias=False),
        nn(f"BatchNorm{n}d", 4, 1e-3, None, False, False), nn(f"InstanceNorm{n}d", 5),
        nn(f"InstanceNorm{n}d", 5, affine=True), nn(f"InstanceNorm{n}d", 5, track_running_stats=True),
        nn(f"InstanceNorm{n}d", 2, affine=True, track_running_stats=True, bias=False))],
    nn("SyncBatchNorm", 6), nn("SyncBatchNorm", 6, affine=False), nn("SyncBatchNorm", 6, bias=False),
    nn("SyncBatchNorm", 6, 1e-5, 0.1, True, False, None),
    nn("LayerNorm", 7), nn("LayerNorm", [3, 4]), nn("LayerNorm", []), nn("LayerNorm", 7, bias=False),
    nn("LayerNorm", [2], elementwise_affine=False), nn("LayerNorm", 0),
    nn("RMSNorm", 7), nn("RMSNorm", [3, 4], eps=1e-6), nn("RMSNorm", 5, elementwise_affine=False),
    nn("RMSNorm", []),
    nn("GroupNorm", 2, 6), nn("GroupNorm", 3, 6, affine=False), nn("GroupNorm", 1, 4, bias=False),
    nn("GroupNorm", -2, 4), nn("PReLU"), nn("PReLU", 5), nn("PReLU", 3, 0.1), nn("PReLU", 0),
]
RECURRENT = [
    nn("RNN", 5, 6), nn("RNN", 3, 4, 2, "relu", bidirectional=True), nn("RNN", 2, 3, bias=False),
    nn("RNN", 4, 3, nonlinearity="relu", num_layers=3, dropout=0.5, batch_first=True),
    nn("GRU", 5, 6), nn("GRU", 3, 4, 2, False), nn("GRU", 3, 2, num_layers=2, bidirectional=True),
    nn("LSTM", 5, 6, 2, bidirectional=True, proj_size=3), nn("LSTM", 5, 6), nn("LSTM", 3, 4, bias=False),
    nn("LSTM", 3, 4, 2, True, True, 0.25, True), nn("LSTM", 2, 5, 3, proj_size=2),
    nn("LSTM", 2, 5, 2, proj_size=4, bias=False, bidirectional=True),
    nn("RNNBase", "LSTM", 3, 4), nn("RNNBase", "GRU", 3, 4, 2), nn("RNNBase", "RNN_TANH", 3, 4),
    nn("RNNBase", "RNN_RELU", 3, 4, bidirectional=True), nn("RNNBase", "LSTM", 3, 4, proj_size=2),
    nn("RNNCell", 5, 6), nn("RNNCell", 3, 4, False, "relu"), nn("RNNCell", 3, 4, nonlinearity="any"),
    nn("GRUCell", 5, 6), nn("GRUCell", 3, 4, bias=False), nn("LSTMCell", 5, 6),
    nn("LSTMCell", 3, 4, bias=False), nn("RNNCellBase", 3, 4, True, 2),
    nn("RNNCellBase", 3, 4, bias=False, num_chunks=5),
]
EMBEDDING = [
    nn("Embedding", 10, 7, padding_idx=9), nn("Embedding", 3, 5), nn("Embedding", 10, 7),
    nn("Embedding", 4, 4, 0), nn("Embedding", 10, 16, -1), nn("Embedding", 6, 3, -6, 1.0),
    nn("Embedding", 40, 8, max_norm=1.0, sparse=True), nn("Embedding", 17, 1, 3),
    nn("EmbeddingBag", 10, 7), nn("EmbeddingBag", 3, 5, mode="sum"),
    nn("EmbeddingBag", 10, 7, padding_idx=-2), nn("EmbeddingBag", 9, 2, mode="any text"),
    nn("EmbeddingBag", 5, 3, None, 2.0, False, "max", False, None, True, 4),
]
ATTENTION = [
    nn("MultiheadAttention", 16, 4), nn("MultiheadAttention", 16, 4, bias=False),
    nn("MultiheadAttention", 16, 4, add_bias_kv=True, kdim=10, vdim=12),
    nn("MultiheadAttention", 6, 3, 0.1, True, True), nn("MultiheadAttention", 3, 1, add_bias_kv=True),
    nn("MultiheadAttention", 8, 2, kdim=8, vdim=8, batch_first=True),
    nn("MultiheadAttention", 8, 2, kdim=4, bias=False, add_bias_kv=True, add_zero_attn=True),
    nn("MultiheadAttention", 4, 2, vdim=0, kdim=0),
    nn("TransformerEncoderLayer", 16, 4, 32), nn("TransformerEncoderLayer", 4, 2, 5, bias=False),
    nn("TransformerEncoderLayer", 6, 1, dim_feedforward=7, activation="gelu", norm_first=True),
    nn("TransformerDecoderLayer", 8, 4, 9), nn("TransformerDecoderLayer", 4, 2, 5, bias=False),
    nn("TransformerDecoderLayer", 6, 1, 3, 0.0, "gelu", 1e-6, True, True),
    nn("Transformer", 16, 4, 2, 3, 32), nn("Transformer", 4, 2, 1, 1, 6, bias=False),
    nn("Transformer", 4, 1, 0, 2, 5), nn("Transformer", 4, 1, 2, 0, 5, 0.0, "gelu"),
    nn("Transformer", d_model=6, nhead=3, num_encoder_layers=3, num_decoder_layers=1,
       dim_feedforward=4, norm_first=True, batch_first=True),
]
HEADS = [
    nn("AdaptiveLogSoftmaxWithLoss", 64, 35, [5, 15], head_bias=True),
    nn("AdaptiveLogSoftmaxWithLoss", 16, 20, [4, 10, 15], div_value=2.0),
    nn("AdaptiveLogSoftmaxWithLoss", 3, 10, [2, 5], 4.0, False), nn("AdaptiveLogSoftmaxWithLoss", 8, 9, [3]),
    nn("LinearCrossEntropyLoss", 6, 5), nn("LinearCrossEntropyLoss", 6, 5, bias=True),
    nn("LinearCrossEntropyLoss", 4, 3, out_features=[2, 3], bias=True, reduction="sum"),
    nn("LinearCrossEntropyLoss", 4, 3, label_smoothing=0.5, ignore_index=2),
]
TYPED = [*LINEAR, *CONV, *NORM, *RECURRENT, *EMBEDDING, *ATTENTION, *HEADS]

# ---- edges, float32 ----------------------------------------------------------------------------------

ZERO = [
    nn("Linear", 0, 3), nn("Linear", 3, 0), nn("Linear", 0, 0), nn("Linear", 0, 3, bias=False),
    nn("Bilinear", 2, 0, 3), nn("Bilinear", 2, 3, 0), nn("Conv1d", 0, 3, 2), nn("Conv2d", 3, 0, 2),
    nn("Conv2d", 2, 3, 0), nn("Conv2d", 0, 3, 2, bias=False), nn("Conv2d", 2, 3, []),
    nn("Conv3d", 2, 2, [1, 0, 2]), nn("ConvTranspose1d", 0, 3, 2), nn("ConvTranspose2d", 3, 0, 2),
    nn("ConvTranspose2d", 3, 2, 0), nn("ConvTranspose3d", 2, 3, [0, 1, 1]), nn("BatchNorm1d", 0),
    nn("InstanceNorm2d", 0, affine=True), nn("GroupNorm", 2, 0), nn("RMSNorm", [2, 0]),
    nn("RNNCell", 0, 3), nn("GRUCell", 3, 0), nn("LSTMCell", 0, 0), nn("RNNCellBase", 2, 3, True, 0),
    nn("Embedding", 0, 4), nn("Embedding", 4, 0), nn("Embedding", 4, 0, 2), nn("EmbeddingBag", 0, 3),
    nn("Transformer", 4, 2, 0, 0, 5), nn("TransformerEncoderLayer", 4, 2, 0),
    nn("LinearCrossEntropyLoss", 4, 0, bias=True), nn("LinearCrossEntropyLoss", 0, 3, bias=True),
    nn("LinearCrossEntropyLoss", 4, 3, out_features=[0]),
]
ZERO_NORM = [nn("BatchNorm1d", 0), nn("GroupNorm", 2, 0), nn("RMSNorm", [2, 0])]
LOOSE = [
    nn("Linear", 3, 2, bias=None), nn("Linear", 3, 2, bias="no"), nn("Linear", 3, 2, bias=[]),
    nn("Linear", True, 2), nn("Conv2d", 2, 2, 3, stride=0, padding=-1, dilation=0),
    nn("Conv2d", 2, 4, True), nn("BatchNorm1d", 3, eps="x", momentum="y"), 
    nn("MultiheadAttention", 4, True), nn("LSTM", True, True, 1), nn("LSTM", 2, 3, dropout=True - 1),
    nn("RNN", 2, 3, dropout=1), nn("Embedding", 3, 2, padding_idx=True), nn("Embedding", 3, 2, _weight=None),
    nn("Embedding", 3, 2, None, None, 2.0, False, False, None, True),
    nn("AdaptiveLogSoftmaxWithLoss", 8, 9, [3], 4), nn("AdaptiveLogSoftmaxWithLoss", 8, 9, [3, 5], 0.5),
    nn("LSTM", 2, 3, dropout=0.5), nn("GRU", 2, 3, dropout=1), nn("Hardtanh", min_value=-3, max_value=2),
    nn("Linear", 3, 2, device="cpu"), nn("Linear", 3, 2, True, "cpu"), nn("Linear", 3, 2, device=None,
                                                                         dtype=None),
]
BUFFERS = [nn(f"BatchNorm{n}d", 3, affine=False, dtype=dtype) for n in (1, 2)
           for dtype in ("int64", "int8", "uint8", "bool")]
META8 = [nn("Linear", 2, 3, dtype="float8_e4m3fn", device="meta"),
         nn("LayerNorm", 5, dtype="float8_e5m2", device="meta")]

# ---- lazy classes: names, and that nothing is drawn --------------------------------------------------

LAZY = [
    nn("LazyLinear", 4), nn("LazyLinear", 4, bias=False), nn("LazyLinear", 4, dtype="float64"),
    *[node for n in (1, 2, 3) for node in (
        nn(f"LazyConv{n}d", 4, 3), nn(f"LazyConv{n}d", 4, 3, groups=2, bias=False),
        nn(f"LazyConvTranspose{n}d", 4, 3), nn(f"LazyConvTranspose{n}d", 4, 3, bias=False),
        nn(f"LazyBatchNorm{n}d"), nn(f"LazyBatchNorm{n}d", affine=False),
        nn(f"LazyBatchNorm{n}d", track_running_stats=False), nn(f"LazyInstanceNorm{n}d"),
        nn(f"LazyInstanceNorm{n}d", affine=False), nn(f"LazyBatchNorm{n}d", bias=False),
        nn(f"LazyInstanceNorm{n}d", affine=False, track_running_stats=False))],
]

# ---- modules and tensors among the arguments ---------------------------------------------------------


def nested(dtype):
    """Descriptions whose arguments are modules or tensors."""
    own = {"dtype": dtype_object(dtype)}

    def inner(name, *args, **kwargs):
        return nn(name, *args, **kwargs, **own)

    layer = inner("TransformerEncoderLayer", 8, 2, 9)
    decoder = inner("TransformerDecoderLayer", 8, 2, 9)
    norm = inner("LayerNorm", 8)
    yield nn("TransformerEncoder", layer, 3)
    yield nn("TransformerEncoder", layer, 2, norm)
    yield nn("TransformerEncoder", inner("Linear", 3, 2), 2, norm=inner("Linear", 2, 2))
    yield nn("TransformerEncoder", norm=inner("Linear", 8, 8), encoder_layer=layer, num_layers=1)
    yield nn("TransformerEncoder", layer, 0)
    yield nn("TransformerEncoder", layer, -1, norm, False, False)
    yield nn("TransformerEncoder", inner("TransformerEncoderLayer", 4, 2, 5, activation=inner("PReLU", 3)), 2)
    yield nn("TransformerDecoder", decoder, 2)
    yield nn("TransformerDecoder", decoder, 1, inner("Linear", 3, 3))
    yield nn("TransformerDecoder", inner("GRU", 2, 3), 2)
    yield inner("TransformerEncoderLayer", 4, 2, 5, activation=inner("PReLU"))
    yield inner("TransformerDecoderLayer", 4, 2, 5, activation=nn("GELU"))
    yield inner("Transformer", 4, 2, 1, 2, 5, activation=inner("PReLU"))
    yield inner("Transformer", 8, 2, 1, 1, 5, custom_encoder=nn("TransformerEncoder", layer, 2))
    yield inner("Transformer", 8, 2, 1, 1, 5, custom_decoder=nn("TransformerDecoder", decoder, 2))
    yield inner("Transformer", 8, 2, custom_encoder=inner("MultiheadAttention", 3, 1, add_bias_kv=True),
                custom_decoder=nn("Sequential", inner("Conv2d", 2, 3, 2), inner("Embedding", 3, 5)))
    yield nn("Sequential", inner("Linear", 3, 4), nn("ReLU"), inner("Linear", 4, 2, bias=False))
    yield nn("Sequential", ordered(stem=inner("Conv2d", 3, 4, 3), norm=inner("BatchNorm2d", 4),
                                   act=nn("ReLU"), head=inner("Linear", 4, 2)))
    yield nn("Sequential", inner("Embedding", 3, 5), nn("Sequential", inner("Embedding", 1, 3),
                                                        inner("LSTM", 3, 2)), inner("Bilinear", 2, 2, 2))
    yield nn("Sequential", inner("Linear", 2, 2), None, inner("Linear", 2, 2))
    yield nn("ModuleList", [inner("Linear", 3, 3), inner("GRUCell", 3, 2), inner("PReLU", 2)])
    yield nn("ModuleList", modules=[nn("ModuleList", [inner("Linear", 1, 1)])])
    yield nn("ModuleDict", {"b": inner("Linear", 3, 3), "a": inner("Conv1d", 2, 2, 1), "c": nn("Tanh")})
    yield nn("ModuleDict", modules={"x": nn("ModuleDict", {"y": inner("Embedding", 5, 3)})})
    yield nn("Container", b=inner("Linear", 2, 3), a=inner("Embedding", 3, 3), none=None)
    yield nn("DataParallel", inner("Linear", 3, 4))
    yield nn("DataParallel", module=nn("Sequential", inner("Conv2d", 2, 2, 2), inner("GroupNorm", 2, 2)))
    yield nn("TripletMarginWithDistanceLoss", distance_function=inner("Bilinear", 3, 3, 1))
    yield nn("TripletMarginWithDistanceLoss", distance_function=nn("PairwiseDistance"), margin=0.5)
    yield nn("Identity", inner("Linear", 2, 2))
    ones = tensor("ones", 3, **own)
    yield nn("NLLLoss", ones)
    yield nn("NLLLoss2d", weight=ones)
    yield nn("BCELoss", weight=tensor("zeros", 2, 3, **own))
    yield nn("CrossEntropyLoss", ones, label_smoothing=0.1)
    yield nn("MultiLabelSoftMarginLoss", ones)
    yield nn("MultiMarginLoss", 2, 1.0, ones)
    yield nn("BCEWithLogitsLoss", ones, pos_weight=tensor("ones", 2, 2, **own))
    yield nn("BCEWithLogitsLoss", pos_weight=ones)
    yield inner("LinearCrossEntropyLoss", 4, 3, weight=tensor("ones", 3), bias=True)
    yield nn("ParameterList", [ones, tensor("zeros", 2, 2, **own)])
    yield nn("ParameterList", values=[ones, 3, None, "text"])
    yield nn("ParameterDict", {"b": ones, "a": tensor("zeros", 2, **own)})
    yield nn("ParameterDict", parameters=ordered(b=ones, a=tensor("zeros", 2, **own)))
    yield nn("Embedding", 3, 2, _weight=tensor("ones", 3, 2, **own))
    yield nn("Embedding", 3, 2, padding_idx=1, _weight=tensor("ones", 3, 2, **own))
    yield nn("EmbeddingBag", 3, 2, _weight=tensor("ones", 3, 2, **own), padding_idx=0)
    yield nn("FractionalMaxPool2d", 3, output_size=2, _random_samples=tensor("ones", 2, 3, 2, **own))
    yield nn("FractionalMaxPool3d", 3, output_ratio=0.5, _random_samples=tensor("ones", 1, 2, 3, **own))
    yield {"_target_": "torch.nn.Embedding.from_pretrained", "_args_": [tensor("ones", 4, 3, **own)]}
    yield {"_target_": "torch.nn.EmbeddingBag.from_pretrained",
           "embeddings": tensor("zeros", 2, 3, **own), "freeze": False, "padding_idx": 1}


# ---- several modules on one generator: small normal fills keep a value back for the next -------------


def sequences(dtype):
    def of(*nodes):
        return [typed(node, dtype) for node in nodes]

    yield of(nn("Embedding", 3, 5), nn("Embedding", 1, 3))
    yield of(nn("Embedding", 1, 1), nn("Embedding", 1, 2), nn("Embedding", 1, 1))
    yield of(nn("Embedding", 1, 7), nn("Linear", 3, 2), nn("Embedding", 3, 3))
    yield of(nn("Embedding", 1, 1), nn("Embedding", 4, 4), nn("Embedding", 1, 1))
    yield of(nn("Embedding", 1, 1), nn("Embedding", 1, 17), nn("Embedding", 1, 2))
    yield of(nn("Embedding", 1, 3), nn("MultiheadAttention", 3, 1, add_bias_kv=True), nn("Embedding", 1, 5))
    yield of(nn("EmbeddingBag", 5, 1), nn("Embedding", 0, 4), nn("LSTM", 2, 3), nn("EmbeddingBag", 1, 3))
    yield of(nn("Linear", 3, 3), nn("Conv2d", 1, 2, 3), nn("Linear", 5, 5))


# ---- making the lines --------------------------------------------------------------------------------


def is_lazy(module):
    kinds = (UninitializedParameter, UninitializedBuffer)
    return any(isinstance(value, kinds) for _, value in [*module.named_parameters(), *module.named_buffers()])


def tensors_of(module):
    if is_lazy(module):
        return list(module.state_dict())
    return [entry(name, value) for name, value in module.state_dict().items()]


def reset_outcome(module, row):
    torch.manual_seed(row["seed"])
    try:
        module.reset_parameters()
    except AttributeError as error:
        return failure(error)
    after = {"tensors": tensors_of(module), "state": state_hash()}
    same = after == {"tensors": row["tensors"][0], "state": row["state"]}
    return "same" if same else after


def skip_outcome(node, row):
    torch.manual_seed(row["seed"])
    before = state_hash()
    cls, args, kwargs = call(node)
    try:
        module = torch.nn.utils.skip_init(cls, *args, **kwargs)
        names = [name for name, _ in module.state_dict().items()]
        assert names == [item[0] for item in row["tensors"][0]]
        outcome = "ok"
    except Exception as error:  # noqa: BLE001 - whatever torch says is the answer
        outcome = failure(error)
    assert state_hash() == before
    return outcome


def line(nodes, seed):
    torch.manual_seed(seed)
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        modules = [evaluate(node) for node in nodes]
    row = {"seed": seed, "build": copy.deepcopy(nodes),
           "tensors": [tensors_of(module) for module in modules], "state": state_hash()}
    if warned := warning_rows(given):
        row["warnings"] = warned
    if len(nodes) == 1:
        row["reset"] = reset_outcome(modules[0], row)
        if not is_nested(nodes[0]):
            row["skip"] = skip_outcome(nodes[0], row)
    return row


def cases():
    yield from ([node] for node in [*PADS, *POOLS, *ACTIVATIONS, *LOSSES, *OTHERS])
    for dtype in (*FLOATS, *COMPLEX):
        yield from ([typed(node, dtype)] for node in TYPED)
    yield from ([node] for node in [*ZERO, *LOOSE, *BUFFERS, *META8, *LAZY])
    for node in [*TYPED, *ZERO, *LAZY]:
        yield [node | {"device": "meta"}]
    for dtype in FLOATS:
        yield from ([node] for node in nested(dtype))
        yield from sequences(dtype)
    yield from ([node] for node in nested("complex64"))
    for dtype in FLOAT8:
        yield from ([typed(node, dtype)] for node in [*NORM, *ZERO_NORM])


def rows():
    seen = {}
    for number, nodes in enumerate(cases()):
        seed = SEEDS[number % len(SEEDS)]
        try:
            yield line(nodes, seed)
        except Exception:
            print("failed:", nodes)
            raise
        for node in nodes:
            name = node["_target_"].rpartition(".")[2]
            seen[name] = seen.get(name, 0) + 1
    classes = [name for name in dir(torch.nn) if inspect.isclass(getattr(torch.nn, name))
               and issubclass(getattr(torch.nn, name), torch.nn.Module)]
    assert len(classes) == 163
    rare = [name for name in classes if seen.get(name, 0) < 2]
    assert not rare, rare


# ---- the digests that torch 1.13.1, 2.11.0 and 2.13.0 were seen to agree on --------------------------

F64, BF16, F16 = "float64", "bfloat16", "float16"
LAYER = nn("TransformerEncoderLayer", 16, 4, 32)
DIGESTS = [
    (nn("Linear", 20, 30), "5d1007511b465e14", 0x3F5062BA),
    (nn("Linear", 20, 30, bias=False), "c89d81f58d9b7d69", 0x3DA02B40),
    (nn("Conv2d", 6, 4, [3, 5], groups=2), "8e0f8b4a28595122", 0x3F3D8133),
    (nn("ConvTranspose2d", 6, 4, [3, 5], groups=2), "b6a6a0c494680b67", 0x3F3D8133),
    (nn("Bilinear", 7, 5, 3), "6d1fe8463322fa99", 0x3EF1E4FE),
    (nn("LSTM", 5, 6, 2, bidirectional=True, proj_size=3), "304de3e28ee63ed4", 0x3F312869),
    (nn("GRUCell", 5, 6), "811f157d4f9b1580", 0x3F4E4C98),
    (nn("MultiheadAttention", 16, 4), "60e52aa0d97011f7", 0x3E39F098),
    (nn("MultiheadAttention", 16, 4, add_bias_kv=True, kdim=10, vdim=12), "c92e4e00cab63329", 0x3F14A72E),
    (LAYER, "9db67c42d9f9123a", 0x3F05657F),
    (nn("TransformerEncoder", LAYER, 3), "f4b0fba304d03633", 0x3F05657F),
    (nn("Transformer", 16, 4, 2, 3, 32), "032498b569b04dc2", 0x3E03656C),
    (nn("AdaptiveLogSoftmaxWithLoss", 64, 35, [5, 15], head_bias=True), "1d26453cda75a464", 0x3EA198D4),
    (nn("BatchNorm2d", 5), "83e1cb8b2e719b19", 0x3EFE1558),
    (nn("Embedding", 10, 7, padding_idx=9), "ee13b5693084178f", 0x3ED5DF52),
    (nn("Embedding", 3, 5), "feb39d97c8afee24", 0x3E3421CC),
    (nn("Linear", 20, 30, dtype=F64), "0723d80f24a31735", 0x3D0E9CF0),
    (nn("Linear", 20, 30, dtype=BF16), "7a41032c4db0ba89", 0x3F5062BA),
    (nn("Linear", 20, 30, dtype=F16), "868adfe9c6de6e21", 0x3F5062BA),
    (nn("Embedding", 10, 7, dtype=F64), "7971de01a7a1c3b3", 0x3F73959B),
    (nn("Embedding", 10, 7, dtype=BF16), "85e40434a5b2bdad", 0x3D0B5BA0),
    (nn("Embedding", 10, 7, dtype=F16), "5b831c517cc7e413", 0x3D0B5BA0),
]


def check_digests():
    """This machine's torch fuses uniform's multiply and add, as the wheel does on AVX2 and AVX512."""
    for node, expected, bits in DIGESTS:
        torch.manual_seed(0)
        digest = hashlib.sha256(b"".join(map(raw_bytes, evaluate(node).state_dict().values())))
        assert digest.hexdigest()[:16] == expected, node
        assert struct.unpack("<I", struct.pack("<f", torch.rand(1).item()))[0] == bits, node


def main():
    warnings.simplefilter("ignore")
    check_digests()
    count = write_rows("tests/nn/vectors/modules.txt",
                       "one JSON object per line; see the head of that script", rows())
    print(f"{count} cases")


if __name__ == "__main__":
    main()
