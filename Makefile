# `make run` and `make test` need Python 3.11 or newer and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= data/demo
REGISTRATIONS ?= 150000
SEED ?= 7
REGIONS ?= 1718
ELECTION_DATE ?= 2026-12-27
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-test setup-bench run test coverage lint fix tables bench bench-normalise bench-persons bench-next-night bench-references bench-linkage bench-stress bench-quality bench-night bench-place bench-finder bench-release bench-report clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'

$(VENV)/.runtime: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.runtime
	$(PIP) --group test --group lint
	@touch $@

$(VENV)/.bench: $(VENV)/.test
	$(PIP) --group bench
	@touch $@

setup: $(VENV)/.runtime ## install what a run needs into .venv
setup-test: $(VENV)/.test
setup-bench: $(VENV)/.bench

run: setup ## simulate a delivery of one region, build its list, say where to look
	@rm -rf $(DATA)
	@$(BIN)/selv simulate --registrations $(REGISTRATIONS) --seed $(SEED) --regions $(REGIONS) \
		--election-date $(ELECTION_DATE) --output $(DATA)/delivery
	@$(BIN)/selv build $(DATA)/delivery --election-date $(ELECTION_DATE) --output $(DATA)/published
	@$(BIN)/selv evaluate $(DATA)/published/$(ELECTION_DATE)/current --truth $(DATA)/delivery/truth
	@echo "Look at: $(DATA)/published/$(ELECTION_DATE)/current/index.html (lists of every district)"
	@echo "         $(DATA)/published/$(ELECTION_DATE)/current/report.html (what is in question)"

lint: setup-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# A file's fixtures may be whole releases, so a file stays on one worker; files go in the
# order of their names, by which the longest (tests/flows) are early.
IN_TWO = -n 2 --dist loadfile --no-loadscope-reorder

test: lint ## check style and types, run every test
	$(BIN)/python -m pytest $(IN_TWO)

coverage: setup-test ## run every test and tell which lines none reaches
	$(BIN)/python -m pytest $(IN_TWO) --cov --cov-report=term:skip-covered

fix: setup-test ## format, and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

tables: setup ## write docs/tables.md and docs/discrepancies.md from the contracts
	$(BIN)/python -m pipeline.document_tables

bench: bench-normalise bench-place bench-persons bench-next-night bench-references bench-linkage bench-stress bench-quality bench-night bench-finder bench-report bench-release ## every benchmark, hours in all

bench-normalise: setup-test ## time and memory of names and addresses of a country
	$(BIN)/python benchmarks/bench_normalise_names.py --rows $(or $(PERSONS),37000000)
	$(BIN)/python benchmarks/bench_normalise_addresses.py --rows $(or $(DWELLINGS),10000000) \
		--persons $(or $(PERSONS),37000000)

bench-place: setup-test ## time and memory of placing a country's registrations
	$(BIN)/python benchmarks/bench_place.py --addresses $(or $(PERSONS),37000000) \
		--dwellings $(or $(DWELLINGS),10000000)

bench-persons: setup-bench ## time, memory and quality of matching a country, beside Splink
	$(BIN)/python benchmarks/bench_persons.py --sizes $(or $(SIZES),1000000 5000000 36000000) \
		--runs $(or $(RUNS),3)

bench-next-night: setup-test ## a night with 0.3 % changed rows beside the same night in full
	$(BIN)/python benchmarks/bench_next_night.py --persons $(or $(PERSONS),5000000) \
		--runs $(or $(RUNS),3)

bench-references: setup-test ## time and memory of finding whom acts and rosters name
	$(BIN)/python benchmarks/bench_references.py --persons $(or $(PERSONS),5000000) \
		--runs $(or $(RUNS),3)

bench-stress: setup-test ## registers that break a matcher, a million rows each
	$(BIN)/python benchmarks/bench_stress.py --rows $(or $(PERSONS),1000000)

bench-quality: setup-test ## time of decoys and sentinels beside the matching they judge
	$(BIN)/python benchmarks/bench_quality.py --rows $(or $(PERSONS),5000000)

bench-linkage: setup-bench ## quality on public sets beside Splink; threshold chosen on one half, told on the other
	$(BIN)/python benchmarks/linkage_quality.py --splink --cross-fit

bench-night: setup-test ## a country's whole nights, stage by stage
	$(BIN)/python benchmarks/bench_night.py --registrations $(or $(PERSONS),8000000)

bench-finder: setup-test ## time and size of the station finder of a country
	$(BIN)/python benchmarks/bench_finder.py --voters $(or $(VOTERS),20000000)

bench-report: setup-test ## size of a country's report and time to open it in Chromium
	$(BIN)/python -m benchmarks.bench_report

bench-release: setup-bench ## time and size of a country's lists in every format
	$(BIN)/python benchmarks/bench_release.py --voters $(or $(VOTERS),20000000)

clean: ## remove .venv and everything that runs left behind
	rm -rf $(VENV) $(DATA) .pytest_cache .mypy_cache .ruff_cache .coverage
