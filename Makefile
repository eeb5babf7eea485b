# The work is done by the scripts in scripts/; each says what it does, and a second run skips what is already there.
# Variables: PYTHON (interpreter for a new .venv), HOST and PORT (run), CHROMIUM (test, bench), ONLY (bench, findings: one by name).
.PHONY: help run test test-slow fuzz lint format bench findings clean
export PYTHON HOST PORT CHROMIUM ONLY

help:
	@echo "make run        make the environment and serve the app on localhost:8501 (HOST=..., PORT=...)"
	@echo "make test       lint, types, import contracts, unit, property, page and browser tests"
	@echo "make test-slow  the slow tests, and property tests with 1,000 examples, those of programs with 5,000"
	@echo "make fuzz       two million random texts through the language, three hours of two cores"
	@echo "make lint       lint, format, types and import contracts only, in Python and in the browser's files"
	@echo "make format     mend what can be mended by itself"
	@echo "make bench      every benchmark, one table each (ONLY=load for one)"
	@echo "make findings   where libraries and tools surprise, each shown without the app (ONLY=lazy_device for one)"
	@echo "make clean      remove the environment and all caches"

run:
	@scripts/run

test:
	@scripts/test

test-slow:
	@scripts/test slow

fuzz:
	@scripts/test million

lint:
	@scripts/lint

format:
	@scripts/format

bench:
	@scripts/bench

findings:
	@scripts/findings

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache test-results
