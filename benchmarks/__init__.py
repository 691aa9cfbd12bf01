"""Benchmarks: augmill beside its peers, each run from the root as ``python -m benchmarks.NAME``."""
