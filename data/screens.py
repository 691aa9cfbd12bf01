"""What makes an English passage fit: whole sentences, nothing private, nothing coarse.

The lists are small and cautious: a passage lost costs nothing, there are many more.
"""

import re


def words(text: str) -> frozenset[str]:
    """The words of a text, for membership."""
    return frozenset(text.split())


SHORTEST = {"conversation": 10, "definition": 10, "novel": 12, "manual": 15}
LONGEST = 80
"""Words."""

WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
SENTENCES = re.compile(r"""["'“(]*[A-Z].*(?<!\bMrs)(?<!\bMr)[.?!]["'”)]*""", re.DOTALL)

PRIVATE = re.compile(r"\S@\S|(?<!\w)@\w|\d{3}[-. )]+\d{3,4}[-. ]\d{4}")
"""E-mail addresses, handles, telephone numbers."""

UNWELCOME = re.compile(
    r"\b(?:sex|homosex|bisex|porn|nude|naked|genital|penis|vagina|anus|anal\b|breasts|intercourse"
    r"|prostitut|whore|slut|rape|rapist|incest|abort|suicid|murder|massacre|genocid|tortur|nazi"
    r"|hitler|negro|slave|ethnic|racis|slur|derogat|disparag|offensive|obscen|vulgar|excre|feces"
    r"|fuck|shit|bitch|bastard|damn|crap|piss|ass\b|asses\b|asshole|hell\b|cocaine|heroin|drug"
    r"|terroris|kill|idiot|stupid|retard|hate\b|mormon|polygam|jew|muslim|lynch"
    r"|lesbian|gyps|foetus|fetus|savage|crucif|sucks?\b)",
    re.IGNORECASE,
)
"""Coarse words, violence, and origin, faith and sexuality, where old glosses are careless."""

INFORMAL = words(
    """
    awesome yeah yep wow hmm haha mom mom's dad dad's movies pizza video videos laptop laptops
    headphones online website websites internship majors majoring roommate roommates superpower
    superpowers superhero superheroes unicorn unicorns tacos burger burgers scary hike hikes
    hiked biking favorites memorize texting freezer surfing skydiving guitar robots robot
    dinosaurs spaceship vacation app apps phone phones email podcast podcasts snowboarding
    alright okay ok tv grandma grandpa incredibly craziest weirdest coolest donate zoo
    """
)
"""Words of talk that the books and the dictionary's glosses lack."""

NAMES_NO_PERSON_HAS = words(
    """
    I TV AI PC USA UK US Monday Tuesday Wednesday Thursday Friday Saturday Sunday January
    February March June July September October November December Christmas Halloween
    Thanksgiving Easter America American Europe European Africa African Asia Asian Australia
    Canada Mexico Mexican Spain Spanish France French Germany German Italy Italian Russia
    Russian China Chinese Japan Japanese Korea Korean India Indian England English Britain
    British Ireland Irish Greece Greek Brazil Portugal Portuguese Peru Chile Argentina Egypt
    Switzerland Thailand Thai Hawaii California Texas Utah Colorado Oregon Idaho Montana Alaska
    Arizona Florida York Chicago Seattle London Paris Rome Disneyland Mars Earth Moon Netflix
    YouTube Google Amazon Facebook Internet Star Wars Trek Harry Potter Hogwarts Batman Superman
    Lord Rings Marvel Avengers Oh God
    """
)
"""What a message may hold with a capital inside a sentence; any other name drops the message."""

OFF_TOPIC = re.compile(
    r"\b(?:chat\w*|disconnect\w*|prompts?|raffle|prizes?|contest|bots?|typ(?:e|es|ing)|refresh\w*"
    r"|websites?|leaderboard|conversations?|messages?|respon\w+|names?|called|phone number"
    r"|address|girlfriends?|boyfriends?|dat(?:e|es|ing)|marri\w+|church|temples?|missions?|god"
    r"|religio\w+|scriptures?|mormon\w*|politic\w*|president|elect\w*|guns?|drunk|beer|weed"
    r"|die[ds]?|dead|death|cancer|pregnan\w*|surger\w*|swelling|celiac|disease|anxi\w*"
    r"|depress\w*|therap\w*)\b",
    re.IGNORECASE,
)
"""Messages about the experiment itself and private matters."""

HASTY = re.compile(
    r"(?<!')\b(?:i|[b-zB-HJ-Z]|didnt|dont|im|ive|cant|wont|isnt|thats|whats"
    r"|its (?:a|not|really|so))\b"
    r"|(?<!\.)\.\.(?!\.)|[?!,]{2}|[^\x00-\x7f]|\s[.,?!]|[.,?!][A-Za-z]|[.?!] [a-z]"
)
"""Spelling and spacing without care; single letters but for contracted endings."""

OPEN_QUESTION = re.compile(r"\b(?:Wh\w+|How)\b[^.?!]*\?$", re.IGNORECASE)
PLAIN_ANSWER = re.compile(r"(?:Yes|Yeah|Yep|No|Nope|Not|Probably|Definitely|Maybe|Of course)\b")
ANSWER = re.compile(r"(?:I(?:'m|'ve|'d)?|It(?:'s)?|My|We(?:'re)?|They|S?[Hh]e|Well|Because|Just)\s")
"""How an answer begins: the senders of messages are not known, and not every question got one."""

NOT_PROSE = re.compile(
    r"[§¶|{}<>\\]|Author|[Cc]opyright|[Tt]hanks|received a copy|pypi\.|bpo-|[Pp]atch by"
    r"|(?:Changed|New) in version|Deprecated since|\b(?:by|Prof\.) [A-Z][a-z]+ [A-Z]"
    r"|\([A-Z][a-z]+ [A-Z][a-z]+[,)]"
)
"""Credits, legal text, history of versions, and marks of code."""


def fit(label: str, text: str) -> bool:
    """Whether a passage is whole, clean, of good length, and fit for any reader."""
    length = len(text.split())
    if not SHORTEST[label] <= length <= LONGEST or not balanced(text):
        return False
    if PRIVATE.search(text) or UNWELCOME.search(text):
        return False
    if label == "definition":
        return '; "' in text or length >= 14
    if label == "manual" and (text.startswith("(") or NOT_PROSE.search(text)):
        return False
    return SENTENCES.fullmatch(text) is not None


def balanced(text: str) -> bool:
    """Whether quotes and brackets are closed and every byte was text."""
    return text.count('"') % 2 == 0 and text.count("(") == text.count(")") and "\ufffd" not in text


def answers(question: str, reply: str) -> bool:
    """Whether two messages look like a question and its answer: by opening and a shared word."""
    if not question.endswith("?") or "?" in reply or len(question.split()) < 5:
        return False
    if PLAIN_ANSWER.match(reply):
        return not OPEN_QUESTION.search(question)
    return bool(ANSWER.match(reply) and stems(question) & stems(reply))


def stems(text: str) -> frozenset[str]:
    """The first four letters of the words that have at least five."""
    return frozenset(word[:4].lower() for word in WORD.findall(text) if len(word) > 4)


def polished(message: str, known: frozenset[str]) -> bool:
    """Whether a message is spelt with care, names nobody, and is about the world."""
    if not SENTENCES.fullmatch(message) or OFF_TOPIC.search(message) or HASTY.search(message):
        return False
    inside = re.findall(r"(?<![.?!:\"] )(?<!^)(?<![(\"'\w])[A-Z]\w*", message)
    if any(word not in NAMES_NO_PERSON_HAS for word in inside):
        return False
    return all(spelt(word, known) for word in WORD.findall(message))


def spelt(word: str, known: frozenset[str]) -> bool:
    """Whether a word is known as it is, in lower case, or without its contracted ending."""
    plain = word.lower().replace("’", "'")
    stem = re.sub(r"(?:n't|'(?:s|m|d|ve|ll|re))$", "", plain)
    return word in NAMES_NO_PERSON_HAS or plain in known or stem in known or stem == "i"
