# make run: a virtual environment, then the server. make test: everything the tests need, then the tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
ARGS ?=

.PHONY: run test lint check browser bench clean

run: $(VENV)/.run
	$(BIN)/python -m localwhisper --test-services $(ARGS)

test: lint check

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: $(VENV)/.dev browser
	$(BIN)/python -m pytest $(ARGS)

# the browser test drives a Chromium: the one on the PATH, the system's package, or Playwright's own
browser: $(VENV)/.dev
	@command -v chromium chromium-browser google-chrome >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get -qq update \
	       && apt-get -qq install --yes --no-install-recommends chromium >/dev/null; } \
	  || $(BIN)/python -m playwright install chromium

# against stock openai-whisper and CTranslate2, on random checkpoints of real dimensions; needs a quiet machine
bench: $(VENV)/.bench
	$(BIN)/python -m tests.bench $(ARGS)

$(VENV)/.run: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable ".[dev]"
	touch $(VENV)/.run $@

$(VENV)/.bench: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable ".[bench]"
	touch $(VENV)/.run $@

clean:
	rm -rf $(VENV) build dist
