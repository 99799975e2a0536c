# LeadFlow: all that a newcomer or a machine needs. `make` alone lists it.

PY := .venv/bin/python
CHECK := leadflow/runtime/check_python.py
PYTHONS := $(or $(PYTHON),python3.12 python3.11 python3.13 python3 python)
INSTALLED := .venv/.installed-$(shell cksum < requirements.lock | tr ' ' '-')
ON_TEST_HOME := LEADFLOW_HOME="$(CURDIR)/.leadflow/test"
ON_BENCH_HOME := LEADFLOW_HOME="$(CURDIR)/.leadflow/bench"

.DEFAULT_GOAL := help
.PHONY: help up setup test check bench lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(INSTALLED)  ## start LeadFlow with all it needs (PORT=8000; DEMO=0: no demo data)
	@$(PY) -m leadflow.runtime up

setup: $(INSTALLED)  ## only the virtual environment and the locked packages (PYTHON=... to choose)

test: $(INSTALLED)  ## the whole test suite (ARGS="..." goes to pytest)
	$(ON_TEST_HOME) $(PY) -m pytest -n 2 $(ARGS)

check: $(INSTALLED)  ## format, lint, types, import contracts, migrations, deployment settings
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy .
	.venv/bin/lint-imports
	find . -path ./.venv -prune -o -path '*/templates/*' -name '*.html' -print \
		| xargs .venv/bin/djade --check --target-version 5.2
	$(ON_TEST_HOME) $(PY) manage.py makemigrations --check --dry-run
	$(ON_TEST_HOME) DEBUG=0 HTTPS=1 ALLOWED_HOSTS=leadflow.example \
		SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')" \
		$(PY) manage.py check --deploy --fail-level WARNING

bench: $(INSTALLED)  ## the benchmarks of docs/benchmarks.md (ONLY=name, SCALE=small|full)
	@$(ON_BENCH_HOME) ONLY="$(ONLY)" SCALE="$(SCALE)" \
		$(PY) -m leadflow.runtime run -- $(PY) -m tests.bench

lock:  ## write requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header pyproject.toml --group dev -o requirements.lock

clean:  ## remove the virtual environment and the caches; the data in .leadflow stays
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# The stamp bears the lock's checksum and comes last, so half an installation counts as none.
$(INSTALLED):
	@if ! { $(PY) $(CHECK) && $(PY) -m pip --version; } >/dev/null 2>&1; then \
		chosen=; for python in $(PYTHONS); do \
			$$python $(CHECK) 2>/dev/null && chosen=$$python && break; \
		done; \
		if [ -z "$$chosen" ]; then \
			$(firstword $(PYTHON) python3) $(CHECK) || echo "LeadFlow needs Python 3.11 to 3.13." >&2; \
			exit 1; \
		fi; \
		rm -rf .venv && $$chosen -m venv .venv; \
	fi
	@echo "Installing the locked packages into .venv (once, about a minute) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-input --root-user-action=ignore \
		--require-hashes -r requirements.lock
	@rm -f .venv/.installed-* && touch $@
