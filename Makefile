# The front door. `make help` lists what there is; the work is done by CMake, ctest and tools/.
# SPDX-License-Identifier: Apache-2.0

BUILD  ?= build
PREFIX ?= /usr/local
# Tests that run at the same time.
JOBS   ?= $(shell nproc)
# More options for CMake, such as CMAKE_FLAGS=-DSOW_WERROR=ON.
CMAKE_FLAGS ?=
# Environments of tools/oracle; none: the newest packages and the older TransformerLens.
ORACLE ?=
FUZZ_SECONDS ?= 1800

configure = cmake -S . -G Ninja $(CMAKE_FLAGS)

.PHONY: all help deps gpt2 check check-sanitize check-exhaustive check-aarch64 fuzz oracle bench bench-quick install format lint clean

all: deps $(BUILD)/build.ninja  ## build/sow and build/libsow.so
	cmake --build $(BUILD) --target sow libsow

help:  ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 20

deps:
	@tools/install-deps build

$(BUILD)/build.ninja:
	$(configure) -B $(BUILD) -DSOW_BUILD_TESTS=OFF -DCMAKE_INSTALL_PREFIX=$(PREFIX)

gpt2: all  ## gpt2.safetensors from examples/gpt2/config.json with seed 42
	$(BUILD)/sow init examples/gpt2/config.json --seed 42 --force -o gpt2.safetensors

check: deps  ## every fast test
	@tools/install-deps test
	$(configure) -B $(BUILD) -DSOW_BUILD_TESTS=ON
	cmake --build $(BUILD)
	tools/run-tests $(BUILD) -j $(JOBS)

# setarch -R: the ThreadSanitizer of gcc 12 cannot place its shadow memory under wide address randomisation.
check-sanitize: deps  ## every fast test under ASan with UBSan, and under TSan
	@tools/install-deps test
	$(configure) -B $(BUILD)-asan -DSOW_BUILD_TESTS=ON -DSOW_SANITIZE=address,undefined
	cmake --build $(BUILD)-asan
	tools/run-tests $(BUILD)-asan -j $(JOBS)
	$(configure) -B $(BUILD)-tsan -DSOW_BUILD_TESTS=ON -DSOW_SANITIZE=thread
	cmake --build $(BUILD)-tsan
	setarch -R tools/run-tests $(BUILD)-tsan -j $(JOBS)

check-exhaustive: deps  ## the long programs tests/*/exhaustive_*.c
	@tools/install-deps test
	$(configure) -B $(BUILD)-exhaustive -DSOW_BUILD_TESTS=ON -DSOW_BUILD_EXHAUSTIVE=ON
	cmake --build $(BUILD)-exhaustive
	tools/run-tests $(BUILD)-exhaustive -j $(JOBS) -R exhaustive_

check-aarch64:  ## the kernels' tests for 64-bit Arm, in an emulator
	tools/test-aarch64 $(BUILD)-aarch64

fuzz: deps  ## the parsers of untrusted files, FUZZ_SECONDS each on all cores
	@tools/install-deps fuzz
	tools/fuzz $(BUILD)-fuzz $(FUZZ_SECONDS)

oracle:  ## the known answers again from the real packages; ORACLE="2.11 2.12" for older PyTorch
	@tools/install-deps oracle
	tools/oracle $(ORACLE)

bench_program = $(CC) -std=c11 -D_POSIX_C_SOURCE=200809L -O2 -Iinclude bench/sow_bench.c \
	-o $(BUILD)/sow_bench -L$(BUILD) -lsow -pthread -Wl,-rpath,'$$ORIGIN'

bench: all  ## docs/benchmarks.md: sow beside PyTorch and the limits of the machine, 20 minutes
	@tools/install-deps oracle
	tools/oracle --packages newest
	$(bench_program)
	python3 bench/run.py --build $(BUILD)

bench-quick: all  ## the same without PyTorch, small and once, to see that it runs
	@tools/install-deps oracle
	$(bench_program)
	python3 bench/run.py --build $(BUILD) --quick

install: all  ## into PREFIX (/usr/local), below DESTDIR
	cmake --install $(BUILD) --prefix $(PREFIX)
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" -eq 0 ] && command -v ldconfig >/dev/null; then ldconfig; fi

format:  ## clang-format on every C file
	@tools/install-deps lint
	git ls-files '*.c' '*.h' '*.inc' | xargs clang-format -i

lint: deps  ## layers, layout, clang-tidy, shellcheck
	@tools/install-deps test lint
	tools/lint $(BUILD)

clean:  ## removes every build folder
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-tsan $(BUILD)-exhaustive $(BUILD)-aarch64
