"""The persons that a sentence speaks of, by its pronouns.

Languages that leave out the subject, or have one word for *his*, *her*, *your* and *their*
(Portuguese *seu*), lose them in translation.
"""

from collections.abc import Mapping

import regex

_ENGLISH = {
    "I": "i me my mine myself",
    "you": "you your yours yourself yourselves",
    "he": "he him his himself",
    "she": "she her hers herself",
    "it": "it its itself",
    "we": "we us our ours ourselves",
    "they": "they them their theirs themselves",
}

PERSONS: Mapping[str, Mapping[str, str]] = {
    "en": {word: person for person, words in _ENGLISH.items() for word in words.split()}
}
"""Language → pronoun, lower case → the person."""

COMPANY: Mapping[str, frozenset[str]] = {"en": frozenset({"it"})}
"""Language → persons whose pronouns come and go without a change of meaning."""

_REFLEXIVES = {"en": "myself yourself yourselves himself herself itself ourselves themselves"}

REFLEXIVES: Mapping[str, frozenset[str]] = {
    tag: frozenset(words.split()) for tag, words in _REFLEXIVES.items()
}
"""Language → pronouns without which a verb means something else."""

FORMULAS: Mapping[str, "regex.Pattern[str]"] = {
    "en": regex.compile(r"\bthank you\b|\bi\.\s?e\.", regex.IGNORECASE)
}
"""Language → what holds a pronoun's letters and speaks of nobody."""
