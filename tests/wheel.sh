#!/usr/bin/env bash
# Build the wheel, install it without extras in a clean environment, and use it away from here.
set -euo pipefail
here=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

.venv/bin/python -m build --wheel --outdir "$work/dist" . >"$work/build.log" 2>&1 \
  || { cat "$work/build.log"; exit 1; }
.venv/bin/python -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  --constraint constraints.txt "$work"/dist/*.whl

cd "$work"
venv/bin/augmill --help >/dev/null
venv/bin/augmill list >list.txt
for name in aeda back_translation blanking keyboard_noise random_swap synonym tfidf; do
  grep -q "^$name " list.txt
done
if grep "not available" list.txt; then exit 1; fi
venv/bin/python - <<'PY'
import importlib.util

from augment import (
    AugmillError,
    BackTranslation,
    MaskedLMFill,
    NlpaugStep,
    PunctuationInsertion,
    RandomInsertion,
    SpellingNoise,
    SynonymReplacement,
)

assert importlib.util.find_spec("torch") is None, "the core install must not bring torch"
text = "The old movie was a big success in every town."
steps = (
    SynonymReplacement(),
    RandomInsertion(),
    SpellingNoise(),
    PunctuationInsertion(),
    MaskedLMFill(),
    BackTranslation(),
    NlpaugStep(augmenter="char.KeyboardAug"),
)
for step in steps:
    print(f"{step.name:17} {step(text)}")
    assert step(text) != text, step

for step, language, extra in (
    (MaskedLMFill(model="some/model"), "en", "torch"),
    (BackTranslation(backend="marian", pivot="de"), "en", "torch"),
    (SynonymReplacement(), "zh", "zh"),
):
    try:
        step(text, language=language)
    except AugmillError as error:
        assert f'pip install "augmill[{extra}]"' in str(error), error
    else:
        raise AssertionError(f"{step} ran without the extra {extra}")
PY
augmill=$work/venv/bin/augmill
mkdir run && cd run && cp -r "$here/data" .
"$augmill" run demo --limit 20
"$augmill" run consistency --limit 200
echo "wheel: ok"
