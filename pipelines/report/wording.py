"""How numbers are named and written on the page."""

from collections.abc import Callable, Mapping
from typing import Any

_NAMES = {
    "rows/originals": "Originals",
    "rows/variants": "Variants",
    "yield": "Yield",
    "rejected/share": "Rejected by filters",
    "declined/share": "Declined: nothing to change",
    "edit_rate/mean": "Edit rate, mean",
    "edit_rate/median": "Edit rate, median",
    "similarity/mean": "Similarity, mean",
    "similarity/p5": "Similarity, 5th percentile",
    "length/mean_words": "Words per variant, mean",
    "length/mean_ratio": "Length ratio, mean",
    "length/wasserstein": "Length shift (Wasserstein), words",
    "vocabulary/js_divergence": "Vocabulary shift (Jensen–Shannon), bits",
    "vocabulary/new_word_share": "Share of new words",
    "diversity/sibling_self_bleu": "Self-BLEU of siblings",
    "diversity/distinct_1": "Distinct-1",
    "diversity/distinct_2": "Distinct-2",
    "diversity/self_bleu": "Self-BLEU",
    "scores": "Score",
}
_SHARES = ("yield/", "rejected/", "declined/", "edit_rate/", "vocabulary/new_word_share")


def name_of(key: str) -> str:
    """What a scalar is called: ``yield/weak`` is "Yield · weak"."""
    if key in _NAMES:
        return _NAMES[key]
    for stem, name in _NAMES.items():
        if key.startswith(f"{stem}/"):
            rest = key.removeprefix(f"{stem}/").removesuffix("/mean")
            return name if rest == "all" else f"{name} · {rest}"
    return key


def is_share(key: str) -> bool:
    """Whether a scalar is written in per cent."""
    return key.startswith(_SHARES)


def count(value: float | None) -> str:
    """A whole number with separators: 12,345."""
    return "–" if value is None else f"{value:,.0f}"


def share(value: float | None) -> str:
    """Per cent: 12.3 %; more digits near nothing."""
    if value is None:
        return "–"
    return f"{value:.2%}".replace("%", " %") if 0 < abs(value) < 0.01 else f"{value * 100:.1f} %"


def number(value: float | None) -> str:
    """Two or three significant digits."""
    if value is None:
        return "–"
    if not value:
        return "0"
    size, sign = abs(value), "−" if value < 0 else ""
    if size >= 100:
        return f"{sign}{size:,.0f}"
    if size >= 10:
        return f"{sign}{size:.1f}"
    if size >= 0.1:
        return f"{sign}{size:.2f}"
    return f"{sign}{size:.3f}" if size >= 0.001 else f"{sign}{size:.2g}"


def scalar(key: str, value: float | None) -> str:
    """A scalar as the page has it."""
    if key.startswith("rows/"):
        return count(value)
    return share(value) if is_share(key) else number(value)


def delta(key: str, value: float) -> str:
    """A difference with its sign; of shares in points."""
    if not value:
        return "±0"
    sign = "+" if value > 0 else "−"
    size = abs(value)
    if is_share(key):
        return f"{sign}{size * 100:.1f} pts" if size >= 0.0005 else f"{sign}<0.1 pts"
    return sign + (count(size) if key.startswith("rows/") else number(size))


FILTERS: Mapping[str, Callable[..., Any]] = {
    "count": count,
    "share": share,
    "number": number,
    "scalar_name": name_of,
}
"""What templates can say of values."""
