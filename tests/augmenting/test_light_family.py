"""What all lexical methods keep, whatever the text: a new method needs a line in ``METHODS``."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants, no_spans, spans_of
from augment.fitting import fitted, unfitted
from augment.lexicons.sources import load_senses
from augment.randomness import derive, hash_strings, row_keys
from augment.registry import build, names
from augment.statistics import CorpusStatistics
from augment.text.edits import replay

WORDS = (
    *("achieve", "airplane", "begin", "bicycle", "bizarre", "clever"),
    *("couch", "courage", "doctor", "garbage", "gorgeous", "honest"),
)
"""Words that every method for English can edit, one as well as the other."""

CHARACTERS = tuple("电影天气好看人中国路间书")
"""The same for Chinese."""

TEXTS = {"en": " ".join(WORDS * 5), "zh": "今天电影很好看，我们喜欢PC和Word。" * 8}


@dataclass(frozen=True)
class Method:
    """How a method is tested.

    Args:
        languages: those whose texts it edits.
        words: a row of words that it edits with equal chances; None if it weighs them.
        params: parameters that make it change much.
    """

    languages: Sequence[str] = ("en", "zh")
    words: Sequence[str] | None = WORDS
    params: Mapping[str, Any] = field(default_factory=lambda: {"rate": 0.5})


METHODS: Mapping[str, Method] = {
    "aeda": Method(),
    "blanking": Method(),
    "case_noise": Method(),
    "character_noise": Method(),
    "chinese_noise": Method(("zh",), CHARACTERS),
    "keyboard_noise": Method(),
    "ocr_noise": Method(),
    "random_deletion": Method(),
    "random_insertion": Method(),
    "random_swap": Method(),
    "spacing_noise": Method(),
    "spelling_noise": Method(("en",)),
    "synonym": Method(),
    "tfidf": Method(("en",), words=None),
}

NOT_LEXICAL = {
    *("back_translation", "masked_lm", "nlpaug"),
    *("chain", "one_of", "some_of", "sometimes"),
}

LANGUAGES = [(name, language) for name, method in METHODS.items() for language in method.languages]

pieces = st.one_of(
    st.sampled_from([*WORDS, "Movie", "BIG", "not", "don't", "I", "b2b", "well-known", "İ", "ß"]),
    st.sampled_from(["https://x.org/buy?a=1", "me@x.org", "{name}", "@buy", "#movie", "3,999"]),
    st.sampled_from(["电影", "今天天气很好", "我不喜欢", "用PC看", "，", "。", "日本語", "วันนี้"]),
    st.sampled_from(
        ["👩‍👩‍👧", "👍🏽", "🇫🇷", "cafe\u0301", "नमस्ते", "각", "1\ufe0f\u20e3", "İ", "ß"]
    ),
    st.sampled_from([" ", "  ", "\n", "\r\n", "\t", "\u3000", ",", " - ", ".", "(", ")", "'", '"']),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
)
spaced = st.lists(pieces, max_size=14).map(" ".join)
glued = st.lists(pieces, max_size=14).map("".join)
wild = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@st.composite
def rows(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]]]:
    """A text, and protected spans in it."""
    text = draw(st.one_of(spaced, glued, wild))
    bounds = sorted(draw(st.lists(st.integers(0, len(text)), max_size=4, unique=True)))
    return text, list(zip(bounds[::2], bounds[1::2], strict=False))


def batch_of(made: list[tuple[str, list[tuple[int, int]]]], language: str) -> TextBatch:
    texts = [text for text, _ in made]
    return TextBatch.of(texts, language=language, protected=spans_of([spans for _, spans in made]))


@cache
def statistics() -> str:
    path = Path(mkdtemp()) / "words.arrow"
    corpus = [" ".join(WORDS[:i]) for i in range(1, len(WORDS))]
    CorpusStatistics.of(corpus, min_documents=1).save(path)
    return str(path)


def of(name: str, **params: Any) -> Augmenter:
    built = build({"use": name, **METHODS[name].params, **params})
    assert isinstance(built, Augmenter)
    return fitted(built, statistics()) if unfitted(built) else built


def spliced(source: str, edits: list[dict[str, Any]]) -> str:
    """What the edits say, in plain Python."""
    made, cursor = "", 0
    for edit in edits:
        assert cursor <= edit["start"] <= edit["stop"] <= len(source)
        assert source[edit["start"] : edit["stop"]] != edit["text"]
        made += source[cursor : edit["start"]] + edit["text"]
        cursor = edit["stop"]
    return made + source[cursor:]


def untouched(spans: list[tuple[int, int]], edits: list[dict[str, Any]]) -> bool:
    """No edit changes a character of a span or puts something inside one."""
    return not any(
        edit["start"] < stop and edit["stop"] > start
        for start, stop in spans
        for edit in edits
        if start < stop
    )


def test_every_lexical_method_is_tested_here() -> None:
    assert sorted([*METHODS, *NOT_LEXICAL]) == list(names("augmenter"))


@pytest.mark.parametrize("language", ["en", "zh", "und"])
@pytest.mark.parametrize("name", METHODS)
@settings(max_examples=40)
@given(made=st.lists(rows(), min_size=1, max_size=5), size=st.integers(1, 4))
def test_any_text_and_any_spans(name: str, language: str, made: Any, size: int) -> None:
    batch, method = batch_of(made, language), of(name)
    out = method.apply(batch)
    assert replay(batch.text, out.edits).equals(out.text)
    columns = made, out.text.to_pylist(), out.edits.to_pylist()
    for (source, spans), text, edits in zip(*columns, strict=True):
        if text is not None:
            assert spliced(source, edits) == text != source
            assert untouched(spans, edits)
    cuts = [batch.slice(i, min(i + size, len(batch))) for i in range(0, len(batch), size)]
    same_rows(out, [method.apply(cut) for cut in cuts])


def same_rows(whole: Variants, cuts: list[Variants]) -> None:
    assert pa.concat_arrays([cut.text for cut in cuts]).equals(whole.text)
    assert pa.concat_arrays([cut.edits for cut in cuts]).to_pylist() == whole.edits.to_pylist()


@pytest.mark.parametrize("name", METHODS)
@given(made=st.lists(rows(), min_size=1, max_size=5))
def test_no_rate_is_the_identity(name: str, made: Any) -> None:
    out = of(name, rate=0.0, min_edits=0).apply(batch_of(made, "en"))
    assert out.text.null_count == out.edits.null_count == len(made)


@pytest.mark.parametrize(("name", "language"), LANGUAGES)
def test_copies_differ_and_do_not_depend_on_their_number(name: str, language: str) -> None:
    method, text = of(name), TEXTS[language]
    five = [variant.text for variant in method.variants(text, 5, language=language)]
    three = [variant.text for variant in method.variants(text, 3, language=language)]
    assert five[:3] == three
    assert len(set(five)) == len(five) == 5


@pytest.mark.parametrize(("name", "language"), LANGUAGES)
def test_only_the_drawn_occurrence_is_edited(name: str, language: str) -> None:
    text = "movie " * 30 + TEXTS[language]
    out = of(name, rate=0.01, max_edits=1).apply(TextBatch.of([text], language=language))
    assert [len(edits) for edits in out.edits.to_pylist()] == [2 if name == "random_swap" else 1]


COPIES = 12_000


def copies(text: str, language: str, count: int = COPIES) -> TextBatch:
    base = np.repeat(row_keys(0, hash_strings([text])), count)
    keys = np.concatenate([derive(base[k : k + 1], k) for k in range(count)])
    source = pa.array([text] * count, pa.string())
    return TextBatch(source, keys, language, no_spans(count))


def chi_square(counts: Sequence[int], shares: Sequence[float] | None = None) -> float:
    """How far the counts are from their expectation, in standard deviations (Wilson & Hilferty)."""
    found = np.asarray(counts, float)
    wanted = found.sum() * (
        np.full(len(found), 1 / len(found)) if shares is None else np.asarray(shares)
    )
    free = len(found) - 1
    statistic = ((found - wanted) ** 2 / wanted).sum()
    spread = 2 / (9 * free)
    return float(((statistic / free) ** (1 / 3) - (1 - spread)) / np.sqrt(spread))


FAR = 4.0
"""One fair method in 30,000 is farther off; the keys are fixed, so a test fails always or never."""


def edited(words: Sequence[str], edit: dict[str, Any]) -> int:
    """The word that an edit touches; one beside it, if it touches none."""
    stops = np.cumsum([len(word) + 1 for word in words]) - 1
    starts = np.append(0, stops[:-1] + 1)
    inside = np.flatnonzero((starts < edit["stop"]) & (stops > edit["start"]))
    beside = np.flatnonzero((starts <= edit["start"]) & (stops >= edit["start"]))
    return int((inside if len(inside) else beside)[0])


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.words])
def test_every_place_has_the_same_chance(name: str) -> None:
    words, language = METHODS[name].words or (), METHODS[name].languages[0]
    batch = copies(" ".join(words), language)
    out = of(name, rate=0.01, min_edits=1, max_edits=1).apply(batch)
    places = [edited(words, edit) for edits in out.edits.to_pylist() for edit in edits or ()]
    assert len(places) >= 0.95 * COPIES
    assert chi_square(np.bincount(places, minlength=len(words)).tolist()) < FAR


def test_the_measure_finds_unfairness() -> None:
    fair = [1000, 1010, 990, 1005, 995]
    assert chi_square(fair) < FAR < chi_square([*fair[:-1], 1200])


def outcomes(step: Augmenter, text: str) -> Counter[tuple[str, ...]]:
    """How often each row of new texts comes out of the copies; declined copies are left out."""
    rows = step.apply(copies(text, "en")).edits.to_pylist()
    return Counter(tuple(edit["text"] for edit in edits) for edits in rows if edits)


def fits(counts: Counter[tuple[str, ...]], shares: Mapping[tuple[str, ...], float]) -> bool:
    """Whether these outcomes come out, no others, and as often as they should."""
    assert set(counts) == set(shares)
    return chi_square([counts[key] for key in shares], list(shares.values())) < FAR


def equal(keys: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], float]:
    found = list(keys)
    return dict.fromkeys(found, 1 / len(found))


@pytest.fixture
def pairs(tmp_path: Path) -> str:
    path = tmp_path / "pairs.tsv"
    path.write_text("car\tauto\t5\ncar\tmotor\t2\ncar\twheels\t1\ndog\thound\n")
    return str(path)


def test_synonyms_are_drawn_by_weight(pairs: str) -> None:
    drawn = outcomes(of("synonym", lexicon=pairs, rate=1.0), "car")
    assert fits(drawn, {("auto",): 5 / 8, ("motor",): 2 / 8, ("wheels",): 1 / 8})


def test_synonyms_of_the_table_are_drawn_by_weight() -> None:
    table, word = load_senses("wordnet", 1), "terrible"
    (place,) = table.find(pa.array([word]))
    own = slice(table.offsets[place], table.offsets[place + 1])
    weights = table.weights[own].astype(float)
    words = [(candidate,) for candidate in table.candidates.to_pylist()[own]]
    shares = dict(zip(words, weights / weights.sum(), strict=True))
    assert len(shares) > 1
    assert fits(outcomes(of("synonym", rate=1.0), word), shares)


def test_inserted_words_are_of_any_word_and_drawn_by_weight(pairs: str) -> None:
    step = of("random_insertion", lexicon=pairs, rate=0.01, max_edits=1)
    shares = {(" auto",): 5 / 16, (" motor",): 2 / 16, (" wheels",): 1 / 16, (" hound",): 1 / 2}
    assert fits(outcomes(step, "car dog"), shares)


def test_inserted_marks_and_their_number_have_the_same_chance() -> None:
    one = outcomes(of("aeda", rate=0.01, max_edits=1), "ant bee cat dog")
    assert fits(one, equal((f"{mark} ",) for mark in ".;?:!,"))
    some = outcomes(of("aeda", rate=0.5), "ant bee cat dog elk fox")
    numbers = Counter(len(marks) for marks in some.elements())
    assert chi_square([numbers[number] for number in (1, 2, 3)]) < FAR
    assert numbers.total() == COPIES


def test_cases_and_letters_have_the_same_chance() -> None:
    word = "gorgeousness"
    styles = Counter(
        new if new in ((word.title(),), (word.upper(),)) else ("random",)
        for new in outcomes(of("case_noise", rate=1.0), word).elements()
    )
    assert fits(styles, equal([(word.title(),), (word.upper(),), ("random",)]))
    tossed = outcomes(of("case_noise", rate=1.0, case="random"), "ant")
    assert fits(tossed, equal((new,) for new in ("Ant", "aNt", "anT", "ANt", "AnT", "aNT", "ANT")))


def test_pairs_that_swap_have_the_same_chance() -> None:
    text = "ant bee cat dog elk"
    one = outcomes(of("random_swap", rate=0.01, max_edits=1), text)
    assert fits(one, equal((b, a) for a, b in combinations(text.split(), 2)))
    both = outcomes(of("random_swap", rate=1.0), "ant bee cat dog")
    ways = ["bee ant dog cat", "cat dog ant bee", "dog cat bee ant"]
    assert fits(both, equal(tuple(way.split()) for way in ways))
