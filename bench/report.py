"""Turns what run.py measured into docs/benchmarks.md.

usage: report.py bench.json > docs/benchmarks.md
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import platform
import statistics
import subprocess
import sys



# ---- the machine ----

def first_value(path, key):
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith(key):
                return line.split(":", 1)[1].strip()
    return "unknown"


def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def machine(python, sow, folder, load):
    versions = ""
    if python:
        versions = output_of(python, "-c",
                             "import torch, transformers, safetensors as s\n"
                             "print(f'torch {torch.__version__}, transformers '"
                             "f'{transformers.__version__}, safetensors {s.__version__}')")
    flags = first_value("/proc/cpuinfo", "flags").split()
    return {
        "cpu": first_value("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "sets": [flag for flag in ("avx2", "fma", "avx512f", "avx512dq") if flag in flags],
        "memory": first_value("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "disk": output_of("stat", "-f", "-c", "%T", str(folder)),
        "sow": output_of(sow, "version").splitlines()[:1],
        "versions": versions,
        "load": [[round(one, 2) for one in three] for three in load],
    }


# ---- figures ----

class Results:
    """Cases by name; a figure that was not measured is None and stays None."""

    def __init__(self, results):
        self.cases = results

    def seconds(self, case, side="sow"):
        values = self.cases.get(case, {}).get(side, {}).get("seconds")
        return statistics.median(values) if values else None

    def ratio(self, case, over="torch", side="sow"):
        """The median of the ratios of the rounds, each of two neighbours in time."""
        pair = [self.cases.get(case, {}).get(key, {}).get("seconds") for key in (over, side)]
        if not pair[0] or not pair[1]:
            return None
        return statistics.median(a / b for a, b in zip(*pair))

    def spread(self, case, side):
        values = self.cases[case][side]["seconds"]
        return (max(values) - min(values)) / statistics.median(values) if len(values) > 1 else None

    def get(self, case, side, key):
        return self.cases.get(case, {}).get(side, {}).get(key)


def fill_case(name, dtype, rows, cols, threads, verb="fill"):
    return f"{verb} {name} {dtype} {rows} {cols} {threads}"


def large(name, dtype, threads, verb="fill"):
    return fill_case(name, dtype, 6000, 10000, threads, verb)


def quotient(a, b):
    return a / b if a is not None and b else None


def errors(results):
    return [entry["error"] for sides in results.values() for entry in sides.values()
            if "error" in entry]


def in_time(seconds):
    if seconds is None:
        return "-"
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def times(value):
    return "-" if value is None else f"{value:.3g}x"


def share(value):
    return "-" if value is None else f"{value * 100:.0f}%"


def in_mib(n_bytes):
    return "-" if n_bytes is None else f"{n_bytes / 2**20:,.0f} MiB"


# ---- goals ----

def fill_goals(r):
    memset = {n: r.seconds(f"memset 240000000 {n}") for n in (1, 2)}
    yield ("uniform f32, 1 thread, against PyTorch", ">=", 15, r.ratio(large("uniform", "f32", 1)),
           times)
    yield "uniform f32, 2 threads", ">=", 28, r.ratio(large("uniform", "f32", 2)), times
    for n in (1, 2):
        yield (f"uniform f32, {n} thread{'s' * (n > 1)}, against memset", ">=", 0.8,
               quotient(memset[n], r.seconds(large("uniform", "f32", n))), share)
    yield "normal f32, 1 thread", ">=", 6, r.ratio(large("normal", "f32", 1)), times
    yield "normal f32, 2 threads", ">=", 12, r.ratio(large("normal", "f32", 2)), times
    yield ("normal f32, 1 thread, per element", "<=", 0.55e-9,
           quotient(r.seconds(large("normal", "f32", 1)), 6e7), in_time)
    for dtype in ("bf16", "f16"):
        yield f"normal {dtype}, 1 thread", ">=", 8, r.ratio(large("normal", dtype, 1)), times
        yield f"normal {dtype}, 2 threads", ">=", 15, r.ratio(large("normal", dtype, 2)), times
    yield "normal f64, 1 thread", ">=", 4, r.ratio(large("normal", "f64", 1)), times
    yield ("trunc_normal f32 wide, 2 threads", ">=", 15,
           r.ratio(large("trunc_normal_wide", "f32", 2)), times)
    yield ("trunc_normal f32 narrow, 2 threads", ">=", 40,
           r.ratio(large("trunc_normal_narrow", "f32", 2)), times)
    for n in (1, 2):
        yield (f"orthogonal f32 2048x2048, {n} thread{'s' * (n > 1)}", ">=", 1,
               r.ratio(fill_case("orthogonal", "f32", 2048, 2048, n)), times)


def small_goals(r):
    for name in ("uniform", "normal"):
        whole = r.seconds(fill_case(name, "f32", 10, 10, 1))
        part = r.seconds(fill_case(name, "f32", 1000, 1000, 1))
        rest = whole - part * 1e-4 if whole is not None and part is not None else None
        yield f"{name} f32 of 100 elements, beyond the elements", "<=", 200e-9, rest, in_time
    for dtype in ("f32", "f64", "bf16"):
        yield (f"normal {dtype}, 2 threads against 1", ">=", 1.9,
               quotient(r.seconds(large("normal", dtype, 1)), r.seconds(large("normal", dtype, 2))),
               times)
    for name in ("uniform", "normal"):
        per = {n: quotient(r.seconds(fill_case(name, "f32", *shape, 1)), n)
               for n, shape in ((1e6, (1000, 1000)), (6e7, (6000, 10000)),
                                (2.5e8, (25000, 10000)))}
        known = [value for value in per.values() if value is not None]
        yield (f"{name} f32, time per element, 1e6 to 2.5e8: largest over smallest", "<=", 1.1,
               max(known) / min(known) if len(known) == 3 else None, times)


def model_goals(r):
    peak = r.get("2b", "sow", "peak_bytes")
    yield "GPT-2 small to disk, whole process", ">=", 40, r.ratio("gpt2 small"), times
    yield ("GPT-2 small against from_config + save_pretrained alone", ">=", 25,
           r.ratio("gpt2 small", "torch alone"), times)
    for side in ("dd", "dd direct"):
        yield f"2 billion parameters, bf16, against {side}", ">=", 0.85, r.ratio("2b", side), share
    yield "2 billion parameters, peak memory", "<=", 128 * 2**20, peak, in_mib
    yield ("guarded model: words drawn", "<=", 0, r.get("guarded", "sow", "n_drawn"),
           lambda n: "-" if n is None else str(n))


def goal_lines(r):
    lines = ["| goal | at | measured | reached |", "|---|---|---|---|"]
    for what, sign, bound, value, text in [*fill_goals(r), *small_goals(r), *model_goals(r)]:
        reached = "not measured"
        if value is not None:
            reached = "yes" if (value >= bound if sign == ">=" else value <= bound) else "**no**"
        sign_text = "at least" if sign == ">=" else "at most"
        lines.append(f"| {what} | {sign_text} {text(bound)} | {text(value)} | {reached} |")
    return lines


# ---- tables ----

def fill_lines(r, verb):
    lines = ["| fill | dtype | shape | threads | PyTorch | sow | per element | ratio | spread |",
             "|---|---|---|---|---|---|---|---|---|"]
    for case in r.cases:
        words = case.split()
        if words[0] != verb:
            continue
        _, name, dtype, rows, cols, threads = words
        if r.get(case, "sow", "error"):
            continue
        seconds = r.seconds(case)
        spreads = [r.spread(case, side) for side in ("torch", "sow") if r.seconds(case, side)]
        spread = "-" if None in spreads else " ".join(share(one) for one in spreads)
        lines.append(f"| {name} | {dtype} | {rows} x {cols} | {threads} | "
                     f"{in_time(r.seconds(case, 'torch'))} | {in_time(seconds)} | "
                     f"{in_time(quotient(seconds, int(rows) * int(cols)))} | "
                     f"{times(r.ratio(case))} | {spread} |")
    return lines


MODELS = [
    ("GPT-2 small (498 MB)", "gpt2 small", [
        ("Python process: from_config, save_pretrained", "torch"),
        ("the same, imports not counted", "torch alone"),
        ("`sow init`", "sow"), ("`sow init --threads 1`", "sow 1 thread")]),
    ("20 x Linear(4096, 4096) (1.34 GB)", "linears", [
        ("Python process: torch.nn, safetensors save_file", "torch"),
        ("the same, imports not counted", "torch alone"), ("`sow init net.json`", "sow")]),
    ("the same, all tensors from a checkpoint", "from", [
        ("`cp` and `sync`", "cp"), ("`sow init net.json --from`", "sow")]),
    ("the same, loaded into memory and reset under the guard", "guarded", [
        ("the bytes read, nothing else", "read"), ("library", "sow")]),
    ("GPT-2 shaped, 2 billion parameters, bf16 (4 GB)", "2b", [
        ("`dd conv=fsync` of the same bytes from memory", "dd"),
        ("`dd conv=fsync oflag=direct`", "dd direct"),
        ("Python process (once)", "torch"), ("the same, imports not counted (once)", "torch alone"),
        ("`sow init`", "sow")]),
    ("the same, to a file in memory", "2b memory", [("`sow init`", "sow")]),
]


def model_lines(r):
    lines = [
        "| what | by | time | spread | against `sow` | peak memory |", "|---|---|---|---|---|---|"]
    for what, case, sides in MODELS:
        for who, side in sides:
            seconds = r.seconds(case, side)
            error = r.get(case, side, "error")
            if seconds is None and error is None:
                continue
            time_text = in_time(seconds) if seconds is not None else f"failed: {error}"
            spread = r.spread(case, side) if seconds is not None else None
            ratio = times(r.ratio(case, side)) if side != "sow" else ""
            lines.append(f"| {what} | {who} | {time_text} | {share(spread)} | {ratio} | "
                         f"{in_mib(r.get(case, side, 'peak_bytes'))} |")
    return lines


def limit_lines(r):
    lines = ["| what | time | rate |", "|---|---|---|"]
    for case in r.cases:
        words = case.split()
        if words[0] in ("memset", "stream"):
            seconds = r.seconds(case)
            what = "memset" if words[0] == "memset" else "stores past the caches"
            lines.append(f"| {what}, {int(words[1]) / 1e6:.0f} MB, threads: {words[2]} | "
                         f"{in_time(seconds)} | {int(words[1]) / 1e9 / seconds:.1f} GB/s |")
    for side in ("dd", "dd direct", "sow"):
        seconds, n_bytes = r.seconds("2b", side), r.get("2b", "sow", "file_bytes")
        if seconds and n_bytes:
            lines.append(f"| disk, {n_bytes / 1e6:.0f} MB, {side} | {in_time(seconds)} | "
                         f"{n_bytes / 1e9 / seconds:.2f} GB/s |")
    lines += [
        f"| `sow version`, whole process | {in_time(r.seconds('start'))} | |",
        f"| `/bin/true`, whole process | {in_time(r.seconds('start', 'true'))} | |",
        f"| seek to word 10^12 and draw one | {in_time(r.seconds('seek 1000000000000'))} | |",
        f"| skip_init(Linear, 10000, 10000), sow | "
        f"{in_time(r.seconds('skip_init 10000 10000'))} | |",
        f"| skip_init(Linear, 10000, 10000), PyTorch | "
        f"{in_time(r.seconds('skip_init 10000 10000', 'torch'))} | |",
    ]
    return lines


def machine_lines(about):
    before, after = about["load"]
    return [
        f"- CPU: {about['cpu']}, {about['cores']} cores, {' '.join(about['sets'])}",
        f"- memory: {about['memory']}; file system: {about['disk']}; Linux {about['kernel']}",
        f"- {' '.join(about['sow'])}" + (f"; {about['versions']}" if about["versions"] else ""),
        f"- load average before the run {before[0]}, after it {after[0]}" +
        ("" if before[0] <= 0.5 else ": **others used the machine during this run**; times and "
         "ratios, above all with two threads, are worse than on a quiet one"),
    ]


PAGE = """# Benchmarks

This page is written by `make bench`, which measures PyTorch and sow in turn on one machine,
round by round. Times are medians over the rounds; a ratio is the median of the ratios of
neighbouring rounds, PyTorch's time over sow's; the spread is (largest - smallest) / median,
of PyTorch and of sow. Goals that are not reached stand here too.

## Machine

{machine}

## Goals

Fills have 6000 x 10000 elements unless it says otherwise, and run in place into memory that
was touched before. Wide is std 0.02 within -2 and 2, narrow std 0.02 within two of them.

{goals}

{tables}
"""

TABLES = """## Whole models

Files of sow are flushed to disk before the process ends; those of Python are not, `dd` does
it too, and its data are the model's own random bytes from a file in memory. Everything that
was written is on disk before a process is started.

{models}

## Limits and small things

{limits}

## Fills in place

orthogonal and sparse are made by one call, in which LAPACK may use as many threads as the
column says.

{fills}

## Fills into fresh memory

{fresh}"""


def tables(results):
    r = Results(results)
    parts = {"models": model_lines(r), "limits": limit_lines(r), "fills": fill_lines(r, "fill"),
             "fresh": fill_lines(r, "fresh")}
    text = TABLES.format(**{name: "\n".join(lines) for name, lines in parts.items()})
    failed = sorted(set(errors(results)))
    if failed:
        text += "\n\n## What failed\n\n" + "\n".join(f"- {error}" for error in failed)
    return text


def page(about, results):
    return PAGE.format(machine="\n".join(machine_lines(about)),
                       goals="\n".join(goal_lines(Results(results))), tables=tables(results))


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as measured:
        saved = json.load(measured)
    print(page(saved["machine"], saved["results"]), end="")
