"""Reports of any output: what they hold, where they lie, and what they say where they can't."""

import json
import sys

import pyarrow as pa
import pytest

from augment.errors import MissingExtraError
from pipelines.cli import main
from pipelines.errors import InputMissingError
from pipelines.report.writing import entry_of


@pytest.fixture
def augmill(monkeypatch, capsys):
    def call(*arguments, code=0):
        monkeypatch.setattr(sys, "argv", ["augmill", *map(str, arguments)])
        with pytest.raises(SystemExit) as done:
            main()
        said = capsys.readouterr()
        assert done.value.code == code, said.err
        return said.out if code == 0 else said.err

    return call


def test_the_command_prints_where_the_page_is(augmill, plain, tmp_path):
    made = plain()
    said = augmill("report", made.output, "--tensorboard", tmp_path / "events")
    page = tmp_path / "long.aug" / "reports" / "000001" / "index.html"
    assert said == f"{page}\n"
    assert {path.name for path in page.parent.iterdir()} == {"index.html", "quality.json"}
    assert [path.name for path in (tmp_path / "events").iterdir()]
    assert "has no version 7 (any more); it has 1" in augmill(
        "report", made.output, "--version", 7, code=66
    )
    assert "is no dataset that augmill published" in augmill("report", tmp_path / "x", code=66)


def test_tensorboard_gets_the_scalars_and_histograms(published, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from pipelines.report.tensorboard import write_events

    quality = published("long").report(tmp_path / "page").quality
    write_events(quality, tmp_path / "events")
    events = EventAccumulator(str(tmp_path / "events"), {"histograms": 0, "scalars": 0}).Reload()
    found = {
        name: [(e.step, e.value) for e in events.Scalars(name)] for name in events.Tags()["scalars"]
    }
    assert found == {name: [(1, pytest.approx(v))] for name, v in quality.scalars().items()}
    drawn = events.Histograms("edit_rate/strong")[0].histogram_value
    told = quality.values["views"]["strong"]["edit_rate"]
    assert drawn.num == told["count"]
    assert drawn.bucket == told["bins"]["counts"]
    assert drawn.sum == pytest.approx(told["mean"] * told["count"])


def test_a_version_is_compared_with_the_one_before(plain, tmp_path):
    made = plain(filters=[{"use": "length_ratio", "min": 0.99, "max": 1.01}])
    before = made.report().quality
    assert "drift" not in json.loads(before.text())
    plain(filters=[])
    after = made.report()
    told = json.loads((after.page.parent / "quality.json").read_text("utf-8"))["drift"]
    assert (told["version"], told["same_recipe"]) == (1, False)
    for key, row in told["scalars"].items():
        assert row["before"] == before.scalars()[key]
        assert row["after"] == after.quality.scalars()[key]
        assert row["delta"] == row["after"] - row["before"]
    assert told["scalars"]["yield/all"]["delta"] > 0
    assert "Drift since version 1" in after.page.read_text("utf-8")
    # Where the older report is gone, it is measured again: to the same numbers.
    (tmp_path / "long.aug" / "reports" / "000001" / "quality.json").unlink()
    assert made.report(tmp_path / "again").page.read_bytes() == after.page.read_bytes()


def test_rejected_variants_are_expanded_again(card):
    rejected = card.quality.replayed
    assert rejected.note == ""
    assert rejected.rows > 0
    assert rejected.examples
    for example in rejected.examples:
        assert not example.kept
        assert example.reason in ("length_ratio: too_short", "length_ratio: too_long")
        ratio = dict(example.scores)["length_ratio"]
        assert ratio == pytest.approx(len(example.text) / len(example.source), rel=1e-5)
        assert not 0.96 <= ratio <= 1.04


def test_examples_replay_to_their_variants(card):
    assert {e.view for e in card.quality.examples} == {"weak", "strong"}
    assert {"sample", "least similar", "most edited"} >= {e.reason for e in card.quality.examples}
    for example in card.quality.examples:
        text = example.source
        for start, stop, new in reversed(example.edits):
            text = text[:start] + new + text[stop:]
        assert text == example.text


def test_without_originals_the_page_says_what_it_lacks(plain):
    report = plain(keep_original=False).report()
    values = report.quality.values
    assert values["vocabulary"] is values["diversity"] is values["originals"]["count"] is None
    assert values["views"]["weak"]["words"]["count"] == values["views"]["weak"]["variants"] > 0
    assert values["views"]["weak"]["edit_rate"]["count"] == 0
    page = report.page.read_text("utf-8")
    assert "The output has no originals" in page
    assert "Rejected variants can’t be shown: the output has no originals" in page


def test_a_dataset_without_variants_has_a_page(publish, tmp_path):
    same = pa.table({"n": ["a", "b"], "text": ["1 2 3", "—"]})
    report = publish(tmp_path, "long", same, language="en", label=None).report()
    assert report.quality.values["variants"] == 0
    assert "<h1>long</h1>" in report.page.read_text("utf-8")


def test_texts_cannot_break_the_page(publish, tmp_path):
    texts = [f"</script><script>alert({i})</script> a big nice house & <b>" for i in range(6)]
    table = pa.table({"n": [str(i) for i in range(6)], "text": texts})
    page = publish(tmp_path, "long", table, language="en", label=None).report().page
    assert page.read_text("utf-8").count("<script>") == 1


def test_a_missing_package_is_named_with_the_command(published, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=r'Jinja2.*pip install "augmill\[report\]"'):
        published("long").report(tmp_path)


def test_versions_that_are_gone_are_not_reported(published):
    with pytest.raises(InputMissingError, match="no version 9"):
        entry_of(published("long").store, 9)
