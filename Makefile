# `make` alone sets everything up in .venv; every other target does that first.
VENV := .venv
STAMP := $(VENV)/.ready

.PHONY: all demo test test-provisioning test-vagrant chaos lint bench bench-tweak clean
all: $(STAMP)

$(STAMP): pyproject.toml scripts/setup
	scripts/setup $(VENV)
	@touch $@

demo: $(STAMP)
	scripts/demo

test: $(STAMP)
	scripts/test

test-provisioning: $(STAMP)
	scripts/test-provisioning

test-vagrant: $(STAMP)
	tests/provisioning/vagrant/test

# CHAOS="--seconds 120 --seed 7" for a shorter one, or to replay one
chaos: $(STAMP)
	scripts/chaos $(CHAOS)

lint: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(STAMP)
	scripts/bench

bench-tweak: $(STAMP)
	$(VENV)/bin/python tests/benchmarks/tweak/bench_tweak.py

clean:
	rm -rf $(VENV) build dist
