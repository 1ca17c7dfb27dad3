# On a machine with Python 3.11 or later (with venv and pip), make and git:
#     make reports    executes the notebooks and makes the pages
#     make test       passes the tests

PYTHON ?= python3
UV_VERSION := 0.13.9
OWN_UV := .tools/uv-$(UV_VERSION)/bin/uv
UV ?= $(shell uv --version >/dev/null 2>&1 && echo uv || echo $(OWN_UV))
PY := .venv/bin/python
READY := .venv/.ready

export UV_PROJECT_ENVIRONMENT := .venv
export JUPYTER_PREFER_ENV_PATH := 1
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

# An environment whose Python is gone, or that belongs to another folder, is made again.
ifneq ($(wildcard $(READY)),)
ifneq ($(shell $(PY) -c 'import os, bobanalysis as b; print(os.path.samefile("src", b.__path__[0] + "/.."))' 2>/dev/null),True)
.PHONY: $(READY)
endif
endif

.DEFAULT_GOAL := help
.PHONY: help setup reports check-reports pdfs release test test-slow test-all lint format lab docs benchmarks clean

help: ## list what make can do
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{printf "  %-16s %s\n", $$1, $$2}'
	@echo 'More for one of them: make test ARGS="-k wilson", make reports ARGS="--only 01_data".'

setup: $(READY) ## prepare the environment in .venv, nothing else
	@echo "The environment is ready in .venv"

reports: $(READY) ## execute the notebooks and make the pages in reports/
	@$(PY) -m bobanalysis.build $(ARGS)

check-reports: $(READY) ## execute everything from nothing in a clone and compare with what is committed
	@$(PY) -m tools.check_reports

pdfs: $(READY) ## print summary and stories as PDF, into build/release
	@$(PY) -m tools.release --only pdf

release: reports ## make site, PDFs and checksums for a release, in build/release
	@$(PY) -m tools.release

PYTEST = OMP_NUM_THREADS=1 $(PY) -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal
RANDOM = --hypothesis-profile random --hypothesis-seed $$seed
SEED ?= $(shell date +%s)

test: $(READY) ## pass the tests, in a few minutes
	@$(PYTEST) $(ARGS)

test-slow: $(READY) ## pass the simulations at full size, and look for new counterexamples
	@seed=$(SEED); echo "examples are drawn with SEED=$$seed"; $(PYTEST) -m "slow or hypothesis" $(RANDOM) $(ARGS)

test-all: $(READY) ## pass everything at full size
	@seed=$(SEED); echo "examples are drawn with SEED=$$seed"; $(PYTEST) -m "slow or not slow" $(RANDOM) $(ARGS)

lint: $(READY) ## check style and types, in notebooks and tools too
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy

format: $(READY) ## put code in the project's style
	@$(PY) -m ruff check --fix . ; $(PY) -m ruff format .

lab: $(READY) ## open JupyterLab on the notebooks
	@$(PY) -m jupyterlab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks $(ARGS)

docs: $(READY) ## make the pages of docs/ with all functions and tutorials: build/docs/index.html
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --quiet $(ARGS)

benchmarks: $(READY) ## measure speed beside others, room by room (half an hour), and write docs/benchmarks.md
	@$(PY) -m benchmarks $(ARGS)

clean: ## remove what was built, and the environment
	rm -rf build .venv .tools .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): pyproject.toml uv.lock tools/jupyter_server_config.py | $(filter $(OWN_UV),$(UV))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "bobanalysis needs Python 3.11 or later, and $(PYTHON) is not. If there is another: make PYTHON=python3.12 setup" >&2; exit 1; }
	@echo "Setting up the environment in .venv (the first time this downloads packages)"
	@$(UV) sync --frozen --all-extras --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@mkdir -p .venv/etc/jupyter && cp tools/jupyter_server_config.py .venv/etc/jupyter/
	@touch $@

$(OWN_UV):
	@echo "Getting uv $(UV_VERSION) into .tools"
	@$(PYTHON) -m venv .tools/uv-$(UV_VERSION) || { \
	  echo "$(PYTHON) cannot make an environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@.tools/uv-$(UV_VERSION)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@
