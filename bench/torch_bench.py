"""Measures PyTorch: reads one case per line, prints one line of JSON each, as sow_bench.c does.

  fill NAME DTYPE ROWS COLS THREADS   a fill in place, into memory that was touched before
  fresh NAME DTYPE ROWS COLS THREADS  torch.empty and a fill
  skip_init IN OUT                    torch.nn.utils.skip_init(Linear, IN, OUT)
  linears FILE N IN OUT               a Sequential of N Linear, saved with safetensors
  from_config CONFIG FOLDER           a transformers model from its config, saved

With --once CASE... it runs that one case and ends: a whole process to be timed from outside.
SPDX-License-Identifier: Apache-2.0
"""
import json
import sys
import time

import torch

MIN_SECONDS = 0.02
LONG = 10**7  # elements; memory is then touched beforehand and a call is not made untimed
DTYPES = {"f32": torch.float32, "f64": torch.float64, "f16": torch.float16,
          "bf16": torch.bfloat16}
FILLS = {
    "uniform": lambda t, g: torch.nn.init.uniform_(t, generator=g),
    "normal": lambda t, g: torch.nn.init.normal_(t, generator=g),
    "trunc_normal_narrow": lambda t, g: torch.nn.init.trunc_normal_(t, 0.0, 0.02, -0.04, 0.04,
                                                                   generator=g),
    "trunc_normal_wide": lambda t, g: torch.nn.init.trunc_normal_(t, 0.0, 0.02, -2.0, 2.0,
                                                                 generator=g),
    "kaiming_uniform": lambda t, g: torch.nn.init.kaiming_uniform_(t, generator=g),
    "orthogonal": lambda t, g: torch.nn.init.orthogonal_(t, generator=g),
    "sparse": lambda t, g: torch.nn.init.sparse_(t, 0.1, generator=g),
}


def repeat(call, is_long=False):
    """One untimed call, unless it is long, then more and more; the mean of the timed ones."""
    if not is_long:
        call()
    n_calls, seconds = 1, 0.0
    while True:
        begun = time.perf_counter()
        for _ in range(n_calls):
            call()
        seconds = time.perf_counter() - begun
        if seconds >= MIN_SECONDS:
            return {"seconds": seconds / n_calls, "calls": n_calls}
        n_calls *= 2


def fill(name, dtype, rows, cols, threads):
    torch.set_num_threads(int(threads))
    tensor = torch.empty(int(rows), int(cols), dtype=DTYPES[dtype]).fill_(1)
    generator = torch.Generator()
    return repeat(lambda: FILLS[name](tensor, generator), tensor.numel() >= LONG)


def fresh(name, dtype, rows, cols, threads):
    torch.set_num_threads(int(threads))
    generator = torch.Generator()
    return repeat(lambda: FILLS[name](torch.empty(int(rows), int(cols), dtype=DTYPES[dtype]),
                                      generator), int(rows) * int(cols) >= LONG)


def skip_init(n_in, n_out):
    return repeat(lambda: torch.nn.utils.skip_init(torch.nn.Linear, int(n_in), int(n_out)))


def linears(path, n, n_in, n_out):
    import safetensors.torch

    begun = time.perf_counter()
    torch.manual_seed(42)
    net = torch.nn.Sequential(*[torch.nn.Linear(int(n_in), int(n_out)) for _ in range(int(n))])
    safetensors.torch.save_file(net.state_dict(), path)
    return {"seconds": time.perf_counter() - begun, "calls": 1}


def from_config(config, folder):
    import transformers

    begun = time.perf_counter()
    torch.manual_seed(42)
    with open(config, encoding="utf-8") as file:
        fields = json.load(file)
    fields.pop("model_type", None)
    made = transformers.GPT2Config.from_dict(fields)
    model = transformers.AutoModelForCausalLM.from_config(made, dtype=made.dtype)
    model.save_pretrained(folder)
    return {"seconds": time.perf_counter() - begun, "calls": 1}


CASES = {case.__name__: case for case in (fill, fresh, skip_init, linears, from_config)}


def run(words):
    try:
        return CASES[words[0]](*words[1:])
    except (KeyError, RuntimeError) as error:
        return {"error": str(error).splitlines()[0]}


def main():
    torch.set_grad_enabled(False)
    if sys.argv[1:2] == ["--once"]:
        print(json.dumps(run(sys.argv[2:])))
        return
    for line in sys.stdin:
        print(json.dumps(run(line.split())), flush=True)


if __name__ == "__main__":
    main()
