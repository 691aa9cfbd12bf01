"""What the families of translation checkpoints want around a text, read from their tokenizers.

Marian (OPUS-MT, Tiedemann & Thottingal 2020) wants nothing, or ``>>por<<`` where a model has many
targets; M2M-100 (Fan et al. 2021) the source's ``__en__`` and, at the head of its output, the
target's; NLLB (NLLB Team 2022) the same with ``eng_Latn``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Any

from augment.errors import ModelError, nearest
from augment.models.translators.codes import flores, names

DEFAULTS = {
    "marian": "Helsinki-NLP/opus-mt-{source}-{target}",
    "m2m": "facebook/m2m100_418M",
    "nllb": "facebook/nllb-200-distilled-600M",
    "ctranslate2": "Helsinki-NLP/opus-mt-{source}-{target}",
}
"""The model that a backend takes where none is named."""

FAMILIES = {"MarianTokenizer": "marian", "M2M100Tokenizer": "m2m", "NllbTokenizer": "nllb"}
_FLORES = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")


@dataclass(frozen=True)
class Script:
    """How one direction of a checkpoint is spoken to; all are token ids.

    Attributes:
        prefix, suffix: stand around every text.
        opening: the first token of every output, if it is prescribed.
        hidden: tokens that are no text.
    """

    prefix: tuple[int, ...]
    suffix: tuple[int, ...]
    opening: int | None
    hidden: frozenset[int]


def family(tokenizer: Any, place: str) -> str:
    """The family whose tokenizer this is.

    Raises:
        ModelError: it is none that is known here.
    """
    name = type(tokenizer).__name__.removesuffix("Fast")
    if name not in FAMILIES:
        raise ModelError(
            f"{place!r} has a {name}, and is no translation model of a known family: "
            f"{', '.join(FAMILIES)}"
        )
    return FAMILIES[name]


def script(tokenizer: Any, source: str, target: str, place: str) -> Script:
    """What this direction wants around its texts.

    Args:
        tokenizer: of transformers.
        source, target: BCP 47 tags, or the model's own codes.
        place: names the model in errors.

    Raises:
        ModelError: the model does not have one of the languages.
    """
    kind, end = family(tokenizer, place), tokenizer.eos_token_id
    hidden = frozenset(tokenizer.all_special_ids)
    if kind == "marian":
        return Script(_marian(tokenizer, target), (end,), None, hidden)
    codes = _codes(kind, tokenizer)
    wanted = [_code(kind, tag, codes, place) for tag in (source, target)]
    own, opening = (codes[code] for code in wanted)
    legacy = bool(getattr(tokenizer, "legacy_behaviour", False))
    prefix, suffix = ((), (end, own)) if legacy else ((own,), (end,))
    return Script(prefix, suffix, opening, hidden | set(codes.values()))


def _marian(tokenizer: Any, target: str) -> tuple[int, ...]:
    codes = set(getattr(tokenizer, "supported_language_codes", None) or ())
    wanted = [f">>{name}<<" for name in names(target)]
    found = next((code for code in wanted if code in codes), None)
    return (tokenizer.convert_tokens_to_ids(found),) if found else ()


def _codes(kind: str, tokenizer: Any) -> dict[str, int]:
    if kind == "m2m":
        return dict(tokenizer.lang_code_to_id)
    return {name: i for name, i in tokenizer.get_vocab().items() if _FLORES.fullmatch(name)}


def _code(kind: str, tag: str, codes: dict[str, int], place: str) -> str:
    if kind == "nllb":
        found = flores(tag, codes)
    else:
        found = next((name for name in (tag, *names(tag)) if name in codes), None)
    if found is None:
        raise ModelError(
            f"{place!r} does not know the language {tag!r}{nearest(tag, codes)}; "
            f"it has {', '.join(sorted(codes)) or 'none'}"
        )
    return found


def folders(template: str, language: str) -> Sequence[Path]:
    """The folders that a model's template means for a language and any other, in order.

    Characters that a shell would expand, such as brackets, stand for themselves.
    """
    path = Path(template).expanduser()
    if "{" not in template:
        return [path] if path.is_dir() else []
    anchor = Path(path.anchor or ".")
    inner = escape(str(path)[len(path.anchor) :])
    patterns = (
        inner.replace("{source}", source).replace("{target}", target)
        for source, target in (("*", language), (language, "*"))
    )
    return sorted({f for pattern in patterns for f in anchor.glob(pattern) if f.is_dir()})
