"""augmill's augmenters: text in, variants out.

>>> from augment import SynonymReplacement
>>> SynonymReplacement(rate=0.3)("The movie was a big success.")
'The film was a big success.'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# Two decorators bear the names of their modules, which importing a module binds here too:
# only names that are bound after that, as these are, win.
from augment.augmenter import augmenter
from augment.component import component

if TYPE_CHECKING:
    from augment.augmenter import Augmenter
    from augment.batch import TextBatch, Variants
    from augment.component import fingerprint, params_of
    from augment.compose import Chain, OneOf, SomeOf, Sometimes
    from augment.errors import AugmillError
    from augment.explaining import Explanation, explain
    from augment.filter import Filter, Verdicts
    from augment.filters.surface import LengthRatio
    from augment.methods.back_translation import BackTranslation
    from augment.methods.blanking import Blanking
    from augment.methods.case_noise import CaseNoise
    from augment.methods.character_noise import CharacterNoise
    from augment.methods.chinese_noise import ChineseNoise
    from augment.methods.keyboard_noise import KeyboardNoise
    from augment.methods.masked_lm import MaskedLMFill
    from augment.methods.nlpaug_bridge import NlpaugStep
    from augment.methods.ocr_noise import OcrNoise
    from augment.methods.punctuation_insertion import PunctuationInsertion
    from augment.methods.random_deletion import RandomDeletion
    from augment.methods.random_insertion import RandomInsertion
    from augment.methods.random_swap import RandomSwap
    from augment.methods.spacing_noise import SpacingNoise
    from augment.methods.spelling_noise import SpellingNoise
    from augment.methods.synonym import SynonymReplacement
    from augment.methods.tfidf import TfidfReplacement
    from augment.statistics import CorpusStatistics
    from augment.text.protect import Protection
    from augment.variant import Edit, Variant, VariantList

_HOMES = {
    "Augmenter": "augment.augmenter",
    "TextBatch": "augment.batch",
    "Variants": "augment.batch",
    "fingerprint": "augment.component",
    "params_of": "augment.component",
    "Chain": "augment.compose",
    "OneOf": "augment.compose",
    "SomeOf": "augment.compose",
    "Sometimes": "augment.compose",
    "AugmillError": "augment.errors",
    "Explanation": "augment.explaining",
    "explain": "augment.explaining",
    "Filter": "augment.filter",
    "Verdicts": "augment.filter",
    "LengthRatio": "augment.filters.surface",
    "BackTranslation": "augment.methods.back_translation",
    "Blanking": "augment.methods.blanking",
    "CaseNoise": "augment.methods.case_noise",
    "CharacterNoise": "augment.methods.character_noise",
    "ChineseNoise": "augment.methods.chinese_noise",
    "KeyboardNoise": "augment.methods.keyboard_noise",
    "MaskedLMFill": "augment.methods.masked_lm",
    "NlpaugStep": "augment.methods.nlpaug_bridge",
    "OcrNoise": "augment.methods.ocr_noise",
    "PunctuationInsertion": "augment.methods.punctuation_insertion",
    "RandomDeletion": "augment.methods.random_deletion",
    "RandomInsertion": "augment.methods.random_insertion",
    "RandomSwap": "augment.methods.random_swap",
    "SpacingNoise": "augment.methods.spacing_noise",
    "SpellingNoise": "augment.methods.spelling_noise",
    "SynonymReplacement": "augment.methods.synonym",
    "TfidfReplacement": "augment.methods.tfidf",
    "CorpusStatistics": "augment.statistics",
    "Protection": "augment.text.protect",
    "Edit": "augment.variant",
    "Variant": "augment.variant",
    "VariantList": "augment.variant",
}

__all__ = ["augmenter", "component", *_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'augment' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
