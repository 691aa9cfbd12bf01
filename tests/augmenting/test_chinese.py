"""Chinese: what is cut into words, which of them have synonyms, and what is left alone."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment import SynonymReplacement
from augment.lexicons import cilin
from augment.lexicons.lexicon import Lexicon
from augment.lexicons.sources import load_lexicon
from augment.testing import SHORT_TEXTS, check_augmenter
from augment.text.columns import Utf8
from augment.text.han import cutter, segment_han
from augment.text.languages import language


def words_of(*texts: str) -> list[str]:
    segments = segment_han(Utf8.of(pa.array(texts, pa.string())))
    return [str(w) for w in segments.pieces.filter(pa.array(segments.is_word)).to_pylist()]


@pytest.fixture(scope="module")
def table() -> Lexicon:
    return load_lexicon("cilin")


def candidates(table: Lexicon, word: str) -> list[str]:
    (place,) = table.find(pa.array([word]))
    if place < 0:
        return []
    return [str(w) for w in table.candidates[table.offsets[place] : table.offsets[place + 1]]]


# Segmentation


def test_words_do_not_depend_on_their_neighbours_in_the_batch() -> None:
    texts = ["北京", "大学生活动中心", "Python写代码", "他说：好！", ""]
    assert words_of(*texts) == [word for text in texts for word in words_of(text)]


han = st.text(alphabet="我在北京大学活动中心ab1é。，\n\u2028·-'👩龘㐀𠀀", max_size=12)


@given(st.lists(han, max_size=6))
def test_segmentation_is_lossless_and_the_same_in_any_batch(texts: list[str]) -> None:
    segments = segment_han(Utf8.of(pa.array(texts, pa.string())))
    joined = [""] * len(texts)
    for row, piece in zip(segments.rows, segments.pieces.to_pylist(), strict=True):
        joined[row] += piece
    assert joined == texts
    assert words_of(*texts) == [word for text in texts for word in words_of(text)]


def test_english_words_in_chinese_are_one_word_each() -> None:
    assert words_of("我们用VS Code写don't") == ["我们", "用", "VS", "Code", "写", "don't"]
    assert words_of("T恤和well-known的PM2.5") == ["T恤", "和", "well-known", "的", "PM2", "5"]


def test_traditional_characters_make_no_words() -> None:
    assert words_of("這個房間的環境真的很舒服") == []
    assert words_of("這個房間用Windows") == []
    assert words_of("這裡 the room") == ["the", "room"]


def test_a_traditional_character_in_simplified_text_is_no_obstacle() -> None:
    assert "房间" in words_of("陶喆说这个房间很干净")


# The table


def test_only_whole_words_of_open_classes_are_candidates(table: Lexicon) -> None:
    words = [*table.words.to_pylist(), *table.candidates.to_pylist()]
    assert all(len(word) > 1 for word in words)
    assert all(cutter().cut(word) == [word] for word in words)
    added = {word for entry in cilin.additions().items() for word in [entry[0], *entry[1]]}
    tags = {tag for word in {*words} - added for _, tag in cutter().tag(word)}
    assert tags <= {"n", "an", "v", "vn", "vd", "a", "ad", "z", "d", "b"}


def test_function_words_and_negations_are_left_alone(table: Lexicon) -> None:
    stop = language("zh").stopwords
    assert not pc.any(pc.is_in(table.words, value_set=stop)).as_py()
    assert not pc.any(pc.is_in(table.candidates, value_set=stop)).as_py()
    for word in ["没有", "不能", "已经", "今天", "我们", "一些", "因为", "非常", "毫无", "北京"]:
        assert candidates(table, word) == []


def test_names_times_numerals_and_idioms_are_left_alone() -> None:
    source = "今年三月张三在北京吃了五碗面，胸有成竹，没有一个人说不好。"
    assert SynonymReplacement(rate=1.0)(source, language="zh") == source


def test_candidates_are_not_much_rarer_and_weigh_as_much_as_they_are_used(table: Lexicon) -> None:
    count = cutter().suggest_freq
    own = np.repeat([count(w) for w in table.words.to_pylist()], np.diff(table.offsets))
    theirs = np.array([count(w) for w in table.candidates.to_pylist()])
    assert (theirs >= np.maximum(60, 0.04 * own)).all()
    assert table.weights.tolist() == theirs.tolist()


def test_what_reading_rejected_is_no_candidate(table: Lexicon) -> None:
    assert candidates(table, "内容") == []
    for line in cilin.EXCLUSIONS.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            word, candidate, reason = line.split("\t")
            found = candidates(table, word)
            assert reason
            assert candidate not in found
            assert candidate != "*" or not found


@pytest.mark.parametrize(
    ("word", "other"),
    [("竟然", "居然"), ("舒服", "舒适"), ("气氛", "氛围"), ("突然", "忽然"), ("伤心", "难过")],
)
def test_good_pairs_are_found(table: Lexicon, word: str, other: str) -> None:
    assert other in candidates(table, word)


def test_the_digest_is_of_the_contents(table: Lexicon) -> None:
    assert cilin.read().digest == table.digest


# Replacement


@pytest.mark.parametrize(
    "source",
    [
        "房间很舒服，可惜隔音不好！！",
        "『竟然』这么便宜？３，９９９元。",
        "气氛👍🏽很好……真的！",
        "the room 很舒服 and the staff was happy",
    ],
)
def test_only_chinese_words_change(source: str) -> None:
    (variant,) = SynonymReplacement(rate=1.0).variants(source, 1, language="zh")
    for edit in variant.edits:
        assert pc.match_substring_regex(pa.array([source[edit.start : edit.stop]]), r"^\p{Han}+$")[
            0
        ].as_py()
    outside, last = "", 0
    for edit in variant.edits:
        outside += source[last : edit.start]
        last = edit.stop
    for mark in "，！『』？３９…👍🏽":
        assert source.count(mark) == (outside + source[last:]).count(mark)
    for word in ("the", "room", "happy", "staff"):
        assert (word in source) == (word in variant.text)


def test_traditional_text_is_declined() -> None:
    source = "這個房間的環境真的很舒服，服務員竟然忘記了。"
    assert len(SynonymReplacement(rate=1.0).variants(source, 1, language="zh")) == 0


def test_contract() -> None:
    check_augmenter(SynonymReplacement(rate=0.5), SHORT_TEXTS, ["zh"], stochastic=False)
