"""The reckoning of the benchmarks; what they time is not run here."""

import dataclasses

import pyarrow as pa
import pytest

from augment.errors import MissingExtraError
from augment.text.sentences import split_sentences
from benchmarks.lexical import floor, spread
from benchmarks.neural import back_translation, drift, masked_lm
from benchmarks.neural.__main__ import main
from benchmarks.neural.marian_checkpoint import marian_checkpoints
from benchmarks.neural.rounds import Side, measure, table, windows
from benchmarks.neural.setting import smoke
from benchmarks.neural.texts import long_text, sentences, with_repeats
from benchmarks.reading import sheets, verdicts
from benchmarks.reading.methods import METHODS, Item
from benchmarks.reading.sentences import Sentence
from benchmarks.reading.shares import shares
from benchmarks.reading.systems import OURS, TORN, Change, Variant, changes_between
from benchmarks.reading.verdicts import TripVerdict, Verdict
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
        ("I don't.", "I don ' t.", [Change(2, "don't", "don ' t", damage=TORN)]),
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
        assert found[0].damage
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


def variant(*changes, system=OURS, text=""):
    return Variant(system, Sentence("news", "00", "a big dog"), text, changes)


SYNONYM, FILLED, TRIPS = (METHODS[m] for m in ("synonym", "masked_lm", "back_translation"))


def test_verdicts_come_back_from_their_file(tmp_path):
    changes = Change(2, '"big', "large"), Change(5, "x", "x '", damage=TORN)
    table = verdicts.unread([variant(*changes)])
    assert [row.verdict for row in table] == ["", "form"], "what is torn needs no reading"
    verdicts.write(tmp_path / "t.tsv", table, Verdict)
    assert verdicts.read(tmp_path / "t.tsv", Verdict, ["ok", "form"]) == table
    trips = [TripVerdict("news", "00", "ff", OURS, "loss", "half of it")]
    verdicts.write(tmp_path / "t.tsv", trips, TripVerdict)
    assert verdicts.read(tmp_path / "t.tsv", TripVerdict, ["ok", "loss"]) == trips


def test_only_the_verdicts_of_the_method_are_accepted(tmp_path):
    rows = [Verdict("news", "00", 2, "big", "large", OURS, "polarity")]
    verdicts.write(tmp_path / "t.tsv", rows, Verdict)
    assert verdicts.read(tmp_path / "t.tsv", Verdict, list(FILLED.verdicts)) == rows
    with pytest.raises(ValueError, match=r"t.tsv:2: 'polarity' is none of ok, word, form, sense"):
        verdicts.read(tmp_path / "t.tsv", Verdict, list(SYNONYM.verdicts))


def test_a_verdict_is_carried_to_the_same_replacement_only():
    read = [Verdict("news", "00", 2, "big", "large", OURS, "ok", "fine")]
    now = verdicts.unread([variant(Change(2, "big", "large")), variant(Change(2, "big", "vast"))])
    assert [row.verdict for row in verdicts.carried(now, read)] == ["ok", ""]
    assert [row.replacement for row in verdicts.without(now, read)] == ["vast"]


def test_a_verdict_on_a_round_trip_is_on_its_text():
    once, again = (TRIPS.items([variant(text=text)])[0].row for text in ("a dog", "a large dog"))
    assert once.made != again.made
    read = [dataclasses.replace(once, verdict="meaning")]
    assert [row.verdict for row in verdicts.carried([once, again], read)] == ["meaning", ""]


def test_what_readers_write_on_shuffled_sheets_reaches_its_line(tmp_path):
    changes = [Change(i, "b", f"new {i}") for i in (2, 3, 4)]
    items = sheets.order(FILLED.items([variant(*changes, text="a\tnew"), variant(text="same")]))
    items[1] = Item(dataclasses.replace(items[1].row, verdict="ok"), "", "")
    first, second = sheets.write(tmp_path, items, 2)
    assert "a [b → new" in first.read_text() + second.read_text()
    assert OURS not in first.read_text() + second.read_text(), "readers don't know whose it is"
    for path in (first, second):
        head, *lines = path.read_text().splitlines()
        assert len(lines) == 1, "what was read before is not asked again"
        cells = lines[0].split("\t")
        assert head.split("\t")[-2:] == ["verdict", "note"]
        filled = "\t".join([*cells[:-2], "form", f"note of {cells[5]}"])
        path.write_text(f"{head}\n{filled}\n")
    given = sheets.answers(tmp_path, list(FILLED.verdicts))
    table = sheets.answered([item.row for item in items], given)
    assert [row.verdict for row in table] == ["form", "ok", "form"]
    assert all(row.note == f"note of {row.replacement}" for row in (table[0], table[2]))
    with pytest.raises(ValueError, match=r"sheet-1.tsv: 1: 'form' is none of ok, sense"):
        list(sheets.answers(tmp_path, ["ok", "sense"]))


def test_the_share_counts_damage_as_an_error_and_also_leaves_it_out():
    rows = [("ok", ""), ("sense", ""), ("form", ""), ("form", TORN)]
    table = [
        Verdict("news", "00", i, "a", "b", "nlpaug", verdict, note)
        for i, (verdict, note) in enumerate(rows)
    ]
    lines = shares(table, list(SYNONYM.verdicts)).splitlines()
    assert "| news | nlpaug | 4 | 0 | 1 | 1 | 1 | 25.0% | 33.3% |" in lines


@pytest.mark.parametrize("method", METHODS)
def test_the_committed_tables_are_read_and_hold_no_sentences(method):
    test = METHODS[method]
    if not test.table.exists():
        pytest.skip("not read yet")
    table = verdicts.read(test.table, test.row, list(test.verdicts))
    assert all(row.verdict for row in table)
    if test.row is Verdict:
        assert all(len(row.word.split()) < 8 for row in table)


def test_no_text_comes_in_two_rounds_and_all_rounds_are_of_a_kind():
    texts = [str(i) for i in range(1000)]
    parts = windows(texts, 30, 3)
    assert [len(part) for part in parts] == [30] * 3
    assert len({text for part in parts for text in part}) == 90
    assert max(max(map(int, part)) for part in parts) > 900
    assert abs(sum(map(int, parts[0])) - sum(map(int, parts[2]))) < 1000
    with pytest.raises(ValueError, match="4 rounds of 300 texts need 1200, not 1000"):
        windows(texts, 300, 4)


def test_a_side_that_lacks_something_is_named_and_left_out(capsys):
    def fails(_):
        raise MissingExtraError("backend 'x'", "x", "x")

    made = []
    prepared = Side("good", made.append, prepare=tuple, amount=lambda texts, _: len(texts))
    sides = measure([prepared, Side("bad", fails)], [["a", "b"], ["c"], ["d"]], warm=1)
    assert [side.name for side in sides] == ["good"]
    assert made == [("a",), ("c",), ("d",)], "one warms up, and a round has texts of its own"
    assert "left out: bad: " in capsys.readouterr().err
    assert sides[0].amounts == [1, 1]


class OneAtATime:
    """Stands for a peer's process: what was loaded last answers."""

    def __init__(self) -> None:
        self.held = 0
        self.ran: list[tuple[int, int]] = []

    def load(self, what: str, threads: int, *, batch_size: int, **_: str) -> None:
        self.held = batch_size

    def run(self, texts: list[str]) -> tuple[float, list[str]]:
        self.ran.append((self.held, len(texts)))
        return 0.0, texts


def test_each_batch_size_of_a_peer_is_timed_with_itself(tmp_path):
    peer = OneAtATime()
    for direction in back_translation.DIRECTIONS:
        (tmp_path / direction).mkdir()
    choices = [
        Side(str(n), back_translation.nlpaug(peer, tmp_path, 1, n, 1))  # type: ignore[arg-type]
        for n in (8, 32)
    ]
    best = back_translation._fastest(choices, ["a", "b", "c"])
    assert peer.ran == [(8, 2), (8, 3), (32, 2), (32, 3)]
    assert best.rate == max(side.rate for side in choices)


def test_ratios_are_to_the_sides_that_were_measured():
    slow, fast = (Side(name, len, rates=[rate]) for name, rate in (("nlpaug", 2.0), ("ours", 9.0)))
    assert table([slow, fast], ("nlpaug", "floor")).splitlines()[2:] == [
        "| nlpaug | 2.0 | 1.00 | – |",
        "| ours | 9.0 | 4.50 | – |",
    ]


def test_a_corpus_with_repeats_has_as_many_texts():
    made = with_repeats([str(i) for i in range(100)], 0.3)
    assert len(made) == 100
    assert len(set(made)) == 70


def test_a_long_text_is_made_of_sentences():
    text, count = long_text(["a film with five words ."] * 50, 100)
    found = split_sentences(pa.array([text], pa.string()), "en")
    assert len(found.rows) == count == 13


def test_rows_that_another_budget_changes_are_counted_once():
    def rows(texts, budget):
        return [text.upper() if text == "b" and budget > 1000 else text for text in texts]

    assert drift.drift(rows, ["a", "b", "c", "d"]) == 0.25
    assert drift.drift(lambda texts, _: texts, ["a", "b"]) == 0.0


def test_what_a_peer_does_not_say_is_counted_as_edits():
    texts, made = ["A Good film", "don't go"], ["a bad film", "don ' t go"]
    assert masked_lm._edits_of_texts(texts, made) == 0.5


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    pytest.importorskip("torch")
    return smoke(tmp_path_factory.mktemp("neural"))


@pytest.mark.slow
def test_translations_by_random_weights_are_as_long_as_their_sources(tiny):
    texts = sentences()[:12]
    template = marian_checkpoints(tiny.folder / "marian", tiny.marian, texts[:8])
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    folder = template.parent / "en-de"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    wanted = batch["attention_mask"].sum(1).tolist()
    for beams in (1, 2):
        made = model.generate(**batch, num_beams=beams)
        got = (made[:, 1:] != tokenizer.pad_token_id).sum(1).tolist()
        for source, length in zip(wanted, got, strict=True):
            assert 0.6 * source < length < 1.6 * source
    again = tokenizer(tokenizer.batch_decode(made, skip_special_tokens=True))["input_ids"]
    assert [len(ids) for ids in again] == got, "they come back from text as the same tokens"


@pytest.mark.slow
@pytest.mark.parametrize("part", ["masked_lm", "back_translation", "drift"])
def test_the_benchmarks_run_without_the_peer(part, tiny, capsys):
    assert main([part, "--smoke", "--folder", str(tiny.folder)]) == 0
    out, err = capsys.readouterr()
    wanted = {
        "masked_lm": ["bare forward", "augmill torch float32", "five copies take"],
        "back_translation": ["bare CTranslate2 int8", "augmill marian float32", "augmill bergamot"],
        "drift": ['"ctranslate2 float32": 0.0000', '"marian float32": 0.0000'],
    }
    for words in wanted[part]:
        assert words in out, err
    assert "left out" not in err
