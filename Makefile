# Everything that a person or CI does with this project. `make` lists it.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules
.DEFAULT_GOAL := help

# PYTHON=/path/to/python3 chooses the interpreter; ARGS="..." goes to the command behind a target.
export VENV := .venv
ARGS ?=
BIN := $(VENV)/bin

.PHONY: help
help: ## Show this list
	@sed -n 's/^\([a-z-]\{1,\}\):.*## \(.*\)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r name words; do \
		printf '  make %-16s %s\n' "$$name" "$$words"; done

.PHONY: install
install: ## Make .venv with everything for development, from the hashed lock
	@scripts/build-web.sh & web=$$!; scripts/setup-venv.sh dev; failed=$$?; wait $$web && exit $$failed

.PHONY: runtime
runtime:
	@scripts/setup-venv.sh runtime
	@scripts/build-web.sh

.PHONY: demo
demo: runtime ## Show the service at work, with an IMAP server of its own and made-up mail
	@$(BIN)/mailbox-svc demo $(ARGS)

.PHONY: run
run: runtime ## Serve on this machine with throw-away settings (serve --dev)
	@$(BIN)/mailbox-svc serve --dev $(ARGS)

.PHONY: test
test: install ## Run all tests against real servers; ARGS="-k name" runs some
	@scripts/test.sh $(ARGS)

.PHONY: check
check: install ## Everything that judges without running: style, types, imports, contract
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/buf format -d --exit-code
	scripts/breaking.sh
	scripts/generated-diff.sh
	scripts/check-clients.sh

.PHONY: bench
bench: install ## Measure this machine
	@$(BIN)/python bench/run.py $(ARGS)

.PHONY: bench-harvest
bench-harvest: install ## Hold a harvest against a raw read and other clients; ARGS=--help
	@scripts/install-system.sh || true
	@PYTHONPATH=bench:tests $(BIN)/python -m harvest $(ARGS)

.PHONY: bench-sync
bench-sync: install ## What background sync costs, and what a million schedules do; ARGS=--help
	@scripts/install-system.sh || true
	@PYTHONPATH=bench:tests $(BIN)/python -m sync $(ARGS)

.PHONY: bench-duplicates
bench-duplicates: install ## Seconds and memory of finding duplicates among up to 100,000 contacts
	@PYTHONPATH=bench $(BIN)/python -m duplicates $(ARGS)

.PHONY: faults
faults: install ## Kill workers 200 times, refresh a token 500 times, and worse; half an hour (ARGS="--kills 1000")
	@$(BIN)/pytest tests/faults --kills 200 --refreshes 500 $(ARGS)

.PHONY: fuzz-rest
fuzz-rest: install ## Hold the gateway against its OpenAPI document with many requests (ARGS="--examples 300")
	@scripts/install-system.sh || true
	@$(BIN)/pytest tests/rest/test_schemathesis.py --examples 100 $(ARGS)

.PHONY: quality
quality: install ## Measure extraction and judgement on labelled mail; ARGS="--corpus DIR --messages DIR"
	@PYTHONPATH=bench $(BIN)/python -m quality.run $(ARGS)

.PHONY: screenshots
screenshots: install ## Photograph every state of the Integrations page, in both themes and two widths
	@scripts/install-system.sh || true
	@mkdir -p build/screenshots
	@$(BIN)/pytest -q tests/web/test_scenes.py --screenshots build/screenshots $(ARGS)
	@echo 'They are in build/screenshots.'

.PHONY: fmt
fmt: install ## Format code and protos, fix what can be fixed
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format
	$(BIN)/buf format -w
	scripts/npm-clients.sh && cd clients && npm run --silent format

.PHONY: proto
proto: install ## Generate the Python stubs anew
	scripts/proto.sh

.PHONY: openapi-types
openapi-types: ## Generate the TypeScript types anew from clients/openapi.json
	scripts/npm-clients.sh && cd clients && npm run --silent openapi

.PHONY: openapi
openapi: install ## Write clients/openapi.json, what the REST gateway's routes take and answer
	$(BIN)/python scripts/openapi.py

.PHONY: release-contract
release-contract: install ## Make the protos, as they are, the form that must not break
	scripts/breaking.sh --release

.PHONY: lock
lock: install ## Resolve the requirements anew; ARGS=--upgrade takes newer versions
	scripts/lock.sh $(ARGS)

.PHONY: clean
clean: ## Remove environments, caches and builds
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
	rm -rf bench/harvest/node_modules tests/oidc/node_modules clients/node_modules clients/*/dist
	rm -rf src/mailbox_svc/rest/static
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
