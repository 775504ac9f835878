"""Measures sow beside PyTorch, round by round in turn, and writes docs/benchmarks.md.

usage: run.py [--quick] [--build DIR] [--python PYTHON] [--folder DIR] [--page FILE]

--quick measures sow alone, small and once, and writes no page: it shows that the harness works.
--python has the packages of tools/oracle.txt. --folder takes the files that are written; the disk
that it is on is the disk that is measured.
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import report

HERE = pathlib.Path(__file__).resolve().parent
GPT2_2B = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": 2560,
           "n_layer": 24, "n_head": 20, "dtype": "bfloat16"}
N_LINEAR, LINEAR = 20, 4096
SHAPES = {"1e2": (10, 10), "1e4": (100, 100), "1e6": (1000, 1000), "6e7": (6000, 10000),
          "2.5e8": (25000, 10000)}
FILLS = ["uniform", "normal", "kaiming_uniform", "trunc_normal_narrow", "trunc_normal_wide"]
DTYPES = ["f32", "f64", "bf16", "f16"]


class Server:
    """A program that answers a line with a case by a line of JSON."""

    def __init__(self, command, threads):
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=environment)

    def ask(self, case):
        self.process.stdin.write(case + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"run.py: {self.process.args[0]} ended at: {case}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def run_process(command, **options):
    """Seconds and peak memory of a whole process, and what it printed."""
    with tempfile.TemporaryFile("w+") as out:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, **options)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read()
    if process.returncode != 0:
        lines = text.strip().splitlines() or ["no output"]
        return {"error": lines[-1].replace(str(pathlib.Path.cwd()) + "/", "")}
    return {"seconds": seconds, "peak_bytes": usage.ru_maxrss * 1024, "text": text}


class Bench:
    def __init__(self, options):
        self.quick = options.quick
        self.only = re.compile(options.only)
        self.build = pathlib.Path(options.build).resolve()
        self.python = options.python
        self.folder = pathlib.Path(options.folder or self.build / "bench").resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sow = str(self.build / "sow")
        self.results = {}
        self.servers = {threads: Server([str(self.build / "sow_bench")], threads)
                        for threads in (1, 2)}
        self.torch = None
        if not self.quick:
            self.torch = Server([self.python, str(HERE / "torch_bench.py")], 2)

    def add(self, case, side, answer):
        entry = self.results.setdefault(case, {}).setdefault(side, {"seconds": []})
        if "error" in answer:
            entry["error"] = answer["error"]
            return
        entry["seconds"].append(answer["seconds"])
        for key in ("peak_bytes", "n_drawn"):
            if key in answer:
                entry[key] = max(answer[key], entry.get(key, 0))

    def wants(self, case):
        return self.only.search(case) is not None

    def say(self, what):
        print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)

    # ---- in memory ----

    def both(self, case, threads, rounds):
        """PyTorch, sow, PyTorch, sow... and memset beside what memory bounds."""
        if not self.wants(case):
            return
        for _ in range(rounds):
            if case.startswith("fill uniform f32 6000"):
                self.memory()
            if self.torch:
                self.add(case, "torch", self.torch.ask(case))
            self.add(case, "sow", self.servers[threads].ask(case))

    def fill(self, name, dtype, shape, threads, rounds, verb="fill"):
        rows, cols = shape
        self.both(f"{verb} {name} {dtype} {rows} {cols} {threads}", threads, rounds)

    def fills(self):
        sizes = ["1e2", "1e4", "1e6"] if self.quick else list(SHAPES)
        for size in sizes:
            self.say(f"fills of {size} elements")
            rounds = 1 if self.quick else 3 if size in ("6e7", "2.5e8") else 5
            names = FILLS if size != "2.5e8" else [f for f in FILLS if f != "trunc_normal_narrow"]
            for dtype in DTYPES if size != "2.5e8" else ["f32", "bf16"]:
                for name in names:
                    self.fill(name, dtype, SHAPES[size], 1, rounds)
                    if size in ("6e7", "2.5e8"):
                        self.fill(name, dtype, SHAPES[size], 2, rounds)
                    if size == "6e7":
                        self.fill(name, dtype, SHAPES[size], 2, rounds, "fresh")

    def matrices(self):
        self.say("orthogonal and sparse")
        rounds = 1 if self.quick else 5
        sides = [10, 100] if self.quick else [10, 100, 1000, 2048]
        for side in sides:
            for dtype in ("f32", "f64"):
                for threads in (1, 2):
                    self.fill("orthogonal", dtype, (side, side), threads, rounds)
            for dtype in DTYPES:
                self.fill("sparse", dtype, (side, side), 1, rounds)

    def memory(self):
        n_bytes = 4 * 1000 * 1000 if self.quick else 4 * 60 * 1000 * 1000
        for threads in (1, 2):
            for verb in ("memset", "stream"):
                case = f"{verb} {n_bytes} {threads}"
                self.add(case, "sow", self.servers[1].ask(case))

    def limits(self):
        self.say("memory, places, modules")
        for _ in range(1 if self.quick else 9):
            case = "seek 1000000000000"
            if self.quick:
                self.memory()
            if self.wants(case):
                self.add(case, "sow", self.servers[1].ask(case))
        self.both("skip_init 10000 10000", 1, 1 if self.quick else 5)

    # ---- processes ----

    def start_up(self):
        for _ in range(5 if self.quick else 50):
            self.add("start", "sow", run_process([self.sow, "version"]))
            self.add("start", "true", run_process(["/bin/true"]))

    def timed(self, case, side, command, out):
        """A process that writes a new file or folder, begun when the disk has nothing else of ours
        to do: on some file systems dropping an old file takes longer than writing the new one."""
        if out.is_dir():
            shutil.rmtree(out)
        out.unlink(missing_ok=True)
        os.sync()
        answer = run_process(command)
        self.add(case, side, answer)
        return answer

    def init(self, case, config, path, *more, side="sow"):
        return self.timed(case, side, [self.sow, "init", str(config), "--seed", "42", "--force",
                                       "--quiet", "-o", str(path), *more], path)

    def python_once(self, case, out, *words):
        """The whole process, and the work alone, as the process itself measured it."""
        answer = self.timed(case, "torch", [self.python, str(HERE / "torch_bench.py"), "--once",
                                            *map(str, words)], out)
        inner = json.loads(answer["text"].strip().splitlines()[-1]) if "text" in answer else answer
        self.add(case, "torch alone", inner)

    def write_json(self, name, value):
        path = self.folder / name
        path.write_text(json.dumps(value))
        return path

    def gpt2_small(self):
        self.say("GPT-2 small")
        config = HERE.parent / "examples/gpt2/config.json"
        path = self.folder / "gpt2.safetensors"
        for _ in range(1 if self.quick else 5):
            if self.torch:
                out = self.folder / "gpt2"
                self.python_once("gpt2 small", out, "from_config", config, out)
            self.init("gpt2 small", config, path)
            self.init("gpt2 small", config, path, "--threads", "1", side="sow 1 thread")

    def linears(self):
        n, side, rounds = (2, 64, 1) if self.quick else (N_LINEAR, LINEAR, 3)
        self.say(f"{n} x Linear({side}, {side})")
        linear = {"_target_": "torch.nn.Linear", "in_features": side, "out_features": side}
        net = self.write_json("net.json", {"_target_": "torch.nn.Sequential",
                                           "_args_": [linear] * n})
        path, again = self.folder / "net.safetensors", self.folder / "again.safetensors"
        for _ in range(rounds):
            if self.torch:
                out = self.folder / "py.safetensors"
                self.python_once("linears", out, "linears", out, n, side, side)
            made = self.init("linears", net, path)
            if "error" in made:
                return
            self.servers[1].ask(f"read {path}")  # from the disk; both below read the page cache
            self.add("guarded", "sow", self.servers[1].ask(f"load {path} {n} {side} {side}"))
            self.add("guarded", "read", self.servers[1].ask(f"read {path}"))
            self.init("from", net, again, "--from", str(path))
            self.timed("from", "cp", ["sh", "-c", 'cp "$0" "$1" && sync "$1"', str(path),
                                      str(again)], again)
            again.unlink(missing_ok=True)

    def two_billion(self):
        fields = {**GPT2_2B, "n_embd": 64, "n_layer": 2, "n_head": 2} if self.quick else GPT2_2B
        config = self.write_json("2b.json", fields)
        path = self.folder / "2b.safetensors"
        self.say("GPT-2 shaped, 2 billion parameters")
        with tempfile.TemporaryDirectory(dir="/dev/shm") as fast:
            values = pathlib.Path(fast) / "values"
            self.init("2b memory", config, values)
            for _ in range(1 if self.quick else 3):
                for side, flags in (("dd", []), ("dd direct", ["oflag=direct"])):
                    self.timed("2b", side, ["dd", f"if={values}", f"of={path}", "bs=4M",
                                            "conv=fsync", "status=none", *flags], path)
                self.init("2b", config, path)
                self.results["2b"]["sow"]["file_bytes"] = path.stat().st_size
                path.unlink()
        if self.torch:
            self.python_once("2b", self.folder / "2b", "from_config", config, self.folder / "2b")

    def run(self):
        self.limits()
        self.fills()
        self.matrices()
        for server in [*self.servers.values()] + ([self.torch] if self.torch else []):
            server.close()
        self.servers[1] = Server([str(self.build / "sow_bench")], 1)
        for case, measure in (("start", self.start_up), ("gpt2 small", self.gpt2_small),
                              ("linears", self.linears), ("2b", self.two_billion)):
            if self.wants(case):
                measure()
        self.servers[1].close()
        return self.results


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--build", default="build")
    parser.add_argument("--python", default=".venv-oracle/bin/python")
    parser.add_argument("--only", default="", metavar="REGEX",
                        help="measure these cases again and keep the others of BUILD/bench.json")
    parser.add_argument("--folder")
    parser.add_argument("--page", default="docs/benchmarks.md")
    options = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    load = os.getloadavg()
    bench = Bench(options)
    kept = bench.build / "bench.json"
    results = json.loads(kept.read_text())["results"] if options.only and kept.exists() else {}
    results.update(bench.run())
    machine = report.machine(None if options.quick else options.python, bench.sow, bench.folder,
                             (load, os.getloadavg()))
    kept.write_text(json.dumps({"machine": machine, "results": results}, indent=1))
    shutil.rmtree(bench.folder)
    if options.quick:
        print(report.tables(results))
        return 1 if report.errors(results) else 0
    text = report.page(machine, results)
    print(text)
    pathlib.Path(options.page).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
