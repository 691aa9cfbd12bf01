"""HTML of diffs that a notebook shows: readable without colours, on light and dark pages.

Deletions and insertions are ``del`` and ``ins``, which are struck out and underlined wherever the
style sheet is left out; it adds a minus and a plus sign and translucent grounds, and takes all
other colours from the page.
"""

import html
from collections.abc import Iterable

STYLE = """
.augmill{line-height:1.6;max-width:60em}
.augmill .text{white-space:pre-wrap;overflow-wrap:anywhere}
.augmill del,.augmill ins{border-radius:.2em;padding:0 .15em;color:inherit}
.augmill del{background:rgba(214,62,42,.24);text-decoration:line-through}
.augmill ins{background:rgba(38,150,74,.26);text-decoration:underline;
text-decoration-thickness:.12em}
.augmill del::before{content:"\\2212"}
.augmill ins::before{content:"+"}
.augmill del::before,.augmill ins::before{display:inline-block;font-size:.75em;font-weight:bold;
padding-right:.1em;text-decoration:none;opacity:.85}
.augmill sup{font-size:.7em;font-weight:bold;padding:0 .1em}
.augmill ol.steps>li{margin:.7em 0}
.augmill .quiet{opacity:.75}
.augmill table{border-collapse:collapse;margin:.3em 0 .6em}
.augmill.augmill th,.augmill.augmill td{text-align:left;vertical-align:top;padding:.1em .8em .1em 0;
background:none;border:0;border-bottom:1px solid rgba(128,128,128,.35)}
.augmill.augmill td.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.augmill .bar{display:inline-block;height:.6em;min-width:1px;background:currentColor;opacity:.45}
.augmill .chosen{font-weight:bold}
""".strip()
"""Everything in it is below the class, so that it touches nothing else on the page; cells name it
twice to outweigh what a notebook says of all tables."""

_TAGS = {"keep": "{}", "drop": "<del>{}</del>", "add": "<ins>{}</ins>"}


def boxed(body: str) -> str:
    """A piece of HTML as a notebook's output, with its style."""
    return f'<div class="augmill"><style>{STYLE}</style>{body}</div>'


def diffed(parts: Iterable[tuple[str, str]]) -> str:
    """A diff as HTML; its parts are ``(keep, drop or add, text)``."""
    return "".join(_TAGS[kind].format(html.escape(text)) for kind, text in parts)
