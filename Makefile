# make demo: the embedded demo, to results/report.html; make test: all checks; make test-fast: those without runs of the
# workflow, for each change. All set up .venv first.
PYTHON ?= python3
BIN := .venv/bin
# Without bytecode, each of the hundreds of jobs would compile the library anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-fast lint setup lock

demo: setup
	$(BIN)/snakemake --cores all

# The two environments are set up at once, and the code is looked at beside the tests.
test:
	@$(MAKE) --no-print-directory --jobs 2 .venv/installed .venv-review/installed
	@$(MAKE) --no-print-directory --jobs 2 lint tests

test-fast: setup
	@$(MAKE) --no-print-directory --jobs 2 lint fast-tests

# A test's run of the workflow fills about one core.
PYTEST = $(BIN)/pytest -n logical --maxprocesses 4 --dist worksteal

.PHONY: tests fast-tests
tests:
	$(PYTEST)

fast-tests:
	$(PYTEST) -m "not slow"

lint: setup
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

setup: .venv/installed

# Python itself compiles the tenth of all modules that is ever loaded, when it is.
INSTALL = pip install --quiet --disable-pip-version-check --no-compile --requirement

.venv/installed: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/$(INSTALL) requirements.lock
	touch $@

# Review in the browser: make review LANG=bn REVIEWER=anna; on request PORT=8080, CONFIG=configs/xsafety.yaml,
# ARGS="--config results=elsewhere" (what would be given to snakemake). Labels likewise: make label LANG=bn LABELLER=anna.
.PHONY: review review-done label label-done
HOST = 127.0.0.1
PORT = 0
CONFIG = config.yaml
# LANG of the environment is the terminal's.
BROWSER = $(BIN)/python -m xsafety.browser --configfile "$(CONFIG)" \
	--lang "$(if $(findstring command,$(origin LANG)),$(LANG))" $(ARGS)
review review-done: WHO = --reviewer "$(REVIEWER)"
label label-done: WHO = --labeller "$(LABELLER)"

review label: setup .venv-review/installed
	@exec $(BROWSER) $(WHO) --host "$(HOST)" --port "$(PORT)"

# Takes what was said in without the page, as after a crash; the page does so when it stops.
review-done label-done: setup
	@exec $(BROWSER) $(WHO) --done

# All rows to look through, on a page: make explore; CONFIG and ARGS as for review, PORT likewise, in place of
# report.explore_port.
.PHONY: explore
explore: setup .venv-review/installed
	@exec $(BIN)/python -m xsafety.explore --configfile "$(CONFIG)" --port "$(PORT)" $(ARGS)

# What a link leads to is another checkout's, and would be emptied.
NO_LINK = @test ! -L $(@D) || { echo "$(@D) is a link: make it anew where it leads to, or remove the link."; exit 1; }

.venv-review/installed: requirements-review.lock
	$(NO_LINK)
	@echo "Setting up the environment of the page, once ..."
	@$(PYTHON) -m venv --clear .venv-review
	@.venv-review/bin/$(INSTALL) requirements-review.lock
	@touch $@

# The data set as others get it, then read by what they read it with: make release; CONFIG and ARGS as for review, and
# RELEASES=FOLDER for results of another name.
.PHONY: release
RELEASES = results/release/*
release: setup .venv-release/installed
	$(BIN)/snakemake --cores all --configfile "$(CONFIG)" $(ARGS) -- release
	@for folder in $(RELEASES); do .venv-release/bin/python -m xsafety.release.readers "$$folder" || exit 1; done

.venv-release/installed: requirements-release.lock
	$(NO_LINK)
	@echo "Setting up the readers of data sets, once ..."
	@$(PYTHON) -m venv --clear .venv-release
	@.venv-release/bin/$(INSTALL) requirements-release.lock
	@touch $@

# Makes config.schema.json, by which editors explain and check config.yaml, from xsafety/config.
.PHONY: schema
schema: setup
	$(BIN)/python -m xsafety.config > config.schema.json

# Pins everything that the pinned dependencies of pyproject.toml need.
lock:
	$(call pin,p["project"]["dependencies"] + p["dependency-groups"]["dev"],requirements.lock)
	$(call pin,p["dependency-groups"]["review"],requirements-review.lock)
	$(call pin,p["dependency-groups"]["release"],requirements-release.lock)

define pin
$(PYTHON) -m venv --clear .venv-lock
$(PYTHON) -c 'import tomllib; p = tomllib.load(open("pyproject.toml", "rb")); print(*$(1), sep="\n")' \
	| .venv-lock/bin/pip install --quiet --requirement /dev/stdin
(echo "# Made by make lock from pyproject.toml; do not edit."; .venv-lock/bin/pip freeze | sed 's/+cpu$$//') > $(2)
rm -rf .venv-lock
endef
