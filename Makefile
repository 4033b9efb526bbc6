# Everything is in dev.py, for machines without make: python3 dev.py --help
PYTHON ?= python3
PORT ?= 8000
DATA ?= var
RESET ?=
FLOWER ?=

.PHONY: help demo up test lint lock bench screenshots prove soak docs
help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile

demo: ## everything, with a simulated fleet (PORT=8000 DATA=var RESET=1 FLOWER=1)
	@exec $(PYTHON) dev.py demo --port "$(PORT)" --data "$(DATA)" $(if $(filter 1,$(RESET)),--reset) $(if $(filter 1,$(FLOWER)),--flower)

up: ## everything but the fleet (PORT=8000 DATA=var RESET=1 FLOWER=1)
	@exec $(PYTHON) dev.py up --port "$(PORT)" --data "$(DATA)" $(if $(filter 1,$(RESET)),--reset) $(if $(filter 1,$(FLOWER)),--flower)

test: ## the test suite (ARGS="-k word")
	@exec $(PYTHON) dev.py test $(ARGS)

lint: ## ruff, mypy --strict, import-linter, secrets, known holes
	@exec $(PYTHON) dev.py lint

bench: ## measure, beside the textbook's recipe, into bench/RESULTS.md (5 minutes)
	@exec $(PYTHON) dev.py bench

screenshots: ## the pictures of README and docs, from a demo of its own (4 minutes)
	@exec $(PYTHON) dev.py screenshots

prove: ## kill, freeze and flood everything, into docs/PROOF.md (20 minutes; ARGS="--rows 1,3 --quick")
	@exec $(PYTHON) dev.py prove $(ARGS)

soak: ## half an hour at 500 fixes a second
	@exec $(PYTHON) dev.py soak $(ARGS)

docs: ## the documentation as a site, into var/site
	@exec $(PYTHON) dev.py docs

lock: ## pin the dependencies of pyproject.toml
	@exec $(PYTHON) dev.py lock
