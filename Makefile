# Two commands do everything on a machine with Python >= 3.11 and make: `make run` and `make test`.
# `make PYTHON=python3.12 run` chooses another Python than python3.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 5000

# An editable install runs from its sources, where numba compiles: no need to build kernels.
INSTALL := HATCH_BUILD_NO_HOOKS=true $(BIN)/python -m pip install --quiet --disable-pip-version-check

NEW_ENOUGH := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

# An environment whose Python has gone, or is too old, is made again.
ifneq ($(wildcard $(VENV)/.created),)
ifneq ($(shell $(BIN)/python -c '$(NEW_ENOUGH)' 2>&1 || echo broken),)
$(shell rm -f $(VENV)/.created)
endif
endif

VENDOR := server/page/static/vendor

.PHONY: run test bench publish counts savings prove fuzz load soak examples page screenshots clean
.PHONY: kills home-assistant home-soak
.PHONY: wheel docs addon addon-arm64 addon-check addon-lock addon-pictures audit

run: $(VENV)/.installed page
	$(BIN)/powersync-optimiser serve --port $(PORT) --greet

test: $(VENV)/.test page
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --dist loadfile

bench: $(VENV)/.bench
	EMHASS_PYTHON=$(EMHASS)/bin/python $(BIN)/python -m benchmarks

publish: $(VENV)/.installed
	$(BIN)/python -m benchmarks.publish build/benchmarks

counts: $(VENV)/.installed
	$(BIN)/python -m benchmarks.counts --record

savings: $(VENV)/.bench
	$(BIN)/python -m benchmarks.savings --sizes --out build/savings --report benchmarks/SAVINGS.md

prove: $(VENV)/.test
	$(BIN)/python -m tests.oracle.sweep
	$(BIN)/python -m tests.oracle.flutter

# The time of each of the last three parts, in seconds; the first reads 100,000 bodies.
FUZZ_SECONDS ?= 100
fuzz: $(VENV)/.fuzz
	$(BIN)/python -m tests.fuzz.forms
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(BIN)/python -m tests.fuzz.codec
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(BIN)/python -m tests.fuzz.decoder
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(BIN)/python -m tests.fuzz.api

LOAD_SECONDS ?= 60
load: $(VENV)/.test
	$(BIN)/python -m tests.stress.load $(LOAD_SECONDS)
	$(BIN)/python -m tests.stress.siege

# A month of plans; PLANS=500 for a short one. WHEEL=folder, here and for load: where a wheel of
# ours is installed (pip install --no-deps --target), whose kernels are compiled ahead of time.
PLANS ?= 8640
soak: $(VENV)/.test
	$(BIN)/python -m tests.stress.soak $(PLANS)

# Kills of a process that writes the books, at random moments.
KILLS ?= 1000
kills: $(VENV)/.test
	$(BIN)/python -m tests.stress.kills $(KILLS)

# A month of five-minute turns of a home; TURNS=500 for a short one.
TURNS ?= 8640
home-soak: $(VENV)/.test
	$(BIN)/python -m tests.stress.home_soak $(TURNS)

# A Home Assistant Core and a Mosquitto of their own, and our server beside them; root and Debian.
home-assistant: $(VENV)/.test page
	tests/real_home_assistant/build.sh
	HOME_ASSISTANT_FULL=1 $(BIN)/python -m pytest -n 2 --dist loadfile tests/real_home_assistant

examples: $(VENV)/.installed
	$(BIN)/python -m benchmarks.days examples

# The reference of the library: build/docs/optimiser.html.
DOCS = -W error -m pdoc --docformat numpy --output-directory
docs: $(VENV)/.installed
	$(INSTALL) --editable '.[docs]'
	$(BIN)/python $(DOCS) build/docs optimiser

# For this machine; where there is a C++ compiler, with its kernels compiled ahead of time.
wheel: $(VENV)/.created page
	rm -f dist/*.whl
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	@case $$(ls dist/*.whl) in \
	  *-none-any.whl) echo "Kernels are not compiled (Debian: g++ is needed): numba will on first use." ;; esac
	@ls dist/*.whl

addon: $(VENV)/.installed page
	$(BIN)/python -m addon.prove amd64

addon-arm64: $(VENV)/.installed page
	$(BIN)/python -m addon.prove arm64

addon-check: $(VENV)/.test
	$(BIN)/python -m pytest tests/addon/test_files.py tests/addon/test_docs.py

# What the image installs, with hashes for both architectures. Review the difference, then commit.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes \
	--no-header --no-annotate --upgrade
addon-lock: $(VENV)/.test
	$(INSTALL) uv
	$(LOCK) pyproject.toml --no-emit-package numba --no-emit-package llvmlite \
		--no-emit-package scipy --output-file addon/requirements.txt
	$(LOCK) addon/build-requirements.in --constraint addon/requirements.txt \
		--output-file addon/build-requirements.txt

# Known faults of what the image installs.
audit: $(VENV)/.test
	$(INSTALL) pip-audit
	$(BIN)/pip-audit --requirement addon/requirements.txt --require-hashes --disable-pip

addon-pictures: $(VENV)/.installed
	$(INSTALL) pillow
	$(BIN)/python -m addon.draw

# The charting library comes from its package; without npm all but the chart works, and says so.
page:
	@command -v npm >/dev/null && $(MAKE) --no-print-directory $(VENDOR)/.built \
	  || echo "The page goes without its chart: npm is missing or failed."

screenshots: $(VENV)/.test page
	$(BIN)/python -m tests.page.screenshots docs

clean:
	rm -rf $(VENV) .venv-emhass $(VENDOR) node_modules build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENDOR)/.built: package.json package-lock.json
	npm ci --ignore-scripts --silent
	mkdir -p $(VENDOR)
	cp node_modules/uplot/dist/uPlot.iife.min.js node_modules/uplot/dist/uPlot.min.css $(VENDOR)/
	cp node_modules/uplot/LICENSE $(VENDOR)/uPlot.LICENSE.txt
	touch $@

$(VENV)/.created:
	@$(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null || { \
	  echo "$(PYTHON) will not do: Python 3.11 or later is needed, with venv (Debian: python3-venv)."; \
	  echo "make PYTHON=python3.12 … chooses another."; exit 1; } >&2
	$(PYTHON) -m venv --clear $(VENV)
	touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml
	$(INSTALL) --editable .
	touch $@

# What is compared with may be missing: the benchmark says so and goes on.
EMHASS := .venv-emhass
$(VENV)/.bench: $(VENV)/.test
	-$(INSTALL) --editable '.[bench]'
	-$(PYTHON) -m venv $(EMHASS) && $(EMHASS)/bin/python -m pip install --quiet 'emhass>=0.18'
	touch $@

$(VENV)/.test: $(VENV)/.created pyproject.toml
	$(INSTALL) --editable '.[test]'
	touch $@ $(VENV)/.installed

$(VENV)/.fuzz: $(VENV)/.test
	$(INSTALL) --editable '.[fuzz]'
	touch $@
