"""Modern Chinese passages: the texts of a code editor's interface, by area, and small talk.

The language pack keeps the messages of the editor's core in one list, without names, in the
alphabetical order of the modules they belong to; an area is thus a run of the list. Messages of
the editor's extensions come one file an extension.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from rows import Passage

PACK = "@codingame/monaco-vscode-language-pack-zh-hans 25.1.2"
CHATTERBOT = "chatterbot-corpus 1.3.3"

CORE_MESSAGES = 14_666
"""Length of the list in the version the runs were read from."""

CORE = {
    "editor": range(132, 1_676),
    "debug": range(6_445, 7_175),
    "extensions": range(7_263, 7_881),
    "files": range(7_891, 8_275),
    "notebook": range(9_218, 9_744),
    "git": range(10_436, 10_651),
    "tasks": range(11_058, 11_489),
    "terminal": range(11_490, 12_402),
}

EXTENSIONS = {
    "debug": ("ms-vscode.js-debug", "vscode.debug-auto-launch", "vscode.debug-server-ready"),
    "extensions": ("vscode.extension-editing",),
    "git": ("vscode.git", "vscode.git-base", "vscode.github", "vscode.merge-conflict"),
    "languages": (
        "vscode.css-language-features",
        "vscode.emmet",
        "vscode.html-language-features",
        "vscode.json-language-features",
        "vscode.markdown-language-features",
        "vscode.php-language-features",
        "vscode.typescript-language-features",
    ),
    "notebook": ("vscode.ipynb",),
    "tasks": ("vscode.grunt", "vscode.gulp", "vscode.jake", "vscode.npm"),
    "terminal": ("vscode.terminal-suggest",),
}

TALK = ("ai", "botprofile", "conversations", "food", "greetings", "money", "trivia")
"""Files of the dialogue corpus that read as Chinese; the others are word-for-word translations."""

TURNS = 4
"""A long conversation is cut into pieces of so many turns."""

HAN = re.compile(r"[\u4e00-\u9fff]")
SENTENCES = re.compile(r"[\w“「《`'\"{].*[。？！?!]")
INTERFACE = re.compile(r"\(&&|\$\(|\\[nrt]|[\r\n]|\s{2}|(?:图标|颜色|[背前]景色|边框)。$")
"""Marks of keys and icons, escapes, line breaks, and names of pictures and colours."""

UNFIT = re.compile(
    r"交配|打架|[你我会要]死|时候死|战斗|赌场|很蠢|台湾|能你吃|技巧网上|走红|的东西来填补|随着生产"
    r"|是狭窄|是真的,|不能克隆|可以失灵|你能控制|没有意义|可以去吗|什么时候走|我是就是|的投资"
)
"""Coarse or clumsy small talk."""


def passages(packages: Path) -> Iterator[Passage]:
    """All passages fit to be chosen."""
    for passage in (*core(packages), *extensions(packages)):
        whole = SENTENCES.fullmatch(passage.text) and not INTERFACE.search(passage.text)
        if whole and mostly_chinese(passage.text):
            yield passage
    for passage in talk(packages):
        if mostly_chinese(passage.text) and not UNFIT.search(passage.text):
            yield passage


def mostly_chinese(text: str) -> bool:
    """Whether at least 12 characters, and half of all that is not space, are simplified Han."""
    han = HAN.findall(text)
    if not 12 <= len(han) <= 150 or 2 * len(han) < len("".join(text.split())):
        return False
    return len("".join(han).encode("gb2312", "ignore")) == 2 * len(han)


def core(packages: Path) -> Iterator[Passage]:
    """Messages of the editor's core, by run of the list."""
    (path,) = packages.glob("**/translations/main.i18n.json.js")
    script = path.read_text("utf-8")
    array = script[script.index("[") : script.rindex("]") + 1]
    messages = json.loads(re.sub(r"^\tundefined(?=,?$)", "null", array, flags=re.MULTILINE))
    if len(messages) != CORE_MESSAGES:
        raise SystemExit(f"{path}: {len(messages)} messages, not {CORE_MESSAGES}: wants {PACK}")
    for area, run in CORE.items():
        for index in run:
            if messages[index]:
                source = f"{PACK}: {path.name}, message {index}"
                yield Passage(messages[index], area, "core", source)


def extensions(packages: Path) -> Iterator[Passage]:
    """Messages of the extensions that come with the editor."""
    for area, names in EXTENSIONS.items():
        for name in names:
            (path,) = packages.glob(f"**/translations/extensions/{name}.i18n.json")
            for section, messages in json.loads(path.read_text("utf-8"))["contents"].items():
                for number, text in enumerate(messages.values(), 1):
                    source = f"{PACK}: {path.name}, {section}, message {number}"
                    yield Passage(text, area, name, source)


def talk(packages: Path) -> Iterator[Passage]:
    """Conversations of people with a chat program, a few turns each."""
    import yaml

    for name in TALK:
        (path,) = packages.glob(f"**/chatterbot_corpus/data/chinese/{name}.yml")
        conversations = yaml.safe_load(path.read_text("utf-8"))["conversations"]
        for number, lines in enumerate(conversations, 1):
            for start in range(0, len(lines), TURNS):
                text = "\n".join(str(line).strip() for line in lines[start : start + TURNS])
                source = f"{CHATTERBOT}: {path.name}, conversation {number}, turn {start + 1}"
                yield Passage(text, "conversation", name, source)
