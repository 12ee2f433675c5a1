# make demo     a neuron finds Kepler's third law in the measured solar system
# make compare  which of four small networks is better on a table, and how sure that is
# make serve    serves the demo's model at port 8501, and prints two lines that ask it
# make test     lint, unit tests, doctests, cards and notebooks
# make bench    what is measured rather than asserted
# make lint     ruff, pyright, and the types of every public name
# make docs     the site: cards, notebooks and API reference, in docs/_site
# make backends what holds under JAX too; a part of make test
# make mutants  plants 60 bugs, one at a time, and counts how many the tests catch
# make clean    removes the environment and every cache
#
# Each target makes the environment it needs, once. Variables: PYTHON, VENV,
# OUT (where the demo and the comparison write), PORT (of the server), WORKERS and ARGS (both
# for pytest).

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
PORT ?= 8501
ARGS ?=

BIN := $(VENV)/bin
NOTEBOOKS := $(if $(wildcard tutorials/*.ipynb),--nbmake tutorials)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export NO_MKDOCS_2_WARNING := 1

.PHONY: demo compare serve test bench lint types docs backends mutants clean
.SECONDARY:

demo: $(VENV)/.installed-discover
	@$(BIN)/python -m keras_addmul demo $(if $(OUT),--out "$(OUT)")

compare: $(VENV)/.installed-compare
	@$(BIN)/python -m keras_addmul compare tests/data/pipe_flow.csv --target pressure_drop \
		--models dense addmul_dense noisy_tanh pelu --scale geometric --seeds 8 --epochs 60 \
		--out "$(if $(OUT),$(OUT),compare_out)"

# The demo is run first if it has not been.
serve: $(VENV)/.installed-serve $(VENV)/.installed-discover
	@test -f "$(or $(OUT),demo_out)/served/saved_model.pb" || $(MAKE) --no-print-directory demo
	@$(BIN)/python -m keras_addmul serve "$(or $(OUT),demo_out)/served" --port $(PORT)

test: lint
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal tests keras_addmul $(NOTEBOOKS) $(ARGS)

backends: $(VENV)/.installed-test
	$(BIN)/python -m pytest -q tests/backends $(ARGS)

bench: export TF_CPP_MIN_LOG_LEVEL ?= 3
bench: $(VENV)/.installed-test
	$(BIN)/python tests/benchmarks/run.py

lint: types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# --verifytypes looks for the package where Python would find it.
types: $(VENV)/.installed-test
	$(BIN)/pyright --pythonpath "$(abspath $(BIN)/python)"
	PYTHONPATH="$(CURDIR)" $(BIN)/pyright --pythonpath "$(abspath $(BIN)/python)" \
		--verifytypes keras_addmul --ignoreexternal

docs: $(VENV)/.installed-docs
	$(BIN)/mkdocs build --strict --quiet --config-file docs/mkdocs.yml
	@echo "open docs/_site/index.html, or: $(BIN)/mkdocs serve --config-file docs/mkdocs.yml"

mutants: $(VENV)/.installed-test
	$(BIN)/python -m tests.mutants.run $(ARGS)

clean:
	rm -rf $(VENV) docs/_site build dist *.egg-info .pytest_cache .ruff_cache .hypothesis .mutants .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp an extra: pip runs again only when the requirements change.
$(VENV)/.installed-%: setup.cfg pyproject.toml | $(BIN)/python
	@echo "installing keras_addmul[$*] into $(VENV) (about a minute)"
	@$(BIN)/python -m pip install --quiet --editable '.[$*]'
	@touch $@

$(BIN)/python:
	@$(PYTHON) -m venv $(VENV)
