"""Plots as inline SVG: drawn by matplotlib, coloured by the page's style sheet."""

import re
import warnings
from collections.abc import Mapping, Sequence
from html import escape
from io import StringIO
from typing import Any
from unicodedata import east_asian_width

import numpy as np

_SERIES = ("#010101", "#020202", "#030303", "#040404", "#050505", "#060606")
"""Stand for the style sheet's colours of series, in this order."""
_INK, _FAINT, _CLEAR, _DARK = "#0a0a0a", "#0b0b0b", "#0c0c0c", "#0d0d0d"
_COLOURS = {
    **{colour: f"var(--series-{i + 1})" for i, colour in enumerate(_SERIES)},
    _INK: "var(--muted)",
    _FAINT: "var(--line)",
    _CLEAR: "var(--surface)",
    _DARK: "var(--ink)",
}
_BASE, _OTHERS = _SERIES[1], (_SERIES[0], *_SERIES[2:])
BASE = "originals"
"""The series that others are compared with; it is drawn in grey."""
_POINTS = 72.0
_WIDTH, _SIZE, _SMALL = 6.2, 8.5, 8.0
"""Inches of a plot that has the page's width; points of its letters."""
HALF_WIDTH = 4.3
"""Inches of one that has half of it."""
_LONGEST = 22

Series = Mapping[str, Mapping[str, Any]]
"""Names, and what :meth:`pipelines.quality.histogram.Histogram.told` told of each."""


def histograms(
    series: Series,
    *,
    name: str,
    title: str,
    axis: str,
    bins: int = 25,
    whole: bool = False,
    width: float = HALF_WIDTH,
) -> str:
    """Distributions above one another on one axis, as shares of each.

    Args:
        series: what to draw; those without values are left out.
        name: tells the plot's elements from those of others on the page.
        title: what a reader that can't see it is told first.
        axis: name of the horizontal axis.
        bins: as many, at most.
        whole: the values are whole numbers.
        width: of the plot in inches.

    Returns:
        The SVG; empty if there is nothing to draw.
    """
    drawn = {key: told for key, told in [*series.items()][: len(_SERIES)] if told["count"]}
    if not drawn:
        return ""
    edges = _edges(drawn, bins, whole)
    rows = {key: _rebinned(told, edges) for key, told in drawn.items()}
    top = max(float(row.max()) for row in rows.values())
    colours = iter(_OTHERS)
    figure, axes = _figure(width, 0.55 + 0.78 * len(rows), [*rows], 0.42)
    for i, (key, shares) in enumerate(rows.items()):
        base = (len(rows) - 1 - i) * 1.0
        height = shares / top * 0.7
        colour = _BASE if key == BASE else next(colours)
        axes.bar(edges[:-1], height, np.diff(edges) * 0.92, base, align="edge", color=colour, lw=0)
        axes.axhline(base, color=_FAINT, lw=0.8, zorder=0)
        median = drawn[key]["p50"]
        axes.plot([median, median], [base, base + 0.74], color=_INK, lw=1)
        axes.text(
            median, base + 0.73, f" {_short(median)}", color=_INK, fontsize=_SMALL, va="bottom"
        )
    axes.set_yticks([len(rows) - 1 - i + 0.3 for i in range(len(rows))], map(_label, rows))
    axes.set_ylim(-0.02, len(rows) + 0.12)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_xlabel(axis)
    told = "; ".join(f"{key}: {summary(found)}".lstrip(": ") for key, found in drawn.items())
    return _svg(figure, name, title, told)


def summary(told: Mapping[str, Any]) -> str:
    """A distribution in words."""
    if not told["count"]:
        return "no values"
    return (
        f"median {_short(told['p50'])}, half of them from {_short(told['p25'])} to "
        f"{_short(told['p75'])}, 90 % from {_short(told['p5'])} to {_short(told['p95'])}, "
        f"mean {_short(told['mean'])}"
    )


def bars(
    rows: Mapping[str, Sequence[float]],
    parts: Sequence[str],
    *,
    name: str,
    title: str,
    width: float = _WIDTH,
) -> str:
    """A bar for each row, of parts that add up to 1; the parts' colours are those of the page."""
    figure, axes = _figure(width, 0.35 + 0.42 * len(rows), [*rows], 0.28)
    left = np.zeros(len(rows))
    at = np.arange(len(rows))[::-1]
    for i in range(len(parts)):
        widths = np.array([values[i] for values in rows.values()])
        axes.barh(at, widths, 0.56, left, color=_SERIES[i], lw=0)
        for y, x, part in zip(at, left, widths, strict=True):
            if part >= 0.08:
                ink, place = _DARK if i == 1 else _CLEAR, {"ha": "center", "va": "center"}
                axes.text(x + part / 2, y, f"{part:.0%}", color=ink, fontsize=_SMALL, **place)
        left = left + widths
    axes.set_yticks(at, map(_label, rows))
    axes.set_ylim(-0.5, len(rows) - 0.5)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    told = "; ".join(
        f"{key}: " + ", ".join(f"{v:.1%} {part}" for v, part in zip(values, parts, strict=True))
        for key, values in rows.items()
    )
    return _svg(figure, name, title, told)


def _figure(width: float, height: float, labels: Sequence[str], below: float) -> tuple[Any, Any]:
    """A figure with room for the labels of its rows, and below for the axis; in inches."""
    from matplotlib.figure import Figure

    # The browser's fonts set the text, so it can only be guessed how wide it is.
    left = 0.1 + max(map(_ems, map(_label, labels))) * _SIZE / _POINTS
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes(
        (left / width, below / height, 1 - (left + 0.2) / width, 1 - (below + 0.05) / height)
    )
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
    axes.tick_params(length=0, colors=_INK, labelsize=_SIZE)
    axes.xaxis.label.set(color=_INK, size=_SIZE)
    return figure, axes


def _edges(drawn: Series, bins: int, whole: bool) -> np.ndarray:
    """Of bins that every series is drawn in: rarely more than its own, never finer."""
    own = [told["bins"] for told in drawn.values()]
    low = min(b["low"] for b in own)
    if whole:
        high = max(told["p95"] for told in drawn.values()) * 1.6 + 1
    else:
        high = max(b["low"] + b["width"] * len(b["counts"]) for b in own)
        high = 1.0 if low == 0 and high <= 1 else high
    width = max(max(b["width"] for b in own), (high - low) / bins)
    if whole or len({(b["low"], b["width"]) for b in own}) == 1:
        fine = own[0]["width"]
        width = np.ceil(width / fine - 1e-9) * fine
    return np.asarray(low + width * np.arange(int(np.ceil((high - low) / width - 1e-9)) + 1))


def _rebinned(told: Mapping[str, Any], edges: np.ndarray) -> np.ndarray:
    bins = told["bins"]
    middles = bins["low"] + bins["width"] * (np.arange(len(bins["counts"])) + 0.5)
    place = np.clip(np.searchsorted(edges, middles, side="right") - 1, 0, len(edges) - 2)
    shares = np.bincount(place, bins["counts"], len(edges) - 1)
    return np.asarray(shares / told["count"])


def _svg(figure: Any, name: str, title: str, told: str) -> str:
    """The figure as an element of the page, with its title and a text in its place."""
    from matplotlib import rc_context

    buffer = StringIO()
    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": "augmill", "font.family": "sans-serif"}
    with rc_context(settings), warnings.catch_warnings():
        # The fonts are the browser's; matplotlib's own need not have every character.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<defs>\s*</defs>", "", svg)
    svg = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r"font: (?:[\d.]+px )?'[^;\"]*|font-family: [^;\"]*", _font, svg)
    for colour, value in _COLOURS.items():
        svg = svg.replace(colour, value)
    width, height = (size * _POINTS for size in figure.get_size_inches())
    size = "plot full" if width > HALF_WIDTH * _POINTS else "plot"
    head = (
        f'<svg class="{size}" role="img" aria-labelledby="{name}-title {name}-desc" '
        f'viewBox="0 0 {width:g} {height:g}" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(told)}</desc>'
    )
    return head + svg[svg.index(">") + 1 :].replace("\n", " ").strip()


def _font(found: re.Match[str]) -> str:
    size = re.search(r"[\d.]+px", found[0])
    return f"font-size: {size[0]}" if size else "font-family: inherit"


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _label(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _ems(text: str) -> float:
    """How wide a text may be, in the size of its letters."""
    return sum(1.0 if east_asian_width(c) in "WF" else 0.58 for c in text)
