"""English misspellings that people made: the list that the ``nlpaug`` package carries.

A line holds a word and how it was written instead. The list is used as far as it shows slips of
spelling: what is a word of its own (``their`` for ``there``) would change the meaning and is left
out, as are annotations, names with accents, and what is further from the word than a third of its
letters, or two.
"""

from collections import defaultdict
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import regex
from rapidfuzz.distance import OSA

from augment.errors import MissingExtraError
from augment.lexicons.lexicon import Lexicon
from augment.lexicons.sources import load_lexicon
from augment.text.languages import language

_FILE = "res/word/spelling/spelling_en.txt"
_WORD = regex.compile(r"[A-Za-z]{2,}(?:'[A-Za-z]{1,2})?")
_WRITTEN = regex.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?")


@cache
def load() -> Lexicon:
    """Words, lower case, with their misspellings, all equally likely.

    Raises:
        MissingExtraError: ``nlpaug`` is not installed.
    """
    spec = find_spec("nlpaug")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("spelling noise", "nlpaug", "all")
    path = Path(spec.submodule_search_locations[0]) / _FILE
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for line in path.read_text("utf-8").splitlines():
        word, *written = line.split(" ")
        if _WORD.fullmatch(word):
            found[word.lower()] |= dict.fromkeys(w.lower() for w in written)
    words = {*found, *load_lexicon("wordnet").words.to_pylist()}
    words |= set(language("en").stopwords.to_pylist())
    return Lexicon.of(
        {
            word: [(w, 0, 1.0) for w in written if w not in words and _is_slip(word, w)]
            for word, written in found.items()
        }
    )


def _is_slip(word: str, written: str) -> bool:
    if not _WRITTEN.fullmatch(written):
        return False
    most = min(2, max(1, len(word) // 3))
    return OSA.distance(word, written, score_cutoff=most) <= most
