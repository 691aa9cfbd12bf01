"""What augmill and its peers replace in a sentence by synonyms, place by place."""

import random
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from difflib import SequenceMatcher

import pyarrow as pa

from augment import Protection, SynonymReplacement, TextBatch
from augment.augmenter import Augmenter
from benchmarks.reading.sentences import Sentence

RATE = 0.2
OURS = "augmill"
TORN = "torn apart"
CASE = "letter case"
_TOKEN = re.compile(r"\w+|[^\w\s]")
_ATTEMPTS = 20
"""The peer for Chinese may draw no replacement at all; it then draws again, as in a run of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One place that a system changed.

    Attributes:
        start: in code points of the sentence.
        word: what stood there.
        new: what stands there now.
        damage: the same letters, but an error of form, which nobody need read: characters that
            stood together were put apart (``don ' t``: :data:`TORN`), or capitals were lost
            (:data:`CASE`).
    """

    start: int
    word: str
    new: str
    damage: str = ""


@dataclass(frozen=True, slots=True)
class Variant:
    """What a system made of a sentence; no changes if it left it as it was."""

    system: str
    sentence: Sentence
    text: str
    changes: tuple[Change, ...]


def ours(sentences: Sequence[Sentence]) -> Iterator[Variant]:
    """augmill's variants: the edits are its own."""
    return edited(SynonymReplacement(rate=RATE), sentences)


def edited(step: Augmenter, sentences: Sequence[Sentence]) -> Iterator[Variant]:
    """A variant of each sentence by a step of augmill."""
    for tag in ("en", "zh"):
        part = [s for s in sentences if s.language == tag]
        if not part:
            continue
        column = pa.array([s.text for s in part], pa.string())
        batch = TextBatch.of(column, language=tag, protected=Protection().find(column))
        out = step.apply(batch)
        for sentence, text, edits in zip(
            part, out.text.to_pylist(), out.edits.to_pylist(), strict=True
        ):
            changes = tuple(
                Change(e["start"], sentence.text[e["start"] : e["stop"]], e["text"])
                for e in edits or ()
            )
            yield Variant(OURS, sentence, sentence.text if text is None else text, changes)


def peers(sentences: Iterable[Sentence]) -> Iterator[Variant]:
    """nlpaug's variants of English and nlpcda's of Chinese sentences."""
    from nlpaug.augmenter.word import SynonymAug

    with redirect_stdout(sys.stderr):
        from nlpcda import Similarword

        chinese = Similarword(create_num=2, change_rate=RATE)
    english = SynonymAug(aug_src="wordnet", aug_p=RATE)
    for sentence in sentences:
        random.seed(sentence.id)  # noqa: TID251 - both peers draw from the global generator
        if sentence.language == "zh":
            yield _by_words(sentence, chinese)
            continue
        text = english.augment(sentence.text)[0]
        yield Variant("nlpaug", sentence, text, tuple(changes_between(sentence.text, text)))


def _by_words(sentence: Sentence, augmenter: "Similarword") -> Variant:  # type: ignore[name-defined]  # noqa: F821
    """nlpcda word by word, with its own segmenter and its own draw for each word."""
    words = list(augmenter.jieba.cut(sentence.text))
    for _ in range(_ATTEMPTS):
        made = [augmenter.s1(word) for word in words]
        if made != words:
            break
    starts = [sum(map(len, words[:i])) for i in range(len(words))]
    changes = tuple(
        Change(start, word, new)
        for start, word, new in zip(starts, words, made, strict=True)
        if word != new
    )
    return Variant("nlpcda", sentence, "".join(made), changes)


def changes_between(source: str, text: str) -> list[Change]:
    """What a system changed that does not say it: replaced words, and words torn apart.

    Words and marks are compared one by one. Where they differ, it is a replacement. Where they
    agree but stand apart now, the word of the source that holds them was torn, once however many
    cuts it has. Lost white space is not counted.

    >>> changes_between("I don't like it.", "I don ' t care it.")
    [Change(start=2, word="don't", new="don ' t", damage='torn apart'), \
Change(start=8, word='like', new='care', damage='')]
    """
    old, new = list(_TOKEN.finditer(source)), list(_TOKEN.finditer(text))
    matcher = SequenceMatcher(None, [m[0] for m in old], [m[0] for m in new], autojunk=False)
    found: list[Change] = []
    pair: dict[int, int] = {}
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            pair.update(zip(range(a, b), range(c, d), strict=True))
            continue
        # As many words as before: one replacement each. Otherwise they are judged as a whole.
        parts = [(i, i + 1, j, j + 1) for i, j in zip(range(a, b), range(c, d), strict=False)]
        for w, x, y, z in parts if b - a == d - c else [(a, b, c, d)]:
            start = old[w].start() if w < len(old) else len(source)
            found.append(Change(start, _span(source, old, w, x), _span(text, new, y, z)))
    found += _torn(source, text, old, new, pair)
    return sorted(found, key=lambda change: change.start)


def _torn(
    source: str,
    text: str,
    old: Sequence["re.Match[str]"],
    new: Sequence["re.Match[str]"],
    pair: dict[int, int],
) -> Iterator[Change]:
    """Runs of the source without white space, all of whose tokens are kept, but apart."""
    runs: dict[int, list[int]] = {}
    for i, match in enumerate(old):
        opens = not i or old[i - 1].end() < match.start()
        first = i if opens else next(reversed(runs))
        runs.setdefault(first, []).append(i)
    for run in runs.values():
        cuts = [
            i
            for i in run[1:]
            if i in pair and i - 1 in pair and new[pair[i]].start() > new[pair[i - 1]].end()
        ]
        if cuts:
            a, b = cuts[0] - 1, cuts[-1] + 1
            yield Change(
                old[a].start(),
                _span(source, old, a, b),
                _span(text, new, pair[a], pair[b - 1] + 1),
                TORN,
            )


def _span(text: str, tokens: Sequence["re.Match[str]"], first: int, last: int) -> str:
    return text[tokens[first].start() : tokens[last - 1].end()] if first < last else ""
