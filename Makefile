# One or two lines each; `make demo` and `make test` are all a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install demo test check fix bench soak lock

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

install: .venv/.installed

demo: install
	$(BIN)/hub demo

test: install
	$(BIN)/python -m pytest

check: install
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

fix: install
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: install
	$(BIN)/python -m tests.bench

soak: install
	HUB_SOAK=1 $(BIN)/python -m pytest -m soak

lock:
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --extra dev pyproject.toml requirements-build.in -o requirements.lock
