"""Texts that break augmenters: what the contract suite feeds to every one of them."""

# ruff: noqa: E501 - a text is a line

from collections.abc import Mapping

_SENTENCES = (
    "The old harbour town was quiet when the first boats came home in the evening.",
    "She said that the new teacher didn't know how to open the large window.",
    "A small red car stopped near the well-known market and two tall men got out.",
    "Nobody expected such a good result, but the happy children had worked very hard.",
    "It rained for days, the river rose quickly and the narrow road was closed again.",
)


def long_text(words: int = 50_000) -> str:
    """About this many words: a few different sentences over and over, on many lines."""
    count = words // 14
    lines = (
        _SENTENCES[i % len(_SENTENCES)] + ("\n" if i % 40 == 39 else " ") for i in range(count)
    )
    return "".join(lines).strip()


SHORT_TEXTS: Mapping[str, str] = {
    "empty": "",
    "one space": " ",
    "one letter": "a",
    "one word": "word",
    "one capitalised word": "Hello",
    "plain": "The quick brown fox jumps over the lazy dog near the old river bank.",
    "two sentences": _SENTENCES[0] + " " + _SENTENCES[1],
    "apostrophes": "I don't think it's the dogs' fault; y'all'd've said so, 'twas rock 'n' roll.",
    "curly quotes": "“It’s well‑known,” she said — the children’s ‘big’ party was a great success…",
    "emoji": "What a great family 👨‍👩‍👧‍👦 we saw 👍🏽 in 🇫🇷 today ❤️ and it made me very happy 😀😀!",
    "only emoji": "👩‍👩‍👧🏳️‍🌈👍🏿🇧🇷",
    "right to left": "ذهب الولد الصغير إلى المدرسة الكبيرة، ثم عاد إلى البيت. שלום עולם גדול ויפה!",
    "mixed directions": "The word שלום means peace and \u202bالسلام\u202c is a good word too.",
    "Chinese": "今天天气很好，我们一起去公园散步，看到了许多美丽的花。他说：“明天再来！”",
    "Japanese and Korean": "今日はとても良い天気ですね。오늘은 날씨가 아주 좋네요.",
    "mixed scripts": "我昨天bought了一台new电脑，价格是3,999元，very happy。",
    "Thai and Hindi": "วันนี้อากาศดีมาก नमस्ते दुनिया, आज मौसम अच्छा है।",
    "combining marks": "Cafe\u0301 and re\u0301sume\u0301 are good; Z\u0351\u036b\u0343\u036aa\u0302lgo te\u0301xt is bad.",
    "control characters": "a\x00big\x07 house\x1b[31m red\x7f dog\u200b and\ufeff the small cat\x85ran",
    "HTML": '<p class="big">A <b>good</b> day &amp; a <a href="http://x.org">big</a> night<br/></p>',
    "URLs": "See https://example.com/a/good?day=1&x=y#big or www.big-house.org/new, mail me@good.com.",
    "placeholders": "Dear {name}, your big order %(id)s of ${total} is good. [MASK] <user> @jane #happy",
    "numbers": "In 2019, 3.5 million people paid $1,200.50 on 12/31 at 10:45; 50% were good, 1st too.",
    "only punctuation": "?!... -- ;;; ''' \"\" (()) —",
    "only digits": "1234567890 42",
    "very long word": "good" * 5_000 + " dog",
    "line breaks": "The big dog ran.\r\nThe small cat sat.\n\n\tThe good man\tsaid  hello. \n",
    "white space": "  \t The   big\u00a0house\u3000is\u2003very   good \u2028now  ",
    "capitals": "THE BIG DOG AND NASA'S McDonald iPhone Were GOOD.",
    "repeated": "good good good good good good good good",
    "private use": "The \ue000 big \uf8ff good \U000f0000 dog is happy.",
    "ligatures and cases": "İstanbul ﬁne straße ǅ ŉ good ΣΑΣ ﷺ",
}
"""Name → text: scripts, emoji, markup, white space, and texts with nothing in them."""

HARD_TEXTS: Mapping[str, str] = {**SHORT_TEXTS, "fifty thousand words": long_text()}
"""All of :data:`SHORT_TEXTS`, and a text of 50,000 words."""
