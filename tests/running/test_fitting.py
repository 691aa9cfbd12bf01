"""The pass that counts a corpus's words before a run: when, of what, and the same anywhere."""

import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.errors import StatisticsError
from augment.registry import build as build_component
from augment.statistics import CorpusStatistics
from pipelines import corpus as corpora
from pipelines import fitting, preparing, run, runner, sampling, tallies
from pipelines import plan as planning
from pipelines import recipe as recipes
from pipelines.corpus import open_corpus
from pipelines.errors import RunError
from pipelines.fitting import CountWords, corpus_key
from pipelines.tallies import statistics_of

ROOT = Path(__file__).parents[2]
TFIDF = {"use": "tfidf", "rate": 0.5}
WORDS = ["the", "a", "of", "to", "and", "movie", "film", "plot", "story", "actor", "music"]
WORDS += ["scene", "good", "bad", "dull", "bright"]


def stories(count, salt=7):
    """Texts in which the first words are in nearly all, the last in few."""
    return [
        f"The story {i} of a " + " ".join(WORDS[(i * salt + j * j) % (4 + j)] for j in range(12))
        for i in range(count)
    ]


def table(count=120):
    return pa.table({"text": stories(count), "n": range(count)})


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(corpora, "SHARD_ROWS", 20)


@pytest.fixture
def counted(monkeypatch):
    """The shards that are counted, as they are."""
    seen = []

    class Watched(CountWords):
        __slots__ = ()

        def __call__(self, shard, tick):
            seen.append(shard.number)
            return super().__call__(shard, tick)

    monkeypatch.setattr(fitting, "CountWords", Watched)
    return seen


def cached(mill):
    return sorted((mill.folder / "out.aug" / "cache").glob("*.arrow"))


def files(folder):
    return [(part.name, part.read_bytes()) for part in sorted(folder.iterdir())]


def test_a_run_counts_first_and_its_statistics_are_those_of_the_texts(mill):
    mill.write(table(), row_group_size=10)
    summary = mill.run(steps=[TFIDF], id="n")
    assert summary.stats.variants.made == 120
    (path,) = cached(mill)
    assert CorpusStatistics.load(path) == CorpusStatistics.of(stories(120))


def test_one_worker_and_two_give_the_same_bytes(mill):
    mill.write(table(), row_group_size=10)
    made = []
    for workers in (1, 2):
        shutil.rmtree(mill.folder / "out.aug", ignore_errors=True)
        mill.output.unlink(missing_ok=True)
        summary = mill.run(workers=workers, steps=[TFIDF], id="n", copies=2)
        statistics = cached(mill)[0]
        made.append((files(mill.output), statistics.read_bytes(), summary.fingerprint))
    assert len(made[0][0]) == 6
    assert made[0] == made[1]


def test_shards_in_any_order_and_any_spilling_give_the_same_statistics(mill, monkeypatch, tmp_path):
    mill.write(table(), row_group_size=10)
    recipe = recipes.parse(mill.recipe(steps=[TFIDF]))
    shards = open_corpus(recipe.input).shards
    found = []
    for number, (order, words) in enumerate(((1, 10**6), (-1, 10**6), (-1, 20))):
        monkeypatch.setattr(tallies, "_MERGE_WORDS", words)
        monkeypatch.setattr(tallies, "_SPILL_WORDS", words // 2)
        monkeypatch.setattr(fitting, "_BATCH_ROWS", 7)
        folder = tmp_path / str(number)
        folder.mkdir()
        job = CountWords(recipe, folder)
        parts = [file for shard in shards[::order] for file in job(shard, lambda rows: None)]
        found.append((statistics_of(parts), len(parts)))
    assert found[0][1] == found[1][1] == len(shards) < found[2][1]
    assert found[0][0] == found[1][0] == found[2][0] == CorpusStatistics.of(stories(120))


def test_the_same_input_is_not_counted_again(mill, counted):
    mill.write(table(), row_group_size=10)
    first = mill.run(steps=[TFIDF])
    assert counted == [0, 1, 2, 3, 4, 5]
    before = files(mill.output)
    again = mill.run(steps=[TFIDF])
    assert len(counted) == 6
    assert (again.fingerprint, files(mill.output)) == (first.fingerprint, before)
    # The same texts in a new file beside another column, and another step that needs the same.
    changed = table().append_column("more", pa.array(range(120))).select(["more", "text"])
    mill.write(changed, row_group_size=10)
    mill.run(steps=[{**TFIDF, "rate": 0.2}])
    assert len(counted) == 6


@pytest.mark.parametrize(
    "change",
    [
        {"language": "de"},
        {"language": {"column": "tag"}},
        {"protect": []},
        {"max_chars": 60},
        {"text": "other"},
    ],
)
def test_what_decides_the_statistics_is_in_the_key(mill, change):
    data = table(40)
    more = data.append_column("tag", pa.array(["en"] * 40))
    mill.write(more.append_column("other", data["text"]))
    keys = []
    for values in ({}, change):
        recipe = recipes.parse(mill.recipe(steps=[TFIDF], max_reject_fraction=1, **values))
        keys.append(corpus_key(recipe, open_corpus(recipe.input)))
    assert keys[0] != keys[1]


def test_a_changed_text_is_counted_again_and_the_old_statistics_go(mill, counted):
    mill.write(table(), row_group_size=10)
    first = mill.run(steps=[TFIDF])
    old = cached(mill)
    rows = stories(120)
    # As many bytes, in the same place.
    rows[77] = rows[77].replace("story", "movie")
    mill.write(pa.table({"text": rows, "n": range(120)}), row_group_size=10)
    second = mill.run(steps=[TFIDF])
    assert len(counted) == 12
    assert len(cached(mill)) == 1
    assert cached(mill) != old
    assert first.fingerprint != second.fingerprint


def test_the_key_does_not_look_at_names_and_times(mill):
    recipe = recipes.parse(mill.recipe(steps=[TFIDF]))
    keys = []
    for name in ("in.parquet", "b.parquet"):
        path = mill.write(table(), name, row_group_size=10)
        os.utime(path, (len(keys), len(keys)))
        keys.append(corpus_key(recipe, open_corpus(str(path))))
    assert keys[0] == keys[1]
    assert keys[0] != corpus_key(recipe, open_corpus(recipe.input).head(119))


def test_damaged_statistics_are_counted_again(mill, counted):
    mill.run(table(), steps=[TFIDF])
    (path,) = cached(mill)
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], whole.replace(b"plot", b"plop")):
        before = len(counted)
        path.write_bytes(broken)
        mill.run(steps=[TFIDF])
        assert len(counted) > before
        assert path.read_bytes() == whole


def test_an_input_that_changes_while_it_is_counted_publishes_nothing(mill, monkeypatch):
    keys = iter(["one", "other"])
    monkeypatch.setattr(fitting, "corpus_key", lambda *_: next(keys))
    with pytest.raises(RunError, match="changed while its words were counted"):
        mill.run(table(), steps=[TFIDF])
    assert not mill.output.exists()
    assert not cached(mill)


def test_the_fingerprint_is_of_the_words_and_not_of_the_path(mill, tmp_path):
    texts = stories(50)
    for name in ("a", "b"):
        CorpusStatistics.of(texts).save(tmp_path / f"{name}.arrow")
    CorpusStatistics.of(texts[1:]).save(tmp_path / "c.arrow")
    a, b, c = (
        planning.build(
            recipes.parse(
                mill.recipe(steps=[{**TFIDF, "statistics": str(tmp_path / f"{name}.arrow")}])
            )
        ).fingerprint
        for name in "abc"
    )
    assert a == b != c


def test_statistics_of_the_recipe_are_used_and_kept(mill, counted, tmp_path):
    path = tmp_path / "mine.arrow"
    CorpusStatistics.of(stories(50)).save(path)
    mill.run(table(), steps=[{**TFIDF, "statistics": str(path)}])
    assert not counted
    assert not cached(mill)
    assert path.exists()


def test_statistics_of_an_earlier_run_are_kept_however_their_path_is_written(mill, monkeypatch):
    first = mill.run(table(), steps=[TFIDF])
    (path,) = cached(mill)
    monkeypatch.chdir(mill.folder)
    named = str(path.relative_to(mill.folder))
    again = mill.run(steps=[{**TFIDF, "statistics": named}])
    assert path.exists()
    assert again.fingerprint == first.fingerprint


def test_a_check_opens_the_statistics(mill):
    mill.write(table())
    damaged = {**TFIDF, "statistics": str(mill.folder / "in.parquet")}
    recipe = recipes.parse(mill.recipe(steps=[damaged]))
    with pytest.raises(StatisticsError, match=r"in\.parquet' can't be read as statistics"):
        preparing.checked(recipe)


def test_statistics_that_are_not_there_stop_the_run(mill):
    with pytest.raises(StatisticsError, match=r"no statistics 'nowhere\.arrow'"):
        mill.run(table(), steps=[{**TFIDF, "statistics": "nowhere.arrow"}])
    assert not mill.output.exists()


def test_nested_steps_are_fitted_and_the_dumped_recipe_stays_unfitted(mill):
    nest = {"use": "one_of", "options": [{"use": "chain", "steps": [TFIDF]}, TFIDF]}
    views = {"a": {"steps": [{"use": "sometimes", "step": nest}]}, "b": {"steps": [TFIDF]}}
    plan = planning.build(recipes.parse(mill.recipe(views=views)))
    assert plan.unfitted == ("tfidf",)
    done = plan.fitted("x.arrow")
    assert done.unfitted == ()
    assert done.statistics == {"x.arrow"}
    assert done.recipe_dict() == plan.recipe_dict()
    summary = mill.run(table(), views=views)
    assert all(view.failed == 0 < view.made for view in summary.stats.views.values())


def test_each_row_has_the_statistics_of_its_language(mill):
    rows = stories(80)
    data = pa.table({"text": rows, "tag": ["en", "de-AT"] * 40})
    mill.write(data, row_group_size=10)
    mill.run(language={"column": "tag"}, steps=[TFIDF])
    found = CorpusStatistics.load(cached(mill)[0])
    assert found.texts == {"de": 40, "en": 40}
    for tag, start in (("en", 0), ("de", 1)):
        own = CorpusStatistics.of(rows[start::2], tag).language(tag)
        assert found.language(tag).words.equals(own.words)
        assert found.language(tag).counts.tolist() == own.counts.tolist()


def test_rows_without_a_usable_text_are_not_counted(mill):
    mill.run(
        pa.table({"text": [None, "x" * 200, *stories(40)]}),
        steps=[TFIDF],
        max_chars=150,
        max_reject_fraction=1,
    )
    assert CorpusStatistics.load(cached(mill)[0]) == CorpusStatistics.of(stories(40))


def test_a_limited_run_counts_what_it_reads(mill):
    mill.write(table(), row_group_size=10)
    mill.run(steps=[TFIDF], limit=45)
    assert CorpusStatistics.load(cached(mill)[0]) == CorpusStatistics.of(stories(45))


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_covers_both_passes(mill, workers):
    mill.write(table(), row_group_size=10)
    told = []
    for seed in range(2):
        told.append([])
        recipe = mill.recipe(steps=[TFIDF], seed=seed)
        run(recipe, workers=workers, progress=lambda *rows: told[-1].append(rows))
    assert told[0][-1] == (240, 240)
    assert told[1][-1] == (120, 120)


def test_a_sample_counts_the_first_rows_and_writes_nothing(mill, monkeypatch):
    mill.write(table(), row_group_size=10)
    monkeypatch.setattr(sampling, "SAMPLED_ROWS", 60)
    (batch,) = sampling.sample(mill.recipe(steps=[TFIDF]), 3)
    assert batch.rows.texts.to_pylist() == stories(3)
    assert batch.stats.variants.made == 3
    assert [p.name for p in mill.folder.iterdir()] == ["in.parquet"]
    path = mill.folder / "words.arrow"
    CorpusStatistics.of(stories(60)).save(path)
    own = mill.recipe(steps=[{**TFIDF, "statistics": str(path)}])
    (same,) = sampling.sample(own, 3)
    assert same.rows.made[0].variants.text.equals(batch.rows.made[0].variants.text)


def test_a_filter_may_need_statistics_too(mill, plugins):
    plan = planning.build(recipes.parse(mill.recipe(filters=[{"use": "wordy"}])))
    assert plan.unfitted == ("wordy",)
    assert plan.fitted("x.arrow").filters == (
        build_component({"use": "wordy", "corpus": "x.arrow"}, "filter"),
    )


@pytest.mark.parametrize("place", ["counting", "augmenting"])
def test_a_run_killed_in_either_pass_leaves_the_old_output(mill, place):
    mill.write(table(), row_group_size=10)
    mill.run(steps=[{"use": "blanking"}])
    before = files(mill.output)
    mill.write(table(100), row_group_size=10)
    patch = {
        "counting": "fitting.statistics_of = die",
        "augmenting": "runner.run_shard = die",
    }[place]
    code = (
        "import os, signal\nfrom pipelines import fitting, run, runner\n"
        "die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"{patch}\nrun({mill.recipe(steps=[TFIDF])!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == -signal.SIGKILL
    assert files(mill.output) == before
    mill.run(steps=[TFIDF])
    assert files(mill.output) != before
    assert len(cached(mill)) == 1
    assert not (mill.folder / "out.aug" / "tmp").exists()


def test_a_partial_job_is_what_workers_get(mill):
    """Jobs travel by pickle: nothing of the corpus travels with them."""
    import pickle

    recipe = recipes.parse(mill.recipe(steps=[TFIDF]))
    plan = planning.build(recipe)
    jobs = (CountWords(recipe, mill.folder), partial(runner.run_shard, plan, None))
    assert all(len(pickle.dumps(job)) < 8192 for job in jobs)


def test_only_the_needed_columns_are_read(mill, monkeypatch):
    mill.write(table().append_column("big", pa.array(["x" * 100] * 120)), row_group_size=10)
    seen = []
    read = fitting.read_batches

    def watched(*arguments):
        for batch in read(*arguments):
            seen.append(batch.schema.names)
            yield batch

    monkeypatch.setattr(fitting, "read_batches", watched)
    mill.run(steps=[TFIDF])
    assert seen
    assert set(map(tuple, seen)) == {("text",)}
    assert mill.read()["big"].null_count == 0
    assert pq.ParquetFile(next(mill.output.iterdir())).schema_arrow.names[:3] == [
        "text", "n", "big",
    ]  # fmt: skip
