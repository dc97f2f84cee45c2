# make run: create a virtual environment, download a model and serve. make test: install what the tests need and run them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
ARGS ?=
# of make accuracy's second part, about speakers
SPEAKERS_ARGS ?=
# of make run: the model that is downloaded first. auto: base, where there is none; empty: none
MODEL ?= auto
WORKERS := $(shell $(PYTHON) -c "import os; print(min(os.cpu_count() + 1, 5))")
PAGE_CHECKS := tests/browser/node_modules/.installed

.PHONY: run test lint check browser proxy screenshots torture parallel load soak fuzz bench bench-record bench-page bench-memory \
  bench-waiting bench-live bench-stops bench-speech accuracy release clean

run: $(VENV)/.run
	$(BIN)/python -m localwhisper$(if $(MODEL), --fetch-model $(MODEL)) --test-services $(ARGS)

test: lint check

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32

check: $(VENV)/.dev browser proxy $(PAGE_CHECKS)
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder --max-worker-restart 1 $(ARGS)

# the type checker and the accessibility checker for the page's tests
$(PAGE_CHECKS): tests/browser/package-lock.json
	@command -v npm >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get -qq update \
	       && apt-get -qq install --yes --no-install-recommends nodejs npm >/dev/null; } \
	  || { echo "the tests of the page need Node.js with npm: https://nodejs.org" >&2; exit 1; }
	npm ci --prefix tests/browser --no-audit --no-fund --loglevel=error
	touch $@

# a Chromium for the page's tests: the headless system package, another on the PATH, or Playwright's
browser: $(VENV)/.dev
	@command -v chromium-headless-shell >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get -qq update \
	       && apt-get -qq install --yes --no-install-recommends chromium-headless-shell >/dev/null; } \
	  || for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done \
	  || $(BIN)/python -m playwright install --only-shell chromium

# compare with openai-whisper and CTranslate2 on random checkpoints of real dimensions; needs an idle machine
bench: $(VENV)/.bench
	$(BIN)/python -m tests.bench $(ARGS)

# put the figures of the last bench into docs/
bench-record: $(VENV)/.bench
	$(BIN)/python -m tests.bench.record

# word error rates and times on real recordings, beside openai-whisper and faster-whisper: docs/accuracy.md
accuracy: $(VENV)/.bench
	$(BIN)/python -m tests.accuracy --record $(ARGS)
	$(BIN)/python -m tests.accuracy.speakers --model base --record $(SPEAKERS_ARGS)

# the page with 2,000 jobs: first view, scrolling, search
bench-page: $(VENV)/.dev browser
	$(BIN)/python -m tests.bench.page $(ARGS)

# memory with recordings of hours and with idle models
bench-memory: $(VENV)/.dev
	$(BIN)/python -m tests.bench.memory $(ARGS)

# how long a clip waits behind a long recording, and how accurate the estimates are
bench-waiting: $(VENV)/.dev
	$(BIN)/python -m tests.bench.waiting $(ARGS)

# seconds for real recordings with real weights, of every transcriber, alone and beside busy programs
bench-speech: $(VENV)/.bench
	$(BIN)/python -m tests.bench.speech $(ARGS)

# replay real recordings as if they were being spoken, and measure how soon their words are shown
bench-live: $(VENV)/.bench
	$(BIN)/python -m tests.bench.live $(ARGS)

# how long a cancelled job still uses the CPU
bench-stops: $(VENV)/.dev
	$(BIN)/python -m tests.bench.stops $(ARGS)

# nginx for the proxy test, which is skipped if nginx is missing and can't be installed
proxy:
	@command -v nginx /usr/sbin/nginx >/dev/null || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null \
	  || { apt-get -qq update && apt-get -qq install --yes --no-install-recommends nginx-light >/dev/null; }

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

# the pictures in the README, with real recordings and the model base
screenshots: $(VENV)/.dev browser
	$(BIN)/python -m tests.browser.screenshots

# 300 power cuts; make test does 15
torture: $(VENV)/.dev
	$(BIN)/python -m tests.torture.kills $(ARGS)

# eight threads on one copy of the weights, ten times
parallel: $(VENV)/.dev
	$(BIN)/python -m tests.torture.parallel $(ARGS)

# response times while all workers, 200 sockets and uploads are busy; the start with 5,000 jobs
load: $(VENV)/.dev
	$(BIN)/python -m tests.torture.load $(ARGS)
	$(BIN)/python -m tests.torture.many_jobs

# ten minutes of jobs beside misbehaving clients: no descriptors, threads or memory may leak
soak: $(VENV)/.dev
	$(BIN)/python -m tests.torture.soak $(ARGS)

# random requests, WebSocket frames and stored files
fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.torture.fuzz $(ARGS)
	$(BIN)/python -m pytest -q -o faulthandler_timeout=0 --hypothesis-profile long tests/store/test_fuzz.py tests/contract/test_fuzz.py

# build the sdist and the wheel, and check their metadata, installation, start and transcription
release: $(VENV)/.dev
	$(PIP) --editable ".[release]"
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/python -m tools.check_release dist

clean:
	rm -rf $(VENV) build dist
