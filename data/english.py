"""English passages in four registers, read with the readers that made the bundled model's corpus.

The readers yield texts only. Shown one file at a time, they tell which file a text comes from.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from rows import Passage
from screens import INFORMAL, WORD, answers, fit, polished

from augment.models.bundled.texts import SOURCES

PACKAGES = {
    "chitchat_dataset": "chitchat-dataset 0.9.0",
    "wordnet-base": "wordnet-base 3.0-37",
    "r-cran-janeaustenr": "r-cran-janeaustenr 1.0.0-1",
    "postgresql-doc-15": "postgresql-doc-15 15.20-0+deb12u1",
    "python3.11-doc": "python3.11-doc 3.11.2-6+deb12u9",
}
"""Folder of an unpacked package → its name and version."""

NOVELS = {
    title.upper(): title
    for title in (
        "Emma",
        "Mansfield Park",
        "Northanger Abbey",
        "Persuasion",
        "Pride and Prejudice",
        "Sense and Sensibility",
    )
}

APPARATUS = re.compile(
    r"/(?:release|biblio|acknowledg|history|contrib-|errcodes|features|bookindex|docguide)[^/]*$"
    r"|/whatsnew/|/(?:about|bugs|copyright|license|genindex|search|contents|download)[^/]*$"
)
"""Pages of names, lists and legal text rather than explanation."""


def passages(packages: Path) -> Iterator[Passage]:
    """All passages fit to be chosen."""
    books = [*definitions(packages), *novels(packages)]
    known = vocabulary(passage.text for passage in books)
    for passage in (*books, *manuals(packages), *conversations(packages, known)):
        if fit(passage.label, passage.text):
            yield passage


def vocabulary(texts: Iterable[str]) -> frozenset[str]:
    """The words that occur twice in lower case: names do not, and misspellings rarely."""
    counts = Counter(word for text in texts for word in WORD.findall(text) if word.islower())
    return INFORMAL | {word for word, count in counts.items() if count > 1}


def shown_alone(packages: Path, pattern: str, register: str) -> Iterator[tuple[Path, int, str]]:
    """Path, number within it, and text, of all a reader finds at the paths that match."""
    with TemporaryDirectory() as folder:
        for path in sorted(packages.glob(pattern)):
            place = path.relative_to(packages)
            link = folder / place
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())
            for number, text in enumerate(SOURCES[register](Path(folder)), 1):
                yield place, number, text
            link.unlink()


def definitions(packages: Path) -> Iterator[Passage]:
    """Glosses, spread over the parts of speech."""
    name = PACKAGES["wordnet-base"]
    for path, number, text in shown_alone(packages, "wordnet-base/**/data.*", "definition"):
        yield Passage(text, "definition", path.name, f"{name}: {path.name}, synset {number}")


def novels(packages: Path) -> Iterator[Passage]:
    """Paragraphs, spread over the novels; a novel begins at its title."""
    name, title = PACKAGES["r-cran-janeaustenr"], ""
    for number, text in enumerate(SOURCES["novel"](packages), 1):
        title = NOVELS.get(text.upper(), title)
        yield Passage(text, "novel", title, f"{name}: {title}, paragraph {number}")


def manuals(packages: Path) -> Iterator[Passage]:
    """Paragraphs of explanation, spread over the two manuals and those that hold a link."""
    for folder in ("postgresql-doc-15", "python3.11-doc"):
        name = PACKAGES[folder]
        for path, number, text in shown_alone(packages, f"{folder}/**/*.html", "manual"):
            page = str(path).split("/html/")[-1]
            group = "link" if "://" in text else folder
            if not APPARATUS.search(f"/{page}"):
                yield Passage(text, "manual", group, f"{name}: {page}, paragraph {number}")


def conversations(packages: Path, known: frozenset[str]) -> Iterator[Passage]:
    """Messages, and questions with their answers; one source a conversation, so one is chosen."""
    name = PACKAGES["chitchat_dataset"]
    for number, text in enumerate(SOURCES["conversation"](packages), 1):
        messages = text.split("\n")
        for start, message in enumerate(messages):
            if polished(message, known):
                source = f"{name}: conversation {number}"
                yield from exchanges(messages[start : start + 2], source, known)


def exchanges(messages: list[str], source: str, known: frozenset[str]) -> Iterator[Passage]:
    """The first message, if it can stand alone, or with the second, if that seems to answer it."""
    first, *rest = messages
    if len(first.split()) >= 12:
        yield Passage(first, "conversation", "message", source)
    for second in rest:
        if answers(first, second) and polished(second, known):
            yield Passage(f"{first}\n{second}", "conversation", "exchange", source)
