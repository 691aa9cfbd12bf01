"""The numbers of a card are those that anybody gets from the Parquet files."""

import json
import math
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import regex
from selectolax.lexbor import LexborHTMLParser

WORD = regex.compile(r"[\p{L}\p{M}\p{N}\p{Pc}]+(?:['’‐‑·-][\p{L}\p{M}\p{N}\p{Pc}]+)*")


@cache
def cutter():
    import rjieba

    return rjieba.Jieba()


def tokens(text, language):
    """Words and what stands between them, without white space; and which are words."""
    if language == "zh":
        pieces = [piece for run in regex.findall(r"\p{Han}+|\P{Han}+", text) for piece in cut(run)]
        return [(piece, bool(WORD.fullmatch(piece))) for piece in pieces]
    found, at = [], 0
    for match in WORD.finditer(text):
        found += [(text[at : match.start()].strip(), False), (match[0], True)]
        at = match.end()
    return [(token, word) for token, word in [*found, (text[at:].strip(), False)] if token]


def cut(run):
    return (
        cutter().cut(run) if regex.match(r"\p{Han}", run) else [run.strip()] if run.strip() else []
    )


def distance(old, new):
    """Levenshtein's, as in the textbook."""
    row = list(range(len(new) + 1))
    for i, a in enumerate(old, 1):
        corner, row[0] = row[0], i
        for j, b in enumerate(new, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (a != b))
    return row[-1]


def pairs_of(published):
    """Every variant beside its source, whatever the layout."""
    rows, layout = published.rows(), published.layout
    if layout == "wide":
        columns = {"weak_0": "weak", "strong_0": "strong", "strong_1": "strong"}
        parts = [
            rows.assign(variant=rows[column], view=view).dropna(subset="variant")
            for column, view in columns.items()
        ]
        return pd.concat(parts), rows.text.tolist(), rows.lang.tolist()
    if layout == "pairs":
        once = rows.drop_duplicates("n")
        return rows, once.text.tolist(), ["en"] * len(once)
    originals = rows[rows.aug_view == "original"]
    made = rows[rows.aug_view != "original"].rename(columns={"text": "variant", "aug_view": "view"})
    made = made.merge(originals[["aug_id", "aug_parent", "text"]], on="aug_parent")
    return made, originals.text.tolist(), originals.lang.tolist()


class Recomputed:
    def __init__(self, published):
        made, self.originals, languages = pairs_of(published)
        if "lang" not in made:
            made = made.assign(lang="en")
        cells = [
            (tokens(s, g), tokens(v, g))
            for s, v, g in zip(made.text, made.variant, made.lang, strict=True)
        ]
        self.words = [
            ([t.lower() for t, word in a if word], [t.lower() for t, word in b if word])
            for a, b in cells
        ]
        self.before = Counter(
            w.lower()
            for text, g in zip(self.originals, languages, strict=True)
            for w, word in tokens(text, g)
            if word
        )
        documents = Counter(
            w
            for text, g in zip(self.originals, languages, strict=True)
            for w in {w.lower() for w, word in tokens(text, g) if word}
        )
        rates = [
            distance([t for t, _ in a], [t for t, _ in b]) / max(len(a), len(b)) for a, b in cells
        ]
        n = len(self.originals)
        weigh = {
            w: math.log((1 + n) / (1 + documents[w])) + 1 for a, b in self.words for w in a + b
        }
        self.made = made.assign(
            rate=rates,
            alike=[cosine(Counter(a), Counter(b), weigh) for a, b in self.words],
            words=[len(b) for _, b in self.words],
            ratio=[len(b) / len(a) for a, b in self.words],
        )


def cosine(a, b, weigh):
    vectors = [{w: c * weigh[w] for w, c in counts.items()} for counts in (a, b)]
    dot = sum(x * vectors[1].get(w, 0) for w, x in vectors[0].items())
    return dot / math.prod(math.sqrt(sum(x * x for x in v.values())) for v in vectors)


def check_group(told, rows):
    assert told["variants"] == len(rows)
    for key, column in (("edit_rate", "rate"), ("similarity", "alike"), ("words", "words")):
        assert told[key]["mean"] == pytest.approx(rows[column].mean(), abs=1e-9)
        assert told[key]["deviation"] == pytest.approx(rows[column].std(ddof=0), abs=1e-6)
        middle = np.quantile(rows[column], 0.5, method="inverted_cdf")
        assert told[key]["p50"] == pytest.approx(middle, abs=0 if key == "words" else 0.02 + 1e-9)
        assert sum(told[key]["bins"]["counts"]) == len(rows)
    assert told["mean_length_ratio"] == pytest.approx(rows.ratio.mean(), abs=1e-9)


@pytest.fixture(params=["long", "wide", "pairs"])
def layout(request, published):
    return published(request.param)


def test_numbers_are_those_recomputed_from_the_files(layout):
    values = layout.report(replay=0).quality.values
    found = Recomputed(layout)
    made = found.made
    assert values["variants"] == len(made) > 100
    assert values["originals"]["count"] == len(found.originals)
    check_group(values["all"], made)
    for view, rows in made.groupby("view", observed=True):
        check_group(values["views"][view], rows)
    for label, rows in made.groupby("topic"):
        check_group(values["labels"][label], rows)
    for language, rows in made.groupby("lang"):
        check_group(values["languages"][language], rows)
    assert sum(g["variants"] for g in values["labels"].values()) == made.topic.notna().sum()
    check_vocabulary(values["vocabulary"]["all"], found)
    for view, fates in values["funnel"]["views"].items():
        assert fates["made"] == (made.view == view).sum()
        parts = [fates["made"], fates["declined"], fates["failed"], *fates["rejected"].values()]
        assert fates["asked"] == sum(parts)


def check_vocabulary(told, found):
    after = Counter(word for _, b in found.words for word in b)
    words = sorted({*found.before, *after})
    p = np.array([found.before[w] for w in words]) / found.before.total()
    q = np.array([after[w] for w in words]) / after.total()
    m = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        divergence = sum(np.nansum(x * np.log2(x / m)) for x in (p, q)) / 2
    assert told["js_divergence"] == pytest.approx(divergence, abs=1e-9)
    new = [w for w in after if w not in found.before]
    assert told["new_words"] == len(new)
    assert told["new_word_share"] == pytest.approx(sum(after[w] for w in new) / after.total())


def test_methods_and_scores_are_those_of_the_long_layout(published, card):
    long = published("long")
    made = Recomputed(long).made
    steps = made.explode("aug_steps").groupby("aug_steps")
    values = card.quality.values
    assert [*values["steps"]] == steps.size().sort_values(ascending=False).index.tolist()
    for step, rows in steps:
        check_group(values["steps"][step], rows)
    scores = pd.Series(
        [s["score"] for row in made.aug_scores for s in row if s["name"] == "length_ratio"]
    )
    told = values["scores"]["length_ratio"]
    assert told["count"] == len(scores)
    assert told["mean"] == pytest.approx(scores.mean(), rel=1e-6)
    assert (told["least"], told["greatest"]) == (
        pytest.approx(scores.min()),
        pytest.approx(scores.max()),
    )
    for share in (0.05, 0.25, 0.75, 0.95):
        expected = np.quantile(scores, share, method="inverted_cdf")
        assert told[f"p{round(share * 100)}"] == pytest.approx(expected, rel=0.003)


def test_the_page_shows_the_numbers_of_the_json(card):
    told = json.loads((card.page.parent / "quality.json").read_text("utf-8"))
    page = LexborHTMLParser(card.page.read_text("utf-8"))
    shown = {
        node.attributes["data-key"]: node.attributes["value"] for node in page.css("data[data-key]")
    }
    checked = 0
    for key, value in shown.items():
        expected = looked_up(told, key)
        if expected is not None:
            assert float(value) == expected, key
            checked += 1
    assert checked > 50
    for view in ("weak", "strong"):
        assert int(shown[f"funnel:{view}:made"]) == told["funnel"]["views"][view]["made"]


def looked_up(told, key):
    kind, *rest = key.split(":")
    if kind in ("views", "steps", "labels", "languages"):
        *name, path = rest
        found = told[kind][":".join(name)]
        for part in path.split("."):
            found = found[part]
        return found
    if kind == "vocabulary":
        return told[kind][rest[0]][rest[1]]
    if kind == "diversity" and len(rest) == 2:
        return told[kind]["sets"][rest[0]][rest[1]]
    if kind == "length":
        return told[kind][rest[0]]
    return None


def test_the_same_dataset_gives_the_same_bytes(published, tmp_path):
    first, second = (published("long").report(tmp_path / name) for name in "ab")
    assert first.page.read_bytes() == second.page.read_bytes()
    same = [Path(r.page.parent / "quality.json").read_bytes() for r in (first, second)]
    assert same[0] == same[1]
