# How DVO is set up, checked, tested and tried out. Every target works from a bare clone.
# Needed beforehand: Python 3.11 or newer with its venv module, git, make; Go where no OPA release can be had.

PYTHON ?= python3
PYTEST_ARGS ?=
UPGRADE ?=

REGO := policies/rego
CODE := controller tests tools $(wildcard benchmarks)

# Branch coverage in per cent: of the whole controller, of the packages that decide, and of the policies.
COVERAGE_TOTAL := 90
COVERAGE_CORE := 100
COVERAGE_REGO := 100
CORE := change desired_state identity ownership policy approval capability decision caat ledger

BIN := .venv/bin
VENV := .venv/.installed
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --no-strip-extras $(UPGRADE)

empty :=
comma := ,
CORE_FILES := $(subst $(empty) $(empty),$(comma),$(CORE:%=controller/%/*))

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench corpus venv opa npm lock clean

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV) opa ## Play the whole story on this machine
	@$(BIN)/dvo demo

test: $(VENV) opa npm ## Run all tests and hold the coverage
	@.tools/opa test --timeout 60s $(REGO)
	@.tools/opa test --timeout 60s --coverage --threshold $(COVERAGE_REGO) $(REGO) > /dev/null
	@$(BIN)/pytest --cov --cov-report= $(PYTEST_ARGS)
	@$(BIN)/coverage report --fail-under=$(COVERAGE_TOTAL)
	@$(BIN)/coverage report --fail-under=$(COVERAGE_CORE) --include='$(CORE_FILES)'

check: $(VENV) opa ## Check form, types, layers and policies
	@$(BIN)/ruff format --check --quiet $(CODE) || { echo 'Not formatted: make format'; exit 1; }
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/mypy $(CODE)
	@$(BIN)/lint-imports --no-logo
	@.tools/opa fmt --list --fail $(REGO) || { echo 'Not formatted: make format'; exit 1; }
	@.tools/opa check --strict $(REGO)

format: $(VENV) opa ## Format code and policies
	@$(BIN)/ruff format --quiet $(CODE)
	@$(BIN)/ruff check --quiet --fix $(CODE)
	@.tools/opa fmt --write $(REGO)

bench: $(VENV) opa ## Measure the speeds the project claims
	@$(BIN)/python -m benchmarks

corpus: $(VENV) opa ## Convert and question the agents of a folder: make corpus AGENTS=<folder>
	@test -d '$(AGENTS)' || { echo 'Name a folder of agents: make corpus AGENTS=<folder>'; exit 1; }
	@$(BIN)/python -m benchmarks.corpus '$(AGENTS)'

venv: $(VENV) ## Create .venv from the hashed lock

$(VENV): requirements-dev.lock requirements.in pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "DVO needs Python 3.11 or newer, and $(PYTHON) is not. Name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo 'venv: installing what requirements-dev.lock pins, a minute or two'
	@$(PYTHON) -m venv .venv || { echo 'Python lacks its venv module; on Debian: apt install python3-venv'; exit 1; }
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

opa: ## Put the pinned OPA at .tools/opa
	@$(PYTHON) tools/opa/obtain.py

npm: $(VENV) ## Put what the tests use from npm at .tools/npm
	@tools/npm/obtain

lock: $(VENV) ## Pin requirements*.in again (UPGRADE=--upgrade: to the newest)
	@$(COMPILE) requirements.in --output-file requirements.lock
	@$(COMPILE) requirements-dev.in --constraint requirements.lock --output-file requirements-dev.lock

clean: ## Remove all that was made
	@rm -rf .venv .tools build dist *.egg-info .coverage .coverage.* htmlcov
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
