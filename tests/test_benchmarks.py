"""The reckoning of the benchmarks; what they time is not run here."""

import pyarrow as pa
import pytest

from benchmarks.lexical import floor, spread
from benchmarks.reading import verdicts
from benchmarks.reading.__main__ import TABLE, without
from benchmarks.reading.sentences import Sentence
from benchmarks.reading.systems import OURS, Change, Variant, changes_between
from benchmarks.reading.verdicts import Verdict
from benchmarks.timing import interleave


@pytest.mark.parametrize(
    ("source", "text", "changes"),
    [
        ("a big dog", "a large dog", [Change(2, "big", "large")]),
        (
            "a big old dog",
            "a large aged dog",
            [Change(2, "big", "large"), Change(6, "old", "aged")],
        ),
        ("I gave up.", "I renounced.", [Change(2, "gave up", "renounced")]),
        ("I don't.", "I don ' t.", [Change(2, "don't", "don ' t", torn=True)]),
        ("see http://a.b/c", "see http: / / a. b / c", None),
        ("so , what", "so, what", []),
        ("don't like", "do n't like", [Change(0, "don", "do n")]),
        ("the end", "the very end", [Change(4, "", "very")]),
        ("the end", "the", [Change(4, "end", "")]),
        ("", "", []),
    ],
)
def test_the_changes_of_a_system_that_does_not_tell_them(source, text, changes):
    found = changes_between(source, text)
    if changes is None:
        assert len(found) == 1, "damage counts once for a run without white space"
        assert found[0].torn
    else:
        assert found == changes


@pytest.mark.parametrize("texts", [["a b", "", "c"], ["", ""], ["Straße, «ja»", "e"]])
def test_the_floor_gives_the_rows_back(texts):
    assert floor(pa.array(texts, pa.string()), "en").to_pylist() == texts


def test_the_sides_of_a_benchmark_run_in_turn():
    calls = []
    seconds = interleave({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 2)
    assert calls == ["a", "b"] * 3
    assert set(seconds) == {"a", "b"}


def test_a_part_of_the_texts_is_spread_over_all():
    texts = [str(i) for i in range(101)]
    assert spread(texts, 3) == ["0", "50", "100"]
    assert spread(texts, 1000) == texts


def variant(*changes):
    return Variant(OURS, Sentence("news", "00", "a big dog"), "", changes)


def test_verdicts_come_back_from_their_file(tmp_path):
    table = verdicts.unread([variant(Change(2, '"big', "large"), Change(5, "x", "x '", torn=True))])
    assert [row.verdict for row in table] == ["", "form"], "what is torn needs no reading"
    verdicts.write(tmp_path / "t.tsv", table)
    assert verdicts.read(tmp_path / "t.tsv") == table


def test_only_the_four_verdicts_are_accepted(tmp_path):
    verdicts.write(tmp_path / "t.tsv", [Verdict("news", "00", 2, "big", "large", OURS, "good")])
    with pytest.raises(ValueError, match=r"t.tsv:2: 'good' is none of ok, word, form, sense"):
        verdicts.read(tmp_path / "t.tsv")


def test_a_verdict_is_carried_to_the_same_replacement_only():
    read = [Verdict("news", "00", 2, "big", "large", OURS, "ok", "fine")]
    now = verdicts.unread([variant(Change(2, "big", "large")), variant(Change(2, "big", "vast"))])
    assert [row.verdict for row in verdicts.carried(now, read)] == ["ok", ""]
    assert [row.replacement for row in without(now, [read[0].place])] == ["vast"]


def test_the_share_counts_torn_text_as_an_error_and_also_leaves_it_out():
    rows = [("ok", ""), ("sense", ""), ("form", ""), ("form", verdicts.TORN)]
    table = [
        Verdict("news", "00", i, "a", "b", "nlpaug", verdict, note)
        for i, (verdict, note) in enumerate(rows)
    ]
    lines = verdicts.shares(table).splitlines()
    assert "| news | nlpaug | 4 | 0 | 1 | 1 | 1 | 25.0% | 33.3% |" in lines


@pytest.mark.skipif(not TABLE.exists(), reason="not read yet")
def test_the_committed_table_is_read_and_holds_no_sentences():
    for row in verdicts.read(TABLE):
        assert row.verdict in verdicts.VERDICTS
        assert len(row.word.split()) < 8
