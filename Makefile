# make serve        builds the release page and serves it on 127.0.0.1:8080 (PORT=8081 for another port)
# make dev          serves a draft of it, built and loaded again whenever a file changes
# make test         runs every test
# make dist         builds the static site into dist/
# make test-c       the C code on QEMU's Cortex-M4 (Debian: gcc-arm-none-eabi, qemu-system-arm)
# make miri         runs the engine's kernels in Miri, which knows what memory they may touch
# make bench        runs every benchmark
# make bench-engine the forward pass of every preset in Chromium
# make bench-threads the same on one thread and on several in turns (THREADS=1,2,4)
# make bench-train  steps of training in Chromium, beside PyTorch's where that is installed
# make bench-search 10,000 variants of two networks in the page's worker
# make bench-page   key press to everything painted, and the size of the first load
# make oracle       records what TensorFlow Lite Micro takes for generated networks: tests/oracle/README.md
# make fuzz         a million random texts through the import (CASES=1000 for fewer)
# make fuzz-files   ten million mutations of model files through every reader (FILES_CASES=100000 for fewer)
# make screenshots  saves pictures of the built page into target/screenshots/
# Each installs what it needs and this machine lacks: what is compiled into .tools/, the rest into node_modules/.

SHELL := /bin/bash
# What was installed here comes first; rustup's folder last, for shells that were opened before rustup came.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH):$(HOME)/.cargo/bin
PORT ?= 8080
CASES ?= 1000000

NPM_PACKAGES := node_modules/.package-lock.json
# Folders are among them: their times change when a file goes away.
PAGE_SOURCES := $(shell find src kernels style scripts .cargo index.html Cargo.toml Cargo.lock rust-toolchain.toml)
# The native library: everything but the DOM.
CORE := --no-default-features --features chart,command
WASM := --target wasm32-unknown-unknown
KERNELS := --package convscope-kernels

.PHONY: serve dev dist test bench fuzz fuzz-files miri screenshots clean help
.PHONY: build-tools test-tools
.PHONY: test-format test-core test-wasm-lints test-docs test-browser test-e2e test-trunk trunk-hook
.PHONY: bench-cost bench-import bench-engine bench-train bench-search bench-page

serve: dist
	@node scripts/serve.mjs --port $(PORT) dist

dev: | build-tools
	@node scripts/dev.mjs --port $(PORT)

dist: dist/index.html

# Cheap ones first.
test: test-format test-core test-wasm-lints test-docs test-browser test-e2e

# Each benchmark is a target of its own, bench-WHAT, defined below.
bench: bench-cost bench-import bench-engine bench-train bench-search bench-page

# Random texts through the import; PROPTEST_RNG_SEED repeats a run. A text that takes longer than any before is shown.
fuzz:
	PYTORCH_CASES=$(CASES) cargo test $(CORE) --locked --test core -- --nocapture --test-threads 1 pytorch::hostile::any

# FILES_SEED gives other mutations.
FILES_CASES ?= 10000000
fuzz-files:
	FILES_CASES=$(FILES_CASES) cargo test $(CORE) --locked --test core -- --nocapture files::hostile::mutated

screenshots: dist/index.html
	node tests/e2e/screenshot.mjs

help:
	@sed -n '/^#/!q;s/^# //p' Makefile

clean:
	rm -rf dist target

# --- the parts of `make test` ---

BINDGEN := --manifest-path scripts/bindgen/Cargo.toml

test-format:
	cargo fmt --all --check
	cargo fmt $(BINDGEN) --check

test-core:
	cargo clippy $(CORE) --all-targets --locked -- -D warnings
	cargo clippy $(KERNELS) --all-targets --locked -- -D warnings
	cargo test $(CORE) --locked

test-wasm-lints: | build-tools
	cargo clippy $(WASM) --no-default-features --features ui,python,simd --lib --bins --test browser --locked -- -D warnings
	cargo clippy $(WASM) --no-default-features --features threads,simd --bin worker --locked -- -D warnings
	cargo clippy $(WASM) $(KERNELS) --features relaxed-simd --locked -- -D warnings
	cargo clippy $(BINDGEN) --target-dir .tools/bindgen --locked -- -D warnings

# Links that lead nowhere, or to two things; in what is private, too.
test-docs: | build-tools
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc $(WASM) --no-default-features --features ui,python,simd \
	  --package convscope $(KERNELS) --lib --no-deps --document-private-items --locked

test-browser: $(NPM_PACKAGES) | test-tools
	CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER="node $(CURDIR)/tests/browser/runner.mjs" \
	  cargo test $(WASM) --no-default-features --features web,simd --test browser --locked

test-e2e: dist/index.html | test-tools
	node --test --test-concurrency=1 tests/e2e/*.test.mjs

# By hand, where Trunk is installed: its release is the site of `make dist`, file by file.
test-trunk: dist/index.html
	trunk build --release --dist target/trunk
	diff --recursive --brief dist target/trunk

# The C code: also part of test-core, where what is not installed is left out.
.PHONY: test-c
test-c:
	@command -v arm-none-eabi-gcc qemu-system-arm > /dev/null || { echo "wants gcc-arm-none-eabi and qemu-system-arm"; exit 1; }
	cargo test $(CORE) --locked --test core -- --nocapture c_code

# Natively, one small case of each property at every call: some minutes. Wants a nightly toolchain with the component
# miri.
MIRI_TESTS := convolutions_agree linear_layers_agree pools_agree products_are_exact sums_are_exact
miri:
	MIRIFLAGS="-Zmiri-permissive-provenance -Zmiri-disable-isolation" \
	  cargo +nightly miri test --no-default-features --locked --test core -- $(MIRI_TESTS)

# By hand: packages of Python into target/oracle, then some ten minutes. tests/oracle/README.md
ORACLE := target/oracle/bin/python
ORACLE_NETWORKS := cargo run --quiet --example oracle_networks --no-default-features --locked
target/oracle/bin/python: tests/oracle/requirements.txt
	python3 -m venv target/oracle
	target/oracle/bin/pip install --quiet --requirement $<
	@touch $@

.PHONY: oracle oracle-agree
oracle: $(ORACLE)
	$(ORACLE_NETWORKS) | $(ORACLE) tests/oracle/record.py > target/oracle/recorded.jsonl
	$(ORACLE) tests/oracle/fixture.py < target/oracle/recorded.jsonl > tests/fixtures/oracle/int8.jsonl

oracle-agree: $(ORACLE)
	$(ORACLE_NETWORKS) | $(ORACLE) tests/oracle/agree.py

# Small ONNX files of both of PyTorch's exporters, and torchvision's families through them.
.PHONY: onnx-cases onnx-families
onnx-cases: $(ORACLE)
	$(ORACLE) tests/oracle/onnx_cases.py tests/fixtures/onnx

onnx-families: $(ORACLE)
	cargo build --release --locked
	$(ORACLE) tests/oracle/onnx_families.py $(CURDIR)/target/release/convscope

# --- benchmarks ---

# The analysis of a network: at most 5 us for the seed's, 150 us for ResNet-50, and linear in the rows.
bench-cost:
	cargo bench --no-default-features --bench cost --locked

# The import of a pasted text: at most 200 ms for 1,000 lines.
bench-import:
	cargo bench --no-default-features --features python --bench import --locked

# The forward pass of every preset in Chromium, against what one thread can do at most. Built as the page's worker is.
ENGINE_BENCH := cargo rustc $(WASM) --profile page --no-default-features --example engine_bench --locked
ENGINE_BENCH_BINARY := target/wasm32-unknown-unknown/page/examples/engine_bench.wasm
bench-engine: $(NPM_PACKAGES) | test-tools
	mkdir -p target/engine_bench
	$(ENGINE_BENCH) --features simd -- -Copt-level=3
	cp $(ENGINE_BENCH_BINARY) target/engine_bench/simd.wasm
	$(ENGINE_BENCH) --features relaxed-simd -- -Copt-level=3
	cp $(ENGINE_BENCH_BINARY) target/engine_bench/relaxed.wasm
	node bench/engine/bench.mjs --kernels simd
	node bench/engine/bench.mjs

# The same on several threads, in turns with one. Linked as scripts/site.mjs links the page's.
.PHONY: bench-threads
THREADS ?= 1,2
SHARED_LINK := -Clink-args=--shared-memory --import-memory --max-memory=4294967296 --export=__stack_pointer
SHARED_BENCH := $(ENGINE_BENCH) --target-dir target/threads \
  --config 'target.wasm32-unknown-unknown.rustflags=["-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals"]'
SHARED_BENCH_BINARY := target/threads/wasm32-unknown-unknown/page/examples/engine_bench.wasm
bench-threads: $(NPM_PACKAGES) | test-tools
	mkdir -p target/engine_bench
	$(ENGINE_BENCH) --features relaxed-simd -- -Copt-level=3
	cp $(ENGINE_BENCH_BINARY) target/engine_bench/relaxed.wasm
	$(SHARED_BENCH) --features relaxed-simd -- -Copt-level=3 '$(SHARED_LINK)'
	cp $(SHARED_BENCH_BINARY) target/engine_bench/relaxed_threads.wasm
	node bench/engine/bench.mjs --threads $(THREADS)

# Steps of training in Chromium, one thread: samples a second, and against a pass forward. Built as the page's worker is.
TRAINING_BENCH := cargo rustc $(WASM) --profile release --no-default-features --example training_bench --locked --target-dir target/trainers
TRAINING_BENCH_BINARY := target/trainers/wasm32-unknown-unknown/release/examples/training_bench.wasm
bench-train: $(NPM_PACKAGES) | test-tools
	mkdir -p target/training_bench
	$(TRAINING_BENCH) --features relaxed-simd --config 'target.wasm32-unknown-unknown.rustflags=["-Ctarget-feature=+simd128,+relaxed-simd"]'
	cp $(TRAINING_BENCH_BINARY) target/training_bench/training.wasm
	node bench/training/bench.mjs

# 10,000 variants in the page's worker: of the seed's network at most 100 ms, of MobileNetV1 at most 1 s.
bench-search: dist/index.html | test-tools
	node tests/e2e/bench_search.mjs

# From key press to everything painted, and the size of the first load.
bench-page: dist/index.html | test-tools
	node tests/e2e/bench_page.mjs

# --- what the targets above need ---

dist/index.html: $(PAGE_SOURCES) $(NPM_PACKAGES) | build-tools
	node scripts/build.mjs

# What Trunk runs, with its variables.
trunk-hook: $(NPM_PACKAGES) | build-tools
	node scripts/build.mjs

$(NPM_PACKAGES): package.json package-lock.json .npmrc
	npm ci
	@touch $@

build-tools:
	@scripts/install_tools.sh build

test-tools:
	@scripts/install_tools.sh test
