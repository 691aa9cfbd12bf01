"""Stand-ins for tests: they load nothing and do little, but keep the contract."""

from augment.augmenter import Augmenter, variants_of_texts
from augment.batch import TextBatch, Variants
from augment.component import component


@component("replace_text")
class ReplaceText(Augmenter):
    """A stand-in for tests: replace every occurrence of a string that is not protected.

    >>> ReplaceText(old="cat", new="dog")("a cat")
    'a dog'
    """

    old: str
    new: str

    def rewrite(self, batch: TextBatch) -> Variants:
        """The text with the replacements, whose edits a diff finds."""
        made = [text.replace(self.old, self.new) for text in batch.text.to_pylist()]
        return variants_of_texts(batch, made)
