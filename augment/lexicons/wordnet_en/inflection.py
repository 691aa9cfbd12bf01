"""Inflect lemmas into the forms of a Penn Treebank tag, with ``lemminflect`` (MIT)."""

from collections.abc import Mapping
from functools import cache

TAGS = {
    "noun": ("NN", "NNS"),
    "verb": ("VB", "VBP", "VBZ", "VBD", "VBN", "VBG"),
    "adj": ("JJ", "JJR", "JJS"),
    "adv": ("RB", "RBR", "RBS"),
}
"""The tags that a part of speech of WordNet takes."""
_ATTESTED = 1.8
"""Zipf frequency below which an inflected form is taken for one that nobody uses."""


@cache
def frequency(word: str) -> float:
    """Zipf frequency: log10 of the occurrences in a billion words."""
    from wordfreq import zipf_frequency

    return float(zipf_frequency(word, "en"))


@cache
def inflect(lemma: str, tag: str) -> tuple[str, ...]:
    """Forms of a lemma, the most frequent first; of a phrase, its head is inflected.

    A verb's head is its first word, a noun's its last. Forms that are not in use are left out.
    """
    if tag in ("NN", "VB", "VBP", "JJ", "RB"):
        return (lemma,)
    before, head, after = _split(lemma, tag)
    forms = [form for form in _inflections(head).get(tag, ()) if frequency(form) >= _ATTESTED]
    if tag in ("JJR", "JJS", "RBR", "RBS"):  # "excellenter", "funner"
        forms = [form for form in forms if frequency(form) >= max(2.5, frequency(head) - 2.5)]
    if tag == "NNS":  # "sight" is offered beside "sights", "glass" never goes without its plural
        forms = [form for form in forms if form != head] or forms
    forms.sort(key=lambda form: -frequency(form))
    return tuple(before + form + after for form in forms)


@cache
def _inflections(lemma: str) -> Mapping[str, tuple[str, ...]]:
    from lemminflect import getAllInflections

    forms = dict(getAllInflections(lemma))
    if "VBD" in forms:  # only participles that differ from the past tense are listed
        forms.setdefault("VBN", forms["VBD"])
    return forms


def _split(lemma: str, tag: str) -> tuple[str, str, str]:
    words = lemma.split(" ")
    if len(words) == 1:
        return "", lemma, ""
    if tag.startswith("V"):
        return "", words[0], lemma[len(words[0]) :]
    return lemma[: -len(words[-1])], words[-1], ""
