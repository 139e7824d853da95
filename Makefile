# Every target works from a bare clone: `make help` lists them.
# Needed beforehand: python3 >= 3.11 with venv, git, make, and Go or an OPA release for the policies.

PYTHON ?= python3
BIN := .venv/bin
VENV := .venv/.stamp

.DEFAULT_GOAL := help
.PHONY: venv

venv: $(VENV) ## create .venv from the hashed lock

$(VENV): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "DVO needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "venv: installing what requirements-dev.lock pins (about a minute)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
