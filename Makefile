# All that is needed on a machine that has only Python 3.11+ and make. `make` alone lists the targets.
#
# .venv is made from the locks with hashes and from wheels alone, so nothing is resolved or built on the way; each
# lock has a stamp file in it, so that a second `make` has nothing to set up.

PYTHON ?= python3
JOBS ?= 2

BIN := .venv/bin
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
RUNTIME := .venv/runtime-$(VERSION).stamp
PACKAGE := .venv/package-$(VERSION).stamp
DEV := .venv/dev-$(VERSION).stamp
INSTALL := $(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check
LOCKED := $(INSTALL) --require-hashes --only-binary :all:

# The locks hold for every Python from 3.11 on; `make lock UPGRADE=--upgrade` takes newer versions.
UV_VERSION := 0.13.9
UV := .venv/uv-$(UV_VERSION)/bin/uv
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
  --custom-compile-command 'make lock' $(UPGRADE) pyproject.toml --group build --extra demo

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test lint evals lab bench lock clean python

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 14

demo: $(PACKAGE) ## the whole loop, with a real remediation, on an embedded AWS: no cluster, key or account needed
	@if [ -t 0 ]; then $(BIN)/auditor demo; else $(BIN)/auditor demo --yes; fi

test: lint ## all checks of the code, then the tests; the lab's are skipped where `make lab` has not been
	@$(BIN)/python -m pytest -p tests.closing_line -n $(JOBS) --dist worksteal

lint: $(DEV) ## all checks of the code: ruff, mypy, import-linter, deptry
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .

evals: $(PACKAGE) ## how well the auditor judges labelled cases: precision and recall of each check, and every miss
	@$(BIN)/python -m evals

lab: $(PACKAGE) ## make the lab, a real Kubernetes cluster (Debian, root, Go 1.26; about ten minutes the first time)
	@$(BIN)/python -m tests.lab build

bench: $(PACKAGE) ## print figures: start-up, audits of generated fleets, peers beside them, what rounds write; on the lab the loop, and SIGKILLs
	@$(BIN)/python -m bench.startup
	@$(BIN)/python -m bench.audit
	@$(BIN)/python -m bench.audit_log
	@$(BIN)/python -m bench.history
	@$(BIN)/python -m bench.approvals
	@$(BIN)/python -m bench.peers
	@$(BIN)/python -m bench.aws
	@$(BIN)/python -m bench.aws_peers
	@$(BIN)/python -m bench.aws_kills
	@$(BIN)/python -m bench.lab_loop
	@$(BIN)/python -m bench.kills

lock: $(UV) ## pin every dependency anew from pyproject.toml, with hashes
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean: ## remove .venv and every cache in the checkout
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNTIME): requirements.lock | python
	@echo "making .venv (Python $(VERSION)); the first time takes about a minute"
	@$(PYTHON) -m venv --clear .venv
	@$(LOCKED) -r requirements.lock
	@touch $@

$(PACKAGE): pyproject.toml $(RUNTIME)
	@$(INSTALL) --no-deps --no-index --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.lock $(PACKAGE)
	@echo "adding the tools of development to .venv"
	@$(LOCKED) -r requirements-dev.lock
	@touch $@

$(UV): | python
	@$(PYTHON) -m venv .venv/uv-$(UV_VERSION)
	@$(@D)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

python:
	@command -v $(PYTHON) >/dev/null || \
	  { echo "there is no $(PYTHON): install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is Python $(VERSION), and 3.11 or newer is needed: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) lacks venv: on Debian, apt-get install python3-venv" >&2; exit 1; }
