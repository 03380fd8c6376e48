# `make help` lists the targets. Each one sets up what it needs, so the first is as good as the last.

PYTHON ?= python3
VENV ?= .cache/venv
NEXT_PYTHON ?= $(shell $(PYTHON) scripts/other_python.py)
NEXT_VENV ?= .cache/venv-next
# The client's tools need Node 20; everything else works without.
NPM := $(shell node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && command -v npm)

PYTEST_ARGS ?=
# The tests that look at browsers, servers and databases, for which one version of Python is as good as another.
WITH_SERVERS := tests/e2e tests/servers

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-servers test-unit test-js test-next lint bench bench-browser bench-broadcast \
        conformance fuzz soak docs build messages clean

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: $(VENV)/.ready-demo  ## Serve the demo site on PORT (8000); WORKERS=2 REDIS_URL=… for several processes
	@exec $(VENV)/bin/python demo/run.py

# What waits for servers and browsers runs beside what computes: half the time on two cores.
test: $(VENV)/.ready-test $(if $(NPM),node_modules/.package-lock.json)  ## Run every test, with both supported lines of Django when there are two Pythons
	@$(PYTHON) scripts/system_packages.py chromium redis-server postgresql
	@$(PYTHON) scripts/side_by_side.py "$(MAKE) --no-print-directory test-servers" \
	    "$(MAKE) --no-print-directory test-unit test-next test-js"

test-servers: $(VENV)/.ready-test
	@$(PYTHON) scripts/system_packages.py chromium redis-server postgresql
	$(VENV)/bin/python -m pytest $(WITH_SERVERS) $(PYTEST_ARGS)

test-unit: $(VENV)/.ready-test
	$(VENV)/bin/python -m pytest $(WITH_SERVERS:%=--ignore=%) $(PYTEST_ARGS)

test-js: $(if $(NPM),node_modules/.package-lock.json)
ifdef NPM
	@$(PYTHON) scripts/system_packages.py chromium
	@$(PYTHON) scripts/system_packages.py firefox-esr
	npm test
else
	@echo "There is no Node 20 here: the client's own tests are left out."
endif

test-next:
	@if [ -n "$(NEXT_PYTHON)" ]; then $(MAKE) --no-print-directory test-unit \
	    PYTHON=$(NEXT_PYTHON) VENV=$(NEXT_VENV); \
	else echo "There is no second Python here: the other line of Django is left out."; fi

lint: $(VENV)/.ready-lint $(if $(NPM),node_modules/.package-lock.json)  ## Check style, types, templates, the built client and the docs
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/djade --check --target-version 5.2 $$(git ls-files '*.html')
ifdef NPM
	npm run lint
	npm run check
endif
	$(VENV)/bin/sphinx-build -W --keep-going -q -b html docs docs/_build/html

# Every script in benchmarks/ whose name does not put it into one of the other two.
SERVER_BENCHMARKS = $(filter-out benchmarks/browser% benchmarks/broadcast%,$(wildcard benchmarks/[a-z]*.py))

bench: $(VENV)/.ready-bench  ## Measure the server side and print the figures
	@for script in $(SERVER_BENCHMARKS); do echo; echo "# $$script"; $(VENV)/bin/python $$script || exit 1; done

bench-browser: $(VENV)/.ready-bench $(if $(NPM),node_modules/.package-lock.json)  ## Measure the client in Chromium
	@$(PYTHON) scripts/system_packages.py chromium
	@for script in $(wildcard benchmarks/browser*.py); do echo; echo "# $$script"; $(VENV)/bin/python $$script || exit 1; done

bench-broadcast: $(VENV)/.ready-bench  ## Measure broadcasts to many viewers
	@$(PYTHON) scripts/system_packages.py redis-server
	@for script in $(wildcard benchmarks/broadcast*.py); do echo; echo "# $$script"; $(VENV)/bin/python $$script || exit 1; done

conformance: $(VENV)/.ready-test  ## Run Django's own template tests on livecomp's renderer
	$(VENV)/bin/python -m tests.conformance

fuzz: $(VENV)/.ready-test  ## Try 20,000 random templates and state changes
	@$(PYTHON) scripts/system_packages.py chromium
	$(VENV)/bin/python -m tests.fuzz

soak: $(VENV)/.ready-test  ## Cut, restart and kill under load for some minutes
	@$(PYTHON) scripts/system_packages.py redis-server
	$(VENV)/bin/python -m tests.soak

docs: $(VENV)/.ready-docs  ## Build the documentation into docs/_build/html
	$(VENV)/bin/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

build: $(VENV)/.ready-build $(if $(NPM),node_modules/.package-lock.json)  ## Build the client, then wheel and sdist into dist/
ifdef NPM
	npm run build
endif
	$(VENV)/bin/python -m build --outdir dist

messages:  ## Compile the translations (wants gettext)
	for source in src/livecomp/locale/*/LC_MESSAGES/django.po; do msgfmt --check-format -o $${source%po}mo $$source || exit 1; done

clean:  ## Remove everything that was built or installed here
	rm -rf .cache dist build docs/_build node_modules test-results
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(VENV)/.ready-%: pyproject.toml constraints.txt scripts/environment.py
	@echo "Preparing $(VENV) for: $* …"
	@$(PYTHON) scripts/environment.py $(VENV) $*
	@touch $@

node_modules/.package-lock.json: package-lock.json
	npm ci --no-audit --no-fund
	@touch $@
