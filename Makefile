# LeadFlow: everything a newcomer or a machine needs. `make` alone lists it.

PORT ?= 8000
DEMO ?= 1
PYTHON ?=
export PORT DEMO

PY := .venv/bin/python
INSTALLED := .venv/.installed-$(shell cksum < requirements.lock | tr ' ' '-')
TEST_HOME := $(CURDIR)/.leadflow/test
BENCH_HOME := $(CURDIR)/.leadflow/bench
TEMPLATES := find . -path ./.venv -prune -o -path '*/templates/*' -name '*.html' -print

.DEFAULT_GOAL := help
.PHONY: help up setup test check bench lock clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

up: $(INSTALLED)  ## start LeadFlow with everything it needs (PORT=8000, DEMO=0 for no demo data)
	@$(PY) -m leadflow.runtime up

setup: $(INSTALLED)  ## only the virtual environment and the locked packages (PYTHON=... to choose one)

test: $(INSTALLED)  ## the whole test suite (ARGS=... is passed to pytest)
	LEADFLOW_HOME=$(TEST_HOME) $(PY) -m pytest -n 2 $(ARGS)

check: $(INSTALLED)  ## format, lint, types, import contracts, migrations, deployment settings
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy .
	.venv/bin/lint-imports
	$(TEMPLATES) | xargs $(PY) -m djade --check --target-version 5.2
	LEADFLOW_HOME=$(TEST_HOME) $(PY) manage.py makemigrations --check --dry-run
	LEADFLOW_HOME=$(TEST_HOME) DEBUG=0 HTTPS=1 ALLOWED_HOSTS=leadflow.example \
		SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))') \
		$(PY) manage.py check --deploy --fail-level WARNING

bench: $(INSTALLED)  ## the benchmarks of docs/benchmarks.md (ONLY=name, SCALE=small|full)
	@LEADFLOW_HOME=$(BENCH_HOME) ONLY=$(ONLY) SCALE=$(SCALE) \
		$(PY) -m leadflow.runtime run -- $(PY) -m tests.bench

lock:  ## write requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header pyproject.toml --group dev -o requirements.lock

clean:  ## remove the virtual environment and caches; the data in .leadflow stays
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# The stamp bears the lock's checksum and is written last: half an installation is none.
$(INSTALLED):
	@sh .ci/install "$(PYTHON)"
	@rm -f .venv/.installed-* && touch $@
