"""The filter of variants that are no longer in their source's language."""

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from pydantic import Field

from augment.batch import TextBatch, Variants
from augment.component import component, package_version
from augment.filter import Filter, Verdicts
from augment.filters.pairs import Pairs
from augment.models.language_id import known_language, probabilities


@component("language")
class Language(Filter):
    """Reject variants written in another language than their batch is said to be.

    The language is told by ``py3langid`` (Lui & Baldwin 2012, "langid.py", in the version of
    Barbaresi). Short texts are not judged, nor are variants whose source is taken for another
    language itself: what is found there is not the variant's doing. In a batch of unknown
    language (``und``) a variant must be in the language that its source is taken for.

    Args:
        min_letters: letters that a variant must have to be judged. A Han character, which tells
            more, counts as two.
    """

    min_letters: Annotated[int, Field(ge=1)] = 20

    def assets(self) -> Mapping[str, str]:
        """The version of the identifier, which brings its model."""
        return {"py3langid": package_version("py3langid")}

    def judge(self, source: TextBatch, variants: Variants) -> Verdicts:
        """The score is the probability of the expected language, NaN where nothing was judged;
        the reason is ``wrong_language``.

        Raises:
            ModelError: the identifier does not know the batch's language.
        """
        pairs, tag = Pairs.of(source, variants), known_language(source.language)
        rows = zip(pairs.old.to_pylist(), pairs.new.to_pylist(), strict=True)
        judged = [self._judge(old, new, tag) for old, new in rows]
        score = np.array([share for share, _ in judged], np.float32)
        wrong = np.array([other for _, other in judged], np.bool_)
        return pairs.verdicts(score, {"wrong_language": wrong})

    def _judge(self, old: str, new: str, tag: str | None) -> tuple[float, bool]:
        """How likely a variant is in the language it should be in, and whether it is not."""
        found = probabilities(new, self.min_letters)
        if found is None:
            return np.nan, False
        likeliest = next(iter(found))
        if likeliest == tag:
            return found[likeliest], False
        theirs = probabilities(old, self.min_letters)
        if theirs is None or tag not in (None, next(iter(theirs))):
            return np.nan, False
        expected = next(iter(theirs))
        return found.get(expected, 0.0), likeliest != expected
