# Two commands do everything on a machine with Python >= 3.11 and make: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 5000

# An editable install runs from its sources, where numba compiles: no need to build kernels.
INSTALL := HATCH_BUILD_NO_HOOKS=true $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test bench publish counts prove examples addon addon-arm64 addon-check addon-lock addon-pictures clean

run: $(VENV)/.installed
	$(BIN)/powersync-optimiser serve --port $(PORT) --greet

test: $(VENV)/.test
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

prove: $(VENV)/.test
	$(BIN)/python -m tests.exactness.sweep

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
	rm -rf $(VENV) .venv-emhass build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.created:
	$(PYTHON) -m venv $(VENV)
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
