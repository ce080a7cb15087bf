# Each target sets up what it needs and skips what is already there; `make` lists them.
.DEFAULT_GOAL := help
.PHONY: help demo smoke test synth-check deploy-test lint check bench replay prove mutants clean
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)
RUN := .venv/bin/python -m
PARALLEL := -n 2

define set_up
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; if it has another name: make $@ PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m services.tools.local.toolchain $@
endef

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## the whole system on this machine, with simulated phones (ARGS="--rate 20", --port, --no-phones)
	$(set_up)
	@exec .venv/bin/voteapp demo $(ARGS)

smoke: ## 520 texts through the same local cloud, then one line of JSON: exact or not
	$(set_up)
	@exec .venv/bin/voteapp smoke $(ARGS)

test: ## every test there is (ARGS="-k name" for some)
	$(set_up)
	$(RUN) pytest $(PARALLEL) --durations=10 $(ARGS)
	npm --prefix dashboard test

synth-check: ## the stack's templates: cfn-lint, AWS Solutions, every grant and setting
	$(set_up)
	$(RUN) pytest -q tests/infra

deploy-test: ## deploy, vote, update and destroy on an emulator that enforces IAM
	$(set_up)
	$(RUN) pytest -q tests/integration/deploy

lint: ## formatting, lint and types
	$(set_up)
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	npm --prefix dashboard run check

check: lint ## formatting, lint, types, unit and infra tests
	$(RUN) pytest -q $(PARALLEL) tests/unit tests/infra

bench: ## measure, and write docs/performance.md
	$(set_up)
	$(RUN) tests.bench.run --write docs/performance.md

replay: ## an evening on moto, with every fault, against the truth (ARGS="quiet --faults again,split")
	$(set_up)
	@exec .venv/bin/voteapp replay $(or $(ARGS),finale --faults all)

prove: ## 20,000 random schedules of texts, faults and operators: prints every miscount (ARGS="--only 17")
	$(set_up)
	$(RUN) services.tools.replay.prove $(ARGS)

mutants: ## change the code in small harmful ways: at least 95% must be noticed in every area
	$(set_up)
	@.venv/bin/uv pip install -q --python .venv/bin/python -r tests/mutants/requirements.txt
	$(RUN) tests.mutants.by_hand $(ARGS)
	$(RUN) tests.mutants.generated
	$(RUN) tests.mutants.page

clean: ## remove everything the other targets made
	rm -rf .venv .venv-emulator .stamps .local cdk.out infra/node_modules dashboard/node_modules dashboard/dist \
	  tests/mutants/page/node_modules
