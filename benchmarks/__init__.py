"""Benchmarks: augmill beside its peers, each run from the root as ``python -m benchmarks.NAME``."""

import os

# Read when NumPy and torch are loaded: figures are per core, for every side.
for _pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ.setdefault(_pool, "1")
