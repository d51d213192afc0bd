# make run: the app. make test: every test. Both create the environment in .venv if needed.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8501
# The default wheel of torch for Linux carries several GB of CUDA; the CPU build is all that is needed here.
# Its address stands in the README, once.
TORCH_INDEX ?= $(shell grep -o 'https://download[^ ]*' README.md | head -n 1)
TORCH := $(shell grep '^torch==' requirements.txt)

.PHONY: run test test-all bench models lint clean browser

.venv/run.stamp: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Glassformer needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing (a few minutes the first time) ..."
	$(BIN)/python -m pip install -q --no-deps --retries 1 --timeout 15 --index-url $(TORCH_INDEX) "$(TORCH)" || $(BIN)/python -m pip install -q "$(TORCH)"
	$(BIN)/python -m pip install -q -r requirements.txt
	touch $@

.venv/dev.stamp: .venv/run.stamp requirements-dev.txt
	$(BIN)/python -m pip install -q -r requirements-dev.txt
	touch $@

run: .venv/run.stamp
	$(BIN)/streamlit run app.py --server.port $(PORT) --server.headless false

# A Chromium for the browser tests: one that is installed, or Debian's.
browser:
	@command -v chromium chromium-browser google-chrome >/dev/null || { \
	  command -v apt-get >/dev/null || { echo "The browser tests need Chromium or Chrome: install one, then run make test again"; exit 1; }; \
	  echo "Installing chromium for the browser tests ..."; \
	  SUDO=$$(test $$(id -u) = 0 || echo sudo); $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq chromium >/dev/null; }

# Files are spread over the cores, the long ones first (tests/conftest.py); the tests of one file stay together and share its server.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: .venv/dev.stamp browser
	$(PYTEST) -m "not slow"

test-all: .venv/dev.stamp browser
	$(PYTEST)

bench: .venv/dev.stamp
	for f in tests/benchmarks/bench_*.py; do echo "== $$f"; OMP_NUM_THREADS=1 $(BIN)/python $$f || exit 1; done

# Trains the models in the box again (an hour on one core); MODELS="copy arithmetic" names some of them.
models: .venv/run.stamp
	sh assets/models/build.sh $(MODELS)

lint: .venv/dev.stamp
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

clean:
	rm -rf .venv var
