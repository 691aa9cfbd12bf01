"""Entity corpora come out aligned, whatever the steps, the layout, the types and the workers."""

import dataclasses

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from augment.component import parameter_names
from augment.registry import load, names
from augment.text.edits import replay
from augment.text.spans import bound_names, carry
from augment.variant import Edit, Variant
from pipelines import corpus as corpora
from pipelines import plan as planning
from pipelines import recipe as recipes
from pipelines.errors import DataError, RecipeError, RejectsError

SYNONYM = {"use": "synonym", "rate": 1.0}
LEXICAL = [SYNONYM, {"use": "nlpaug", "augmenter": "char.KeyboardAug"}, SYNONYM]

ENGLISH = [
    [
        "The happy children said that",
        ("PER", "Mary Small"),
        "and",
        ("PER", "John"),
        "bought the",
        ("WORK", "big movie"),
        "today.",
    ],
    [
        "A huge movie was the",
        ("EVENT", "great success"),
        "of our dog in",
        ("LOC", "New York"),
        "made people happy!",
    ],
    [
        "People answer quickly:",
        ("LOC", "The old house"),
        "was a very good answer to a difficult problem — café 😀",
    ],
    ["Nothing has a label in this large and beautiful but quite empty story"],
    [("ORG", "The Quick Answer Company"), "will purchase", ("WORK", "a small car"), "in 2024"],
]
CHINESE = [
    ["美丽的", ("LOC", "北京"), "的人民非常高兴，因为", ("PER", "张伟"), "获得了巨大的成功。"],
    ["这部电影的内容很美丽，", ("WORK", "伟大的故事"), "让孩子们感到快乐！"],
]
KIND = pa.list_(
    pa.struct([("start", pa.int32()), ("stop", pa.int32()), ("label", pa.string())])
)  # fmt: skip


def tagged(parts, joint):
    """A text and its spans, and one more that covers the whole of two of them."""
    text, spans = "", []
    for part in parts:
        label, piece = part if isinstance(part, tuple) else (None, part)
        text += joint if text else ""
        if label:
            spans.append((len(text), len(text) + len(piece), label))
        text += piece
    if len(spans) > 1:
        spans.insert(0, (spans[0][0], spans[1][1], "NESTED"))
    return text, spans


def column(rows, kind=KIND):
    _, stop = bound_names(kind)
    return pa.array(
        [r if r is None else [{"start": a, stop: b, "label": c} for a, b, c in r] for r in rows],
        kind,
    )


def ner(count=30, kind=KIND, languages=("en", "zh")):
    """Rows of text, language, number and entities."""
    books = {"en": [(p, " ") for p in ENGLISH], "zh": [(p, "") for p in CHINESE]}
    made = [(tag, *tagged(*row)) for tag in languages for row in books[tag]]
    rows = [made[i % len(made)] for i in range(count)]
    return pa.table(
        {
            "text": [f"{text} {i}" for i, (_, text, _) in enumerate(rows)],
            "lang": [tag for tag, _, _ in rows],
            "n": range(count),
            "entities": column([spans for _, _, spans in rows], kind),
        }
    )


BY_ROW = {"id": "n", "spans": "entities", "language": {"column": "lang"}}


def covered(text, spans):
    stop = "end" if spans and "end" in spans[0] else "stop"
    return [(s["label"], text[s["start"] : s[stop]]) for s in spans]


def check_aligned(table, out):
    """Every row of the long layout has the words of its source's entities under its own."""
    sources = {row["n"]: row for row in table.to_pylist()}
    for row in out.to_pylist():
        source = sources[row["n"]]
        assert covered(row["text"], row["entities"]) == covered(source["text"], source["entities"])
    changed = out.filter(out["aug_edits"].is_valid()).combine_chunks()
    parents = table.take(changed["n"]).combine_chunks()
    texts, spans = (parents[name].chunk(0) for name in ("text", "entities"))
    edits = changed["aug_edits"].chunk(0)
    assert replay(texts, edits).equals(changed["text"].chunk(0))
    assert carry(spans, edits).equals(changed["entities"].chunk(0))
    return changed


@pytest.mark.parametrize("workers", [1, 2])
def test_entities_move_with_their_text(mill, monkeypatch, workers):
    monkeypatch.setattr(corpora, "SHARD_ROWS", 20)
    table = ner(60)
    mill.write(table, row_group_size=20)
    mill.run(**BY_ROW, steps=LEXICAL, copies=2, workers=workers, batch_rows=7 * workers)
    out = mill.read()
    assert out.schema.field("entities").type == table.schema.field("entities").type
    changed = check_aligned(table, out)
    assert changed.num_rows > 100
    old = table["entities"].take(changed["n"])
    moved = [new != was for new, was in zip(changed["entities"], old, strict=True)]
    assert sum(moved) > 20


def test_without_the_key_steps_edit_the_words_of_entities(mill):
    table = ner(10)
    mill.run(table, **{**BY_ROW, "spans": None}, steps=[SYNONYM])
    out = mill.read()
    assert out.num_rows > 15
    kept = dict(zip(table["n"].to_pylist(), table["entities"].to_pylist(), strict=True))
    assert all(row["entities"] == kept[row["n"]] for row in out.to_pylist())
    with pytest.raises(AssertionError):
        check_aligned(table, out)


@pytest.mark.slow
@pytest.mark.parametrize("use", ["masked_lm", "back_translation"])
def test_models_leave_entities_alone(mill, use):
    table = ner(10, languages=["en"])
    steps = [{"use": use, **({"rate": 0.9} if use == "masked_lm" else {})}, SYNONYM]
    mill.run(table, id="n", spans="entities", steps=steps)
    changed = check_aligned(table, mill.read())
    used = [step for row in changed["aug_steps"].to_pylist() for step in row]
    assert used.count(use) >= 3


PARAMETERS = {
    "chain": {"steps": LEXICAL},
    "nlpaug": {"augmenter": "char.KeyboardAug"},
    "one_of": {"options": LEXICAL},
    "some_of": {"steps": LEXICAL},
    "sometimes": {"step": SYNONYM},
}
"""Of augmenters that can't be built without."""

MODELS = {"back_translation", "masked_lm"}
"""Those that come with the package read English only."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.slow] * (n in MODELS)) for n in names("augmenter")],
)
def test_entities_cover_the_same_words_after_every_augmenter(mill, name):
    step = {"use": name, **PARAMETERS.get(name, {})}
    if "rate" in parameter_names(load(name)):
        step["rate"] = 0.9
    table = ner(14, languages=["en"] if name in MODELS else ["en", "zh"])
    mill.run(table, **BY_ROW, steps=[step], copies=2)
    assert check_aligned(table, mill.read()).num_rows


@pytest.mark.parametrize("layout", ["long", "wide", "pairs"])
@pytest.mark.parametrize(
    "kind",
    [
        KIND,
        pa.list_(pa.struct([("label", pa.string()), ("end", pa.int64()), ("start", pa.int64())])),
        pa.large_list(
            pa.field(
                "item",
                pa.struct(
                    [
                        pa.field("start", pa.uint16(), nullable=False),
                        pa.field("end", pa.uint8(), nullable=False),
                        pa.field("label", pa.large_string()),
                        pa.field("links", pa.list_(pa.struct([("id", pa.string())]))),
                        pa.field("score", pa.float32()),
                    ]
                ),
                nullable=False,
            )
        ),
    ],
)
def test_the_type_is_kept_in_every_layout(mill, kind, layout):
    mill.write(ner(20, kind))
    read = pq.ParquetFile(mill.folder / "in.parquet").schema_arrow.field("entities")
    mill.run(**BY_ROW, steps=[SYNONYM], layout=layout)
    out = mill.read()
    added = {"long": [], "wide": ["augmented_0_entities"], "pairs": ["variant_entities"]}
    for name in ["entities", *added[layout]]:
        assert out.schema.field(name).type.equals(read.type, check_metadata=True)
    check = {"long": check_long, "wide": check_wide, "pairs": check_pairs}[layout]
    assert check(ner(20, kind), out) > 10


def check_long(table, out):
    return check_aligned(table, out).num_rows


def check_wide(table, out):
    assert out.select(table.schema.names).to_pylist() == table.to_pylist()
    return sum(
        map(same_words, out.to_pylist(), ["augmented_0"] * 99, ["augmented_0_entities"] * 99)
    )


def check_pairs(table, out):
    assert out.schema.names == ["n", "text", "variant", "view", "entities", "variant_entities"]
    sources = dict(
        zip(map(str, table["n"].to_pylist()), table["entities"].to_pylist(), strict=True)
    )
    assert all(row["entities"] == sources[row["n"]] for row in out.to_pylist())
    return sum(same_words(row, "variant", "variant_entities") for row in out.to_pylist())


def same_words(row, text, spans):
    if row[text] is None:
        assert row[spans] is None
        return False
    assert covered(row[text], row[spans]) == covered(row["text"], row["entities"])
    return True


def test_wide_has_a_column_of_spans_beside_every_variant(mill):
    steps = [SYNONYM]
    views = {"x": {"steps": steps}, "y": {"steps": steps, "copies": 2}}
    mill.run(ner(5), spans="entities", layout="wide", views=views)
    added = [name for v in ("x_0", "y_0", "y_1") for name in (v, f"{v}_entities")]
    assert mill.read().schema.names == ["text", "lang", "n", "entities", *added]


def test_rows_with_invalid_spans_are_rejected_with_a_reason_of_their_own(mill):
    text = "a big movie"
    rows = {
        "fine": [(2, 5, "A"), (2, 5, "A"), (0, 11, "B"), (11, 11, "C")],
        "behind": [(2, 5, "A"), (2, 12, "A")],
        "negative": [(-1, 5, "A")],
        "backwards": [(5, 2, "A")],
        "no bound": [(None, 5, "A")],
        "none": None,
        "empty": [],
    }
    spans = pa.concat_arrays([column([*rows.values()]), pa.array([[None]], KIND), column([[]])])
    keys = [*rows, "null span", "null text"]
    table = pa.table({"text": [*[text] * 8, None], "key": keys, "entities": spans})
    with pytest.raises(RejectsError, match=r"6 of 9 rows .*\(invalid_spans 5, null_text 1\)"):
        mill.run(table, id="key", spans="entities")
    summary = mill.run(id="key", spans="entities", steps=[SYNONYM], max_reject_fraction=1)
    assert summary.stats.rejected == {"invalid_spans": 5, "null_text": 1}
    rejects = mill.rejects()
    assert rejects["aug_parent"].to_pylist() == [
        "behind", "negative", "backwards", "no bound", "null span", "null text",
    ]  # fmt: skip
    assert rejects["entities"].to_pylist() == spans.filter(~table_mask(keys)).to_pylist()
    out = {(r["key"], r["aug_view"]): r for r in mill.read().to_pylist()}
    assert [key for key, view in out if view == "original"] == ["fine", "none", "empty"]
    assert out["none", "augmented"]["entities"] is None
    assert out["empty", "augmented"]["entities"] == []
    assert ("fine", "augmented") not in out, "an entity covers all of it"


def table_mask(keys):
    return pa.array([key in {"fine", "none", "empty"} for key in keys]).to_numpy(False)


def test_unprotected_spans_stretch_and_broken_ones_cost_the_variant(mill):
    text = "The big movie about a small dog was a great success"
    spans = {
        "inside": [(0, 13, "A"), (0, 31, "B"), (38, 51, "C")],
        "word": [(8, 13, "A")],
        "half a word": [(4, 11, "A")],
        "between": [(3, 3, "A")],
        "in a word": [(10, 10, "A")],
    }
    table = pa.table({"text": [text] * 5, "key": [*spans], "entities": column([*spans.values()])})
    loose = {"spans": {"column": "entities", "protect": False}, "steps": [SYNONYM], "id": "key"}
    view = mill.run(table, **loose, copies=6).stats.views["augmented"]
    assert view.rejected == {"spans: broken": 12}
    assert (view.asked, view.made) == (30, 18)
    variants = [row for row in mill.read().to_pylist() if row["aug_view"] == "augmented"]
    assert {row["key"] for row in variants} == {"inside", "word", "between"}
    stretched = set()
    for row in variants:
        made = Variant(row["text"], tuple(Edit(**edit) for edit in row["aug_edits"]))
        old = spans[row["key"]]
        new = [(s["start"], s["stop"]) for s in row["entities"]]
        assert new == [made.carry(start, stop) for start, stop, _ in old]
        words = [made.text[a:b].split() for a, b in new]
        want = [text[a:b].split() for a, b, _ in old]
        assert [len(w) for w in words] == [len(w) for w in want]
        stretched |= {w[-1] for w in words if w}
        assert words != want or row["key"] == "between"
    assert stretched - {"movie", "dog", "success"}


def test_the_same_for_any_cut_and_number_of_copies(mill):
    runs = []
    for rows, copies in ((1024, 2), (3, 2), (1024, 3)):
        mill.run(ner(20), **BY_ROW, steps=[SYNONYM], batch_rows=rows, copies=copies)
        runs.append([row for row in mill.read().to_pylist() if row["aug_copy"] < 2])
    assert runs[0] == runs[1] == runs[2]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("entites", r"no column 'entites' \(spans\), did you mean 'entities'\?; columns: text"),
        ("lang", r"the column 'lang' \(spans\) is string; accepted are list and large_list"),
        ("n", "is int64; accepted"),
    ],
)
def test_a_column_that_holds_no_spans_is_an_error(mill, value, message):
    mill.write(ner(3))
    with pytest.raises(DataError, match=message):
        mill.run(spans=value)


@pytest.mark.parametrize(
    ("table", "values", "message"),
    [
        ({"augmented_0_entities": [1]}, {"layout": "wide"}, "adds .*: augmented_0_entities"),
        ({"variant_entities": column([[]])}, {"layout": "pairs", "label": "variant_entities"},
         "pairs would have two columns variant_entities"),
        ({"0": column([[]])}, {"layout": "wide", "spans": "0",
          "views": {"v": {"steps": [SYNONYM]}, "v_0": {"steps": [SYNONYM]}}},
         "wide would have two columns v_0_0"),
    ],
)  # fmt: skip
def test_names_that_would_be_taken_twice_are_errors(mill, table, values, message):
    rows = {"text": ["a"], "entities": column([[]])}
    with pytest.raises(DataError, match=message):
        mill.run(pa.table({**rows, **table}), **{"spans": "entities", **values})


def test_spans_may_be_the_label(mill):
    mill.run(ner(5), id="n", spans="entities", label="entities", layout="pairs", steps=[SYNONYM])
    names = ["n", "text", "variant", "view", "entities", "variant_entities"]
    assert mill.read().schema.names == names


BASE = {"input": "a", "output": "b", "steps": [SYNONYM]}


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ({"column": "a", "protekt": True}, "spans.protekt", "did you mean 'protect'"),
        ({"protect": True}, "spans.column", "is required"),
        ({"column": "a", "protect": "often"}, "spans.protect", "valid boolean"),
        (["entities"], "spans", "is a column's name, or {column: name, protect: true}"),
    ],
)
def test_a_wrong_value_is_a_problem_of_the_recipe(value, path, message):
    with pytest.raises(RecipeError) as caught:
        recipes.parse({**BASE, "spans": value})
    [problem] = caught.value.problems
    assert problem.path == path
    assert message in problem.message


@pytest.mark.parametrize("value", [None, "entities", {"column": "$$x", "protect": False}])
def test_the_key_survives_a_dump(value):
    plan = planning.build(recipes.parse({**BASE, "spans": value}))
    again = planning.build(recipes.parse(yaml.safe_load(yaml.safe_dump(plan.recipe_dict()))))
    assert again == plan
    assert again.fingerprint == plan.fingerprint


def test_protection_is_part_of_a_plans_identity():
    plans = {
        planning.build(recipes.parse({**BASE, "spans": value})).fingerprint
        for value in (None, "a", "b", {"column": "a", "protect": False})
    }
    assert len(plans) == 4
    short, long = (
        planning.build(recipes.parse({**BASE, "spans": value}))
        for value in ("a", {"column": "a", "protect": True})
    )
    assert dataclasses.asdict(short) == dataclasses.asdict(long)
