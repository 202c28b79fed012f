# Swiftlet's one entry: `make help` lists the targets. Demo and tests share one debug build in .build; only
# `install` and `bench` build for release, with the Swift standard library linked statically.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PREFIX ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc
UNITDIR ?= /lib/systemd/system
SWIFT ?= swift
JOBS ?= $(shell nproc)
DEBUG := .build/debug
RELEASE := .build/release
# Small: what is resident is mostly pages of the program file. Nothing looks a symbol up in the programs, so none is exported and what
# nobody calls is left out; equal functions are one; relocations are packed (needs glibc 2.36); what unwinds a stack is left out (scripts/release.ld).
RELEASE_FLAGS := -c release --static-swift-stdlib -j $(JOBS) -Xswiftc -Osize \
	-Xswiftc -use-ld=lld -Xlinker --no-export-dynamic -Xlinker --icf=safe -Xlinker -z -Xlinker pack-relative-relocs \
	-Xlinker --no-eh-frame-hdr -Xlinker $(CURDIR)/scripts/release.ld -Xlinker -s
export SWIFTLET_FIXTURES := $(CURDIR)/out/fixtures

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-18s %s\n", $$1, $$2 }'

.PHONY: deps
deps: ## install missing Debian packages for building, checking and testing (as root)
	@scripts/deps.sh build check network node registry

.PHONY: build
build: ## debug build of everything, tests included (shared by demo, run and tests)
	@scripts/deps.sh build
	$(SWIFT) build --build-tests -j $(JOBS)

.PHONY: release
release: ## release build of swiftlet, swiftctl, podshim and unpacker
	@scripts/deps.sh build
	for product in podshim unpacker swiftlet swiftctl; do $(SWIFT) build $(RELEASE_FLAGS) --product $$product || exit 1; done

.PHONY: fixtures
fixtures: ## build the images that demo, tests and benchmarks run, into out/fixtures
	@scripts/deps.sh build
	@rootfs-fixtures/build.sh

.PHONY: demo
demo: build fixtures ## run a web server pod from a manifest file, show it, stop it
	@scripts/demo.sh

.PHONY: run
run: build fixtures ## run the agent in the foreground under out/run (ARGS="..." adds flags)
	@scripts/run.sh $(ARGS)

.PHONY: install
install: release ## install binaries, systemd unit and default config (PREFIX=, DESTDIR=)
	PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' SYSCONFDIR='$(SYSCONFDIR)' UNITDIR='$(UNITDIR)' scripts/install.sh $(RELEASE)

.PHONY: uninstall
uninstall: ## remove what install put in place; configuration, state and pods stay (PREFIX=, DESTDIR=)
	PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' UNITDIR='$(UNITDIR)' scripts/uninstall.sh

.PHONY: test
test: deps build fixtures ## every suite: unit, integration and node
	@scripts/test.sh unit integration node

.PHONY: unit-test
unit-test: build ## suites that need no privilege
	@scripts/test.sh unit

.PHONY: integration-test
integration-test: deps build fixtures ## suites that need root and a real kernel
	@scripts/test.sh integration

.PHONY: node-test
node-test: deps build fixtures ## the whole agent on a virtual node with every cgroup v2 controller
	@scripts/test.sh node

.PHONY: critest
critest: deps build ## Kubernetes' tests of the CRI against the agent, images included (CRITEST=path of critest, ARGS="-ginkgo.focus=...")
	@scripts/critest.sh "$(CRITEST)" $(ARGS)

.PHONY: fuzz
fuzz: build ## damaged input for every decoder (FUZZ_SECONDS=10 for each, FUZZ_SEED=)
	@scripts/fuzz.sh

.PHONY: tsan
tsan: ## unit suites under ThreadSanitizer, built in .build-tsan
	@scripts/deps.sh build
	@JOBS=$(JOBS) scripts/tsan.sh

.PHONY: release-test
release-test: release fixtures ## the demo with the release binaries, their sizes, and memory after many commands (as root)
	@$(RELEASE)/swiftlet --version
	@for limit in swiftlet:27 swiftctl:19; do \
		if [ $$(stat -Lc %s $(RELEASE)/$${limit%:*}) -gt $$(($${limit#*:} << 20)) ]; then \
			echo "release-test: $${limit%:*} is larger than $${limit#*:} MiB" >&2; exit 1; \
		fi; \
	done
	@PRODUCTS=$(RELEASE) SOAK=400 scripts/demo.sh

.PHONY: install-test
install-test: deps release fixtures ## install the release on a virtual node with systemd: start, restart, crash, stop, uninstall (as root)
	@scripts/install-test.sh $(RELEASE)

.PHONY: chaos
chaos: build fixtures ## kill, stop and fill at random while pods come and go (SECONDS=600 SEED=; as root)
	@SWIFTLET_CHAOS_SECONDS=$(or $(SECONDS),600) SWIFTLET_CHAOS_SEED=$(SEED) scripts/test.sh chaos

.PHONY: bench
bench: release fixtures ## compare with the floor, crun, runc and containerd (as root, release build)
	@scripts/deps.sh build bench
	$(SWIFT) build $(RELEASE_FLAGS) --product cri-bench
	@Benchmarks/run.sh

.PHONY: fmt
fmt: ## format the Swift sources
	@scripts/format.sh

.PHONY: check
check: ## lint, dependency direction, unsafe and style rules, generated code, shell scripts
	@scripts/deps.sh build check
	@scripts/check.sh

.PHONY: protos
protos: ## generate the CRI messages again
	@scripts/generate-protos.sh

.PHONY: docs
docs: build ## refresh docs/reference (--help) and the tables in docs/ that are made from the code
	@scripts/docs.sh docs/reference
	@SWIFTLET_WRITE_DOCS=1 scripts/check-generated.d/docs

.PHONY: clean
clean: ## remove what builds, tests and the demo made
	rm -rf .build .build-node .build-tsan out
