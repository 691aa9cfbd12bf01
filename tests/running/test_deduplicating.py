"""Repetitions over the whole dataset: which go does not depend on files, workers or accidents."""

import json
import random
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.text.folding import folded
from pipelines.deduplicating import barrier, choosing, sketching
from pipelines.deduplicating.sketching import bands
from pipelines.errors import RecipeError
from pipelines.forecast import forecast
from pipelines.store.history import rollback
from pipelines.store.local import LocalStore

DATASET = {"use": "duplicates", "against": "dataset"}
VIEWS = {
    "a": {"copies": 2, "steps": [{"use": "synonym", "rate": 0.3}]},
    "b": {"steps": [{"use": "random_deletion", "rate": 0.1}]},
}


def corpus(texts, rows=120):
    """Many rows of few texts, so that variants of one row repeat those of others."""
    found = [text.partition(": ")[2] for text in texts(23)]
    return pa.table({"n": [f"r{i}" for i in range(rows)], "text": (found * rows)[:rows]})


def spread(mill, table, files, group=15):
    """The rows in so many files; each row group is a shard's, if it has enough rows."""
    for path in (mill.folder / "in").glob("*.parquet"):
        path.unlink()
    size = -(-table.num_rows // files)
    for i in range(files):
        mill.write(table.slice(i * size, size), f"in/f{i}.parquet", row_group_size=group)


def run(mill, *, workers=1, **values):
    base = {"input": str(mill.folder / "in"), "id": "n", "views": VIEWS, "filters": [DATASET]}
    return mill.run(workers=workers, **{**base, **values})


def said(mill, layout="long"):
    """``(id, view, text)`` of all variants in the output."""
    rows = mill.read().to_pylist()
    if layout == "long":
        return Counter((r["aug_parent"], r["aug_view"], r["text"]) for r in rows if r["aug_edits"])
    if layout == "pairs":
        return Counter((r["n"], r["view"], r["variant"]) for r in rows)
    return Counter(
        (row["n"], name.rpartition("_")[0], row[name])
        for row in rows
        for name in row
        if name[-1].isdigit() and row[name] is not None
    )


def form(text):
    return folded(pa.array([text]))[0].as_py()


@pytest.mark.parametrize("layout", ["long", "wide", "pairs"])
def test_of_all_that_say_the_same_one_stays_and_originals_do(mill, texts, layout):
    table = corpus(texts)
    spread(mill, table, 3)
    before = run(mill, layout=layout, filters=[{"use": "duplicates"}])
    everything = said(mill, layout)
    after = run(mill, layout=layout)
    kept = said(mill, layout)
    originals = {form(text) for text in table["text"].to_pylist()}
    forms = {form(text) for _, _, text in everything} - originals
    assert kept <= everything
    assert Counter(form(text) for _, _, text in kept) == Counter(forms)
    gone = everything.total() - kept.total()
    assert min(gone, kept.total()) > 50
    first, last = before.stats.variants, after.stats.variants
    assert last.made == first.made - gone == kept.total()
    assert last.rejected["duplicates: exact"] == first.rejected.get("duplicates: exact", 0) + gone
    assert last.asked == last.made + last.declined + last.failed + sum(last.rejected.values())
    if layout == "long":
        assert mill.read().num_rows == 120 + kept.total()
    if layout == "wide":
        assert mill.read().num_rows == 120


@pytest.mark.parametrize("near", [None, 0.8])
def test_order_files_and_workers_do_not_matter(mill, texts, near):
    filters = [{**DATASET, "near": near, "size": 3}]
    table, kept = corpus(texts), set()
    for turn, (files, workers) in enumerate([(1, 1), (4, 1), (4, 2), (2, 1)]):
        rows = list(range(table.num_rows))
        random.Random(turn).shuffle(rows)
        spread(mill, table.take(rows), files)
        run(mill, workers=workers, filters=filters)
        kept.add(frozenset(said(mill).items()))
    assert len(kept) == 1


def test_workers_make_the_same_files(mill, texts):
    spread(mill, corpus(texts), 4)
    run(mill)
    alone = LocalStore(str(mill.output)).last().digest
    store = LocalStore(str(mill.output))
    names = {part.name for part in store.last().parts}
    for path in (mill.folder / "out.aug" / "objects").iterdir():
        path.unlink()
    run(mill, workers=2)
    assert store.last().digest == alone
    assert {part.name for part in store.last().parts} == names


def test_a_refresh_computes_what_changed_alone(mill, texts, monkeypatch):
    table = corpus(texts)
    spread(mill, table, 4)
    run(mill)
    calls = Counter()
    for owner, name in ((sketching.Sketching, "__call__"), (barrier.Thinning, "__call__")):
        original = getattr(owner, name)

        def counted(self, *rest, original=original, owner=owner):
            calls[owner.__name__] += 1
            return original(self, *rest)

        monkeypatch.setattr(owner, name, counted)
    monkeypatch.setattr(barrier, "drops", lambda *a: calls.update(["drops"]) or choosing.drops(*a))
    assert not run(mill).changed
    assert not calls
    more = pa.table({"n": ["x"], "text": ["An entirely different thing"]})
    mill.write(more, "in/f9.parquet")
    done = run(mill)
    assert done.changed
    assert sum(done.computed.values()) == 1
    # The new file is sketched; nothing repeats it, so that no other shard is made again.
    assert calls == {"Sketching": 1, "drops": 1}
    (mill.folder / "in" / "f9.parquet").unlink()
    run(mill)
    assert calls["Sketching"] == 1


def test_the_store_keeps_what_it_needs_and_no_more(mill, texts):
    spread(mill, corpus(texts), 3)
    run(mill, keep_versions=1)
    store = LocalStore(str(mill.output))
    parts = store.last().parts
    assert all(part.origin is not None for part in parts)
    keys = {stored.key for part in parts for stored in part.objects}
    there = {path.name for path in (mill.folder / "out.aug" / "objects").iterdir()}
    assert there == {f"{key}.parquet" for key in keys}
    with store:
        assert store.verify().objects == len(keys) == 6
    # A first object that is lost is made again; what is published stays as it is.
    (mill.folder / "out.aug" / "objects" / f"{parts[0].origin.key}.parquet").unlink()
    done = run(mill, keep_versions=1)
    assert done.computed == {"its object is lost": 1}
    assert not done.changed
    # So is a second one.
    (mill.folder / "out.aug" / "objects" / f"{parts[1].stored.key}.parquet").unlink()
    done = run(mill, keep_versions=1)
    assert (done.computed, done.changed) == ({}, False)
    with store:
        assert store.verify().objects == 6


def test_going_back_and_forth(mill, texts):
    table = corpus(texts)
    spread(mill, table, 3)
    run(mill)
    first = said(mill)
    spread(mill, table.slice(0, 80), 3)
    run(mill)
    with LocalStore(str(mill.output)) as store:
        rollback(store)
    assert said(mill) == first
    spread(mill, table, 3)
    done = run(mill)
    assert (done.computed, said(mill)) == ({}, first)


def test_files_of_the_same_content_lose_theirs_but_once(mill, texts):
    table = corpus(texts, 20)
    for name in ("a", "b"):
        mill.write(table, f"in/{name}.parquet")
    run(mill, duplicate_ids="keep")
    kept = said(mill)
    forms = Counter(form(text) for _, _, text in kept)
    assert set(forms.values()) == {1}


def test_rejects_stay_with_their_shard(mill, texts):
    table = corpus(texts)
    bad = pa.table({"n": ["bad"], "text": pa.array([None], pa.string())})
    spread(mill, pa.concat_tables([table, bad]), 2)
    run(mill, max_reject_fraction=0.5)
    assert mill.rejects()["aug_parent"].to_pylist() == ["bad"]
    with LocalStore(str(mill.output)) as store:
        store.verify()
        assert any(part.origin and part.stored.rejects for part in store.last().parts)
    assert not run(mill, max_reject_fraction=0.5).changed


def test_near_repetitions_of_other_rows_go(mill):
    long = "the quick brown fox jumps over the lazy dog while the band plays on and on in the park"
    rows = [f"{long} number {i}" for i in range(10)]
    mill.write(pa.table({"n": [str(i) for i in range(10)], "text": rows}), "in/a.parquet")
    steps = {"steps": [{"use": "random_deletion", "rate": 0.05}]}
    run(mill, views={"v": steps}, filters=[{**DATASET, "near": 0.6, "size": 3}])
    assert not said(mill)
    assert mill.read()["text"].to_pylist() == rows


def test_a_dry_run_finds_all_there_though_variants_are_left_out(mill, texts):
    spread(mill, corpus(texts), 2)
    run(mill)
    recipe = mill.recipe(input=str(mill.folder / "in"), id="n", views=VIEWS, filters=[DATASET])
    assert forecast(recipe).schedule.missing == []


def test_spans_of_what_is_left_out_of_a_column_go_too(mill, texts):
    table = corpus(texts)
    spans = [[{"start": 0, "stop": 3}]] * table.num_rows
    spread(mill, table.append_column("spans", pa.array(spans)), 2)
    run(mill, layout="wide", spans={"column": "spans", "protect": False})
    rows = mill.read().to_pylist()
    for column in ("a_0", "a_1", "b_0"):
        assert {row[column] is None for row in rows} == {True, False}
        assert all((row[column] is None) == (row[f"{column}_spans"] is None) for row in rows)


def test_the_id_may_stand_in_folders(mill, texts):
    rows = texts(3) * 2
    for i, text in enumerate(rows):
        mill.write(pa.table({"text": [text]}), f"in/n={i}/a.parquet")
    runs = {"input": str(mill.folder / "in"), "filters": [DATASET], "views": VIEWS, "id": "n"}
    made = []
    for layout in ("wide", "long"):
        mill.run(layout=layout, **runs)
        found = (pq.ParquetFile(path).read() for path in mill.output.glob("*/*.parquet"))
        columns = ["a_0", "a_1", "b_0"] if layout == "wide" else ["text"]
        made.append(Counter(t for table in found for c in columns for t in table[c].to_pylist()))
    wide, long = made
    wide.pop(None)
    assert long == wide + Counter(rows)


def test_one_filter_may_judge_the_whole_dataset(mill):
    with pytest.raises(RecipeError, match=r"filters\[1\]: one filter .* filters\[0\] does so"):
        mill.run(filters=[DATASET, {**DATASET, "near": 0.9}])


# The choice itself, on numbers.


@st.composite
def lots(draw):
    count = draw(st.integers(1, 40))
    forms = draw(st.lists(st.integers(0, 9), min_size=count, max_size=count))
    variant = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return [(f, i + 1 if v else 0, i) for i, (f, v) in enumerate(zip(forms, variant, strict=True))]


def written(folder, files):
    paths = []
    for number, rows in enumerate(files):
        forms, ranks, places = zip(*rows, strict=True) if rows else ((), (), ())
        batch = pa.RecordBatch.from_pydict(
            {
                "form": pa.array(forms, pa.uint64()),
                "rank": pa.array(ranks, pa.uint64()),
                "place": pa.array(
                    [p if r else -1 for p, r in zip(places, ranks, strict=True)], pa.int32()
                ),
            }
        )
        paths.append(folder / f"{number}.arrow")
        with pa.ipc.new_file(str(paths[-1]), batch.schema) as writer:
            writer.write_batch(batch)
    return paths


@settings(max_examples=50, deadline=None)
@given(lots(), st.randoms(use_true_random=False), st.integers(1, 4), st.integers(1, 9))
def test_the_choice_is_the_same_however_it_is_spread(tmp_path_factory, rows, rng, files, at_once):
    folder = tmp_path_factory.mktemp("lots")
    expected = {
        place
        for form, rank, place in rows
        if rank and any(f == form and r < rank for f, r, _ in rows)
    }
    rng.shuffle(rows)
    cut = [rows[i::files] for i in range(files)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choosing, "AT_ONCE", at_once)
        found = choosing.drops(written(folder, cut), None, 0)
    assert sorted(place for lost in found for place in lost.place.tolist()) == sorted(expected)
    assert all((np.diff(lost.place) > 0).all() for lost in found)


@pytest.mark.parametrize("near", [0.5, 0.6, 0.8, 0.9, 0.95, 0.99])
def test_bands_let_few_pairs_escape(near):
    count, wide = bands(near)
    assert count * wide <= 128
    assert 1 - (1 - near**wide) ** count >= 0.99


@pytest.mark.slow
def test_a_run_that_is_killed_publishes_the_same_in_the_end(job):
    rng = random.Random(4)
    words = ["huge", "movie", "about", "beautiful", "house", "rapidly", "success", "big", "film"]
    for number in range(6):
        job.write(number, [" ".join(rng.choices(words, k=6)) for _ in range(400)])
    recipe = {"filters": [DATASET], "views": VIEWS}
    expected = job.undisturbed(**recipe)
    job.recipe(**recipe)
    stages = ["objects", "cache/duplicates"]
    for turn in range(6):
        process = job.start("run", "recipe.yaml")
        folder = job.folder / "out.aug" / stages[turn % 2]
        wanted = turn + 1
        job.until(
            lambda folder=folder, wanted=wanted, process=process: (
                process.poll() is not None
                or (folder.is_dir() and len([*folder.iterdir()]) >= wanted)
            )
        )
        process.kill()
        process.wait()
    job.call("run", "recipe.yaml")
    assert job.digest() == expected
    entry = json.loads(max((job.folder / "out.aug" / "log").iterdir()).read_text())
    made = sum(view["made"] for view in entry["stats"]["views"].values())
    rows = sum(pq.read_metadata(path).num_rows for path in job.output.glob("*.parquet"))
    assert rows == 2400 + made
