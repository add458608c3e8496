# Two commands do everything on a fresh machine with Python 3.11+, git and make:
#   make run    set up, start the server with its web page, show the address
#   make test   set up, pass the tests
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup run test check faults bench format help

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## prepare .venv and the web UI
	@$(PYTHON) scripts/setup

run: setup ## start the server on http://127.0.0.1:8400
	@$(BIN)/cutroom serve $(ARGS)

test: setup ## pass the tests, the fast ones first
	@$(BIN)/python scripts/test $(ARGS)

check: setup ## format, lint, types, floors, docs
	@$(BIN)/python scripts/check

faults: setup ## the whole fault suite: kills everything, everywhere
	@$(BIN)/python scripts/test --faults $(ARGS)

bench: ## time Cutroom against its peers
	@$(PYTHON) scripts/setup --bench
	@$(BIN)/cutroom bench $(ARGS)

format: setup ## rewrite the sources in the house's format
	@$(BIN)/ruff format src tests bench scripts && $(BIN)/ruff check --fix src tests bench
