"""Statistics of a corpus: in how many of its texts each frequent word stands, and how often.

Counting (:mod:`augment.counting`) keeps every word, so that counts add up; statistics keep the
frequent ones, by a rule that looks at the sums alone, and are what augmenters read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from augment.atomic import whole_file
from augment.counting import SCHEMA, WordCounts
from augment.errors import StatisticsError
from augment.text.languages import primary
from augment.text.protect import Protection
from augment.vocabulary import Vocabulary

MIN_DOCUMENTS = 2
"""Texts that a word must stand in to be kept: a word of a single text is often a slip."""

MOST_WORDS = 200_000
"""Words of a language that are kept at the most."""


@dataclass(frozen=True, eq=False)
class CorpusStatistics:
    """The frequent words of a corpus, language by language.

    Attributes:
        texts: how many texts of each language, by its primary tag.
        table: as in :data:`augment.counting.SCHEMA`; by language, then documents and count
            (greatest first), then word.
    """

    texts: Mapping[str, int]
    table: pa.Table

    @classmethod
    def of(
        cls,
        texts: Iterable[str] | pa.StringArray,
        language: str = "en",
        *,
        min_documents: int = MIN_DOCUMENTS,
    ) -> "CorpusStatistics":
        """Statistics of texts; words in what is protected by default are not counted.

        Args:
            texts: ``(n,)``, no nulls.
            language: BCP 47 tag of the texts.
            min_documents: texts that a word must stand in to be kept.
        """
        column = texts if isinstance(texts, pa.Array) else pa.array(list(texts), pa.string())
        counts = WordCounts.of(column, language, Protection().find(column))
        return cls(counts.texts, frequent(counts.table, min_documents))

    def language(self, tag: str) -> Vocabulary | None:
        """The words of a language, None if the corpus has no text of it."""
        return self._vocabularies.get(primary(tag))

    @cached_property
    def _vocabularies(self) -> Mapping[str, Vocabulary]:
        tags = self.table["language"].to_numpy()
        found = {}
        for tag, texts in self.texts.items():
            rows = np.flatnonzero(tags == tag)
            part = self.table.slice(rows[0] if len(rows) else 0, len(rows)).combine_chunks()
            numbers = (part[name].to_numpy() for name in ("documents", "count", "lower"))
            words = pa.concat_arrays([pa.array([], pa.string()), *part["word"].chunks])
            found[tag] = Vocabulary(texts, words, *numbers)
        return found

    @cached_property
    def digest(self) -> str:
        """32 hex digits over the contents."""
        state = xxhash.xxh3_128(repr(sorted(self.texts.items())).encode())
        for column in self.table.columns:
            values = column.to_pylist()
            state.update("\0".join(map(str, values)).encode() + b"\1")
        return state.hexdigest()

    def save(self, path: str | Path) -> None:
        """Write an Arrow file, which appears under its name only when it is whole."""
        told = {"digest": self.digest, **{f"texts.{tag}": str(n) for tag, n in self.texts.items()}}
        schema = SCHEMA.with_metadata(told)
        with whole_file(Path(path)) as made, pa.ipc.new_file(made, schema) as writer:
            writer.write_table(self.table.cast(schema).combine_chunks())

    @classmethod
    def load(cls, path: str | Path) -> "CorpusStatistics":
        """Read what :meth:`save` wrote.

        Raises:
            StatisticsError: there is no such file, or it is another kind of file, or damaged.
        """
        try:
            with pa.OSFile(str(path)) as source:
                table = pa.ipc.open_file(source).read_all()
        except FileNotFoundError:
            raise StatisticsError(f"there are no statistics {str(path)!r}") from None
        except (pa.ArrowInvalid, OSError) as error:
            raise StatisticsError(f"{str(path)!r} can't be read as statistics: {error}") from None
        told = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
        if not table.schema.equals(SCHEMA) or "digest" not in told:
            raise StatisticsError(f"{str(path)!r} holds no statistics of a corpus")
        prefix = "texts."
        texts = {k.removeprefix(prefix): int(v) for k, v in told.items() if k.startswith(prefix)}
        found = cls(dict(sorted(texts.items())), table.replace_schema_metadata(None))
        if found.digest != told["digest"]:
            raise StatisticsError(f"the statistics {str(path)!r} are damaged: count them again")
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CorpusStatistics) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def frequent(counts: pa.Table, min_documents: int = MIN_DOCUMENTS) -> pa.Table:
    """The words of exact counts that statistics keep, in their order.

    Of a table whose words are all different, it does not matter whether it comes whole or in
    parts: the frequent words of the parts' frequent words are those of the whole.

    Args:
        counts: as in :data:`augment.counting.SCHEMA`.
        min_documents: texts that a word must stand in.
    """
    kept = counts.filter(pc.greater_equal(counts["documents"], min_documents))
    falling = [("documents", "descending"), ("count", "descending"), ("word", "ascending")]
    kept = kept.sort_by([("language", "ascending"), *falling]).combine_chunks()
    tags = kept["language"].to_numpy()
    opens = np.flatnonzero(np.append(True, tags[1:] != tags[:-1])[: len(tags)])
    rank = np.arange(len(tags)) - np.repeat(opens, np.diff(np.append(opens, len(tags))))
    return kept.filter(pa.array(rank < MOST_WORDS))


def open_statistics(path: str) -> CorpusStatistics:
    """Statistics by their path; read once per process, and again if the file was replaced.

    Raises:
        StatisticsError: see :meth:`CorpusStatistics.load`.
    """
    try:
        found = Path(path).stat()
    except OSError:
        return CorpusStatistics.load(path)
    return _opened(path, (found.st_ino, found.st_mtime_ns, found.st_size))


@lru_cache(maxsize=4)
def _opened(path: str, _file: tuple[int, int, int]) -> CorpusStatistics:
    return CorpusStatistics.load(path)
