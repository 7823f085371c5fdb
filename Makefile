# Two commands do everything on a machine with Python >= 3.11 and make: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 5000

# An editable install runs from its sources, where numba compiles: no need to build kernels.
INSTALL := HATCH_BUILD_NO_HOOKS=true $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test bench prove fuzz load soak examples addon addon-arm64 addon-check addon-lock addon-pictures clean

run: $(VENV)/.installed
	$(BIN)/powersync-optimiser serve --port $(PORT) --greet

test: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --dist loadfile

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks

prove: $(VENV)/.test
	$(BIN)/python -m tests.exactness.sweep

# The time of each of the three parts, in seconds.
FUZZ_SECONDS ?= 100
fuzz: $(VENV)/.fuzz
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

examples: $(VENV)/.installed
	$(BIN)/python -m benchmarks.days examples

addon: $(VENV)/.installed
	$(BIN)/python -m addon.prove amd64

addon-arm64: $(VENV)/.installed
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

addon-pictures: $(VENV)/.installed
	$(INSTALL) pillow
	$(BIN)/python addon/draw.py

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.created:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml
	$(INSTALL) --editable .
	touch $@

$(VENV)/.test: $(VENV)/.created pyproject.toml
	$(INSTALL) --editable '.[test]'
	touch $@ $(VENV)/.installed

$(VENV)/.fuzz: $(VENV)/.test
	$(INSTALL) --editable '.[fuzz]'
	touch $@
