"""Stand-ins for tests: they load nothing and do little, but keep the contract."""

from typing import Any

import pyarrow as pa

from augment.augmenter import Augmenter
from augment.batch import EDITS, TextBatch, Variants
from augment.component import component
from augment.text.edits import replay


@component("replace_text")
class ReplaceText(Augmenter):
    """A stand-in for tests: replace every occurrence of a string that is not protected.

    >>> ReplaceText(old="cat", new="dog")("a cat called @cat")
    'a dog called @cat'
    """

    old: str
    new: str

    def rewrite(self, batch: TextBatch) -> Variants:
        """One edit per occurrence."""
        rows = zip(batch.text.to_pylist(), batch.protected.to_pylist(), strict=True)
        edits = pa.array([self._edits(*row) for row in rows], EDITS)
        return Variants(replay(batch.text, edits), edits)

    def _edits(self, text: str, spans: list[dict[str, int]]) -> list[dict[str, Any]] | None:
        edits: list[dict[str, Any]] = []
        start = text.find(self.old)
        while start >= 0:
            stop = start + len(self.old)
            if not any(start < span["stop"] and stop > span["start"] for span in spans):
                edits.append({"start": start, "stop": stop, "text": self.new})
            start = text.find(self.old, stop)
        return edits or None
