# A fresh machine needs git, make and python3 (3.11 or later, with pip).
#
#  make report      set up .venv, run the default study and write results/report.html
#  make quick       the same with config/quick.yaml: every part in about three minutes
#  make verify      hold results/ against its digests, and a sample of it against its seeds
#  make test        the tests
#  make check       formatting, lints, types and which package imports which
#  make audit       whether a known vulnerability is in a package of uv.lock; asks osv.dev
#  make benchmarks  the speed beside ten other packages, which it installs; takes hours
#  make elsewhere   the same models in other tools, which it installs, held against the optimum
#  make docs        the pages that the code writes, the last report of results/ as an example,
#                   and the site of all pages, in site/
#  make env         .venv alone, as uv.lock says

UV := $(or $(shell command -v uv),.tools/bin/uv)
RUN := $(UV) run --no-sync

.PHONY: help report quick verify test check audit benchmarks elsewhere docs env
# all targets share .venv, and two studies would share results/
.NOTPARALLEL:

help:
	@sed -n 's/^#  //p' Makefile

report: env
	$(RUN) snakemake --cores all

quick: env
	$(RUN) snakemake --cores all --configfile config/quick.yaml

verify: env
	$(RUN) normwise verify

test: env
	OMP_NUM_THREADS=1 $(RUN) pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

check: env
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) snakefmt --check workflow examples
	@# one lint does not apply: all rules run in the environment that Snakemake runs in
	$(RUN) snakemake --lint 2>&1 | awk '/^Lints for|^Congratulations/ {rule = $$0} !rule; \
	  /^    \* / && !/Specify a conda/ {print rule; print; bad = 1} END {exit bad || !rule}'

audit: $(UV)
	$(UV) audit --locked

benchmarks: env
	$(RUN) python -m benchmarks --setup
	$(RUN) python -m benchmarks

elsewhere: env
	$(RUN) python -m benchmarks.elsewhere --setup
	$(RUN) python -m benchmarks.elsewhere
	$(RUN) python docs/pages.py

docs: env
	$(RUN) python docs/pages.py
	$(RUN) python docs/example.py
	NO_MKDOCS_2_WARNING=1 $(RUN) mkdocs build --strict --quiet

env: $(UV)
	$(UV) sync --locked --extra study --extra formats --compile-bytecode

.tools/bin/uv:
	python3 -m pip install --quiet --root-user-action=ignore --require-hashes --target .tools -r uv.txt
