# The commands of this repository; `make help` lists them. The work itself is in CMake presets and
# small scripts, so each line below can also be typed by hand.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help

PROGRAMS := $(sort $(notdir $(patsubst %/main.cc,%,$(wildcard apps/*/main.cc))))
BENCHES := $(sort $(basename $(notdir $(wildcard bench/*_bench.cc))))
FUZZERS ?= $(sort $(basename $(notdir $(wildcard fuzz/*_fuzz.cc))))
FUZZ_SECONDS ?= 60
TEST_JOBS ?= 2
PREFIX ?= /usr/local
LINT ?= .
export KEEP

.PHONY: help demo test asan tsan bench bench-core bench-broker bench-client bench-proxy \
        bench-backup fuzz fuzz-messages lint format docs-client package programs install clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null \
	  || sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1: \2/p' Makefile

demo: PROGRAMS += odradek-demo
demo: programs ## the whole job once, on real events (KEEP=1 leaves it running)
	@tools/demo.sh

test: ## build and run all tests
	@tools/install-deps.sh
	cmake --preset dev
	cmake --build --preset dev
	ctest --test-dir build/dev --output-on-failure -j $(TEST_JOBS)

asan: ## the tests under the address and undefined behaviour sanitizers
	@tools/install-deps.sh
	cmake --preset asan
	cmake --build --preset asan
	ctest --test-dir build/asan --output-on-failure -j $(TEST_JOBS)

tsan: ## the tests under the thread sanitizer
	@tools/install-deps.sh
	cmake --preset tsan
	cmake --build --preset tsan
	ctest --test-dir build/tsan --output-on-failure -j $(TEST_JOBS)

bench: bench-core bench-broker ## measure, compare, write bench/results/*.json

bench-core: programs
	cmake --build --preset release --target $(BENCHES)
	bench/run.py core

bench-broker bench-client bench-proxy bench-backup: bench-%: programs
	@tools/install-deps.sh bench
	$(if $(filter $*_%,$(BENCHES)),cmake --build --preset release --target $(filter $*_%,$(BENCHES)))
	bench/run.py $*

fuzz: ## every decoder on random bytes, FUZZ_SECONDS=60 each
	@tools/install-deps.sh
	cmake --preset fuzz
	cmake --build --preset fuzz --target $(FUZZERS)
	@tools/fuzz.sh $(FUZZ_SECONDS) $(FUZZERS)

fuzz-messages: ## the decoder of each protocol message on its own, FUZZ_SECONDS each: hours
	@tools/install-deps.sh
	cmake --preset fuzz
	cmake --build --preset fuzz --target proto_fuzz
	fuzz/proto_each.sh build/fuzz/bin/proto_fuzz $(FUZZ_SECONDS) build/fuzz/messages $(TEST_JOBS)

lint: ## formatter, clang-tidy and house rules; LINT=regex picks files
	@tools/install-deps.sh core lint
	@git ls-files -co --exclude-standard '*.h' '*.cc' | xargs clang-format-19 --dry-run -Werror
	@tools/tidy.py
	@tools/lint.sh '$(LINT)'

format: ## let clang-format rewrite the sources
	@tools/install-deps.sh lint
	git ls-files -co --exclude-standard '*.h' '*.cc' | xargs clang-format-19 -i

docs-client: ## the library's reference, build/reference/html; fails on a warning
	@tools/install-deps.sh docs
	@tools/snippets.py check
	@mkdir -p build
	@doxygen docs/client/Doxyfile && echo "docs-client: no warnings"

package: ## .deb packages of library and programs in build/release/packages
package: PROGRAMS += odradek
package: programs
	cpack --config build/release/CPackConfig.cmake -G DEB -B build/release/packages

programs: ## build the programs into build/release/bin
	@tools/install-deps.sh
	@cmake --preset release
	cmake --build --preset release --target $(PROGRAMS)

install: PROGRAMS += odradek
install: programs ## install programs and library, PREFIX=/usr/local, DESTDIR= for packages
	cmake --install build/release --prefix $(PREFIX)

clean: ## remove everything that was built
	rm -rf build
