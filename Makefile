# Everything that a newcomer, a developer or CI calls. Needs Python >= 3.11, make and git only:
# environments are made in .venv, and Node comes from PyPI where the machine's is missing or old.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Programs start hundreds of times in tests: Python must keep what it has compiled.
unexport PYTHONDONTWRITEBYTECODE
# The JavaScript is built by a rule of its own; pip would build it again at every install.
export SKIP_JUPYTER_BUILDER := 1
SOURCES := $(shell git ls-files src style schema 2>/dev/null)
# Three workers at a time, as most tests wait for other processes; tests/conftest.py says which tests
# stay together. Slow folders come first.
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder
# Installs by uv, from where pip is configured to.
INSTALL := $(BIN)/python scripts/install.py
PYTHON_SOURCES := $(shell git ls-files pyproject.toml jupyter-config 2>/dev/null)

.PHONY: demo test checks python test-hub test-cluster back-ends cluster cluster-check cluster-down kubernetes images lock lint bench docs clean api chart chart-schema unit js ui help

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(STAMPS)/product ## Open the product on its own data lake (CHECK=1: only check that it works)
	$(BIN)/escape-vre demo $(if $(CHECK),--check)

test: $(STAMPS)/product $(STAMPS)/test $(STAMPS)/docs $(STAMPS)/chromium ## Set everything up and run every test
	scripts/beside.py "$(MAKE) --no-print-directory checks" \
	    "scripts/timed 'browser tests' $(MAKE) --no-print-directory ui"
	$(MAKE) --no-print-directory python
	@test -n "$$ESCAPE_VRE_TIMES" || scripts/timed --report

checks: $(STAMPS)/product $(STAMPS)/test $(STAMPS)/docs ## What is quick: lint, JavaScript, documentation, demo
	scripts/timed "lint" $(MAKE) --no-print-directory lint
	scripts/timed "JavaScript unit tests" npm test --silent
	scripts/timed "documentation" $(MAKE) --no-print-directory docs
	scripts/timed "demo, checked" $(BIN)/escape-vre demo --check

python: $(STAMPS)/product $(STAMPS)/test $(STAMPS)/chromium ## The Python tests, but those of test-hub and test-cluster
	scripts/timed "Python tests" $(PYTEST) tests -m "not long and not cluster"

test-hub: $(STAMPS)/product $(STAMPS)/test $(STAMPS)/chromium ## A day at a hub, in a browser: waits for tokens to expire
	scripts/timed "a day at a hub" $(BIN)/python -m pytest tests -m long

# What tests run beside us. They install it themselves, but not where there is no way out: the
# cluster's network has none.
back-ends: $(STAMPS)/test ## Install a lake, Keycloak and reana-client, once for all clones
	scripts/insist $(BIN)/python -m tests.back_ends

cluster-check: $(STAMPS)/test ## Say which Debian packages a Kubernetes still needs
	$(BIN)/python -m tests.cluster check

cluster: $(STAMPS)/test cluster-check back-ends ## Start a Kubernetes with our images; KUBECONFIG=... uses yours
	$(BIN)/python -m tests.cluster up

cluster-down: $(STAMPS)/test ## Remove that Kubernetes
	$(BIN)/python -m tests.cluster down

test-cluster: $(STAMPS)/test cluster-check $(STAMPS)/chromium back-ends ## The tests on a real Kubernetes
	scripts/timed "tests on Kubernetes" $(BIN)/python -m tests.cluster test

kubernetes: $(STAMPS)/test cluster-check ## Build Kubernetes and our images, which test-cluster does too
	scripts/timed "Kubernetes, built" $(BIN)/python -m tests.cluster tools
	scripts/timed "images, built" $(BIN)/python -m tests.cluster images

images: $(STAMPS)/test ## Build our images with buildah
	$(BIN)/python -m tests.cluster images

lock: $(STAMPS)/test ## Update the locked versions of tools and in the images
	$(BIN)/python scripts/lock_tools.py
	scripts/lock-images

unit: $(STAMPS)/product $(STAMPS)/test ## The quick Python tests
	$(PYTEST) tests/unit

js: $(STAMPS)/node ## The JavaScript unit tests
	npm test --silent

ui: $(STAMPS)/product $(STAMPS)/test $(STAMPS)/chromium $(STAMPS)/stories ## The tests in a real browser
	ESCAPE_VRE_DEMO_COMMAND="$(CURDIR)/$(BIN)/escape-vre demo --no-browser --json" npm run test:ui

lint: $(STAMPS)/product $(STAMPS)/test ## Format, types, imports, spelling, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell escape_vre src docs tests helm README.md CHANGELOG.md
	npm run --silent lint:check
	npm run --silent size >/dev/null || npm run size
	scripts/check-generated

api: $(STAMPS)/product ## Generate the OpenAPI document and the TypeScript types
	$(BIN)/python -m escape_vre.agent.openapi src/core/agent.openapi.json
	npm run --silent api

chart: $(STAMPS)/product ## Package the Helm chart into dist/ (Z2JH_CHART=z2jh's own chart)
	$(BIN)/python scripts/make_chart.py

chart-schema: $(STAMPS)/test ## Generate the chart's values schema and the table in its README
	$(BIN)/python -m escape_vre.hub.schema helm/escape-vre

bench: $(STAMPS)/product $(STAMPS)/test ## Measure us and the peers (ONLY=name for one question)
	$(BIN)/python -m bench $(ONLY)
	$(BIN)/python -m bench.readme

docs: $(STAMPS)/product $(STAMPS)/docs ## Build the documentation into docs/_build
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

clean: ## Remove everything that make created
	rm -rf $(VENV) $(STAMPS) node_modules lib tsconfig.tsbuildinfo escape_vre/labextension docs/_build

$(STAMPS)/chromium:
	scripts/find-chromium >/dev/null
	mkdir -p $(STAMPS) && touch $@

$(STAMPS)/venv:
	$(PYTHON) scripts/make_venv.py $(VENV)
	mkdir -p $(STAMPS) && touch $@

$(STAMPS)/node: package.json package-lock.json .npmrc $(STAMPS)/venv
	scripts/ensure-node $(VENV)
	npm ci --prefer-offline --no-audit --no-fund --ignore-scripts
	touch $@

$(STAMPS)/labextension: $(STAMPS)/node $(SOURCES) tsconfig.json install.json
	rm -f tsconfig.tsbuildinfo
	$(INSTALL) "jupyter-builder>=1.2,<2" "jupyterlab>=4.6,<5"
	npm run --silent build:prod
	touch $@

# An extension for the browser tests alone, which shows widgets of ours.
$(STAMPS)/stories: $(STAMPS)/labextension $(shell git ls-files ui-tests/stories 2>/dev/null)
	npm run --silent build:stories
	touch $@

$(STAMPS)/product: $(STAMPS)/labextension $(PYTHON_SOURCES)
	$(INSTALL) -e ".[demo]"
	$(BIN)/jupyter-builder develop . --overwrite
	touch $@

$(STAMPS)/test: $(STAMPS)/product requirements/tools.txt
	$(INSTALL) -c requirements/tools.txt -e ".[test,lint]"
	$(BIN)/jupyter-builder develop . --overwrite
	touch $@

$(STAMPS)/docs: $(STAMPS)/product requirements/tools.txt
	$(INSTALL) -c requirements/tools.txt -e ".[docs]"
	touch $@
