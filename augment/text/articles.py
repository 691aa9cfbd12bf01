"""Whether a word takes ``an``: whether it begins with the sound of a vowel."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.columns import Bools

_AN = r"^(?i:[aeiou]|hon(?:est|ou?r)|hour|heir)"
_A = r"^(?i:uni(?:[^mn]|$)|unanim|ubiq|us[aeu]|u[rt][aeio]|eu|ew|one(?:[^r]|$)|once)"


def wants_an(words: pa.StringArray) -> Bools:
    """``(n,)``: which words take ``an``."""
    an, a = (pc.match_substring_regex(words, rule) for rule in (_AN, _A))
    return np.asarray(pc.and_not(an, a).to_numpy(zero_copy_only=False))
