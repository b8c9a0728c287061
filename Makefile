# make demo: the embedded demo, to results/report.html; make test: all checks. Both set up .venv first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test setup lock

demo: setup
	$(BIN)/snakemake --cores all

test: setup
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

setup: .venv/installed

.venv/installed: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements.lock
	touch $@

# Pins everything that the pinned dependencies of pyproject.toml need.
lock:
	$(PYTHON) -m venv --clear .venv-lock
	$(PYTHON) -c 'import tomllib; p = tomllib.load(open("pyproject.toml", "rb")); print(*p["project"]["dependencies"], *p["dependency-groups"]["dev"], sep="\n")' \
		| .venv-lock/bin/pip install --quiet --requirement /dev/stdin
	(echo "# Made by make lock from pyproject.toml; do not edit."; .venv-lock/bin/pip freeze | sed 's/+cpu$$//') > requirements.lock
	rm -rf .venv-lock
