"""Languages by the names that translation engines give them.

BCP 47 writes most languages with the two letters of ISO 639-1; Apertium's newer modes, the
many-target models of OPUS-MT and the FLORES-200 codes of NLLB (NLLB Team 2022, table 1) are
named by ISO 639-3.
"""

from collections.abc import Iterable

from augment.text.languages import primary

ISO_639_3 = {
    "af": "afr", "am": "amh", "ar": "ara", "as": "asm", "az": "aze", "ba": "bak", "be": "bel",
    "bg": "bul", "bn": "ben", "bo": "bod", "br": "bre", "bs": "bos", "ca": "cat", "cs": "ces",
    "cy": "cym", "da": "dan", "de": "deu", "dz": "dzo", "ee": "ewe", "el": "ell", "en": "eng",
    "eo": "epo", "es": "spa", "et": "est", "eu": "eus", "fa": "fas", "ff": "ful", "fi": "fin",
    "fj": "fij", "fo": "fao", "fr": "fra", "ga": "gle", "gd": "gla", "gl": "glg", "gn": "grn",
    "gu": "guj", "ha": "hau", "he": "heb", "hi": "hin", "hr": "hrv", "ht": "hat", "hu": "hun",
    "hy": "hye", "id": "ind", "ig": "ibo", "is": "isl", "it": "ita", "ja": "jpn", "jv": "jav",
    "ka": "kat", "ki": "kik", "kk": "kaz", "km": "khm", "kn": "kan", "ko": "kor", "ku": "kur",
    "ky": "kir", "lb": "ltz", "lg": "lug", "li": "lim", "ln": "lin", "lo": "lao", "lt": "lit",
    "lv": "lav", "mg": "mlg", "mi": "mri", "mk": "mkd", "ml": "mal", "mn": "mon", "mr": "mar",
    "ms": "msa", "mt": "mlt", "my": "mya", "nb": "nob", "ne": "nep", "nl": "nld", "nn": "nno",
    "no": "nor", "ny": "nya", "oc": "oci", "om": "orm", "or": "ori", "pa": "pan", "pl": "pol",
    "ps": "pus", "pt": "por", "qu": "que", "rn": "run", "ro": "ron", "ru": "rus", "rw": "kin",
    "sa": "san", "sc": "srd", "sd": "snd", "se": "sme", "sg": "sag", "si": "sin", "sk": "slk",
    "sl": "slv", "sm": "smo", "sn": "sna", "so": "som", "sq": "sqi", "sr": "srp", "ss": "ssw",
    "st": "sot", "su": "sun", "sv": "swe", "sw": "swa", "ta": "tam", "te": "tel", "tg": "tgk",
    "th": "tha", "ti": "tir", "tk": "tuk", "tl": "tgl", "tn": "tsn", "tr": "tur", "ts": "tso",
    "tt": "tat", "ug": "uig", "uk": "ukr", "ur": "urd", "uz": "uzb", "vi": "vie", "wo": "wol",
    "xh": "xho", "yi": "yid", "yo": "yor", "zh": "zho", "zu": "zul",
}  # fmt: skip
"""Codes of three letters from those of two."""

_MEMBERS = {
    "ara": "arb", "aze": "azj", "fas": "pes", "ful": "fuv", "grn": "grn", "kur": "kmr",
    "lav": "lvs", "mlg": "plt", "mon": "khk", "msa": "zsm", "nep": "npi", "nor": "nob",
    "ori": "ory", "orm": "gaz", "pus": "pbt", "que": "quy", "sqi": "als", "srd": "srd",
    "swa": "swh", "uzb": "uzn", "yid": "ydd",
}  # fmt: skip
"""The member of a macrolanguage that stands for it in FLORES-200."""

_SPELLINGS = {"nb": "no", "nn": "no", "fil": "tl", "iw": "he", "in": "id"}
"""Other codes that models file the same language under."""

_TRADITIONAL = {"tw", "hk", "mo"}


def names(tag: str) -> tuple[str, ...]:
    """What a model may call the language of a BCP 47 tag, the likeliest first.

    >>> names("pt-BR")
    ('pt', 'por')
    """
    code = primary(tag)
    other = _SPELLINGS.get(code, code)
    found = (code, other, ISO_639_3.get(code, code), ISO_639_3.get(other, other))
    return tuple(dict.fromkeys(found))


def flores(tag: str, known: Iterable[str]) -> str | None:
    """The FLORES-200 code of a BCP 47 tag among those a model knows.

    >>> flores("pt-BR", ["eng_Latn", "por_Latn"]), flores("zh-TW", ["zho_Hans", "zho_Hant"])
    ('por_Latn', 'zho_Hant')
    """
    codes = sorted(known)
    if tag in codes:
        return tag
    long = [name for name in names(tag) if len(name) == 3]
    wanted = [form for name in long for form in (_MEMBERS.get(name), name) if form]
    for form in wanted:
        scripts = [code for code in codes if code.startswith(f"{form}_")]
        if scripts:
            return next((c for c in scripts if c[4:].lower() in _scripts(tag)), scripts[0])
    return None


def _scripts(tag: str) -> set[str]:
    parts = {part.lower() for part in tag.replace("_", "-").split("-")[1:]}
    return parts | ({"hant"} if parts & _TRADITIONAL else set())
