# Needs Python 3.11 or newer and make; `make` alone tells what there is.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
ARGS ?=
SHARED := $(if $(NAFTIKO_SHARED),$(NAFTIKO_SHARED),../shared)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run install dev test test-shared test-clients conformance check bench bench-quick bench-profile bench-instructions bench-loading lint-docker clean

help: ## Tell what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install ## Serve the first document against the sandbox: no credentials, no network (ARGS="--port rest=8081")
	@$(BIN)/naftiko-run capabilities/pipelines-track.yaml --sandbox $(ARGS)

test: dev ## Run the test suite (ARGS="-k mcp")
	@$(BIN)/pytest --numprocesses auto $(ARGS)

test-shared: dev ## Run the tests over the documents of ../shared (or NAFTIKO_SHARED)
	@test -d "$(SHARED)" || { echo "There is no folder $(SHARED) with documents to test." >&2; exit 1; }
	@$(BIN)/pytest --numprocesses auto tests/shared $(ARGS)

test-clients: dev ## Run the official TypeScript MCP clients against the server (needs Node.js 20 and npm)
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null \
		|| { echo "The TypeScript client tests need Node.js 20 or newer, and npm." >&2; exit 1; }
	@$(BIN)/pytest tests/clients $(ARGS)

conformance: dev ## Run the official MCP conformance suite and inspector, and write what they found to docs/mcp.md (needs npm's registry)
	@$(PIP) install --group conformance
	@cd tests && ../$(BIN)/python -m conformance

check: dev ## Check style, format and types
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

bench: $(VENV)/.installed-bench ## Measure ours beside nginx, a hand-written app, the MCP SDK, FastMCP (ARGS="--json found.json")
	@$(BIN)/python -m benchmarks $(ARGS)

bench-quick: $(VENV)/.installed-bench ## Measure the key ratios, in under a minute
	@$(BIN)/python -m benchmarks --quick $(ARGS)

bench-profile: $(VENV)/.installed-bench ## Write a profile of ours under load (ARGS=mcp; default rest)
	@$(BIN)/python -m benchmarks profile $(if $(ARGS),$(ARGS),rest)

bench-instructions: $(VENV)/.installed-bench ## Count the instructions that a request takes, outside the kernel (ARGS="rest mcp")
	@$(BIN)/python -m benchmarks instructions $(ARGS)

bench-loading: install ## Measure how long a catalogue of documents takes to load
	@$(BIN)/python -m benchmarks.loading

lint-docker: dev ## Check the Dockerfile
	@$(PIP) install --group docker
	@$(BIN)/hadolint --disable-ignore-pragma --failure-threshold style Dockerfile

clean: ## Remove the environment, caches and what was built
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -rf tests/clients/typescript/node_modules tests/conformance/node_modules tests/conformance/results
	find src tests docker -name __pycache__ -type d -prune -exec rm -rf {} +

install: $(VENV)/.installed

dev: $(VENV)/.installed-dev

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c '' 2>/dev/null \
		|| { echo "There is no $(PYTHON); install Python 3.11 or newer, or say where it is: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is $$($(PYTHON) --version 2>&1); naftiko-run needs 3.11 or newer. Name one: make PYTHON=python3.13" >&2; exit 1; }
	@echo "Creating $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# A stamp is newer than pyproject.toml and the environment for as long as there is nothing to install.
$(VENV)/.installed: pyproject.toml $(VENV)/pyvenv.cfg
	@echo "Installing naftiko-run and what it needs"
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.installed-bench: $(VENV)/.installed
	@echo "Installing what ours is compared with"
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --group bench
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing what the tests need"
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --editable '.[all]' --group dev
	@touch $@
