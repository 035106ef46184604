# Two commands on a fresh machine: `make serve` and `make test`. Both set up what they need in
# .venv by pip, from hashes exported from poetry.lock; neither needs Poetry or root.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
POETRY ?= poetry
VENV := .venv
PIP := $(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes
# One thread a process: pytest starts four, which often wait. And where Python is told to keep nothing that it
# compiled, each of the servers that tests start compiles all of it.
TESTED := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=
SERVE := env PYTHONPATH=src python -m fitserve serve

.PHONY: serve test lint types format lock benchmarks docs clean

serve: $(VENV)/bin/fitserve ## set up and serve on http://127.0.0.1:8000 (HOST and PORT change it)
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" exec $(SERVE)

test: lint types ## set up and run every check and every test
	$(TESTED) $(VENV)/bin/pytest

lint: $(VENV)/dev
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check

types: $(VENV)/dev
	$(VENV)/bin/mypy --num-workers=auto

format: $(VENV)/dev
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

lock: ## refresh poetry.lock and the requirements exported from it (needs Poetry and its export plugin)
	$(POETRY) lock
	$(POETRY) export --output requirements.txt
	$(POETRY) export --extras postgres --output requirements-postgres.txt
	$(POETRY) export --only dev --output requirements-dev.txt

benchmarks: $(VENV)/dev ## compare every model type with scikit-learn
	PYTHONPATH=src $(VENV)/bin/python benchmarks/models.py

docs: $(VENV)/runtime ## write docs/models.md and the tables of docs/routes.md and SECURITY.md
	PYTHONPATH=src $(VENV)/bin/python docs/generate.py

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/pip:
	@test -n "$(PYTHON)" || { echo "fitserve needs Python 3.11 or newer; PYTHON=/path/to/python3 names one" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime: requirements.txt | $(VENV)/bin/pip
	$(PIP) -r requirements.txt
	touch $@

# the command and the package, of this checkout, for who asks the server
$(VENV)/bin/fitserve: $(VENV)/runtime
	printf '%s\n' '#!/bin/sh' 'PYTHONPATH="$(CURDIR)/src" exec "$(CURDIR)/$(VENV)/bin/python" -P -m fitserve "$$@"' >$@
	chmod +x $@
	$(VENV)/bin/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "fitserve-checkout.pth").write_text("$(CURDIR)/src\n")'

$(VENV)/dev: requirements-dev.txt requirements-postgres.txt $(VENV)/runtime
	$(PIP) -r requirements-dev.txt -r requirements-postgres.txt
	touch $@
