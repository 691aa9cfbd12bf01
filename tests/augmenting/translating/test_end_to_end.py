"""Back-translation by checkpoints: every neural backend from rows to variants."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from augment.batch import TextBatch
from augment.methods import round_trip_guards, round_trips
from augment.methods.back_translation import BackTranslation
from augment.randomness import derive, hash_strings, row_keys
from augment.text.edits import overlaps, replay
from augment.text.protect import Protection

TEXTS = [
    "the film was great. the plot was very bad.\r\n\r\n- a movie is not a film.",
    "",
    "<br /><br />",
    "a movie was {name} good. the film was great.",
    "the film was great. the plot was very bad.",
]


@pytest.fixture(autouse=True)
def _lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pass what models write that were trained for a moment."""
    monkeypatch.setattr(round_trips, "unsound", lambda *_: None)
    monkeypatch.setattr(round_trip_guards, "broken", lambda *_: None)


def batch(copy: int, language: str = "en") -> TextBatch:
    column = pa.array(TEXTS, pa.string())
    shared = row_keys(0, hash_strings([f"row {i}" for i in range(len(TEXTS))]))
    spans = Protection().find(column)
    return TextBatch(column, derive(shared, copy), language, spans, copy, shared)


def made(step: BackTranslation, copy: int, rows: list[int] | None = None) -> dict[str, list[Any]]:
    given = batch(copy) if rows is None else batch(copy).take(np.array(rows))
    round_trips.latest.cache_clear()
    out = step.apply(given)
    assert replay(given.text, out.edits).equals(out.text)
    assert not overlaps(out.edits, given.protected).any()
    return {"text": out.text.to_pylist(), **{k: v.to_pylist() for k, v in out.notes.items()}}


@pytest.fixture(params=["marian", "ctranslate2", "m2m", "nllb", "ctranslate2 m2m"])
def way(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    """Backend, model and pivot of each kind of checkpoint."""
    backend, _, kind = request.param.partition(" ")
    folder: Path = request.getfixturevalue(
        kind or ("marian" if backend == "ctranslate2" else backend)
    )
    if folder.name != "model":
        return {"backend": backend, "model": str(folder / "{source}-{target}"), "pivot": "xx"}
    return {"backend": backend, "model": str(folder), "pivot": "pt"}


def test_rows_whole_or_alone_in_any_order_are_the_same(way: Mapping[str, Any]) -> None:
    step = BackTranslation(**way, guards="few", dtype="float32", batch_tokens=64)
    whole = made(step, 0)
    assert whole["sentences"] == [3, 0, 0, 2, 2]
    assert whole["text"][4] is not None
    for rows in ([4, 3, 2, 1, 0], [3], [1, 2]):
        part = made(step, 0, rows)
        assert part == {name: [column[row] for row in rows] for name, column in whole.items()}
    # A copy that noise makes differ begins with another source.
    assert made(step, 1)["sentences"][1:3] == [0, 0]


def test_samples_differ_from_row_to_row_and_copy_to_copy(marian: Path) -> None:
    way = {"model": str(marian / "{source}-{target}"), "pivot": "xx", "backend": "marian"}
    step = BackTranslation(**way, guards="few", temperature=1.5)
    copies = [made(step, k) for k in range(6)]
    assert len({text for copy in copies for text in copy["text"] if text}) >= 3
    alone = [made(step, k, [4])["text"][0] for k in range(6)]
    assert alone == [copy["text"][4] for copy in copies]


def test_lists_of_the_best_make_copies(marian: Path) -> None:
    way = {"model": str(marian / "{source}-{target}"), "pivot": "xx", "backend": "ctranslate2"}
    step = BackTranslation(**way, guards="few", dtype="float32", num_beams=4, n_best=4, noise=0.0)
    column = [made(step, k)["text"][4] for k in range(5)]
    given = [text for text in column if text]
    assert len(given) == len(set(given)) >= 3
    assert column[4] is None


def test_models_let_go_between_hops_make_the_same(marian: Path) -> None:
    from augment.models.translators import residents

    way = {"model": str(marian / "{source}-{target}"), "pivot": "xx", "backend": "marian"}
    kept = made(BackTranslation(**way, guards="few"), 0)
    assert len(residents.identities()) == 2
    residents.release_all()
    assert made(BackTranslation(**way, guards="few", keep_models=False), 0) == kept
    assert residents.identities() == []
