# Everything a developer does, one command each. A new machine needs Python 3.11 or newer with its venv module, and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --quiet --no-input --disable-pip-version-check

# The default install, and the same with the extra that is named: each is repeated only when pyproject.toml has changed.
INSTALLED := $(VENV)/.installed
TESTING := $(VENV)/.installed-test
MEASURING := $(VENV)/.installed-bench

# A benchmark is a script that takes the folder of evaluation data as --data, or finds it in LIKEWISE_DATA.
BENCH ?= $(sort $(basename $(notdir $(shell grep --files-with-matches 'arguments.__doc__' benchmarks/*.py))))

BRANCHES := 95

# Each worker of pytest has one thread for BLAS and for the compiled loops, and there is a worker a core.
PYTEST := OPENBLAS_NUM_THREADS=1 NUMBA_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help install demo test check nightly lint format page bench docs clean

help:  ## This list.
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name does; do printf 'make %-8s %s\n' "$$name" "$$does"; done

install: $(INSTALLED)  ## The default install in .venv, without torch.

demo: $(INSTALLED)  ## Train on the documentation of this Python and answer five searches.
	@$(BIN)/likewise demo --overwrite

test: $(TESTING) lint  ## All that CI asks for: the checks, then every test with coverage.
	@$(PYTEST) -m 'not nightly' --cov --durations=10
	@$(BIN)/coverage json --quiet --fail-under=0 -o - | $(BIN)/python -c 'import json, sys; \
	  found = json.load(sys.stdin)["totals"]; share = 100 * found["covered_branches"] / found["num_branches"]; \
	  sys.exit(f"{share:.1f} % of the branches are tested, expected at least $(BRANCHES) %" if share < $(BRANCHES) else 0)'

check: $(TESTING) lint  ## The checks, then the quick tests.
	@$(PYTEST) --quiet -m 'not slow and not nightly'

nightly: $(TESTING) lint  ## Every test, the longest too, at full strength: many examples, annotations checked. Takes hours.
	@HYPOTHESIS_PROFILE=nightly $(PYTEST) --durations=20

lint: $(TESTING)  ## The checks alone: style, types, and the way that imports may go.
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo 'some files are not formatted: run make format' >&2; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(TESTING)  ## Put the source into the house's form, and mend what can be mended by itself.
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

page:  ## Build the page that the service serves, after a change in page/. Needs Node 20 or newer with npm.
	@command -v npm > /dev/null || { echo 'the page is built by npm, which is not here: on Debian and Ubuntu, apt install npm' >&2; exit 1; }
	@cd page && npm ci --silent && node build.mjs

bench: $(MEASURING)  ## Run every benchmark (or BENCH=encode) on LIKEWISE_DATA, and write docs/benchmarks.md.
	@test -n "$$LIKEWISE_DATA" || { echo 'set LIKEWISE_DATA to the folder of evaluation data' >&2; exit 1; }
	@for name in $(BENCH); do echo "$$name"; $(BIN)/python benchmarks/$$name.py || exit 1; done
	@$(BIN)/python benchmarks/tables.py

docs: $(TESTING)  ## Write docs/benchmarks.md from the recorded runs, and check what the pages say and link to.
	@$(BIN)/python benchmarks/tables.py
	@$(BIN)/python -m pytest --quiet tests/test_docs.py tests/test_benchmarks.py

clean:  ## Remove .venv and everything else that can be made again.
	@rm -rf $(VENV) dist build page/node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	@find src tests benchmarks -type d -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'Likewise needs Python 3.11 or newer, and $(PYTHON) is none: name another, as in make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo '$(PYTHON) could not make a virtual environment: on Debian and Ubuntu, apt install python3-venv' >&2; exit 1; }

$(INSTALLED): pyproject.toml | $(BIN)/python
	@echo 'installing Likewise into $(VENV): a minute or two'
	@$(PIP) install --editable .
	@touch $@

$(TESTING): pyproject.toml | $(BIN)/python
	@echo 'installing Likewise and what its tests need into $(VENV): some minutes'
	@$(PIP) install --no-compile --editable '.[test]'
	@$(BIN)/python -W ignore -m compileall -qq -j 0 $(VENV)/lib > /dev/null || true  # on all cores; pip compiles on one
	@touch $(INSTALLED) $@

$(MEASURING): pyproject.toml | $(BIN)/python
	@echo 'installing Likewise and what its benchmarks need into $(VENV): some minutes'
	@$(PIP) install --editable '.[bench]'
	@touch $(INSTALLED) $@
