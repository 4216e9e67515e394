# vgcourse: every target sets up .venv by itself the first time.
# Another Python: make lab PYTHON=python3.12      More arguments: make test ARGS="-k layers"
# Another place for the environment: make lab VENV=.venv-2
PYTHON ?= python3
ARGS ?=
PORT ?= 8000
UPGRADE ?= --upgrade

VENV := .venv
MARK := $(VENV)/.vgcourse
LOG := $(VENV)/install.log
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SITE_READY := $(VENV)/.site-ready
SITE_LOCK := site/requirements-lock.txt
LITE_READY := $(VENV)/lite/.ready
LITE_LOCK := site/lite-lock.txt
# nbgrader starts `alembic`, and notebooks start `vgcourse`, by name.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# uv brings its own certificates; the machine's are right behind a company's proxy too (the old and the new name).
export UV_NATIVE_TLS := true
export UV_SYSTEM_CERTS := true
SHELL := /bin/sh

# The set-up is done again when the folder was moved or the Python behind it is gone, not only when its inputs changed.
INTACT := $(shell [ "$$(cat $(READY) 2>/dev/null)" = "$(CURDIR)" ] && $(BIN)/python -c "" 2>/dev/null && echo yes)

.DEFAULT_GOAL := help
.PHONY: help setup lab update test demo notebooks site lite serve pdf lint lock bench checker-report clean FORCE

help:  ## show this list
	@echo "make <target> [ARGS=...] [PYTHON=python3.12]; the first use of a target sets up .venv"
	@sed -n 's/^\([a-z-]*\):[^#]*## /  \1\t/p' Makefile | expand -t 18

setup: $(READY)  ## create .venv and install everything in it (the other targets do this by themselves)
	@:

lab: $(READY)  ## open the course in JupyterLab, on its start page
	@$(BIN)/vgcourse lab $(ARGS)

update: $(READY)  ## get the newest version; what you changed stays yours
	@$(BIN)/vgcourse update

test: $(READY)  ## run every test, the lectures' notebooks included
	@# the matrices are small: a second thread would only wait, a second worker helps
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --maxprocesses 4 $(ARGS)

demo: $(READY)  ## grade a class of sample submissions, from release to report
	@$(BIN)/vgcourse demo $(ARGS)

notebooks: $(READY)  ## build the notebooks that changed, then the exercises from the solutions
	@OPENBLAS_NUM_THREADS=1 $(BIN)/vgcourse notebooks $(ARGS)
	@$(BIN)/vgcourse release

site: $(SITE_READY)  ## build the book in site/_build/html; open its index.html, or put the folder on any web server
	@$(BIN)/python site/build.py $(ARGS)

lite: $(SITE_READY) $(LITE_READY)  ## build the book with a JupyterLite beside it, notebooks in the reader's own browser
	@$(BIN)/python site/build.py --lite $(ARGS)

serve: $(SITE_READY)  ## build the book and show it on http://127.0.0.1:8000 (PORT=...), to this computer only
	@$(BIN)/python site/build.py --serve $(PORT) $(ARGS)

pdf: site  ## print each lecture of the book to site/_build/pdf (needs Chromium)
	@$(BIN)/python site/pdf.py

lint: $(READY)  ## check style and formatting of the Python files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pre-commit validate-config .pre-commit-config.yaml

COMPILE := uv pip compile --quiet $(UPGRADE) --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-header --no-annotate
lock: $(READY)  ## write the locks again, with today's versions (UPGRADE= keeps those that are there)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv"; exit 2; }
	@$(COMPILE) pyproject.toml --extra lab --extra grading --extra dev -o requirements-lock.txt
	@# the book's own packages, at versions that agree with the rest; what the rest has for older Pythons alone is in both
	@rest="-c requirements-lock.txt $$(sed -n '/python_full_version </!s/^\([^ =]*\)==.*/--no-emit-package \1/p' \
	    requirements-lock.txt | sort -u)"; \
	  $(COMPILE) pyproject.toml --extra site -o $(SITE_LOCK) $$rest && $(COMPILE) --group lite -o $(LITE_LOCK) $$rest
	@echo "requirements-lock.txt, $(SITE_LOCK) and $(LITE_LOCK) are new; the next make installs from them"

bench: $(READY)  ## compare speed and memory with their goals, and with torch where it is installed
	@$(BIN)/python benchmarks/run.py $(ARGS)

checker-report: $(READY)  ## score the checker on every known mistake; writes site/checker.md and its figure
	@$(BIN)/python tests/checker_score.py

clean:  ## remove .venv and everything that tests and builds leave behind
	@rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis build dist site/_build
	@find . -name __pycache__ -prune -exec rm -rf {} + ; find . -name .ipynb_checkpoints -prune -exec rm -rf {} +
	@echo "removed .venv and caches"

# $(call install,file,size,options): with uv when it is there and manages, else with pip; hashes are checked.
define install
if command -v uv >/dev/null; then \
  echo "Installing $(1) with uv ($(2)) ..."; \
  uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes $(3) -r $(1) >$(LOG) 2>&1 && exit 0; \
  echo "uv did not manage."; fi; \
$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null 2>&1; \
echo "Installing $(1) with pip ($(2); a minute or two) ..."; \
$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes $(3) -r $(1) >$(LOG) 2>&1 && exit 0; \
if grep -qiE 'connection|temporary failure|name or service|unreachable|timed out|from versions: none' $(LOG); then \
  echo "No packages could be fetched: connect this computer to the network, then say: make $(MAKECMDGOALS)"; \
else tail -n 3 $(LOG); echo "The packages could not be installed; all that was said stands in $(LOG)."; fi; exit 2
endef

# Only the book needs these packages: `make lab` does not wait for them.
$(SITE_READY): $(READY) $(SITE_LOCK)
	@$(call install,$(SITE_LOCK),about 60 MB)
	@touch $(SITE_READY)

# In a folder of their own (site/lite.py).
$(LITE_READY): $(READY) $(LITE_LOCK)
	@rm -rf $(VENV)/lite
	@$(call install,$(LITE_LOCK),about 25 MB,--target $(VENV)/lite)
	@touch $(LITE_READY)

# The stamp goes first and comes last: what was interrupted between is thrown away and made again, if we made it.
# A .venv of another user or another folder is not touched, one that the reader made is used when it fits.
$(READY): requirements-lock.txt pyproject.toml $(if $(INTACT),,FORCE)
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
	  echo "$(PYTHON) was not found. Install Python 3.11 or newer, then say: make PYTHON=/path/to/python3 $(MAKECMDGOALS)"; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is $$("$(PYTHON)" --version 2>&1); this course needs Python 3.11 or newer."; \
	  for p in python3.13 python3.12 python3.11; do if $$p --version >/dev/null 2>&1; then \
	    echo "You have $$p; say: make PYTHON=$$p $(MAKECMDGOALS)"; exit 2; fi; done; \
	  echo "Install one, then say: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 2; }
	@advice="Move it away (mv $(VENV) $(VENV)-old), or take another: make $(MAKECMDGOALS) VENV=.venv-2"; \
	if [ ! -e $(VENV) ]; then exit 0; fi; \
	if [ ! -O $(VENV) ]; then echo "The $(VENV) here belongs to another user. Take another: make $(MAKECMDGOALS) VENV=.venv-2"; exit 2; fi; \
	if [ -n "$(INTACT)" ]; then echo "Bringing $(VENV) up to date ..."; exit 0; fi; \
	if [ -e $(BIN)/activate ] && ! grep -qF "$(abspath $(VENV))" $(BIN)/activate; then \
	  echo "The $(VENV) here was made for another folder and works only there. $$advice"; exit 2; fi; \
	if [ -e $(MARK) ] && ! grep -q adopted $(MARK); then rm -rf $(VENV); \
	elif $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  echo "Using the $(VENV) that is here, with $$($(BIN)/python --version) ..."; echo adopted > $(MARK); \
	else echo "The $(VENV) here does not run, or not with Python 3.11 or newer. $$advice"; exit 2; fi
	@rm -f $(READY)
	@if [ ! -x $(BIN)/python ]; then \
	  echo "Creating $(VENV) with $$("$(PYTHON)" --version) ..."; mkdir $(VENV) && touch $(MARK) || exit 2; \
	  if "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then "$(PYTHON)" -m venv $(VENV); \
	  elif command -v uv >/dev/null; then uv venv --quiet --seed --allow-existing --python "$$(command -v "$(PYTHON)")" $(VENV); \
	  else echo "$(PYTHON) has no venv module with pip in it."; \
	    echo "On Debian and Ubuntu: sudo apt-get install python3-venv    Then try again."; rm -rf $(VENV); exit 2; fi; fi
	@$(call install,requirements-lock.txt,about 650 MB)
	@echo "Installing vgcourse itself ..."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
	@printf '%s' "$(CURDIR)" > $(READY)
	@echo "Ready."
