"""Rows of model steps kept beside the output: less work, and never another byte."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pyarrow as pa
import pytest

from pipelines import corpus as corpora
from pipelines import terminal
from pipelines.errors import OutputError, RecipeError
from pipelines.row_cache import NAME, SqliteStore


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(corpora, "SHARD_ROWS", 20)


@pytest.fixture
def costly(mill, plugins):
    """A recipe's step that says what it was asked for."""
    log = mill.folder / "asked.log"
    log.touch()

    class Step:
        def __call__(self, **params):
            return [{"use": "costly", "log": str(log), **params}]

        def asked(self):
            texts = log.read_text().splitlines()
            log.write_text("")
            return texts

    return Step()


def parts(mill):
    return {path.name: path.read_bytes() for path in sorted(mill.output.iterdir())}


def forget(mill):
    """All but the rows: the shards are computed again."""
    mill.output.unlink()
    for place in (mill.folder / "out.aug").iterdir():
        if place.is_dir() and place.name != "cache":
            shutil.rmtree(place)


def table(texts):
    return pa.table({"text": texts})


def kept(mill):
    return mill.folder / "out.aug" / "cache" / NAME


@pytest.mark.parametrize("workers", [1, 2])
def test_the_output_is_the_same_and_nothing_is_computed_twice(
    mill, costly, texts, small_shards, workers
):
    corpus = table(texts(90))
    options = {"steps": costly(), "copies": 2, "batch_rows": 8, "workers": workers}
    mill.write(corpus, row_group_size=20)
    mill.run(**options)
    plain = parts(mill)
    assert not kept(mill).exists()
    costly.asked()
    forget(mill)
    first = mill.run(row_cache=True, **options)
    assert parts(mill) == plain
    assert sorted(costly.asked()) == sorted(texts(90) * 2)
    assert first.stats.cached == {"hits": 0, "misses": 180}
    forget(mill)
    second = mill.run(row_cache=True, **options)
    assert parts(mill) == plain
    assert costly.asked() == []
    assert second.stats.cached == {"hits": 180, "misses": 0}
    assert second.stats.views["augmented"].counts == first.stats.views["augmented"].counts
    assert second.fingerprint == first.fingerprint
    assert "cache      180 hits, 0 misses" in terminal.summary_text(second)


def test_only_what_is_new_is_computed(mill, costly, texts):
    mill.run(table(texts(40)), row_cache=True, steps=costly())
    costly.asked()
    mill.run(table(texts(50)), row_cache=True, steps=costly(), batch_rows=7)
    assert costly.asked() == texts(50)[40:]
    lexical = [{"use": "synonym", "rate": 0.3}]
    mill.run(row_cache=True, steps=costly() + lexical, filters=[{"use": "length_ratio", "max": 2}])
    assert costly.asked() == []
    mill.run(row_cache=True, steps=costly(), seed=1)
    assert costly.asked() == texts(50)
    # What the words' counts are kept in goes when nobody needs it; rows stay.
    assert kept(mill).exists()


def test_a_step_that_depends_on_its_batch_is_refused(mill, costly, texts):
    options = [{"use": "synonym"}, *costly(drifts=True)]
    with pytest.raises(RecipeError, match="not; it is exact with") as error:
        mill.run(table(texts(4)), row_cache=True, steps=[{"use": "one_of", "options": options}])
    assert error.value.problems[0].path == "views.augmented.steps[0].options[1]"
    mill.run(steps=[{"use": "one_of", "options": options}])


@pytest.mark.parametrize("value", [3, "yes", {"max_bytes": 10}, {"max_byte": 1 << 30}])
def test_the_key_is_checked(mill, costly, texts, value):
    with pytest.raises(RecipeError, match=r"row_cache|max_bytes"):
        mill.run(table(texts(4)), row_cache=value, steps=costly())


@pytest.mark.parametrize("damage", ["begun", "cut", "scrambled"])
def test_a_damaged_file_is_begun_anew(mill, costly, texts, damage):
    mill.run(table(texts(300)), row_cache=True, steps=costly())
    plain = parts(mill)
    content = bytearray(kept(mill).read_bytes())
    if damage == "begun":
        content = bytearray(b"no database at all" * 100)
    elif damage == "cut":
        del content[len(content) // 2 :]
    else:
        content[4096:20_000] = os.urandom(20_000 - 4096)
    kept(mill).write_bytes(content)
    costly.asked()
    forget(mill)
    with pytest.warns(UserWarning, match="damaged"):
        summary = mill.run(row_cache=True, steps=costly())
    assert parts(mill) == plain
    assert summary.stats.cached == {"hits": 0, "misses": 300}
    forget(mill)
    assert mill.run(row_cache=True, steps=costly()).stats.cached == {"hits": 300, "misses": 0}


def test_a_value_that_changed_on_disk_is_not_served(tmp_path):
    store = SqliteStore(tmp_path / NAME, 1 << 30)
    store.put({b"a" * 16: b"one", b"b" * 16: b"two"})
    raw = sqlite3.connect(tmp_path / NAME)
    other = "CAST(substr(value, 1, 8) || x'00' AS BLOB)"
    raw.execute(f"UPDATE rows SET value = {other} WHERE key = ?", [b"a" * 16])
    raw.commit()
    assert store.get([b"a" * 16, b"b" * 16, b"c" * 16]) == {b"b" * 16: b"two"}
    store.put({b"a" * 16: b"one"})
    assert store.get([b"a" * 16]) == {b"a" * 16: b"one"}


def test_the_oldest_rows_go_when_there_are_too_many(tmp_path):
    store = SqliteStore(tmp_path / NAME, 400_000)
    keys = [i.to_bytes(16, "big") for i in range(4000)]
    for start in range(0, 4000, 100):
        store.put({b"s" * 16: b"for all", **dict.fromkeys(keys[start : start + 100], b"v" * 300)})
    held = [key in store.get([key]) for key in keys]
    assert held[-100:] == [True] * 100
    assert held[: held.index(True)] == [False] * held.index(True)
    assert all(held[held.index(True) :])
    assert 500 < sum(held) < 1500
    assert store.get([b"s" * 16])
    assert (tmp_path / NAME).stat().st_size < 600_000


def test_a_file_that_goes_bad_during_a_run_is_named(tmp_path):
    store = SqliteStore(tmp_path / NAME, 1 << 30)
    store.put({b"a" * 16: b"one"})
    sqlite3.connect(tmp_path / NAME).execute("DROP TABLE rows")
    with pytest.raises(OutputError, match=r"rows\.sqlite can't be used: no such table"):
        store.get([b"a" * 16])


def test_a_killed_run_leaves_rows_that_can_be_used(mill, costly, texts, plugins):
    mill.run(table(texts(400)), steps=costly(), batch_rows=20)
    plain = mill.read()
    costly.asked()
    forget(mill)
    recipe = mill.recipe(steps=costly(seconds=0.05), batch_rows=20, row_cache=True)
    path = mill.folder / "recipe.yaml"
    path.write_text(json.dumps(recipe))
    places = os.pathsep.join([str(plugins), *filter(None, sys.path)])
    begun = subprocess.Popen(
        [sys.executable, "-m", "pipelines", "run", str(path), "--workers", "1"],
        env={**os.environ, "PYTHONPATH": places},
    )
    deadline = time.monotonic() + 60
    seen = 0
    while seen < 100 and time.monotonic() < deadline:
        assert begun.poll() is None
        time.sleep(0.01)
        seen = len((mill.folder / "asked.log").read_text().splitlines())
    begun.kill()
    assert begun.wait() == -signal.SIGKILL
    costly.asked()
    summary = mill.run(steps=costly(seconds=0.05), batch_rows=20, row_cache=True, workers=1)
    assert mill.read().equals(plain)
    assert summary.stats.cached["hits"] >= 60
    assert len(costly.asked()) == summary.stats.cached["misses"] < 400
