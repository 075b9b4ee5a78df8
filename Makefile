# `make run` and `make test` need nothing but Python and make: config/setup/bootstrap.py installs the rest.
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
BOOTSTRAP = "$(PYTHON)" config/setup/bootstrap.py
PY = .venv/bin/python
# Where bootstrap.py had to install Node, npm is in the virtual environment.
NPM_RUN = PATH="$(CURDIR)/.venv/bin:$$PATH" npm run --silent
CODE = hotline ivr_flows agent_console config tests
UV_COMPILE = .venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate --quiet

.DEFAULT_GOAL := help
.PHONY: help run test matrix check scoreboard bench mutants clean lock migration

help:        ## print this list
	@echo "make run     run the demonstration on this machine (Ctrl-C stops it)"
	@echo "make test    run every test"
	@echo "make matrix  test every step of a call with every fault of the carrier (some minutes)"
	@echo "make check   format, lint, types, import contracts and browser code, then every test"
	@echo "make scoreboard  print the figures of the code's structure and their goals"
	@echo "make bench   run the benchmarks (only=\"webhook lists\": some of them) and write docs/benchmarks.md"
	@echo "make mutants change the pure rules in small ways and expect a test to fail each time (minutes)"
	@echo "make clean   remove what was built; the data in var/ stays"
	@echo "make lock    resolve the locks again"
	@echo "make migration m=\"why\"   write a migration from the newest revision to the models"

run:
	@$(BOOTSTRAP) run
	@exec $(PY) -m config.processes.run

test:
	@$(BOOTSTRAP) test
	@exec $(PY) -m pytest -n auto --dist loadgroup $(PYTEST_ARGS)

matrix:
	@$(BOOTSTRAP) test
	@exec $(PY) -m pytest tests/matrix --matrix=whole -n auto $(PYTEST_ARGS)

check:
	@$(BOOTSTRAP) test
	$(PY) -m ruff format --check $(CODE)
	$(PY) -m ruff check $(CODE)
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(NPM_RUN) lint
	$(NPM_RUN) types
	@exec $(PY) -m pytest -n auto --dist loadgroup $(PYTEST_ARGS)

scoreboard:
	@$(BOOTSTRAP) test
	@$(PY) -m tests.architecture.scoreboard

bench:
	@$(BOOTSTRAP) test
	@exec $(PY) -m config.setup.bench $(only)

mutants:
	@$(BOOTSTRAP) test
	@exec $(PY) -m config.setup.mutants

clean:
	rm -rf .venv node_modules build hotline.egg-info agent_console/static/dist \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find . -name '*.mo' -not -path './.git/*' -delete
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

lock:
	@$(BOOTSTRAP) test
	$(UV_COMPILE) -o locks/run.txt
	$(UV_COMPILE) --extra dev -c locks/run.txt -o locks/dev.txt
	$(UV_COMPILE) --extra node -c locks/run.txt -o locks/node.txt
	printf 'uv\nsetuptools\n' | .venv/bin/uv pip compile - --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --quiet -o locks/tools.txt

migration:
	@$(PY) -m config.setup.migration "$(m)"
