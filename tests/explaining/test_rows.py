"""Rows of an output tell how they came about, whatever its layout, and as far as it is stored."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from augment import SynonymReplacement
from pipelines import explain, read_dataset
from pipelines.cli import app
from pipelines.errors import InputMissingError
from pipelines.replay import differences, plan_of, replay
from pipelines.store.opening import open_store

VIEWS = {
    "weak": {"copies": 1, "steps": [{"use": "synonym", "rate": 0.4, "senses": 2}]},
    "strong": {
        "copies": 2,
        "steps": [
            {"use": "one_of", "options": [{"use": "random_swap"}, {"use": "random_deletion"}]},
            {"use": "synonym", "p": 0.5, "rate": 0.4},
        ],
    },
}
FILTERS = [{"use": "length_ratio", "min": 0.9, "max": 1.1}]


def asked(mill: Any) -> list[str]:
    names = ("weak:0", "strong:0", "strong:1")
    return [f"{key}:{name}" for key in range(len(mill.texts)) for name in names]


def stored_texts(mill: Any, layout: str) -> list[str]:
    rows = mill.read()
    if layout == "long":
        return list(rows.filter(pc.not_equal(rows["aug_copy"], -1))["text"].to_pylist())
    if layout == "pairs":
        return list(rows["variant"].to_pylist())
    names = ("weak_0", "strong_0", "strong_1")
    return [text for name in names for text in rows[name].to_pylist() if text is not None]


@pytest.mark.parametrize("layout", ["long", "wide", "pairs"])
def test_what_is_made_again_is_what_is_stored(mill: Any, layout: str) -> None:
    mill.run(views=VIEWS, filters=FILTERS, layout=layout)
    told = [explain(mill.output, aug_id) for aug_id in asked(mill)]
    kept = [found for found in told if found.stored is not None]
    assert len(kept) > 5
    for found in told:
        assert not found.doubts
        assert found.source in mill.texts
        assert found.made is not None
        assert (found.stored is not None) == (found.made.outcome == "kept")
    for found in kept:
        assert found.stored is not None
        assert found.way is not None
        assert found.way.text == found.stored.text
        assert found.stored.text in stored_texts(mill, layout)
        assert found.stored.edits is not None
    rows = len(stored_texts(mill, layout))
    assert len(kept) == rows - (len(mill.texts) if layout == "long" else 0)


def test_lineage_that_is_stored_is_shown(mill: Any) -> None:
    mill.run(filters=FILTERS)
    found = explain(mill.output, "0:augmented:0")
    assert found.stored is not None
    assert found.way is not None
    row = next(r for r in mill.read().to_pylist() if r["aug_id"] == "0:augmented:0")
    assert found.stored.steps == tuple(row["aug_steps"])
    assert found.stored.edits == found.way.edits
    assert set(found.stored.scores) == {"length_ratio"}


def test_siblings_tell_why_they_were_rejected(mill: Any) -> None:
    mill.run(views=VIEWS, filters=[{"use": "length_ratio", "min": 0.99, "max": 1.01}])
    siblings = [s for key in range(5) for s in explain(mill.output, str(key)).siblings]
    rejected = [s for s in siblings if s.outcome == "rejected"]
    assert rejected
    for one in rejected:
        assert one.reason in ("length_ratio: too_short", "length_ratio: too_long")
        assert not 0.99 <= one.scores["length_ratio"] <= 1.01
        found = explain(mill.output, one.aug_id)
        assert found.stored is None
        assert found.way is not None
        assert found.way.text == one.text
        assert re.search(r"rejected \(length_ratio: too_(short|long) [\d.]+\)", str(found))


def test_siblings_are_told_if_asked(mill: Any) -> None:
    mill.run(views=VIEWS)
    assert not explain(mill.output, "0:weak:0").siblings
    siblings = explain(mill.output, "0:weak:0", siblings=True).siblings
    assert [s.aug_id for s in siblings] == ["0:weak:0", "0:strong:0", "0:strong:1"]


def test_an_original_tells_of_all_its_variants(mill: Any) -> None:
    mill.run(views=VIEWS)
    for name in ("0:original:0", "0"):
        found = explain(mill.output, name)
        assert (found.aug_id, found.made, found.way) == ("0:original:0", None, None)
        assert found.source == mill.texts[0]
        assert len(found.siblings) == 3


def test_tries_before_the_variant_are_told(mill: Any) -> None:
    mill.run(
        steps=[{"use": "random_deletion", "rate": 0.3}],
        copies=4,
        filters=[{"use": "length_ratio", "min": 0.75, "max": 1.0}],
        retry=3,
    )
    siblings = [s for key in range(5) for s in explain(mill.output, str(key)).siblings]
    recovered = [s for s in siblings if s.outcome == "kept" and s.tries]
    assert recovered
    assert all(s.text not in s.tries for s in recovered)
    for one in recovered:
        found = explain(mill.output, one.aug_id)
        assert not found.doubts
        assert found.way is not None
        assert found.way.text == one.text


class TestWithoutTheOriginal:
    def test_the_input_has_it(self, mill: Any) -> None:
        mill.write("in/b.parquet", first=5)
        mill.run(keep_original=False)
        found = explain(mill.output, "7:augmented:0")
        assert found.source == mill.texts[2]
        assert found.way is not None
        assert not found.doubts

    def test_a_row_of_which_no_variant_is_left(self, mill: Any) -> None:
        mill.run(layout="pairs", filters=[{"use": "length_ratio", "min": 0.1, "max": 0.2}])
        found = explain(mill.output, "0:augmented:0")
        assert found.made is not None
        assert (found.made.outcome, found.stored) == ("rejected", None)
        with pytest.raises(InputMissingError, match="no row '9:augmented:0'"):
            explain(mill.output, "9:augmented:0")

    def test_or_else_what_is_stored_is_shown(self, mill: Any) -> None:
        mill.run(keep_original=False)
        shutil.rmtree(mill.folder / "in")
        found = explain(mill.output, "0:augmented:0")
        assert found.way is None
        assert found.stored is not None
        assert "it can't be made again here" in found.doubts[0]
        assert found.stored.text in str(found)
        assert found.stored.text in found._repr_html_().replace("&#x27;", "'")

    def test_pairs_by_the_hash_of_their_text(self, mill: Any) -> None:
        mill.run(layout="pairs", id=None)
        row = mill.read().to_pylist()[0]
        found = explain(mill.output, f"{row['id']}:augmented:0")
        assert found.stored is not None
        assert found.stored.text == row["variant"]

    def test_wide_by_the_hash_of_its_text(self, mill: Any) -> None:
        mill.run(layout="pairs", id=None)
        row = mill.read().to_pylist()[0]
        mill.run(layout="wide", id=None)
        found = explain(mill.output, f"{row['id']}:augmented:0")
        assert found.source == row["text"]
        assert found.stored is not None
        assert found.stored.text == row["variant"]

    def test_a_column_of_languages_that_pairs_lack(self, mill: Any) -> None:
        mill.write(lang=pa.array(["en"] * 5))
        mill.run(layout="pairs", language={"column": "lang"})
        found = explain(mill.output, "0:augmented:0")
        assert found.way is not None
        assert not found.doubts


class TestDoubts:
    def test_a_changed_lexicon_is_named(self, mill: Any) -> None:
        lexicon = mill.folder / "words.tsv"
        lexicon.write_text("movie\tpicture\nbig\thuge\n", "utf-8")
        mill.run(steps=[{"use": "synonym", "rate": 1.0, "lexicon": str(lexicon)}])
        lexicon.unlink()
        lexicon.write_text("movie\tflick\nbig\tgreat\n", "utf-8")
        found = explain(mill.output, "0:augmented:0")
        assert found.doubts[0] == "what is made here is another text"
        assert any("changed file of views.augmented.steps[0]" in d for d in found.doubts)
        shown = str(found)
        assert shown.index("stored:") < shown.index("{+picture+}") < shown.index("made here:")
        assert "{+flick+}" in shown

    def test_another_version_that_makes_the_same_raises_none(
        self, mill: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mill.run()
        monkeypatch.setattr(SynonymReplacement, "version", 99)
        store = open_store(mill.output)
        entry = store.last()
        assert entry is not None
        assert differences(entry, plan_of(store, entry))
        assert not explain(mill.output, "0:augmented:0").doubts

    def test_a_changed_source_row(self, mill: Any) -> None:
        mill.run(keep_original=False)
        mill.write(text=pa.array(["The huge movie.", *mill.texts[1:]]))
        found = explain(mill.output, "0:augmented:0")
        assert found.doubts == (
            "what is made here is another text",
            "the source row is not what it was",
        )


class TestStatistics:
    steps = [{"use": "tfidf", "rate": 0.4}]  # noqa: RUF012

    @pytest.fixture
    def fitted(self, mill: Any) -> Any:
        texts = ["the cat was in the house for a day", "a dog and the cat were in a house"] * 10
        mill.write(key=pa.array(range(20)), text=pa.array(texts), label=pa.nulls(20, pa.string()))
        mill.run(steps=self.steps)
        return mill

    def test_those_of_the_run_are_used(self, fitted: Any) -> None:
        found = explain(fitted.output, "3:augmented:0")
        assert found.stored is not None
        assert not found.doubts

    def test_without_them_nothing_can_be_made(self, fitted: Any) -> None:
        for file in (fitted.folder / "out.aug" / "cache").glob("*.arrow"):
            file.unlink()
        found = explain(fitted.output, "3:augmented:0")
        assert found.way is None
        assert found.stored is not None
        assert "the statistics that tfidf had in version 1" in found.doubts[0]


class TestFinding:
    def test_the_nearest_ids_are_told(self, mill: Any) -> None:
        mill.write(key=pa.array([f"doc-{i}" for i in range(5)]))
        mill.run(views=VIEWS)
        with pytest.raises(InputMissingError, match=r"no row 'doc-3:strog:1'; .*'doc-3:strong:1'"):
            explain(mill.output, "doc-3:strog:1")
        with pytest.raises(InputMissingError, match=r"the nearest are 'doc-3:weak:0'"):
            explain(mill.output, "dok-3:weak:0")
        with pytest.raises(InputMissingError, match=r"the view strong has 2 copies"):
            explain(mill.output, "doc-3:strong:2")

    def test_an_id_may_hold_colons(self, mill: Any) -> None:
        mill.write(key=pa.array([f"a:weak:{i}" for i in range(5)]))
        mill.run(views=VIEWS)
        assert explain(mill.output, "a:weak:0:weak:0").source == mill.texts[0]

    def test_only_the_rows_that_are_wanted_are_read(self, mill: Any) -> None:
        for number in range(1, 4):
            mill.write(f"in/{number}.parquet", first=5 * number)
        mill.run()
        parts = sorted(Path(mill.output).glob("*.parquet"))
        assert len(parts) == 4
        for part in parts[2:]:  # another row is found without them, though they are no Parquet
            real = part.resolve()
            real.chmod(0o600)
            content = bytearray(real.read_bytes())
            content[4 : len(content) // 2] = b"\xff" * (len(content) // 2 - 4)
            real.write_bytes(content)
        assert explain(mill.output, "6:augmented:0").source == mill.texts[1]

    def test_folders_are_columns(self, mill: Any) -> None:
        shutil.rmtree(mill.folder / "in")
        mill.write("in/lang=en/a.parquet")
        mill.write("in/lang=de/a.parquet", first=5)
        mill.run(language={"column": "lang"})
        assert explain(mill.output, "0:augmented:0").stored is not None
        declined = explain(mill.output, "5:augmented:0")
        assert declined.made is not None
        assert declined.made.outcome == "declined"

    def test_an_earlier_version(self, mill: Any) -> None:
        mill.run(seed=1)
        mill.run(seed=2)
        first = explain(mill.output, "0:augmented:0", version=1)
        last = explain(mill.output, "0:augmented:0")
        assert (first.version, last.version) == (1, 2)
        assert not first.doubts
        with pytest.raises(InputMissingError, match="no version 7; it has 1, 2"):
            explain(mill.output, "0:augmented:0", version=7)

    def test_no_output(self, tmp_path: Path) -> None:
        with pytest.raises(InputMissingError):
            explain(str(tmp_path / "nothing"), "a:b:0")


def test_rows_can_be_replayed_together(mill: Any) -> None:
    mill.run(views=VIEWS, filters=[{"use": "length_ratio", "min": 0.99, "max": 1.01}])
    store = open_store(mill.output)
    entry = store.last()
    assert entry is not None
    plan = plan_of(store, entry)
    rows = read_dataset(mill.output).to_table()
    rows = rows.filter(pc.equal(rows["aug_view"].cast(pa.string()), "original"))
    again = replay(plan, rows.combine_chunks().to_batches()[0])
    stored = {r["aug_id"]: r["text"] for r in mill.read().to_pylist()}
    for made in again.rows.made:
        names = [f"{i}:{made.view}:{made.copy}" for i in again.rows.ids.to_pylist()]
        for name, text in zip(names, made.variants.text.to_pylist(), strict=True):
            assert stored.get(name) == text
        assert made.rejected is not None
    rejected = [r for m in again.rows.made if m.rejected for r in m.rejected.reasons.to_pylist()]
    assert any(rejected)


class TestCommand:
    def told(self, *arguments: str) -> Any:
        return CliRunner().invoke(app, ["explain", *arguments])

    def test_text(self, mill: Any) -> None:
        mill.run(views=VIEWS)
        shown = self.told(mill.output, "0:weak:0", "--siblings")
        assert shown.exit_code == 0, shown.output
        assert shown.output.startswith(f"0:weak:0  {mill.output}, version 1, kept\n")
        assert "asked for of this row:" in shown.output
        assert "\x1b" not in shown.output

    def test_json(self, mill: Any) -> None:
        mill.run(views=VIEWS)
        told = json.loads(self.told(mill.output, "0:weak:0", "--json", "--siblings").output)
        assert told["aug_id"] == "0:weak:0"
        assert told["way"]["text"] == told["stored"]["text"] == told["made"]["text"]
        assert next(s["outcome"] for s in told["siblings"]) == "kept"

    def test_an_unknown_id_is_no_input(self, mill: Any) -> None:
        mill.run()
        failed = self.told(mill.output, "zzz")
        assert isinstance(failed.exception, InputMissingError)


def test_a_notebook_shows_a_table_of_siblings(mill: Any) -> None:
    mill.run(views=VIEWS)
    page = explain(mill.output, "0:weak:0", siblings=True)._repr_html_()
    assert page.count("<tr>") >= 4
    assert "<del>" in page
    assert "<ins>" in page
    assert "0:strong:1" in page
