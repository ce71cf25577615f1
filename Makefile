# Stockroom: run `make help` for the list of commands.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= var
# More processes than most machines for tests have cores: much of the time is spent waiting, for disks,
# servers and clients.
PYTEST_ARGS ?= -n 3 --dist loadfile

CREATED := $(VENV)/.created
RUN_STAMP := $(VENV)/.run
TEST_STAMP := $(VENV)/.test
PROJECT_STAMP := $(VENV)/.project
PLUGINS := $(wildcard plugins/*/pyproject.toml)
PLUGINS_STAMP := $(VENV)/.plugins
STORES := $(abspath $(or $(STOCKROOM_STORES),.stores))
SWIFT_LOCK := plugins/stockroom-s3/tests/requirements/swift.txt

export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The test requirements contain the run requirements at the same versions, so an
# environment made for tests is never reduced to one that can only run.
ifneq ($(wildcard $(TEST_STAMP)),)
REQUIREMENTS_STAMP := $(TEST_STAMP)
else
REQUIREMENTS_STAMP := $(RUN_STAMP)
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

.PHONY: help
help: ## List the commands
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

.PHONY: run
run: $(REQUIREMENTS_STAMP) $(PROJECT_STAMP) ## Start a server that keeps its data in ./var
	@exec $(BIN)/stockroom serve --data-dir $(DATA)

.PHONY: setup
setup: $(TEST_STAMP) $(PROJECT_STAMP) $(PLUGINS_STAMP) ## Make .venv, with everything that work on Stockroom needs

.PHONY: clients
clients: setup ## Make the environments of the client programs (uv, pip and all that publish)
	@$(BIN)/python tests/clients/setup.py

.PHONY: nginx
nginx: ## Make sure that there is an nginx for the tests
	@tests/setup-nginx

.PHONY: chromium
chromium: ## Make sure that there is a Chromium for the tests
	@tests/setup-chromium

.PHONY: provider
provider: ## Make sure that there is an OpenID provider for the tests
	@tests/setup-provider

.PHONY: stores
stores: $(STORES)/swift/.stamp ## Make the environment of the object store for the tests (Swift)

.PHONY: check
check: setup ## Check format, style, types and layers
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: test
test: setup clients nginx chromium provider stores check ## Run every check, then every test
	$(BIN)/pytest $(PYTEST_ARGS)

.PHONY: coverage
coverage: setup clients nginx chromium provider stores ## Run the tests and list the lines that none of them reached
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PYTEST_ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

.PHONY: format
format: setup ## Format the code and apply the safe fixes
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command 'make lock' $(LOCK_ARGS)

.PHONY: lock
lock: ## Write the lock files anew (LOCK_ARGS=--upgrade takes newer versions)
	@test -x $(BIN)/uv || $(MAKE) --no-print-directory setup
	$(COMPILE) requirements/build.in -o requirements/build.txt
	$(COMPILE) pyproject.toml -c requirements/build.txt -o requirements/run.txt
	$(COMPILE) pyproject.toml requirements/build.in requirements/test.in \
		-c requirements/build.txt -c requirements/run.txt -o requirements/test.txt
	$(COMPILE) $(SWIFT_LOCK:.txt=.in) -o $(SWIFT_LOCK)

.PHONY: clean
clean: ## Remove everything that can be made again (not ./var)
	rm -rf $(VENV) .clients .nginx .provider .stores build dist htmlcov .coverage .coverage.* .hypothesis \
		.import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests stubs plugins -type d -name __pycache__ -prune -exec rm -rf {} +

$(CREATED):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Stockroom needs Python 3.11 or newer, but PYTHON=$(PYTHON) is" \
			"$$($(PYTHON) --version 2>/dev/null || echo 'not a Python that works')." >&2; \
		echo "Name another one, for example: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; \
		exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(RUN_STAMP): requirements/build.txt requirements/run.txt | $(CREATED)
	$(BIN)/pip install --quiet --require-hashes -r requirements/build.txt -r requirements/run.txt
	@touch $@

$(TEST_STAMP): requirements/build.txt requirements/run.txt requirements/test.txt | $(CREATED)
	$(BIN)/pip install --quiet --require-hashes -r requirements/test.txt
	@touch $@

# Without isolation, because the locked environment already holds the build backend.
# The requirements are always named before this stamp, and prerequisites are made in order.
$(PROJECT_STAMP): pyproject.toml src/stockroom/__init__.py | $(CREATED)
	$(BIN)/pip install --quiet --no-build-isolation --no-deps --editable .
	@touch $@

$(PLUGINS_STAMP): $(PLUGINS) $(PROJECT_STAMP) | $(CREATED)
	$(BIN)/pip install --quiet --no-build-isolation --no-deps \
		$(foreach file,$(PLUGINS),--editable $(dir $(file)))
	@touch $@

$(STORES)/swift/.stamp: $(SWIFT_LOCK) | $(TEST_STAMP)
	$(BIN)/uv venv --quiet --clear --no-project --python $(BIN)/python $(STORES)/swift
	$(BIN)/uv pip install --quiet --require-hashes --python $(STORES)/swift -r $(SWIFT_LOCK)
	@touch $@
