# Thin targets; README shows the plain commands behind them.
.DEFAULT_GOAL := help
.PHONY: help run setup test test-fast attack lint docs bench coverage clean
SHELL := /bin/sh

VENV ?= .venv
# The first of these that is Python 3.11 or newer makes the virtual environment.
PYTHON ?= python3 python3.13 python3.12 python3.11 python
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --disable-pip-version-check
ARGS ?=
# While one worker waits for a server or a browser, the other computes.
WORKERS ?= 2

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.installed ## Start the app; prints its address
	$(PY) app.py

setup: $(VENV)/.installed-dev ## Install everything the tests need, a browser and a Milvus server included
	@$(PY) -m tests.support.chromium --install
	@$(PY) -m tests.support.milvus_server --install

test: setup ## Run all tests on WORKERS=2 (ARGS="tests/text -x" for some)
	$(PY) -m pytest $(or $(ARGS),-n $(WORKERS))

test-fast: $(VENV)/.installed-dev ## Run what starts no program, server or page, in about a minute
	$(PY) -m pytest -n $(WORKERS) -m "not slow" --hypothesis-profile=fast

attack: $(VENV)/.installed-dev ## Send every hostile input to a started app (ARGS="requests: names:" for some)
	$(PY) -m tests.hostile $(ARGS)

lint: $(VENV)/.installed-dev ## Check style, types and the Dockerfile
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/hadolint Dockerfile

docs: $(VENV)/.installed-dev ## Rewrite .env.example from rag/settings/settings.py
	$(PY) scripts/settings_docs.py

bench: $(VENV)/.installed-dev ## Measure speed on this machine, no network
	$(PY) -m benchmarks $(ARGS)

coverage: setup ## Run all tests and show which lines they miss
	$(PY) -m coverage run -m pytest $(ARGS)
	$(PY) -m coverage report

clean: ## Remove the virtual environment and caches; documents and models stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@for p in $(PYTHON); do \
	  if "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$p"; \
	    "$$p" -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); \
	    echo "$$p could not make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; \
	  fi; \
	done; \
	echo "Plainsight needs Python 3.11 or newer, and none of these is: $(PYTHON)" >&2; \
	echo "Install one, or name it: make run PYTHON=/path/to/python" >&2; exit 1

# Stamps: installed again only when the list of packages is newer.
$(VENV)/.installed: requirements.txt | $(PY)
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(PIP) -r requirements-dev.txt
	@touch $@
