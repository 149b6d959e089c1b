# One command each; everything they install goes into .venv/ here.  `make -C /path/to/here run`
# works from anywhere.  PORT, HOST and REVERIE_DATA are read by the program itself.

MAKEFLAGS += --no-print-directory
PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-input
STAMP = .venv/.installed-$(1)-$(shell cat $(2) 2>/dev/null | cksum | tr ' ' '-')
RUNTIME := $(call STAMP,runtime,requirements.txt)
CHECKS := $(call STAMP,checks,requirements.txt requirements-dev.txt)
# Whoever calls may have set these for a Python of their own.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV DJANGO_SETTINGS_MODULE

.PHONY: help run test lint bench train-model clean

help:
	@echo "make run          set everything up and start Reverie (first start: demo accounts and clips)"
	@echo "make test         every check: style, types, layers, tests"
	@echo "make lint         style, types and layers only"
	@echo "make bench        measure, and rewrite docs/benchmarks.md"
	@echo "make train-model  train the small model anew (a budget of 85 minutes, of 8 on a GPU)"
	@echo "make clean        remove .venv/ and caches; keeps the data in var/"

run: $(RUNTIME)
	@exec $(PY) manage.py up --demo

test: lint
	@$(PY) -m pytest -q --durations=15

lint: $(CHECKS)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m mypy
	@PYTHONPATH=platform .venv/bin/lint-imports --no-cache --no-logo

bench: $(CHECKS)
	@$(PIP) -r requirements-bench.txt || echo "No LightFM here: it needs a C compiler."
	@$(PY) -m bench

train-model: $(CHECKS)
	@MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=68719476736 \
	  $(PY) manage.py train_model

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(PY):
	@for python in python3.11 python3; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making .venv with $$($$python --version) …"; \
	    $$python -m venv .venv && exit 0; \
	    rm -rf .venv; \
	    echo "$$python can not make a virtual environment: on Debian and Ubuntu, install python3-venv." >&2; \
	    exit 1; \
	  fi; \
	done; \
	echo "Reverie needs Python 3.11 or newer on the PATH: install python3.11." >&2; exit 1

$(RUNTIME): | $(PY)
	@echo "Installing what Reverie runs on (the first time takes some minutes) …"
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null
	@$(PIP) -r requirements.txt
	@rm -f .venv/.installed-runtime-*; touch $@

$(CHECKS): | $(RUNTIME)
	@echo "Installing what the checks need …"
	@$(PIP) -r requirements-dev.txt
	@rm -f .venv/.installed-checks-*; touch $@
