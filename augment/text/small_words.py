"""Small words that carry a sentence's meaning, in classes of which each may stand for the others.

Closed lists of English, reviewed by reading round trips.
"""

from collections.abc import Mapping

Classes = Mapping[str, Mapping[str, str]]
"""Language → word or words in a row, lower case → the class that is counted."""


def _classes(**lists: str) -> dict[str, str]:
    return {word.strip(): name for name, words in lists.items() for word in words.split(",")}


def _each(words: str) -> dict[str, str]:
    """Every word a class of its own."""
    return {word: word for word in words.split(", ")}


DEGREES: Classes = {
    "en": _classes(
        amplifier="very, so, extremely, highly, incredibly, absolutely, totally, "
        "completely, utterly, entirely, thoroughly, deeply, greatly, hugely, terribly, awfully, "
        "much, such, particularly, especially",
        reality="really, actually, truly, indeed",
        excess="too, excessively, overly",
        diminisher="quite, rather, somewhat, fairly, pretty, slightly, a bit, a little, kind of, "
        "sort of, relatively, moderately, mildly",
        focus="only, just, merely, simply, solely, even, exactly, precisely",
        approximation="almost, nearly, virtually, practically, roughly, approximately",
        time="still, already, again, once, ever, always, often, sometimes, soon",
        addition="also, as well, likewise",
        doubt="perhaps, maybe, probably, possibly, likely, apparently, allegedly, reportedly, "
        "surely, certainly, definitely, clearly, obviously, seemingly",
        quantity="all, every, each, both, most, many, several, few, other, else, own, half",
    )
}
"""Adverbs of degree, focus, time and stance, and quantifiers."""

CONNECTIVES: Classes = {
    "en": _classes(
        who="who, whom",
        which="which",
        what="what",
        whose="whose",
        where="where",
        when="when",
        why="why",
        how="how",
        than="than",
        purpose="so that",
        condition="if, unless, whether, provided",
        concession="although, though, even though, despite",
        while_="while, whilst, whereas",
        cause="because",
        until="until, till",
        contrast="but, however, yet",
        choice="or, either",
        before="before",
        after="after",
        since="since",
        without="without",
    )
}

MODALS: Classes = {
    "en": _classes(
        can="can",
        could="could",
        must="must, have to, has to, had to, need to, needs to, needed to",
        may="may",
        might="might",
        should="should, ought",
        would="would, used to",
        will="will, shall",
    )
}

SMALL: Classes = {
    "en": _classes(
        have="have, has, had, having",
        be="be, is, are, am, was, were, been, being",
        i="i, me, my, mine, myself",
        you="you, your, yours, yourself, yourselves",
        he="he, him, his, himself",
        she="she, her, hers, herself",
        we="we, us, our, ours, ourselves",
        they="they, them, their, theirs, themselves",
        it="it, its, itself",
        get="get, gets, got, gotten, getting",
        one="one, ones",
        any_="any, anything, anyone, anybody, anywhere",
        some="some, something, someone, somebody, somewhere",
        every="everything, everyone, everybody, everywhere",
        beyond="past, beyond",
        under="under, below, underneath",
        upon="on, upon",
        into="into",
        in_="in, inside",
        make="make, makes, made, making",
        take="take, takes, took, taken, taking",
        come="come, comes, came, coming",
        give="give, gives, gave, given, giving",
        towards="toward, towards",
        among="among, amongst, amid",
    )
    | _each(
        "about, above, across, against, ahead, along, around, aside, at, away, back, behind, "
        "beside, between, by, down, during, for, forth, from, like, near, off, onto, out, outside, "
        "over, through, throughout, to, together, up, with, within"
    )
}
"""Auxiliaries and light verbs, pronouns, prepositions and particles."""

TITLES: Classes = {"en": _each("mr, mrs, ms, miss, dr, sir, prof, professor, lord, lady, dame")}
