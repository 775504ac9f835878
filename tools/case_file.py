"""Writing vector files: write_lines for those of one case per line, CaseFile for those that
tests/models reads, one block per case, one fact per line.

case NAME
  arch CLASS             class to build (absent: as the config says)
  names bridge           which names (absent: native)
  seed N                 of the global generator
  init_seed N            seed argument of the initialisation
  dtype NAME             dtype argument
  checkpoint             there is one, though it may be empty
  ignore_mismatched      option
  have NAME DTYPE SHAPE VALUE   a tensor of the checkpoint; equal VALUE means equal bytes
  config JSON
  error TYPE MESSAGE     the build fails; nothing below
  tensor NAME DTYPE SHAPE XXH3-128   drawn or constant, in state_dict order
  loaded NAME DTYPE SHAPE VALUE      comes from the checkpoint tensor of that VALUE
  mismatched NAME
  unexpected NAME
  state XXH3-128         of the global generator's state afterwards
end
SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import sys

import torch
import xxhash

DTYPES = {torch.float32: "f32", torch.float64: "f64", torch.float16: "f16",
          torch.bfloat16: "bf16", torch.complex64: "c64"}


def tensor_hash(tensor):
    data = tensor.detach().cpu().contiguous()
    raw = data.reshape(-1).view(torch.uint8).numpy().tobytes() if data.numel() else b""
    return xxhash.xxh3_128_hexdigest(raw)


def shape_text(tensor):
    return ",".join(str(size) for size in tensor.shape) or "scalar"


def state_hash():
    return xxhash.xxh3_128_hexdigest(torch.get_rng_state().numpy().tobytes())


def error_line(error):
    message = str(error).split("\n", 1)[0]
    return f"error {type(error).__name__} {message}"


def write_lines(default, lines):
    """Writes a line on the origin and the lines to the file that the command line names, else to the
    default; their number."""
    root = pathlib.Path(__file__).resolve().parent.parent
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / default
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with open(path, "w", encoding="utf-8") as file:
        print(f"# tools/{pathlib.Path(sys.argv[0]).name}: torch {torch.__version__}", file=file)
        for line in lines:
            print(line, file=file)
            count += 1
    return count


class CaseFile:
    def __init__(self, path, made_with):
        self.file = open(path, "w", encoding="utf-8")
        self.count = 0
        print(f"# {made_with}", file=self.file)
        print("# format: see tools/case_file.py", file=self.file)

    def block(self, name, options, config, lines):
        self.count += 1
        print(f"case {name}", file=self.file)
        for line in [*options, "config " + json.dumps(config), *lines, "end"]:
            print(line, file=self.file)

    def close(self):
        self.file.close()
