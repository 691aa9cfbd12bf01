"""The libraries that augmill is timed beside, each set to the same rate of edited words."""

import importlib.util
import sys
import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from unittest.mock import patch

from augment.text.languages import language
from benchmarks.data import package_folder

Augment = Callable[[list[str]], object]


@dataclass(frozen=True, slots=True)
class Peer:
    """A counterpart of one of augmill's steps.

    Attributes:
        library: its distribution name.
        what: the augmenter and how it is set.
        make: builds it for a rate of edited words, from sentences of the corpus.
        rows: how many of the corpus's rows are timed at the most; fewer where it is slow.
    """

    library: str
    what: str
    make: Callable[[float, list[str]], Augment]
    rows: int = 10_000

    def ready(self, rate: float, texts: list[str]) -> Augment | None:
        """The augmenter, tried out on a row; None if the library or its data is missing."""
        try:
            augment = self.make(rate, texts)
            augment(texts[:1])
        except (ImportError, LookupError) as error:
            first = next(line for line in str(error).splitlines() if line.strip(" *"))
            print(f"not installed: {self.library} ({self.what}): {first}", file=sys.stderr)
            return None
        return augment


def nlpaug_word(name: str, **params: Any) -> Peer:
    """A word augmenter of nlpaug; it takes one text at a time, as its lists do inside."""

    def make(rate: float, _: list[str]) -> Augment:
        import nlpaug.augmenter.word as words

        augmenter = getattr(words, name)(aug_p=rate, **params)
        return lambda texts: [augmenter.augment(text) for text in texts]

    return Peer("nlpaug", _called(name, params), make, rows=400)


def nlpaug_char(name: str, **params: Any) -> Peer:
    """A character augmenter of nlpaug, set to one character of each chosen word."""

    def make(rate: float, _: list[str]) -> Augment:
        import nlpaug.augmenter.char as characters

        budget = {"aug_word_p": rate, "aug_char_min": 1, "aug_char_max": 1}
        augmenter = getattr(characters, name)(**budget, **params)
        return lambda texts: [augmenter.augment(text) for text in texts]

    return Peer("nlpaug", _called(name, params), make, rows=400)


def nlpaug_tfidf() -> Peer:
    """nlpaug's TfIdfAug, fitted on the corpus, which is not timed."""

    def make(rate: float, texts: list[str]) -> Augment:
        import nlpaug.augmenter.word as words
        from nlpaug.model.word_stats import TfIdf

        statistics = TfIdf()
        statistics.train([text.split() for text in texts])
        with tempfile.TemporaryDirectory() as folder:
            statistics.save(folder)
            augmenter = words.TfIdfAug(model_path=folder, aug_p=rate, tokenizer=str.split)
        return lambda texts: [augmenter.augment(text) for text in texts]

    return Peer("nlpaug", "TfIdfAug", make, rows=400)


def eda(name: str, rows: int = 10_000) -> Peer:
    """An operation of textaugment's EDA, with its count of words set by each text's length."""

    def make(rate: float, _: list[str]) -> Augment:
        # It asks for downloads whenever it is built, and needs none for these operations but
        # WordNet, which is there or raises LookupError when it is used.
        with patch("nltk.download"):
            made = _textaugment("eda").EDA(stop_words=language("en").stopwords.to_pylist())
        operation = getattr(made, name)
        if name == "random_deletion":
            return lambda texts: [operation(text, rate) for text in texts]
        return lambda texts: [operation(text, _edits(text, rate)) for text in texts]

    return Peer("textaugment", f"EDA.{name}", make, rows)


def aeda() -> Peer:
    """textaugment's AEDA, which draws its own rate; a text of fewer than 3 words it can't do."""

    def make(_rate: float, _texts: list[str]) -> Augment:
        insert = _textaugment("aeda").AEDA().punct_insertion
        return lambda texts: [insert(text) for text in texts if text.count(" ") > 1]

    return Peer("textaugment", "AEDA.punct_insertion", make)


def fast_aug(name: str, *params: Any, characters: bool = False, share: float | None = None) -> Peer:
    """An augmenter of fast-aug, given the whole list at once.

    Args:
        name: its class.
        params: what the class takes behind its rates.
        characters: edit one character of each chosen word.
        share: the rate, if it is not the common one.
    """

    def make(rate: float, _: list[str]) -> Augment:
        import fast_aug.text

        one = ((1.0, 1, 1),) if characters else ()
        augmenter = getattr(fast_aug.text, name)(share or rate, *one, *params)
        return augmenter.augment_batch  # type: ignore[no-any-return]

    return Peer("fast-aug", name, make)


def nlpcda(name: str) -> Peer:
    """An augmenter of nlpcda: one variant of each text."""

    def make(rate: float, _: list[str]) -> Augment:
        with redirect_stdout(sys.stderr):
            import nlpcda as package

            augmenter = getattr(package, name)(create_num=2, change_rate=rate)
        return lambda texts: [augmenter.replace(text) for text in texts]

    return Peer("nlpcda", name, make, rows=100)


def _edits(text: str, rate: float) -> int:
    return max(1, round(rate * (text.count(" ") + 1)))


def _called(name: str, params: dict[str, Any]) -> str:
    given = ", ".join(f"{key}={value!r}" for key, value in params.items())
    return f"{name}({given})"


def _textaugment(name: str) -> ModuleType:
    """A module of textaugment, without the package's own imports: gensim, googletrans."""
    path = package_folder("textaugment", "textaugment==3.0.0") / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"textaugment_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
