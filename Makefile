# Needs Python 3.11 or newer and make; `make` alone lists the commands.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
UV := $(BIN)/python -m uv --system-certs --quiet
ARGS ?=
HELM_VERSION := v3.17.3
SHARED := $(if $(NAFTIKO_SHARED),$(NAFTIKO_SHARED),../shared)

# The environment is recreated if PYTHON names another Python than it has. If PYTHON is not given, it stays.
IDENTITY := import sys, zlib; print("%d.%d.%d-%08x" % (*sys.version_info[:3], zlib.crc32((sys.version + sys.base_prefix).encode())))
BUILT := $(if $(wildcard $(BIN)/python),$(firstword $(wildcard $(VENV)/.python-*)))
ifneq ($(origin PYTHON),file)
BUILT :=
endif
ENVIRONMENT := $(if $(BUILT),$(BUILT),$(VENV)/.python-$(shell $(PYTHON) -c '$(IDENTITY)' 2>/dev/null))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run install dev test test-lowest test-latest test-uvicorn test-httpx test-nginx test-shared test-clients conformance check coverage docs helm manifests reference lock release bench bench-quick bench-profile bench-instructions bench-loading lint-docker clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install ## Serve the first document against the sandbox: no credentials, no network (ARGS="--port rest=8081")
	@$(BIN)/naftiko-run capabilities/pipelines-track.yaml --sandbox $(ARGS)

test: dev ## Run the test suite (ARGS="-k mcp")
	@$(BIN)/pytest --numprocesses auto $(ARGS)

test-lowest: $(VENV)/.installed-lock ## Run the suite with the oldest dependencies that pyproject.toml allows
	@$(call resolved,$(VENV)-lowest,--resolution lowest-direct)
	@$(VENV)-lowest/bin/pytest --numprocesses auto $(ARGS)

test-latest: $(VENV)/.installed-lock ## Run the suite with the newest dependencies that pyproject.toml allows
	@$(call resolved,$(VENV)-latest,--refresh --upgrade)
	@$(VENV)-latest/bin/pytest --numprocesses auto $(ARGS)

test-uvicorn: dev ## Run the tests of the adapters with uvicorn's HTTP protocol instead of ours
	@$(BIN)/pytest --numprocesses auto --http-server uvicorn tests/expose tests/asgi $(ARGS)

test-httpx: dev ## Run the tests of the adapters with httpx as the HTTP client
	@$(BIN)/pytest --numprocesses auto --http-client httpx tests/expose $(ARGS)

test-nginx: dev ## Run the tests that compare with nginx
	@PATH="$$PATH:/usr/sbin:/usr/local/sbin" command -v nginx >/dev/null \
		|| { echo "nginx is not installed: apt-get install nginx-light, or brew install nginx" >&2; exit 1; }
	@$(BIN)/pytest tests/nginx $(ARGS)

test-shared: dev ## Run the tests over the documents of ../shared (or NAFTIKO_SHARED)
	@test -d "$(SHARED)" || { echo "There is no folder $(SHARED) with documents to test." >&2; exit 1; }
	@$(BIN)/pytest --numprocesses auto tests/shared $(ARGS)

test-clients: dev ## Run the official TypeScript MCP clients against the server (needs Node.js 20 and npm)
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null \
		|| { echo "The TypeScript client tests need Node.js 20 or newer, and npm." >&2; exit 1; }
	@$(BIN)/pytest tests/clients $(ARGS)

conformance: dev ## Run the official MCP conformance suite and inspector, and write the results to the docs (needs npm's registry)
	@$(PIP) install --quiet --require-hashes -r requirements/conformance.txt
	@cd tests && ../$(BIN)/python -m conformance

check: dev ## Check style, format, types, dead code, dependencies and that the locks are current
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/vulture
	@$(BIN)/deptry src
	@$(BIN)/python requirements/lock.py --check

coverage: dev ## Run the test suite and report branch coverage; fails under 95 % (ARGS="-k mcp")
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest --numprocesses auto $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

docs: $(VENV)/.installed-docs ## Build the documentation in build/site (ARGS=serve: serve it while you edit)
	@$(BIN)/python -m scripts.docs $(ARGS)

helm: build/bin/helm ## Build Helm, for the tests of the chart (needs Go)

manifests: dev build/bin/helm ## Render the Helm chart: the Kustomize base, and what the tests expect (needs Go)
	@$(BIN)/python -m scripts.manifests

reference: dev ## Write the generated pages of docs/reference
	@$(BIN)/python -m scripts.reference

lock: $(VENV)/.installed-lock ## Resolve and lock dependencies, changing only what must change (ARGS=--upgrade: the newest of all)
	@$(BIN)/python requirements/lock.py $(ARGS)

release: $(VENV)/.installed-release ## Build, check and tag a release: VERSION=1.2.3 (ARGS=--dry-run changes nothing)
	@test -n "$(VERSION)" || { echo "Name the version: make release VERSION=1.2.3" >&2; exit 1; }
	@$(BIN)/python -m scripts.release $(VERSION) $(ARGS)

bench: $(VENV)/.installed-bench ## Compare with nginx, a hand-written app, the MCP SDK and FastMCP (ARGS="--json results.json")
	@$(BIN)/python -m benchmarks $(ARGS)

bench-quick: $(VENV)/.installed-bench ## Measure the key ratios, in under a minute
	@$(BIN)/python -m benchmarks --quick $(ARGS)

bench-profile: $(VENV)/.installed-bench ## Write a profile under load (ARGS=mcp; default rest)
	@$(BIN)/python -m benchmarks profile $(if $(ARGS),$(ARGS),rest)

bench-instructions: $(VENV)/.installed-bench ## Count the instructions of a request, outside the kernel (ARGS="rest mcp")
	@$(BIN)/python -m benchmarks instructions $(ARGS)

bench-loading: install ## Measure how long a catalogue of documents takes to load
	@$(BIN)/python -m benchmarks.loading

lint-docker: dev ## Check the Dockerfile
	@$(PIP) install --quiet --require-hashes -r requirements/docker.txt
	@$(BIN)/hadolint --disable-ignore-pragma --failure-threshold style Dockerfile

build/bin/helm:
	@echo "Building Helm $(HELM_VERSION)"
	@GOBIN="$(CURDIR)/build/bin" go install helm.sh/helm/v3/cmd/helm@$(HELM_VERSION)

clean: ## Remove the environments, caches and build results
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-latest build dist .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -rf tests/clients/typescript/node_modules tests/conformance/node_modules tests/conformance/results
	find src tests docker scripts -name __pycache__ -type d -prune -exec rm -rf {} +

install: $(VENV)/.installed

dev: $(VENV)/.installed-dev

$(ENVIRONMENT):
	@$(PYTHON) -c '' 2>/dev/null \
		|| { echo "There is no $(PYTHON). Install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is $$($(PYTHON) --version 2>&1); naftiko-run needs 3.11 or newer. Name one: make PYTHON=python3.13" >&2; exit 1; }
	@echo "Creating $(VENV) with $$($(PYTHON) --version)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
	@touch $@

# A stamp is newer than its files and the environment as long as there is nothing to install.
$(VENV)/.installed: pyproject.toml requirements/run.txt requirements/build.txt $(ENVIRONMENT)
	@$(call locked,naftiko-run and its dependencies,run build)
	@$(ours)
	@touch $@

$(VENV)/.installed-dev: pyproject.toml requirements/dev.txt $(ENVIRONMENT)
	@$(call locked,naftiko-run$(,) its extras and the development tools,dev)
	@$(ours)
	@touch $(VENV)/.installed $@

$(VENV)/.installed-bench: requirements/bench.txt $(VENV)/.installed
	@$(call locked,the programs to compare with,bench)
	@touch $@

$(VENV)/.installed-lock: requirements/lock.txt $(ENVIRONMENT)
	@$(call locked,the tool that resolves dependencies,lock)
	@touch $@

$(VENV)/.installed-docs: requirements/docs.txt $(ENVIRONMENT)
	@$(call locked,the tools that build the documentation,docs)
	@touch $@

$(VENV)/.installed-release: requirements/release.txt $(ENVIRONMENT)
	@$(call locked,the tools that build and check packages,release)
	@touch $@

# Install from locks ($(2)), and print the name of each package.
, := ,
locked = echo "Installing $(1), from requirements/$(firstword $(2)).txt"; \
	{ $(PIP) install --progress-bar off --require-hashes $(foreach lock,$(2),-r requirements/$(lock).txt); echo "ended $$?"; } \
	| while read -r word name rest; do case "$$word" in \
		Collecting) printf " %s" "$${name%%=*}";; \
		Installing) printf "\n Writing their files";; \
		ended) echo; exit "$$name";; \
	esac; done
ours = $(PIP) install --quiet --no-deps --no-build-isolation --editable .

# Create an environment ($(1)) without locks, with uv's options ($(2)).
resolved = echo "Creating $(1) with $$($(BIN)/python --version), and installing within the bounds of pyproject.toml"; \
	$(UV) venv --clear --python $(BIN)/python $(1) \
	&& $(UV) pip install --python $(1) $(2) --group dev --group build --editable '.[all]' \
	&& $(UV) pip list --python $(1)
