# One or two lines each; `make demo` and `make test` are all a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: install demo test check fix docs bench soak conformance lock

# A half-made or broken .venv is made anew; a whole one is brought up to the lock.
.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

install: .venv/.installed

demo: install
	$(BIN)/hub demo

test: install
	$(BIN)/python -m pytest

check: install
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	$(BIN)/python -m pytest tests/test_architecture.py tests/test_docs.py

fix: install
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

docs: install
	$(BIN)/python -m tests.reference

bench: install
	$(BIN)/python -m tests.bench

soak: install
	HUB_SOAK=1 $(BIN)/python -m pytest -m soak

conformance: install
	$(BIN)/python -m tests.conformance

# Keeps the versions that still fit; `make lock UPGRADE=--upgrade` takes the newest.
lock: install
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url $(UPGRADE) \
		--custom-compile-command "make lock" --extra dev pyproject.toml requirements-build.in -o requirements.lock
