# Everything runs from here on a machine with Python 3.11 or newer and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SHUOSHU = $(BIN)/shuoshu

.PHONY: demo demo-en test check format clean base all

demo: base            ## the Chinese demo book, manuscript to mastered audiobook
	@$(SHUOSHU) run manuscripts/demo-zh.epub --cast casts/demo-zh.yaml

demo-en: base         ## the English one
	@$(SHUOSHU) run manuscripts/demo-en.epub --cast casts/demo-en.yaml

test: all             ## every test
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

check: all            ## lint, format, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: all
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

base: $(VENV)/base.done
all: $(VENV)/all.done

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Shuoshu needs Python 3.11 or newer; '$(PYTHON)' is not. Try: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/base.done: $(VENV)/bin/python pyproject.toml
	@echo "installing Shuoshu (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/all.done: $(VENV)/bin/python pyproject.toml
	@echo "installing Shuoshu with every extra (once, a few minutes: torch is large) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[indextts2,dev]'
	@touch $@ $(VENV)/base.done

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache
