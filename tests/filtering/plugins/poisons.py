"""Augmenters that each make one mistake, in every variant, in English and in Chinese."""

import numpy as np
import regex

from augment.augmenter import augmenter

OPPOSITES = [
    *("good bad", "wonderful terrible", "excellent awful", "lovely horrible", "kind cruel"),
    *("pleasant nasty", "clean dirty", "safe dangerous", "honest dishonest", "happy sad"),
    *("优秀 糟糕", "精彩 无聊", "漂亮 丑陋", "干净 肮脏", "善良 残忍"),
    *("安全 危险", "诚实 虚伪", "快乐 悲伤", "聪明 愚蠢", "便宜 昂贵"),
]
PAIRS = [tuple(pair.split()) for pair in OPPOSITES]
_FLIP = {one: other for pair in PAIRS for one, other in (pair, pair[::-1])}
_POLAR = regex.compile(r"\b[a-z]+\b|" + "|".join(word for word in _FLIP if word > "z"))

NOUNS = (
    "table river engine pencil mountain garden window bridge candle market sugar paper "
    "bottle ladder carpet station island basket"
)
CHINESE_NOUNS = "桌子 河流 发动机 铅笔 山峰 花园 窗户 桥梁 蜡烛 市场 白糖 纸张 瓶子 地毯"
_WORD = regex.compile(r"(?V1)\p{Han}{2}|[\p{Latin}'-]{2,}")
_LATIN = regex.compile(r"[\p{Latin}'-]{5,}")
_NUMBER = regex.compile(r"\d+")

PORTUGUESE = (
    "O comitê decidiu que a nova ponte deveria ser construída antes do fim do próximo ano, mas "
    "ninguém sabe quem vai pagar por ela, e os moradores da cidade já não acreditam em promessas "
    "que foram feitas há tanto tempo e que nunca foram cumpridas por nenhum governo."
)


def chinese(text):
    return bool(regex.search(r"\p{Han}", text))


@augmenter("random_words")
def RandomWords(text, rng):
    """Most words are replaced by random ones."""
    nouns = (CHINESE_NOUNS if chinese(text) else NOUNS).split()
    order = iter(np.concatenate([rng.permutation(len(nouns)) for _ in range(9)]))
    return _WORD.sub(lambda match: nouns[next(order)] if rng.random() < 0.8 else match[0], text)


@augmenter("flipped_label")
def FlippedLabel(text, rng):
    """Every word of praise becomes one of blame, and the other way round."""
    return _POLAR.sub(lambda match: _FLIP.get(match[0], match[0]), text)


@augmenter("copied")
def Copied(text, rng):
    """The source, but for its last mark."""
    return text.rstrip(".。") + ("！" if chinese(text) else " !")


@augmenter("nearly_copied")
def NearlyCopied(text, rng):
    """One letter of a text is another, and that is all."""
    return _WORD.sub(lambda match: ("某" if chinese(text) else "q") + match[0][1:], text, count=1)


@augmenter("lost_number")
def LostNumber(text, rng):
    """A number is another; the rest is as with a good variant."""
    return _NUMBER.sub(lambda match: str(int(match[0]) + 1), text)


@augmenter("looped")
def Looped(text, rng):
    """A phrase over and over at the end."""
    return text + (
        "非常好非常好非常好非常好" if chinese(text) else " so very so very so very so very"
    )


@augmenter("foreign")
def Foreign(text, rng):
    """Portuguese, with the source's numbers."""
    words = PORTUGUESE.split()
    lengths = np.cumsum([len(word) + 1 for word in words])
    said = words[: int(np.searchsorted(lengths, len(text)))]
    return " ".join([*said, *_NUMBER.findall(text)])


@augmenter("gibberish")
def Gibberish(text, rng):
    """Some words are random letters."""

    def scrambled(match):
        letters = rng.choice(list("bcdfghjklmnpqrstvwxz"), len(match[0]))
        return "".join(letters) if rng.random() < 0.35 else match[0]

    return _LATIN.sub(scrambled, text)


@augmenter("forgetful")
def Forgetful(text, rng):
    """Always the same variant, whichever copy is asked for."""
    if chinese(text):
        return f"{text}大家都这样说。"
    return text.replace("; to me it was", "; it was")


@augmenter("cut_short")
def CutShort(text, rng):
    """What a model's length limit leaves of a text."""
    numbers = " ".join(_NUMBER.findall(text))
    return f"{text[: len(text) // 4]} {numbers}"
