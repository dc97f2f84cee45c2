# make run: a virtual environment, then the server. make test: everything the tests need, then the tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
ARGS ?=
WORKERS := $(shell $(PYTHON) -c "import os; print(min(os.cpu_count() + 1, 5))")
PAGE_CHECKS := tests/browser/node_modules/.installed

.PHONY: run test lint check browser proxy screenshots torture parallel load soak fuzz bench bench-record bench-page bench-memory \
  bench-waiting bench-stops release clean

run: $(VENV)/.run
	$(BIN)/python -m localwhisper --test-services $(ARGS)

test: lint check

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: $(VENV)/.dev browser proxy $(PAGE_CHECKS)
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

# the type checker and the accessibility rules that the tests hold against the page
$(PAGE_CHECKS): tests/browser/package-lock.json
	@command -v npm >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get -qq update \
	       && apt-get -qq install --yes --no-install-recommends nodejs npm >/dev/null; } \
	  || { echo "the tests of the page need Node.js with npm: https://nodejs.org" >&2; exit 1; }
	npm ci --prefix tests/browser --no-audit --no-fund --loglevel=error
	touch $@

# the tests of the page drive a Chromium: the system's package without windows, another on the PATH, or Playwright's own
browser: $(VENV)/.dev
	@command -v chromium-headless-shell >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get -qq update \
	       && apt-get -qq install --yes --no-install-recommends chromium-headless-shell >/dev/null; } \
	  || for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done \
	  || $(BIN)/python -m playwright install --only-shell chromium

# against stock openai-whisper and CTranslate2, on random checkpoints of real dimensions; needs a quiet machine
bench: $(VENV)/.bench
	$(BIN)/python -m tests.bench $(ARGS)

# the last bench's figures into README and docs/
bench-record: $(VENV)/.bench
	$(BIN)/python -m tests.bench.record

# the page: first view, 2,000 jobs, scrolling, search
bench-page: $(VENV)/.dev browser
	$(BIN)/python -m tests.bench.page $(ARGS)

# memory with recordings of hours and with idle models; how soon a cancelled job leaves the processor
bench-memory: $(VENV)/.dev
	$(BIN)/python -m tests.bench.memory $(ARGS)

bench-waiting: $(VENV)/.dev
	$(BIN)/python -m tests.bench.waiting $(ARGS)

bench-stops: $(VENV)/.dev
	$(BIN)/python -m tests.bench.stops $(ARGS)

# one test runs behind a real nginx; without it, and without the right to install it, that test is skipped
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

# the README's pictures
screenshots: $(VENV)/.dev browser
	$(BIN)/python -m tests.browser.screenshots

# the long forms of what the tests do briefly
torture: $(VENV)/.dev
	$(BIN)/python -m tests.torture.kills $(ARGS)

# eight threads on one set of weights, ten times over
parallel: $(VENV)/.dev
	$(BIN)/python -m tests.torture.parallel $(ARGS)

# what clients wait for while all workers, 200 sockets and uploads are busy
load: $(VENV)/.dev
	$(BIN)/python -m tests.torture.load $(ARGS)
	$(BIN)/python -m tests.torture.many_jobs

# ten minutes of use and abuse: descriptors, threads and memory stay what they were
soak: $(VENV)/.dev
	$(BIN)/python -m tests.torture.soak $(ARGS)

# the API, the sockets and the store's reader against what nobody thought of
fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.torture.fuzz $(ARGS)
	$(BIN)/python -m pytest -q --hypothesis-profile long tests/store/test_fuzz.py tests/contract/test_fuzz.py

# sdist and wheel, checked as a user gets them: metadata, install, start, transcribe
release: $(VENV)/.dev
	$(PIP) --editable ".[release]"
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/python -m tools.check_release dist

clean:
	rm -rf $(VENV) build dist
