# Everything is in dev.py, for machines without make: python3 dev.py --help
PYTHON ?= python3
PORT ?= 8000
DATA ?= var
RESET ?=

.PHONY: help demo up test lint lock
help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile

demo: ## everything, with a simulated fleet (PORT=8000 DATA=var RESET=1)
	@exec $(PYTHON) dev.py demo --port "$(PORT)" --data "$(DATA)" $(if $(filter 1,$(RESET)),--reset)

up: ## everything but the fleet (PORT=8000 DATA=var RESET=1)
	@exec $(PYTHON) dev.py up --port "$(PORT)" --data "$(DATA)" $(if $(filter 1,$(RESET)),--reset)

test: ## the test suite (ARGS="-k word")
	@exec $(PYTHON) dev.py test $(ARGS)

lint: ## ruff, mypy --strict, import-linter
	@exec $(PYTHON) dev.py lint

lock: ## pin the dependencies of pyproject.toml
	@exec $(PYTHON) dev.py lock
