# On Record: `make run` shows it working, `make test` proves it. Both set up everything they need, once.

PYTHON ?= python3
# The address of a package index that carries CPU builds of torch, for machines without a GPU whose usual index does
# not (the general index's Linux build brings several gigabytes of CUDA). Empty: take what the usual index offers.
TORCH_INDEX ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH := $(VENV)/.bench
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: run test bench check lint lock texts setup weights test-weights clean

run: setup weights ## set up, start everything on this machine, and work the sample call
	@$(BIN)/onrecord up --sample scripts/sample_call/call.flac --agent "Daniel Price" --customer "Maria Lopez" \
	  --started-at 2026-03-10T10:14 --zone Europe/London --customer-address maria@example.org

test: setup test-weights ## set up and pass every test
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile

bench: weights $(BENCH) ## set up what the benchmarks in scripts/ need

check: lint test ## what CI runs

lint: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

setup: $(READY)

weights: setup
	@$(BIN)/onrecord models fetch

# The tests also use quick models, so that the real thing can be tried often, and the other pair for diarization.
test-weights: weights
	@$(BIN)/onrecord models fetch whisper-tiny.en smollm2-135m-instruct smollm2-135m-instruct-int8 \
	  pyannote-segmentation ge2e

$(READY): pyproject.toml requirements/torch.txt requirements/lock.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else "On Record needs Python 3.11 to 3.13; this is %d.%d. Name another: make PYTHON=python3.12" % v)'
	@echo "Setting up in $(VENV) (about 2 minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install -q $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -r requirements/torch.txt
	@$(PIP) install -q --no-deps --require-hashes -r requirements/lock.txt
	@$(PIP) install -q --no-deps --editable .
	@$(BIN)/python scripts/repair_torchaudio.py
	@touch $@

# Apart from the rest: one of them is built here, and needs a C++ compiler.
$(BENCH): $(READY) requirements/bench.txt
	@$(PIP) install -q --no-deps --require-hashes -r requirements/bench.txt
	@$(BIN)/onrecord models fetch minilm-l6-v2
	@touch $@

lock: setup ## pin every dependency anew, a week behind the newest releases
	@$(COMPILE) --all-extras --group dev $(UNLOCKED) pyproject.toml --output-file requirements/lock.txt
	@$(COMPILE) --all-extras $(UNLOCKED) --constraint requirements/lock.txt pyproject.toml \
	  --output-file requirements/run.txt
	@echo "nvidia-cublas-cu12<13" | $(COMPILE) - --output-file requirements/cuda.txt
	@$(COMPILE) --group bench $(UNLOCKED) --constraint requirements/lock.txt \
	  $(foreach name,$(shell sed -n 's/^\([a-z0-9._-]*\)==.*/\1/p' requirements/lock.txt),--no-emit-package $(name)) \
	  --output-file requirements/bench.txt

texts: setup ## bring the catalogues of the pages' texts up to what the code says
	@$(BIN)/python -m scripts.update_texts

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-annotate --no-header --exclude-newer "7 days" --constraint requirements/torch.txt

# torch has a file of its own, and pins the CUDA libraries that it wants by itself.
UNLOCKED := $(foreach name,torch triton cuda-bindings cuda-pathfinder cuda-toolkit nvidia-cublas nvidia-cuda-cccl \
  nvidia-cuda-crt nvidia-cuda-cupti nvidia-cuda-nvcc nvidia-cuda-nvrtc nvidia-cuda-runtime nvidia-cudnn-cu13 \
  nvidia-cufft nvidia-cufile nvidia-curand nvidia-cusolver nvidia-cusparse nvidia-cusparselt-cu13 nvidia-nccl-cu13 \
  nvidia-nvjitlink nvidia-nvshmem-cu13 nvidia-nvtx nvidia-nvvm,--no-emit-package $(name))

clean: ## remove what setup made here; stored calls and weights stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
