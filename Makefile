# The only list of commands. CI calls `make test`.

PYTHON ?= python3
DEMO := .venv-demo
DEV := .venv
DATA := $(abspath ../shared/data)
LINE = $(if $(LINE_MODEL),--line-model $(LINE_MODEL))
export GUARISMO_DATA ?= $(if $(wildcard $(DATA)),$(DATA),)

.PHONY: help demo test clean messages numbers commands figures tutorial evaluate seeds mistakes \
        bench-tutorial bench-coldstart bench-renderings bench-corruptions bench-latency bench-mdw bench-lines \
        bench-batch bench-cluster bench-serve bench-pages lock

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##/\1\t/p' $(MAKEFILE_LIST) | expand -t 20

$(DEMO)/ready: requirements/run.txt pyproject.toml
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/python -m pip install --quiet --require-hashes --no-deps -r requirements/run.txt
	$(DEMO)/bin/python -m pip install --quiet --no-deps -e .
	touch $@

$(DEV)/ready: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/python -m pip install --quiet --require-hashes --no-deps -r requirements/dev.txt
	$(DEV)/bin/python -m pip install --quiet --no-deps -e .
	touch $@

demo: $(DEMO)/ready  ## read the pictures in examples/ (a light environment, no TensorFlow)
	$(DEMO)/bin/guarismo read examples --annotate examples/read
	@echo "The pictures with their readings are in examples/read."

test: $(DEV)/ready  ## set up and run all checks and tests
	$(DEV)/bin/ruff check .
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/mypy
	$(DEV)/bin/lint-imports
	$(DEV)/bin/python -m pytest

messages: $(DEV)/ready  ## update the Spanish catalogue from the sources
	$(DEV)/bin/python tools/messages.py

numbers: $(DEV)/ready  ## write the measured figures into README and docs
	$(DEV)/bin/python docs/measured.py

commands: $(DEV)/ready  ## write docs/*/commands.md from the commands' own help
	$(DEV)/bin/python docs/commands.py

figures: $(DEV)/ready  ## draw the figures of the tutorial pages
	$(DEV)/bin/python docs/figures.py
	$(DEV)/bin/python docs/sheet.py
	$(DEV)/bin/python docs/measured_figures.py --run runs/tutorial --sweep benchmarks/results/sweep.csv

tutorial: $(DEV)/ready  ## train the tutorial's network into runs/tutorial
	$(DEV)/bin/guarismo train tutorial --out runs/tutorial

evaluate: $(DEV)/ready  ## the bundled model's figures on MNIST, cheques, other hands and what is no digit; its card
	$(DEV)/bin/python benchmarks/digits.py
	$(DEV)/bin/python benchmarks/strangers.py
	$(DEV)/bin/python benchmarks/card.py

seeds: $(DEV)/ready  ## the short recipe with five seeds, and without a source: hours
	for seed in 1 2 3 4 5; do $(DEV)/bin/guarismo train digit --recipe short --seed $$seed --out runs/short-$$seed; done
	$(DEV)/bin/python benchmarks/seeds.py runs/short-1 runs/short-2 runs/short-3 runs/short-4 runs/short-5
	for source in optdigits pendigits; do \
	    $(DEV)/bin/guarismo train digit --recipe short --without $$source --out runs/without-$$source && \
	    $(DEV)/bin/python benchmarks/strangers.py --model runs/without-$$source --sets $$source \
	        --label "trained without $$source" --name without-$$source; \
	done

mistakes: $(DEV)/ready  ## pictures of what the bundled models get wrong
	$(DEV)/bin/python benchmarks/mistakes.py mnist
	$(DEV)/bin/python benchmarks/mistakes.py orand
	$(DEV)/bin/python benchmarks/line_mistakes.py

bench-tutorial: $(DEV)/ready  ## the tutorial's training against Keras' fit
	$(DEV)/bin/python benchmarks/tutorial_speed.py

bench-coldstart: $(DEV)/ready  ## a whole `guarismo read` against bare imports and Keras
	$(DEV)/bin/python benchmarks/coldstart.py

bench-renderings: $(DEV)/ready  ## MNIST's test digits as people's files, against the digits as they are
	$(DEV)/bin/python benchmarks/renderings.py

bench-corruptions: $(DEV)/ready  ## fifteen corruptions of MNIST's test digits
	$(DEV)/bin/python benchmarks/corruptions.py

bench-latency: $(DEV)/ready  ## pictures a second and memory, beside Keras and LiteRT
	$(DEV)/bin/python benchmarks/latency.py

bench-mdw: $(DEV)/ready  ## numbers of MNIST's test digits; LINE_MODEL=runs/line for one's own line model
	$(DEV)/bin/python benchmarks/mdw.py $(LINE)

bench-lines: $(DEV)/ready  ## whole cheque amounts, touching digits, things without a number; LINE_MODEL as above
	$(DEV)/bin/python benchmarks/lines.py $(LINE)

bench-batch: $(DEV)/ready  ## a batch of 200,000 digits and 20,000 lines, with 1 and 2 workers; LINE_MODEL as above
	$(DEV)/bin/python benchmarks/batch.py $(LINE)

bench-cluster: $(DEV)/ready  ## three Ray nodes here, one killed; the driver killed; nothing lost, nothing doubled
	$(DEV)/bin/python benchmarks/cluster.py

bench-serve: $(DEV)/ready  ## the service under load, over loopback
	$(DEV)/bin/python benchmarks/serve.py
	$(DEV)/bin/python benchmarks/broken_uploads.py

bench-pages: $(DEV)/ready  ## phone photos of puzzles; rendered sheets, pictures without numbers, a photo of 12 megapixels
	$(DEV)/bin/python benchmarks/sudoku.py
	$(DEV)/bin/python benchmarks/sheets.py

lock:  ## pin the requirements again (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    pyproject.toml -o requirements/run.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --extra batch --extra pdf --extra serve --extra train --group test pyproject.toml -o requirements/dev.txt

clean:  ## remove environments and caches
	rm -rf $(DEMO) $(DEV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
