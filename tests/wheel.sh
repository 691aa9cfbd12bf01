#!/usr/bin/env bash
# Build the wheel, install it without extras in a clean environment, and use it away from here.
set -euo pipefail
here=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

.venv/bin/python -m build --wheel --outdir "$work/dist" . >"$work/build.log" 2>&1 \
  || { cat "$work/build.log"; exit 1; }
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  --constraint constraints.txt "$work"/dist/*.whl

cd "$work"
venv/bin/augmill --help >/dev/null
venv/bin/python - "$here/data/english.parquet" <<'PY'
import importlib.util
import sys

from augment import MaskedLMFill, SynonymReplacement

assert importlib.util.find_spec("torch") is None, "the core install must not bring torch"
print(SynonymReplacement()("The movie was a big success."))
print(MaskedLMFill()("The movie was a big success."))
PY
echo "wheel: ok"
