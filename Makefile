.DEFAULT_GOAL := help
BIN := .venv/bin
.PHONY: help setup demo test cover up check fmt gas errors bench brownie interop endure compat clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install what is missing (every other target does this first)
	@sh scripts/setup.sh

demo: setup ## Start a chain, deploy, play the flows, show what happened
	@$(BIN)/careledger demo all

test: setup ## Run the tests
	@$(BIN)/pytest -q -n 2 --dist worksteal

cover: setup ## Run the tests and show what of careledger/ they did not reach
	@$(BIN)/pytest -q -n 2 --dist worksteal --cov --cov-report=term-missing:skip-covered

up: setup ## Keep a local chain running with the suite on it
	@$(BIN)/careledger up

check: setup ## Format, lint, types, import directions
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports
	@$(BIN)/forge fmt --check contracts && node node_modules/solhint/solhint.js --disc --noPoster --max-warnings 0 'contracts/**/*.sol'

fmt: setup ## Format Python and Solidity
	@$(BIN)/ruff check -q --fix-only . ; $(BIN)/ruff format -q . && $(BIN)/forge fmt contracts

gas: setup ## Measure gas anew and write benchmarks/gas.json
	@$(BIN)/pytest -q -m gas --write-gas

errors: setup ## Write docs/errors.md, the list of error codes, anew
	@$(BIN)/pytest -q tests/unit/python/test_errors.py --write-errors

brownie: setup ## Brownie: compile, run the flows, its own tests
	@sh scripts/brownie.sh

interop: setup ## Other people's clients and test suites against ours
	@sh scripts/interop.sh

bench: setup ## Gas beside other people's contracts, and throughput
	@for folder in benchmarks/peers tests/interop; do npm install --prefix $$folder --silent --no-package-lock --no-audit --no-fund --ignore-scripts; done
	@$(BIN)/python benchmarks/peers/run.py && for what in hashing sending credentials startup; do $(BIN)/python benchmarks/$$what.py || exit 1; done

endure: setup ## The long runs: crash points, faults, properties at full counts; resumes
	@$(BIN)/python benchmarks/endure.py

compat: setup ## Run the tests with the newest libraries that pyproject.toml allows
	@sh scripts/compat.sh $(TESTS)

clean: ## Remove what was built and installed
	rm -rf build interfaces reports .venv .venv-compat node_modules tests/interop/node_modules tests/interop/.venv benchmarks/peers/node_modules
