"""Thesauri in the MyThes format, which LibreOffice and OpenOffice use (``th_de_DE_v2.dat``).

The first line names the encoding. Each word then has a line ``word|n`` and n lines, one for each
of its senses: ``(part of speech)|synonym|synonym …``. Notes in brackets stand before or behind a
synonym: what kind of relative it is (``hot (antonym)``), its register, or what goes with it
(``(sich) freuen``).
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.errors import LexiconError
from augment.lexicons.pairs import Pairs
from augment.lexicons.thesaurus import decoded

_ALIASES = {"microsoft-cp1251": "cp1251", "tis620-2533": "tis-620"}
"""Names of encodings that these files use and Python does not know."""

_HEAD = r"^\s*(?P<note>[(\[][^)\]|]*[)\]])?(?P<glued>[^|]*)(?P<rest>.*)$"
"""A sense's first field: some files forget the bar between it and the first synonym."""

_MAIN_FORM = "(Hauptform)"
_NOTE = re.compile(r"(?<!\S)[(\[]([^()\[\]]*)[)\]](?!\S)")
_RELATIVES = (
    # No synonyms: antonyms, broader and narrower terms, looser relatives.
    r"ant\b|ant\S{1,4}n[iy]m|антон[иі]м|andheiti|protipomenka"
    r"|generic|oberbegriff|overbegre|yfirheiti|nadpomenka|nadrzędne|kategória|h[iy]p[eé]r[oó]n"
    r"|unterbegriff|underbegre|undirheiti|podpomenka|podrzędne|h[iy]p[oó]n"
    r"|related|similar|связанный|сходный"
)
_REGISTERS = (
    # Vulgar, abusive and obsolete words, and those that the thesaurus itself calls wrong.
    r"derb\b|vulg|wulg|вульг|abwertend|despect|pejor|obraźl|slabšalno|nizko|бранн|лайл|знев|ondsindet"
    r"|veralte|przestarz|archai|zastarel|starinsk|înv|заст|устар|p\. us\.|nesprávne|\.\.\."
)
_UNWANTED = re.compile(rf"(?<!\w)(?:{_RELATIVES}|{_REGISTERS})", re.IGNORECASE)


def read_mythes(path: Path) -> Pairs:
    """Pairs of a thesaurus.

    Antonyms, broader, narrower and loosely related terms are left out, and so are words noted as
    vulgar, abusive, obsolete or wrong, and patterns with a gap (``anno (...)``). Other notes are
    cut off. A word's senses keep their order, except that those which list the word itself come
    first, if it is noted there as the main form (``Haus (Hauptform)``) before all; later senses
    weigh less.

    Raises:
        LexiconError: naming the line that is not as the format wants it.
    """
    words, lines = [], []
    for word, line in _senses(path):
        words.append(word)
        lines.append(line)
    word, fields = pa.array(words, pa.string()), _synonyms(pa.array(lines, pa.string()))
    owner, raw = pc.list_parent_indices(fields).to_numpy(), fields.flatten()
    words_of, synonyms = word.take(pa.array(owner)), _without_notes(raw)
    own = pc.equal(pc.utf8_lower(words_of), pc.utf8_lower(synonyms))
    main = pc.and_(own, pc.match_substring(raw, _MAIN_FORM))
    merit = np.zeros(len(words), np.int64)
    for signs in own, main:
        merit[owner[signs.to_numpy(zero_copy_only=False)]] += 1
    sense = _ranks(pc.dictionary_encode(pc.utf8_lower(word)).indices.to_numpy(), merit)[owner]
    return Pairs(words_of, synonyms, sense, 1.0 / (1.0 + sense))


def _ranks(word: npt.NDArray[np.int32], merit: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Number of each sense within its word, by falling merit, then by order in the file."""
    order = np.lexsort((-merit, word))
    place = np.empty(len(word), np.int64)
    place[order] = np.arange(len(word))
    return place - np.searchsorted(word[order], word)


def _synonyms(lines: pa.StringArray) -> pa.ListArray:
    """The synonyms of each sense, notes included; null where the part of speech rules them out."""
    head = pc.extract_regex(lines, _HEAD)
    note, glued, rest = (head.field(i) for i in range(3))
    glued = pc.if_else(pc.equal(note, ""), "", glued)
    fields = pc.split_pattern(pc.binary_join_element_wise(glued, rest, ""), "|")
    distinct = pc.unique(note).to_pylist()
    unwanted = pa.array([n for n in distinct if _UNWANTED.search(n)], pa.string())
    return pc.if_else(pc.is_in(note, value_set=unwanted), None, fields)


def _senses(path: Path) -> Iterator[tuple[str, str]]:
    """Each sense: its word and its line."""
    data = path.read_bytes()
    lines = decoded(path, data, _encoding(path, data))
    next(lines)
    for number, line in lines:
        if not line.strip():
            continue
        word, bar, count = line.rpartition("|")
        if not (bar and count.strip().isdecimal()):
            raise LexiconError(
                f"{path}, line {number}: expected word|number of senses, not {line[:60]!r}"
            )
        for sense in range(int(count)):
            found = next(lines, None)
            if found is None:
                raise LexiconError(
                    f"{path}, line {number}: {word!r} has {count} senses, "
                    f"but the file ends after {sense} of them"
                )
            yield word, found[1]


def _encoding(path: Path, data: bytes) -> str:
    first = data.split(b"\n", 1)[0].removeprefix(codecs.BOM_UTF8).strip()
    name = first.decode("ascii", "replace")
    try:
        known = codecs.lookup(_ALIASES.get(name.lower(), name)).name
    except LookupError:
        raise LexiconError(
            f"{path}, line 1: a thesaurus begins with the name of its encoding, such as UTF-8 or "
            f"ISO8859-1, not {name[:60]!r}"
        ) from None
    return "utf-8-sig" if known == "utf-8" else known


def _without_notes(synonyms: pa.StringArray) -> pa.StringArray:
    """Synonyms with their notes cut off; empty where they are not wanted."""
    encoded = pc.dictionary_encode(synonyms)
    cleaned = [_without_note(word) for word in encoded.dictionary.to_pylist()]
    return pa.array(cleaned, pa.string()).take(encoded.indices)


def _without_note(synonym: str) -> str:
    if "(" in synonym or "[" in synonym:
        if any(_UNWANTED.search(note) for note in _NOTE.findall(synonym)):
            return ""
        synonym = " ".join(_NOTE.sub(" ", synonym).split())
    # Brackets inside a word mean two words in one; dots mean a gap to be filled.
    return "" if re.search(r"[()\[\]…]|\.\.", synonym) else synonym
