# Kokuban. `make run` and `make test` set up all they need on Debian 12 and 13;
# `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
# Arguments for main.py: make run ARGS="--windowed --screen board"
ARGS ?=
# Arguments for pytest: make tests PYTEST="-k eraser"
PYTEST ?=
# A worker for each core; "make tests WORKERS=0" runs one test after the other.
WORKERS ?= auto

export PYTHONUTF8 := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

CATALOGUES := $(patsubst %.po,%.mo,$(wildcard assets/locale/*/LC_MESSAGES/*.po))
gate = @echo; echo "== $(1)"

.PHONY: help run demo test lint tests bench soak pictures package setup debian catalogues clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## start Kokuban, or its demonstration where there is no display (ARGS=...)
	@if [[ -n "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ]]; then \
		exec $(PY) main.py $(ARGS); \
	else \
		echo "There is no display here, so the demonstration runs on a virtual one and leaves its pictures under demo-output/."; \
		exec $(PY) -m tools.demonstration; \
	fi

demo: setup ## the real application writes, is killed, comes back and exports; see demo-output/
	@$(PY) -m tools.demonstration

test: lint ## everything that CI checks
	$(call gate,tests)
	@$(PY) -m pytest -m "not soak" -n $(WORKERS) --no-loadscope-reorder $(PYTEST)

lint: setup ## the gates that run nothing: style, types, contracts, catalogues
	$(call gate,ruff: lint)
	@$(PY) -m ruff check .
	$(call gate,ruff: format)
	@$(PY) -m ruff format --check .
	$(call gate,mypy)
	@$(PY) -m mypy
	$(call gate,import contracts)
	@.venv/bin/lint-imports --no-cache
	$(call gate,catalogues)
	@$(PY) -m tools.catalogues check
	$(call gate,reference of the settings)
	@$(PY) -m tools.settings_reference check && echo "as declared"

tests: setup ## the tests alone (PYTEST="-k eraser")
	@$(PY) -m pytest -m "not soak" -n $(WORKERS) --no-loadscope-reorder $(PYTEST)

bench: setup ## measure speed, memory and latency; compares with other boards from Debian
	@packaging/install-debian-packages packaging/debian-packages-bench.txt
	@$(PY) -m benchmarks

soak: setup ## the long tests
	@$(PY) -m pytest -m soak -o faulthandler_timeout=3600 $(PYTEST)

pictures: setup ## take the pictures of the screens into docs/pictures/
	@$(PY) -m tools.pictures

package: setup ## build dist/*.tar.gz and dist/*.whl
	@rm -rf build dist
	@$(PY) -m build --no-isolation --outdir dist .

setup: debian .venv/installed catalogues

debian:
	@packaging/install-debian-packages packaging/debian-packages.txt

.venv/installed: pyproject.toml packaging/constraints.txt packaging/list_requirements.py packaging/make-venv
	@packaging/make-venv kiosk rooms dev
	@touch $@

catalogues: $(CATALOGUES)

%.mo: %.po tools/catalogues.py | .venv/installed
	@$(PY) -m tools.catalogues compile
	@touch $@

clean: ## remove what was made, but .venv
	@rm -rf build dist demo-output .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info
	@rm -f assets/locale/*/LC_MESSAGES/*.mo
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
