# What a developer, the drill and CI run. `make drill` on a fresh machine needs Rust, Python 3 and make; the checks need Node, too.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

SCENARIO ?= region-loss
PYTHON ?= python3
CARGO ?= cargo

venv := .tools/venv
node := .tools/node
provider_aws := .tools/provider-aws
mariadb := .tools/mariadb
deny_version := 0.20.2
deny := .tools/cargo-deny-$(deny_version)/bin/cargo-deny
cyclonedx_version := 0.5.9
cyclonedx := .tools/cargo-cyclonedx-$(cyclonedx_version)/bin/cargo-cyclonedx
llvm_cov_version := 0.9.1
llvm_cov := .tools/cargo-llvm-cov-$(llvm_cov_version)/bin/cargo-llvm-cov

# The list of functions: what lies in this folder.
functions := $(patsubst crates/functions/%/function.json,%,$(wildcard crates/functions/*/function.json))

export PATH := $(CURDIR)/$(venv)/bin:$(PATH)

.PHONY: help setup build lambda package release drill drill-up drill-down bench rights check-protocol simulate simulate-each-call coverage planted machines test check lint fmt pins clean
.PHONY: cli programs ready-to-drill

help: ## Shows this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(venv)/.installed $(venv)/.checks $(venv)/.application $(node)/.installed $(provider_aws)/.installed $(mariadb)/.installed ## Installs the pinned tools into .tools

$(venv)/.installed: tools/requirements.txt
	rm -rf $(venv)
	$(PYTHON) -m venv $(venv)
	$(venv)/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary :all: \
		--requirement tools/requirements.txt
	touch $@

$(venv)/.checks: tools/checks.txt $(venv)/.installed
	$(venv)/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary :all: \
		--requirement tools/checks.txt
	touch $@

# What the example's image has is what its test runs.
$(venv)/.application: examples/application/requirements.txt $(venv)/.installed
	$(venv)/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary :all: \
		--requirement examples/application/requirements.txt
	touch $@

$(node)/.installed: tools/package.json tools/package-lock.json
	mkdir -p $(node)
	cp tools/package.json tools/package-lock.json $(node)/
	npm ci --prefix $(node) --no-audit --no-fund --loglevel error
	touch $@

$(provider_aws)/.installed: tools/provider-aws.txt tools/provider-aws.sh
	rm -rf $(provider_aws)
	tools/provider-aws.sh tools/provider-aws.txt $(provider_aws)
	touch $@

# Where it cannot be had, a file .left-out says why, and so does what needs it.
$(mariadb)/.installed: tools/mariadb.sh
	rm -rf $(mariadb)
	tools/mariadb.sh $(mariadb)
	touch $@

# Unoptimised it is built in a third of the time, and checks as fast as anybody waits for it.
$(deny):
	$(CARGO) install --debug --locked --quiet --root .tools/cargo-deny-$(deny_version) --version $(deny_version) cargo-deny

build: ## Builds everything in release
	$(CARGO) build --release --locked --workspace

cli: ## Builds the operator's tool, target/release/aurora-failover
	$(CARGO) build --release --locked --workspace --bin aurora-failover

# What a drill runs, and nothing else. The whole workspace is named, so that every dependency has the features that it has for the
# tests, and is built once.
programs:
	$(CARGO) build --release --locked --workspace $(addprefix --bin ,drill $(functions))

# The tools are downloaded while the programs compile.
ready-to-drill:
	@$(MAKE) --no-print-directory --jobs 2 $(venv)/.installed $(mariadb)/.installed programs

# x86_64 is what is built and tested. arm64 needs the toolchain's target and a C compiler for it, and nobody has tried it.
ARCH ?= x86_64
lambda_target := $(if $(filter arm64,$(ARCH)),aarch64-unknown-linux-gnu)
lambda_programs := target/$(if $(lambda_target),$(lambda_target)/)lambda

# No folder of the machine that builds stands in what is deployed, so that another machine's bytes are the same.
cargo_home := $(or $(CARGO_HOME),$(HOME)/.cargo)
deployable := CFLAGS="-ffile-prefix-map=$(cargo_home)=/cargo" \
	RUSTFLAGS="--remap-path-prefix=$(cargo_home)=/cargo --remap-path-prefix=$(CURDIR)=/aurora-failover" \
	$(CARGO) build --profile lambda --locked $(if $(lambda_target),--target $(lambda_target))

lambda: architecture ## Builds the functions as they are deployed (ARCH=arm64 where the toolchain has it)
	$(deployable) $(addprefix --package ,$(functions))

.PHONY: architecture
architecture:
	@case "$(ARCH)" in x86_64) ;; \
	arm64) test -d "$$(rustc --print target-libdir --target $(lambda_target))" || { \
		echo "ARCH=arm64: the toolchain lacks the target; run rustup target add $(lambda_target)" >&2; exit 2; }; \
		command -v aarch64-linux-gnu-gcc > /dev/null || { \
		echo "ARCH=arm64: there is no C compiler for it; install aarch64-linux-gnu-gcc" >&2; exit 2; }; \
		echo "ARCH=arm64 was never tested" >&2 ;; \
	*) echo "ARCH is $(ARCH); say x86_64 or arm64" >&2; exit 2 ;; esac

package: ca-bundle lambda ## Packs the functions into target/package (CA_BUNDLE=<RDS's global-bundle.pem>)
	$(PYTHON) tools/package.py $(lambda_programs) target/package --ca-bundle "$(CA_BUNDLE)"

.PHONY: ca-bundle
ca-bundle:
	@test -f "$(CA_BUNDLE)" || { echo "make package CA_BUNDLE=<file>: the certificates to trust for PostgreSQL, from" \
		"https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem" >&2; exit 2; }

$(cyclonedx):
	$(CARGO) install --debug --locked --quiet --root .tools/cargo-cyclonedx-$(cyclonedx_version) --version $(cyclonedx_version) cargo-cyclonedx

release: package $(cyclonedx) ## Puts together what a release page carries, in target/release-page (CA_BUNDLE=<RDS's global-bundle.pem>)
	$(deployable) --package cli --bin aurora-failover
	$(PYTHON) tools/release.py target/package $(lambda_programs)/aurora-failover $(cyclonedx) target/release-page

deploying = $(venv)/bin/python tools/deploy

.PHONY: deploy rollback undeploy failback-rights answers
answers:
	@test -f "$(ANSWERS)" || { echo "ANSWERS=<file>: what to deploy where, see docs/how-to/deploy.md" >&2; exit 2; }

deploy: answers $(venv)/.installed ## Deploys what a file of answers describes, in all Regions (ANSWERS=<file>, WORDS="--check")
	$(deploying) deploy "$(ANSWERS)" $(WORDS)

rollback: answers $(venv)/.installed ## Gives back what was deployed before the last time (ANSWERS=<file>)
	$(deploying) rollback "$(ANSWERS)" $(WORDS)

undeploy: answers $(venv)/.installed ## Removes what deploy made, but for what holds data (ANSWERS=<file>)
	$(deploying) undeploy "$(ANSWERS)" $(WORDS)

failback-rights: answers $(venv)/.installed ## Gives what only a failback may do (ANSWERS=<file>, REGION=<where it is started>)
	$(deploying) failback "$(ANSWERS)" --region "$(REGION)" $(WORDS)

drill: ready-to-drill ## Loses a Region on this machine (SCENARIO=region-loss, or all)
	target/release/drill run $(SCENARIO)

drill-up: ready-to-drill ## Starts the world of a drill and keeps it for calls by hand
	@mkdir -p target/drill
	@nohup target/release/drill up > target/drill/up.log 2>&1 & echo $$! > target/drill/up.pid
	@for second in $$(seq 240); do \
		grep -q '^ready' target/drill/up.log && break; \
		kill -0 "$$(cat target/drill/up.pid)" 2>/dev/null || break; \
		sleep 1; \
	done; cat target/drill/up.log; grep -q '^ready' target/drill/up.log

drill-down: ## Ends what drill-up started
	@test -f target/drill/up.pid || { echo "nothing is up" >&2; exit 2; }
	@kill "$$(cat target/drill/up.pid)" 2>/dev/null || true
	@for second in $$(seq 60); do kill -0 "$$(cat target/drill/up.pid)" 2>/dev/null || break; sleep 1; done
	@! kill -0 "$$(cat target/drill/up.pid)" 2>/dev/null
	@rm -rf target/drill/up.pid target/drill/up/postgres

bench: ready-to-drill lambda ## Prints figures: losses and moves, the functions' weight, beats under a CPU quota, names, how outages are told from disturbances
	target/release/drill bench functions
	target/release/drill run million-rows
	target/release/drill bench beats
	target/release/drill bench names
	target/release/drill bench detection
	target/release/drill bench losses

rights: ## Records which rights all drills used, after make drill SCENARIO=all, for the test of the policies
	$(PYTHON) tools/rights.py target/drill tests/recorded/rights.txt

check-protocol: ## Searches every order of calls and faults for one that breaks the ledger's protocol (SEARCH=<words of one's name>)
	$(CARGO) run --quiet --profile search --locked --package protocol $(if $(SEARCH),-- "$(SEARCH)")

# What of the product is inside: its ports, or its adapters too. Without those the SDKs need not be compiled.
DEPTH ?= ports
simulation = $(CARGO) run --quiet --profile search --locked --package simulate $(if $(filter ports,$(DEPTH)),--no-default-features)

# How long drawn cases are played.
SECONDS_OF_CASES ?= $(if $(filter command line,$(origin SECONDS)),$(SECONDS),60)

simulate: ## Plays the whole system on a virtual clock, under faults (SECONDS=60, SEED=<number>, DEPTH=adapters)
	$(simulation) --bin simulate -- random --depth "$(DEPTH)" --seconds "$(SECONDS_OF_CASES)" $(if $(SEED),--seed "$(SEED)")

simulate-each-call: ## Plays each kind of run with every call and every pass going wrong once, in every way (BASELINE=<name of one>, DEPTH=adapters)
	$(simulation) --bin simulate -- systematic --depth "$(DEPTH)" $(if $(BASELINE),--baseline "$(BASELINE)")

$(llvm_cov):
	$(CARGO) install --debug --locked --quiet --root .tools/cargo-llvm-cov-$(llvm_cov_version) --version $(llvm_cov_version) cargo-llvm-cov

# How many drawn cases are played for it: a number, so that the same ones are taken everywhere.
COVERING := 2400

coverage: $(llvm_cov) ## Says which rows of decision tables and which transitions no played case takes, and why (needs rustup)
	rustup component add llvm-tools
	set -o pipefail; export PATH="$(CURDIR)/$(dir $(llvm_cov)):$$PATH"; \
	$(CARGO) llvm-cov run --profile search --locked --package simulate --no-default-features --bin simulate --no-report -- \
		random --seconds 3600 --cases $(COVERING) --seed 1 --not-taken | tee target/coverage.txt && \
	$(CARGO) llvm-cov report --profile search --lcov --output-path target/coverage.lcov
	$(PYTHON) tools/coverage.py target/coverage.lcov target/coverage.txt crates/simulate/left_out.json

planted: ## Plants bugs in a copy of the product, and compares what catches each with the table (UPDATE_GOLDEN=1 writes it)
	$(CARGO) run --quiet --profile search --locked --package simulate --no-default-features --bin planted

machines: ## Writes the state machines' definitions from crates/machines
	$(CARGO) run --quiet --locked --package machines

# The protocol's searches keep every core busy for minutes, and drills wait for clocks and for the network. Side by side they take as
# long as the longer one. The searches run where nothing else wants a core.
searches := no_order_of_calls_and_faults_breaks_a_property without_a_rule_its_property_breaks

test: setup lint build ## Runs every check and every test, the drill's end-to-end tests included
	$(CARGO) test --release --locked --workspace --no-run
	@$(PYTHON) tools/idle.py $(CARGO) test --release --locked --workspace --test protocol > target/searches.txt 2>&1 & searches=$$!; \
	trap 'kill -- -$$searches 2> /dev/null' EXIT; \
	$(CARGO) test --release --locked --workspace -- $(addprefix --skip ,$(searches)) || exit; \
	wait $$searches; ended=$$?; cat target/searches.txt; exit $$ended

lint: setup check ## Runs every check that needs no drill
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --locked --workspace --all-targets -- -D warnings

check: setup $(deny) ## Checks the state machines, the templates, their policies, the scripts and the dependencies
	for definition in statemachine/*.asl.json; do \
		$(node)/node_modules/.bin/asl-validator --json-path "$$definition" || exit 1; \
	done
	$(venv)/bin/cfn-lint cloudformation/*.yaml examples/game-day/*.yaml examples/arc/*.yaml examples/application/cloudformation/*.yaml
	$(venv)/bin/python -B tools/policies.py
	for script in examples/settled.sh examples/game-day/network.sh tools/provider-aws.sh tools/mariadb.sh; do bash -n "$$script" || exit 1; done
	$(deny) --locked check --hide-inclusion-graph bans licenses sources

fmt: ## Formats the sources
	$(CARGO) fmt --all

pins: ## Renews the hashes in the *.txt of tools and of the example after a change of a *.in (needs uv)
	for names in tools/requirements tools/checks examples/application/requirements; do \
		(cd $$(dirname $$names) && uv pip compile --quiet --universal --python-version 3.10 --generate-hashes \
			--no-emit-index-url --no-header $$(basename $$names).in --output-file $$(basename $$names).txt) || exit 1; \
	done
	cd tools && npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

clean: ## Removes what was built and installed
	rm -rf target .tools
