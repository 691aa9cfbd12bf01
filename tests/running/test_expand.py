"""One batch: bad rows are set aside with a reason, and no other row feels them."""

import dataclasses

import pyarrow as pa
import pytest

from augment.batch import EDITS
from augment.errors import ModelError
from augment.text.edits import replay
from pipelines import plan as planning
from pipelines import recipe as recipes
from pipelines.errors import DataError
from pipelines.expand import expand
from pipelines.layouts import layout

SYNONYM = {"use": "synonym", "rate": 0.3}


def planned(*steps, **values):
    views = values.pop("views", None) or {"v": {"steps": list(steps), **values.pop("view", {})}}
    return planning.build(
        recipes.parse({"input": "a", "output": "b", "views": views, "protect": [], **values})
    )


def batch(texts, **columns):
    return pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.string()), **columns})


def made(expansion, view="v", copy=0):
    [found] = [m for m in expansion.rows.made if (m.view, m.copy) == (view, copy)]
    return found.variants


def reasons(expansion):
    rows = expansion.rejects.select(["n", "aug_reason"]).to_pylist()
    return {row["n"]: row["aug_reason"] for row in rows}


def test_unusable_rows_are_rejected_with_the_reason():
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")]
    )
    text = pa.concat_arrays([pa.array(["fine", None, "much too long", ""]), broken])
    rows = pa.RecordBatch.from_pydict(
        {"text": text, "n": range(5), "key": ["a", "b", "c", None, "e"]}
    )
    out = expand(planned({"use": "synonym"}, id="key", max_chars=5), rows)
    assert reasons(out) == {1: "null_text", 2: "too_long", 3: "null_id", 4: "invalid_utf8"}
    assert out.rows.source["n"].to_pylist() == [0]
    assert out.stats.rejected == {"invalid_utf8": 1, "null_id": 1, "null_text": 1, "too_long": 1}
    assert out.stats.rows == 5
    assert out.rejects["aug_parent"].to_pylist() == ["b", "c", None, "e"]


def test_a_language_that_is_no_text_costs_only_its_row():
    offsets = pa.array([0, 2, 4, 4], pa.int32()).buffers()[1]
    tags = pa.StringArray.from_buffers(3, offsets, pa.py_buffer(b"en\xff\xfe"))
    rows = batch(["a big movie"] * 3, n=range(3), tag=tags)
    out = expand(planned(SYNONYM, language={"column": "tag"}), rows)
    assert reasons(out) == {1: "invalid_language"}
    assert out.rows.source["n"].to_pylist() == [0, 2]


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize("bad", [{0}, {6}, {1, 2}, {0, 3, 6}, set(range(7))])
def test_rows_on_which_a_step_raises_are_isolated(bad):
    texts = [f"{'BOOM' if i in bad else 'fine'} {i}" for i in range(7)]
    steps = [{"use": "one_of", "options": [{"use": "fragile"}]}, {"use": "shout"}]
    out = expand(planned(*steps, view={"copies": 2}), batch(texts, n=range(7)))
    expected = [None if i in bad else t.upper() for i, t in enumerate(texts)]
    assert made(out).text.to_pylist() == expected
    assert made(out, copy=1).text.to_pylist() == expected
    rejects = out.rejects.to_pylist()
    assert {(r["n"], r["aug_copy"]) for r in rejects} == {(i, k) for i in bad for k in (0, 1)}
    assert {r["aug_step"] for r in rejects} == {"fragile"}
    assert all("ValueError: can't bear" in r["aug_message"] for r in rejects)
    assert {r["aug_view"] for r in rejects} == {"v"}
    # The row is counted once, its variants one by one.
    assert out.stats.rejected == {"error": len(bad)}
    assert out.stats.views["v"].failed == 2 * len(bad)
    assert out.rows.source.num_rows == 7


@pytest.mark.usefixtures("plugins")
def test_a_failing_filter_costs_only_its_row():
    out = expand(
        planned({"use": "shout"}, filters=[{"use": "picky"}]),
        batch(["a", "crash", "q"], n=[0, 1, 2]),
    )
    assert made(out).text.to_pylist() == ["A", None, None]
    assert out.rejects["aug_step"].to_pylist() == ["picky"]
    view = out.stats.views["v"]
    assert (view.asked, view.made, view.failed, dict(view.rejected)) == (
        3,
        1,
        1,
        {"picky: has_q": 1},
    )


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize(
    ("error", "kind"),
    [("memory", MemoryError), ("model", ModelError), ("interrupt", KeyboardInterrupt)],
)
def test_what_fails_all_rows_alike_stops_the_batch(error, kind):
    with pytest.raises(kind):
        expand(planned({"use": "raising", "error": error}), batch(["a", "b"]))


@pytest.mark.usefixtures("plugins")
def test_every_variant_asked_for_is_accounted_for(texts):
    rows = batch([*texts(30), "BOOM", "a q", "", "UP"])
    plan = planned({"use": "fragile"}, filters=[{"use": "picky"}], view={"copies": 3})
    view = expand(plan, rows).stats.views["v"]
    assert view.asked == 3 * 34
    assert view.failed == 3
    assert view.rejected == {"picky: has_q": 3}
    assert view.declined == 6
    assert view.asked == view.made + view.declined + view.failed + sum(view.rejected.values())
    assert view.steps == {"fragile": view.made}


def test_lexical_output_is_the_same_for_any_cut(texts):
    rows = batch(texts(60), n=range(60))
    plan = planned(SYNONYM, {"use": "synonym", "p": 0.5}, view={"copies": 2})
    whole = layout(plan, rows.schema).later(expand(plan, rows).rows)
    for size in (7, 59):
        parts = [
            layout(plan, rows.schema).later(expand(plan, rows.slice(at, size)).rows)
            for at in range(0, 60, size)
        ]
        assert pa.Table.from_batches(parts).to_pylist() == whole.to_pylist()


def test_edits_replayed_on_the_source_give_the_variant(texts):
    rows = batch([*texts(40), "Ein großer 😀 huge movie, a huge success"])
    out = expand(planned(SYNONYM, SYNONYM, view={"copies": 2}), rows)
    for m in out.rows.made:
        assert replay(rows["text"], m.variants.edits).equals(m.variants.text)
    assert sum(view.made for view in out.stats.views.values()) > 20


def test_more_copies_begin_with_the_same_ones(texts):
    few, many = (
        expand(planned({"use": "synonym", "rate": 0.1}, view={"copies": k}), batch(texts(20)))
        for k in (2, 4)
    )
    for copy in range(2):
        assert made(few, copy=copy).text.equals(made(many, copy=copy).text)
    assert not made(many, copy=2).text.equals(made(many, copy=3).text)


def test_views_and_seeds_have_their_own_numbers(texts):
    steps = {"steps": [{"use": "synonym", "rate": 0.1}]}
    out = expand(planned(views={"a": steps, "b": steps}), batch(texts(30)))
    assert not made(out, "a").text.equals(made(out, "b").text)
    other = expand(planned(views={"a": steps}, seed=1), batch(texts(30)))
    assert not made(out, "a").text.equals(made(other, "a").text)


def test_the_id_column_names_the_row_and_the_text_does_otherwise(texts):
    rows = batch(["big movie", "big movie"], n=[10, 11])
    assert expand(planned(SYNONYM, id="n"), rows).rows.ids.to_pylist() == ["10", "11"]
    ids = expand(planned(SYNONYM), rows).rows.ids.to_pylist()
    assert ids[0] == ids[1]
    assert len(ids[0]) == 32


def test_an_id_that_is_no_text_is_an_error():
    with pytest.raises(DataError, match="'n' \\(id\\) of type list"):
        expand(planned(SYNONYM, id="n"), batch(["a"], n=[[1]]))


def test_languages_of_a_column_are_kept_apart_and_rows_stay_in_place():
    text = "The big movie was a great success."
    tags = pa.array(["en", None, "fr", "en"]).dictionary_encode()
    plan = planned({"use": "synonym", "rate": 1.0}, language={"column": "lang"})
    out = expand(plan, batch([text] * 4, lang=tags))
    alone = expand(planned({"use": "synonym", "rate": 1.0}), batch([text]))
    found = made(out).text.to_pylist()
    assert found == [made(alone).text[0].as_py(), None, None, found[0]]
    assert made(out).edits[0] == made(alone).edits[0]


def test_protected_spans_hold_in_every_view():
    rows = batch(["big movie {big movie}"])
    plan = planned({"use": "synonym", "rate": 1.0}, protect={"kinds": ["placeholders"]})
    variant = made(expand(plan, rows)).text[0].as_py()
    assert variant.endswith("{big movie}")
    assert not variant.startswith("big movie")


@pytest.mark.parametrize("texts", [[], [None], [""]])
def test_a_batch_with_nothing_to_do(texts):
    plan = planned(SYNONYM, filters=[{"use": "length_ratio"}], language={"column": "lang"})
    rows = batch(texts, lang=pa.array(["en"] * len(texts), pa.string()))
    out = expand(plan, rows)
    assert layout(plan, rows.schema).later(out.rows).num_rows == 0
    assert made(out).edits.type == EDITS
    assert dataclasses.asdict(out.stats)["views"]["v"]["made"] == 0


def test_a_broken_id_is_rejected_whatever_the_text():
    broken = pa.array([b"ok", b"\xff", b"\xfe"]).cast(pa.binary())
    ids = pa.StringArray.from_buffers(3, *broken.buffers()[1:])
    rows = pa.RecordBatch.from_arrays([pa.array(["a", "b", None]), ids], ["text", "key"])
    out = expand(planned({"use": "synonym"}, id="key"), rows)
    assert out.rejects["aug_reason"].to_pylist() == ["invalid_id", "null_text"]
