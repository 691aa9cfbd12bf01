"""A classifier of labelled texts that judges no text by what it learned of that text itself.

It is one linear model per fold. Which fold a text is in is told by a hash of the text, so all
copies of a text are in one; a fold's model learned from the texts of the other folds alone. Texts
that were never seen, such as variants, are judged by the fold of the text they were made of
(cross-fitting; the predictions are those called "out-of-sample" by Northcutt, Jiang & Chuang 2021,
"Confident Learning", §2). Prediction needs no scikit-learn.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from augment.atomic import whole_file
from augment.errors import ModelError
from augment.models.text_features import Features, tfidf
from augment.randomness import Keys, derive, hash_strings
from augment.text.columns import Ints

Floats = npt.NDArray[np.float32]

FOLDS = 5

_FORMAT = "augmill-classifier, 1"
_COLUMNS = ("name", "idf", "weights")


@dataclass(frozen=True, eq=False)
class LabelClassifier:
    """Linear models of TF-IDF weights of words and pairs of words, one model a fold.

    Attributes:
        labels: the c labels, sorted.
        names: ``(f,)`` uint64, ascending: the features that are known.
        idf: ``(f,)`` float32.
        weights: ``(f, FOLDS, c)`` float32.
        bias: ``(FOLDS, c)`` float32; −inf for a label that a fold's model never saw.
        temperature: by which scores are divided before they become probabilities.
        texts: how many distinct texts it learned from.
        accuracy: share of them whose label the model of their own fold finds.
    """

    labels: tuple[str, ...]
    names: Keys
    idf: Floats
    weights: Floats
    bias: Floats
    temperature: float
    texts: int
    accuracy: float

    def probability(
        self, text: pa.StringArray, tag: str, fold: Ints, wanted: pa.StringArray
    ) -> Floats:
        """``(n,)`` float32: how probable it is that a text has the label that is wanted.

        NaN where that can't be told: no label is wanted, or one that the fold's model never saw,
        or nothing in the text is known.

        Args:
            text: ``(n,)``, no nulls.
            tag: BCP 47 tag of the texts.
            fold: ``(n,)`` whose model is to judge, see :func:`folds_of`.
            wanted: ``(n,)`` string, null where there is none.
        """
        scores, known = self.scores(text, tag, fold)
        code = pc.fill_null(pc.index_in(wanted, pa.array(self.labels, pa.string())), -1)
        codes = code.to_numpy(zero_copy_only=False).astype(np.int64)
        told = known & (codes >= 0)
        told &= np.isfinite(self.bias[fold, codes])
        found = _softmax(scores / self.temperature)[np.arange(len(codes)), codes]
        return np.where(told, found, np.nan).astype(np.float32)

    def scores(
        self, text: pa.StringArray, tag: str, fold: Ints
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """``(n, c)`` scores, −inf of a label that is not known; ``(n,)`` whether a text has any
        feature that is known.
        """
        texts, found = len(text), Features.of(text, tag)
        at = np.minimum(np.searchsorted(self.names, found.names), len(self.names) - 1)
        there = np.flatnonzero(self.names[at] == found.names)
        at, rows = at[there], found.rows[there]
        values = tfidf(rows, found.counts[there], self.idf[at].astype(np.float64), texts)
        scores = np.empty((texts, len(self.labels)))
        for label in range(len(self.labels)):
            # Sums in the order of the features' names: the same whatever else is in the batch.
            parts = self.weights[at, fold[rows], label] * values
            scores[:, label] = np.bincount(rows, parts, minlength=texts)
        known = np.bincount(rows, minlength=texts) > 0
        return scores + self.bias[fold], known

    @cached_property
    def digest(self) -> str:
        """32 hex digits over all that decides what it says."""
        state = xxhash.xxh3_128(json.dumps([_FORMAT, self.labels, self.temperature]).encode())
        for part in (self.names, self.idf, self.weights, self.bias):
            state.update(np.ascontiguousarray(part).tobytes())
        return state.hexdigest()

    def save(self, path: str | Path) -> None:
        """Write an Arrow file, which appears under its name only when it is whole."""
        held = pa.array(self.weights.reshape(-1))
        columns = [
            pa.array(self.names),
            pa.array(self.idf),
            pa.FixedSizeListArray.from_arrays(held, self.bias.size),
        ]
        told = {
            "format": _FORMAT,
            "digest": self.digest,
            "labels": self.labels,
            "bias": [[None if np.isinf(b) else float(b) for b in row] for row in self.bias],
            "temperature": self.temperature,
            "texts": self.texts,
            "accuracy": self.accuracy,
        }
        table = pa.table(columns, names=_COLUMNS).replace_schema_metadata(
            {"augmill": json.dumps(told, ensure_ascii=False)}
        )
        with whole_file(Path(path)) as made, pa.ipc.new_file(made, table.schema) as writer:
            writer.write_table(table)

    @classmethod
    def load(cls, path: str | Path) -> "LabelClassifier":
        """Read what :meth:`save` wrote.

        Raises:
            ModelError: there is no such file, or it is another kind of file, or damaged.
        """
        try:
            with pa.OSFile(str(path)) as source:
                table = pa.ipc.open_file(source).read_all().combine_chunks()
        except FileNotFoundError:
            raise ModelError(f"there is no classifier {str(path)!r}") from None
        except (pa.ArrowInvalid, OSError) as error:
            raise ModelError(f"{str(path)!r} can't be read as a classifier: {error}") from None
        told = json.loads((table.schema.metadata or {}).get(b"augmill", b"{}"))
        if told.get("format") != _FORMAT or tuple(table.column_names) != _COLUMNS:
            raise ModelError(f"{str(path)!r} holds no classifier")
        bias = np.array([[-np.inf if b is None else b for b in row] for row in told["bias"]])
        weights = pa.concat_arrays(
            [pa.array([], pa.float32())] + [chunk.flatten() for chunk in table["weights"].chunks]
        )
        found = cls(
            tuple(told["labels"]),
            table["name"].to_numpy(),
            table["idf"].to_numpy(),
            weights.to_numpy(zero_copy_only=False).reshape(-1, *bias.shape),
            bias.astype(np.float32),
            told["temperature"],
            told["texts"],
            told["accuracy"],
        )
        if found.digest != told["digest"]:
            raise ModelError(f"the classifier {str(path)!r} is damaged: train it again")
        return found


def folds_of(texts: pa.StringArray | Sequence[str]) -> Ints:
    """``(n,)`` the fold of each text, by its characters alone."""
    drawn = derive(hash_strings(texts), "fold") >> np.uint64(1)
    return np.asarray(drawn.astype(np.int64) % FOLDS)


def open_classifier(path: str) -> LabelClassifier:
    """A classifier by its path; read once per process, and again if the file was replaced.

    Raises:
        ModelError: see :meth:`LabelClassifier.load`.
    """
    try:
        found = Path(path).stat()
    except OSError:
        return LabelClassifier.load(path)
    return _opened(path, (found.st_ino, found.st_mtime_ns, found.st_size))


@lru_cache(maxsize=4)
def _opened(path: str, _file: tuple[int, int, int]) -> LabelClassifier:
    return LabelClassifier.load(path)


def _softmax(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
