# Every target is one command that works by hand too; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help setup monthly weekly quarterly plan demo lab test check lint bench lock backup restore-drill clean
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/sh

# make period=… would be ignored without a word.
$(foreach v,period team report source out workers force engine params backup,$(if $(findstring command,$(origin $(v))),\
  $(error $(v)= is not read: write it in capital letters)))

# What narrows or redirects a run. The values reach Python as environment variables, never through a recipe's text.
export CRM_PERIOD  := $(value PERIOD)
export CRM_TEAM    := $(value TEAM)
export CRM_REPORT  := $(value REPORT)
export CRM_SOURCE  := $(value SOURCE)
export CRM_OUT     := $(value OUT)
export CRM_WORKERS := $(value WORKERS)
export CRM_FORCE   := $(value FORCE)
export CRM_ENGINE  := $(value ENGINE)
export CRM_BACKUP  := $(value BACKUP)
PARAMS ?= params/monthly.yml
export CRM_PARAMS  := $(value PARAMS)

# Set-up runs once, and again only when the lock or the set-up itself has changed: its mark carries their content.
READY := .venv/ready-$(shell cat requirements.lock pyproject.toml .ci/setup.sh | cksum | cut -d' ' -f1)
CRM := .venv/bin/python -m crmlib

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 15
	@echo; echo "Narrow or redirect: make monthly PERIOD=2026-09 TEAM=north REPORT=funnel SOURCE=… OUT=… WORKERS=2 FORCE=1"

$(READY): requirements.lock pyproject.toml .ci/setup.sh
	@sh .ci/setup.sh && rm -f .venv/ready-* && touch $@

setup: $(READY) ## install what the project needs into .venv

monthly: $(READY) ## publish the monthly reports (the demo company's, where no SOURCE is given)
	@$(CRM) run params/monthly.yml

weekly: $(READY) ## publish the weekly reports
	@$(CRM) run params/weekly.yml

quarterly: $(READY) ## publish the quarterly reports
	@$(CRM) run params/quarterly.yml

plan: $(READY) ## say what would run, and why, without running it (PARAMS=params/weekly.yml for another list)
	@$(CRM) plan

demo: $(READY) ## make the demo company's data (done by itself at the first run)
	@$(CRM) demo

lab: $(READY) ## open JupyterLab on the notebooks
	@.venv/bin/jupyter lab --notebook-dir=. notebooks

test: $(READY) ## run the tests (under five minutes; what CI runs)
	@.venv/bin/python -m pytest -n 2 --dist loadfile -m "not long"

check: $(READY) lint ## everything before a release: style, types, all tests, every notebook
	@.venv/bin/python -m pytest -n 2 --dist loadfile
	@.venv/bin/python -m pytest -q -o addopts= --nbval-lax notebooks

lint: $(READY) ## style and types
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy

bench: $(READY) ## measure speed, memory and growth (an hour or two, on a machine that does nothing else)
	@PYTHONPATH=. .venv/bin/python benchmarks/charts.py && PYTHONPATH=. .venv/bin/python benchmarks/run.py

lock: ## compile requirements.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements.lock

backup: $(READY) ## copy the ledger with checksums (BACKUP=… for another folder than backups)
	@$(CRM) backup

restore-drill: $(READY) ## prove the newest backup: restore it elsewhere, check every file, compare it with the ledger
	@$(CRM) restore-drill

clean: ## remove the prepared stores and executed notebooks (pages and the ledger stay)
	rm -rf reports_out/work
