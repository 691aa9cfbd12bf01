"""How many rows come out otherwise when the same rows are cut into other batches."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from augment import TextBatch
from augment.methods.masked_lm import MaskedLMFill
from augment.models.decoding import Decoding
from augment.models.translate import load_translator
from benchmarks.neural.checkpoints import bert_checkpoint
from benchmarks.neural.marian_checkpoint import marian_checkpoints
from benchmarks.neural.masked_lm import variants
from benchmarks.neural.peers import PeerProcess
from benchmarks.neural.rounds import Side, runs
from benchmarks.neural.setting import Setting
from benchmarks.neural.texts import sentences

BUDGETS = (1, 300, 1_000, 4_096, 10_000)
"""Tokens of a batch; a row longer than the budget stands alone."""
_BACKENDS = (
    ("marian", "float32"),
    ("marian", "bfloat16"),
    ("ctranslate2", "float32"),
    ("ctranslate2", "int8"),
)

Rows = Callable[[Sequence[str], int], Sequence[Any]]
"""Of texts and a budget: what each row becomes."""


def report(setting: Setting, _: PeerProcess | None) -> Iterator[str]:
    """Blocks of Markdown, as they are measured."""
    texts = sentences()
    budgets = ", ".join(map(str, BUDGETS))
    yield f"## Drift: rows that differ between batches of {budgets} tokens"
    bert = bert_checkpoint(setting.folder / "bert-base", setting.bert)
    yield _table("masked_lm, the bundled model", _filled(None), texts[: setting.bundled])
    if setting.model is not None:
        named = _filled(setting.model)
        yield _table(f"masked_lm, {setting.model}", named, texts[: setting.bundled])
    yield _table("masked_lm, random weights", _filled(str(bert)), texts[: setting.filled])
    template = marian_checkpoints(setting.folder / "marian", setting.marian, texts[:32])
    few = texts[: setting.translated // 2]
    for beams in sorted(setting.beams):
        rows = {
            f"{backend} {dtype}": _translate(backend, "de", dtype, str(template), beams)
            for backend, dtype in _BACKENDS
        }
        yield _table(f"back_translation, random weights, beam {beams}", rows, few)
    rows = {"bergamot int8": _translate("bergamot", "pt", "auto", None, 1)}
    yield _table("back_translation, Bergamot", rows, texts[: setting.bundled // 4])


def _table(title: str, kinds: Mapping[str, Rows], texts: Sequence[str]) -> str:
    """The lines as the code's table of drift holds them."""
    lines = [f"### {title}: {len(texts)} rows", "", "```python"]
    lines += [
        f'    "{name}": {drift(rows, texts):.4f},'
        for name, rows in kinds.items()
        if runs(Side(name, lambda part, rows=rows: rows(part, BUDGETS[-1])), texts[:2])
    ]
    return "\n".join([*lines, "```"])


def drift(rows: Rows, texts: Sequence[str]) -> float:
    """The share of rows that are not the same under all budgets."""
    made = [rows(texts, budget) for budget in BUDGETS]
    differing = sum(any(other != row[0] for other in row[1:]) for row in zip(*made, strict=True))
    return differing / len(texts)


def _filled(model: str | None) -> Mapping[str, Rows]:
    """What fills masks with a model, on every backend."""
    steps = variants(model)
    return {name.removeprefix("augmill "): _fill(step) for name, step in steps.items()}


def _fill(step: MaskedLMFill) -> Rows:
    def rows(texts: Sequence[str], budget: int) -> list[str | None]:
        column = pa.array(texts, pa.string())
        cut = dataclasses.replace(step, batch_tokens=budget)
        made: list[str | None] = cut.apply(TextBatch.of(column, language="en")).text.to_pylist()
        return made

    return rows


def _translate(backend: Any, target: str, dtype: Any, model: str | None, beams: int) -> Rows:
    def rows(texts: Sequence[str], budget: int) -> list[list[str]]:
        translator = load_translator(
            backend,
            "en",
            target,
            model=model,
            dtype=dtype,
            device="cpu",
            decoding=Decoding(num_beams=beams),
            batch_tokens=budget,
        )
        return translator.translate(texts)

    return rows
