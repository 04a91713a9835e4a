# All commands of the project. Each target installs what it needs, and nothing twice.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
# The ports of `make dev`: backend and page.
DEV_PORT ?= 8000
PAGE_PORT ?= 5173
# Options of `make bench`; backend/bench/README.md lists them.
BENCH ?=

BIN := backend/.venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUN_DEPS := backend/.venv/.run
DEV_DEPS := backend/.venv/.dev
PAGE_DEPS := frontend/node_modules/.package-lock.json
PAGE := frontend/app/dist/index.html
WIRE_TYPES := frontend/packages/client/src/protocol/wire.gen.ts
# Empty if the page is built without the backend, as in the image; then the committed types are used.
WIRE_SOURCES := $(wildcard $(addprefix backend/alcove/,protocol.py errors.py api/typescript.py api/entries.py api/item_list.py storage/base.py))
PAGE_SOURCES := $(shell find frontend/app frontend/packages \( -name node_modules -o -name dist \) -prune -o -type f -print 2>/dev/null) \
  $(wildcard frontend/*.json frontend/scripts/*.mjs)

.PHONY: help
help: ## list the targets
	@echo "Alcove: a live conversation for every item of an application."
	@echo
	@sed -nE 's/^([a-z0-9-]+):[^#]*## (.*)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r name what; do \
	  printf '  make %-9s %s\n' "$$name" "$$what"; done
	@echo
	@echo "  HOST= and PORT= set the address of \`make run\` (now $(HOST):$(PORT)); PYTHON= sets the Python of the venv."

.PHONY: run
run: $(RUN_DEPS) $(PAGE) ## build the page and serve everything on http://HOST:PORT
	@exec $(BIN)/alcove serve --host $(HOST) --port $(PORT)

.PHONY: dev
dev: $(DEV_DEPS) $(PAGE_DEPS) ## run fastapi dev and npm run dev, both with reload
	@trap 'trap - INT TERM EXIT; kill $$(jobs -p) 2>/dev/null; wait' INT TERM EXIT; \
	(cd backend && exec .venv/bin/fastapi dev --port $(DEV_PORT)) & \
	(cd frontend && ALCOVE_BACKEND=http://127.0.0.1:$(DEV_PORT) exec node_modules/.bin/vite app --port $(PAGE_PORT) --strictPort) & \
	wait -n

.PHONY: cluster
cluster: $(DEV_DEPS) $(PAGE) ## run three processes on PostgreSQL and Redis behind nginx, without Docker, on http://127.0.0.1:PORT
	@cd backend && exec .venv/bin/python -m deploy.cluster --port $(PORT)

.PHONY: test
test: test-backend test-frontend test-e2e ## run every test: backend, frontend, and both in a real browser

.PHONY: test-backend
test-backend: $(DEV_DEPS) $(PAGE)
	@cd backend && exec .venv/bin/python -m pytest -n 5 --dist worksteal

.PHONY: test-frontend
test-frontend: $(PAGE_DEPS)
	@cd frontend && exec npm run --silent test

.PHONY: test-e2e
test-e2e: $(DEV_DEPS) $(PAGE)
	@$(BIN)/python e2e/browser.py
	@cd e2e && exec ../backend/.venv/bin/python -m pytest -n 4 --dist worksteal

.PHONY: storm
storm: $(DEV_DEPS) $(PAGE) ## run the random and heavy tests at full depth (20 minutes or more)
	@cd backend && ALCOVE_STORM=1 .venv/bin/python -m pytest -n 2 --dist worksteal -m storm --timeout 1200
	@$(BIN)/python e2e/browser.py
	@cd e2e && ALCOVE_STORM=1 exec ../backend/.venv/bin/python -m pytest -n 2 -m storm --timeout 1200

.PHONY: check
check: $(DEV_DEPS) $(PAGE_DEPS) ## check format, lint, types and imports of both sides, and audit the libraries
	@cd backend && .venv/bin/ruff format --check . ../e2e && .venv/bin/ruff check . ../e2e && .venv/bin/mypy && .venv/bin/lint-imports --no-cache
	@cd e2e && ../backend/.venv/bin/mypy
	@$(BIN)/python -m alcove.api.typescript | diff -u $(WIRE_TYPES) - || { echo "$(WIRE_TYPES) is stale: make build"; exit 1; }
	@cd frontend && npm run --silent check
	@.ci/audit

.PHONY: bench
bench: $(DEV_DEPS) ## measure this server and comparable ones (BENCH="--only room-1000 --repeat 3")
	@cd backend && exec .venv/bin/python -m bench $(BENCH)

.PHONY: format
format: $(DEV_DEPS) $(PAGE_DEPS) ## format both sides and apply the linters' fixes
	@cd backend && .venv/bin/ruff format . ../e2e && .venv/bin/ruff check --fix . ../e2e
	@cd frontend && npm run --silent format

.PHONY: build
build: $(PAGE) ## build the page into frontend/app/dist, and check its size
	@cd frontend && npm run --silent size

.PHONY: dist
dist: $(RUN_DEPS) $(PAGE) ## build what others install into dist/: wheel, source distribution, npm tarballs
	@rm -rf dist && mkdir dist
	@cd backend && .venv/bin/python -m hatchling build -d ../dist
	@cd frontend && node scripts/packages.mjs tarballs ../dist

.PHONY: install
install: $(RUN_DEPS)

.PHONY: screenshots
screenshots: $(DEV_DEPS) $(PAGE)
	@cd e2e && exec ../backend/.venv/bin/python screenshots.py

.PHONY: figures
figures: $(DEV_DEPS) $(PAGE) ## measure the page: layout criteria, size, opening, scrolling, typing under load
	@cd e2e && exec ../backend/.venv/bin/python figures.py

.PHONY: lock
lock: $(DEV_DEPS) ## update the lock files of both sides
	@$(PIP) install uv
	@cd backend && export UV_CUSTOM_COMPILE_COMMAND="make lock" && compile() { .venv/bin/uv pip compile --quiet --universal \
	  --python-version 3.11 --generate-hashes --all-extras --upgrade pyproject.toml "$$@"; } && \
	  compile -o requirements.lock && compile --group dev -c requirements.lock -o requirements-dev.lock && \
	  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --group build \
	  -o requirements-build.lock
	@cd frontend && npm update --package-lock-only

.PHONY: clean
clean: ## remove what the other targets made; data is kept
	rm -rf backend/.venv backend/.mypy_cache backend/.pytest_cache backend/.ruff_cache backend/.hypothesis
	rm -rf dist frontend/node_modules frontend/*/*/node_modules frontend/app/dist frontend/packages/*/dist backend/bench/peers/node_modules backend/bench-results e2e/.mypy_cache e2e/.pytest_cache e2e/.ruff_cache e2e/test-results
	find backend e2e -name __pycache__ -type d -prune -exec rm -rf {} +

backend/.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Alcove needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv backend/.venv

$(RUN_DEPS): backend/requirements.lock backend/requirements-build.lock backend/pyproject.toml backend/hatch_build.py | backend/.venv/bin/python
	@echo "Installing the backend's libraries ..."
	@$(PIP) install --require-hashes -r backend/requirements.lock
	@$(PIP) install --require-hashes -r backend/requirements-build.lock
	@$(PIP) install --no-build-isolation --no-deps -e backend
	@touch $@

$(DEV_DEPS): backend/requirements-dev.lock $(RUN_DEPS)
	@echo "Installing the backend's development tools ..."
	@$(PIP) install --require-hashes -r backend/requirements-dev.lock
	@touch $@

$(PAGE_DEPS): frontend/package.json frontend/package-lock.json $(wildcard frontend/app/package.json frontend/packages/*/package.json frontend/tests/*/package.json)
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
	  || { echo "Alcove's page needs Node 20.19 or newer; node is $$(node -v 2>/dev/null || echo missing)."; exit 1; }
	@echo "Installing the frontend's libraries ..."
	@cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

ifneq ($(WIRE_SOURCES),)
$(WIRE_TYPES): $(WIRE_SOURCES) | $(RUN_DEPS)
	@$(BIN)/python -m alcove.api.typescript > $@
endif

$(PAGE): $(PAGE_DEPS) $(PAGE_SOURCES) $(WIRE_TYPES)
	@cd frontend && npm run --silent build
	@touch $@
