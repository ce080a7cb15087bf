# Each target sets up what it needs and skips what is already there; `make` lists them.
.DEFAULT_GOAL := help
.PHONY: help demo smoke test synth-check deploy-test lint check audit lock bench replay prove docs clip mutants clean
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)
unexport PYTHONDONTWRITEBYTECODE
RUN := .venv/bin/python -m
# On two cores: one worker of three usually waits for a deploy, a browser or a clock.
PARALLEL := -n 3

# Sets up what a target needs, by the rules below; calls of make that run at once wait for each other.
define set_up
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; if it has another name: make $@ PYTHON=python3.12"; exit 1; }
	@mkdir -p .local
	+@$(PYTHON) -c '$(IN_TURN)' $(MAKE) -s $(1)
endef
IN_TURN := import fcntl, os, sys; lock = os.open(".local/set-up.lock", os.O_RDWR | os.O_CREAT); \
  fcntl.flock(lock, fcntl.LOCK_EX); os.set_inheritable(lock, True); os.execvp(sys.argv[1], sys.argv[1:])

# $(call beside,quiet,loud): both at once. What the quiet one prints comes at the end; fails if either fails.
beside = { $(1); } >.local/beside.log 2>&1 & quiet=$$!; \
  $(2); loud=$$?; wait $$quiet; quiet=$$?; cat .local/beside.log; test "$$loud $$quiet" = "0 0"

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## the whole system on this machine, with simulated phones (ARGS="--rate 20", --port, --no-phones)
	$(call set_up,app)
	@exec .venv/bin/voteapp demo $(ARGS)

smoke: ## 520 texts through the same local cloud, then one line of JSON: exact or not
	$(call set_up,app)
	@exec .venv/bin/voteapp smoke $(ARGS)

test: ## every test there is (ARGS="-k name" for some)
	$(call set_up,app checks site browser)
	@$(call beside,npm --prefix dashboard test && npm --prefix docs/break-our-count test,$(RUN) pytest $(PARALLEL) --durations=10 $(ARGS))

synth-check: ## the stack's templates: cfn-lint, AWS Solutions, every grant and setting
	$(call set_up,checks cdk)
	$(RUN) pytest -q tests/infra

deploy-test: ## deploy, vote, update and destroy on an emulator that enforces IAM
	$(call set_up,app checks)
	$(RUN) pytest -q tests/integration/deploy

lint: ## formatting, lint and types
	$(call set_up,checks cdk npm)
	$(LINT)
LINT := $(RUN) ruff format --check . && $(RUN) ruff check . && $(RUN) mypy && npm --prefix dashboard run check && \
  dashboard/node_modules/.bin/tsc --project docs/break-our-count

check: ## formatting, lint, types, unit tests, and that no table would be replaced
	$(call set_up,checks cdk npm)
	@$(call beside,$(LINT),$(RUN) pytest -q -n 2 --durations=10 tests/unit tests/infra/test_kept_resources.py)

audit: ## without a network: the locks hold what their .in files ask for, each with its hashes
	@$(PYTHON) -m tests.locks.audit

lock: ## compile the .in files to the locks, with the versions that they have (ARGS=--upgrade for new ones)
	$(call set_up,$(VENV))
	$(RUN) tests.locks.renew $(ARGS)
	@$(PYTHON) -m tests.locks.audit

bench: ## measure, and write docs/performance.md
	$(call set_up,app checks browser)
	$(RUN) tests.bench.run --write docs/performance.md

replay: ## an evening on moto, with every fault, against the truth (ARGS="quiet --faults again,split")
	$(call set_up,checks)
	@exec .venv/bin/voteapp replay $(or $(ARGS),finale --faults all)

prove: ## 20,000 random schedules of texts, faults and operators: prints every miscount (ARGS="--only 17")
	$(call set_up,checks)
	$(RUN) services.tools.replay.prove $(ARGS)

docs: ## the docs site in .local/site; every wrong link is an error (ARGS=--serve to read it on this machine)
	$(call set_up,site)
	@exec $(RUN) services.tools.docs_site.build .local/site $(ARGS)

clip: ## record the clip at the top of the README from the demo's scoreboard
	$(call set_up,app checks browser)
	@exec $(RUN) tests.support.clip docs/images/demo.webp

mutants: ## change the code in small harmful ways: at least 95% must be noticed in every area
	$(call set_up,app checks)
	@$(call install,.venv,$(LOCKED) tests/mutants/requirements.txt)
	$(RUN) tests.mutants.by_hand $(ARGS)
	$(RUN) tests.mutants.generated
	$(RUN) tests.mutants.page

clean: ## remove everything the other targets made
	rm -rf .venv .venv-emulator .local cdk.out infra/node_modules dashboard/node_modules dashboard/dist \
	  docs/break-our-count/node_modules tests/mutants/page/node_modules

# The set-up. Every rule makes a file and runs again when something that it depends on is newer.
.PHONY: app checks cdk npm site node browser
.NOTPARALLEL:
LOCKED := --require-hashes -r
NETWORK := Check the network, or the registry your tools are set to, and run it again.
VENV := .venv/python$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')

# $(call step,title,command,remedy)
define step
{ printf '  setting up: %s … ' "$(1)"; began=$$(date +%s); log=.local/set-up.log; \
  if { $(2); } >$$log 2>&1; then echo "$$(($$(date +%s) - began)) s"; else echo failed; { \
  echo "$(1): could not be set up; the last lines of $$log:"; \
  grep -v '^    at ' $$log | tail -n 12 | cut -c 1-300 | sed 's/^/  | /'; echo "$(3)"; } >&2; false; fi; }
endef
# $(call install,environment,arguments): by uv, or by pip if uv cannot use the index. Without compiled
# libraries every start of Python compiles them where it may not write them.
install = { .venv/bin/uv pip install -q --compile-bytecode --python $(1)/bin/python $(2) || \
  .venv/bin/python -m pip --python $(1)/bin/python install -q $(2); }
# $(call npm_ci,folder)
npm_ci = npm --prefix $(1) ci --no-audit --no-fund --loglevel=error --fetch-retry-mintimeout=1000

app: .venv/app .venv-emulator/made cdk npm dashboard/dist/index.html
checks: .venv/checks
cdk: infra/node_modules/made
npm: dashboard/node_modules/made
site: .venv/docs docs/break-our-count/node_modules/made

$(VENV): services/tools/local/set-up-requirements.txt
	@$(call step,virtual environment,$(PYTHON) -m venv --clear .venv && \
	  .venv/bin/python -m pip install -q $(LOCKED) services/tools/local/set-up-requirements.txt,\
	  It needs Python's venv module (Debian, Ubuntu: apt-get install python3-venv) and the network.)
	@touch $@

.venv/app: $(VENV) pyproject.toml services/requirements.txt infra/requirements.txt
	@$(call step,Python libraries,$(call install,.venv,$(LOCKED) services/requirements.txt -r infra/requirements.txt) && \
	  $(call install,.venv,--no-build-isolation --no-deps -e .),$(NETWORK))
	@touch $@

.venv/checks: .venv/app requirements.txt
	@$(call step,Python libraries of the checks,$(call install,.venv,$(LOCKED) requirements.txt),$(NETWORK))
	@touch $@

.venv/docs: $(VENV) docs/requirements.txt
	@$(call step,Python libraries of the docs site,$(call install,.venv,$(LOCKED) docs/requirements.txt),$(NETWORK))
	@touch $@

.venv-emulator/made: $(VENV) services/tools/local/emulator-requirements.txt
	@$(call step,AWS emulator,$(PYTHON) -m venv --clear .venv-emulator && \
	  $(call install,.venv-emulator,$(LOCKED) services/tools/local/emulator-requirements.txt),$(NETWORK))
	@touch $@

# The dashboard's build tool needs Node 20.19; without it, a wheel brings Node to .venv.
NODE_IS_OLD := const [major, minor] = process.versions.node.split("."); process.exit(major * 100 + +minor < 2019 ? 1 : 0)
node: $(VENV)
	@{ npm --version && node -e '$(NODE_IS_OLD)'; } >/dev/null 2>&1 || \
	  $(call step,Node.js,$(call install,.venv,$(LOCKED) services/tools/local/node-requirements.txt),$(NETWORK))

%/node_modules/made: %/package.json %/package-lock.json | node
	@$(call step,npm packages of $*,$(call npm_ci,$*),Try the command alone: npm --prefix $* ci)
	@touch $@

dashboard/dist/index.html: dashboard/node_modules/made $(wildcard dashboard/*.*) $(shell find dashboard/public dashboard/src)
	@$(call step,dashboard,npm --prefix dashboard run build,Try the command alone: npm --prefix dashboard run build)
	@touch $@

# Without Chromium the browser tests fail; in CI nothing is tried without it.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  $(call step,Chromium,$(APT_GET) update && $(APT_GET) install -y --no-install-recommends chromium,\
	    Install it yourself; the browser tests need it: apt-get install chromium) || test -z "$$CI"
APT_GET = $$(test $$(id -u) = 0 || echo sudo -n) env DEBIAN_FRONTEND=noninteractive apt-get -qq
