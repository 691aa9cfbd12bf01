"""The contract that every augmenter and filter keeps, as checks for a plug-in's own tests.

::

    import pytest
    from augment.testing import AUGMENTER_CONTRACT, AugmenterCase

    case = AugmenterCase(MyAugmenter(rate=0.3))

    @pytest.mark.parametrize("clause", AUGMENTER_CONTRACT)
    def test_contract(clause):
        clause(case)

:func:`check_augmenter` and :func:`check_filter` check all clauses in one call. A broken clause
is an ``AssertionError`` that names the component, the clause and the text.
"""

from augment.testing.augmenters import AUGMENTER_CONTRACT, AugmenterCase, check_augmenter
from augment.testing.fakes import ReplaceText
from augment.testing.filters import FILTER_CONTRACT, FilterCase, check_filter
from augment.testing.texts import HARD_TEXTS, SHORT_TEXTS, long_text

__all__ = [
    "AUGMENTER_CONTRACT",
    "FILTER_CONTRACT",
    "HARD_TEXTS",
    "SHORT_TEXTS",
    "AugmenterCase",
    "FilterCase",
    "ReplaceText",
    "check_augmenter",
    "check_filter",
    "long_text",
]
