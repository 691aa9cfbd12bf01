"""Every variant tells how it came about: its steps, their edits, and what else there was."""

import json
import pickle
import re
from pathlib import Path

import pyarrow as pa
import pytest
from rich.console import Console

from augment import (
    BackTranslation,
    Chain,
    CorpusStatistics,
    Edit,
    Explanation,
    MaskedLMFill,
    OneOf,
    RandomDeletion,
    RandomInsertion,
    RandomSwap,
    SomeOf,
    SynonymReplacement,
    TextBatch,
    TfidfReplacement,
    Variant,
    explain,
)
from augment.augmenter import Augmenter
from augment.batch import EDITS
from augment.component import params_of
from augment.errors import ParameterError
from augment.explaining import StepTrace, carried_back
from augment.row_cache import MemoryStore, caching
from augment.testing import ReplaceText
from augment.text.edits import replay
from augment.tracing import current, recorder, tracing

TEXT = "The movie was a big success, and the tired director deserves another good chance."
WIDE = SynonymReplacement(rate=0.5, senses=3)
"""One that has several candidates for most words."""
EVERY = SynonymReplacement(rate=1.0, senses=3)


def explained(augmenter: Augmenter, text: str = TEXT, seed: int = 0) -> Explanation:
    (variant,) = augmenter.variants(text, seed=seed)
    found = explain(variant)
    assert (found.source, found.text, found.edits) == (text, variant.text, variant.edits)
    return found


def only(augmenter: Augmenter, text: str = TEXT, seed: int = 0) -> StepTrace:
    (step,) = explained(augmenter, text, seed).steps
    return step


def replayed(source: str, edits: tuple[Edit, ...]) -> str:
    column = pa.array([[{"start": e.start, "stop": e.stop, "text": e.text} for e in edits]], EDITS)
    return str(replay(pa.array([source]), column)[0].as_py())


class TestMethods:
    def test_synonyms_tell_their_senses_and_weights(self) -> None:
        step = only(WIDE)
        assert (step.name, step.outcome, step.before) == ("synonym", "changed", TEXT)
        for edit in step.edits:
            assert TEXT[edit.start : edit.stop] == edit.old
            assert edit.text in [other.text for other in edit.alternatives]
            assert edit.score is not None
            assert 0 < edit.score <= 1
            assert sum(other.score or 0 for other in edit.alternatives) <= 1 + 1e-6
            assert all(other.note.startswith("sense ") for other in edit.alternatives)
        assert any(len(edit.alternatives) > 2 for edit in step.edits)

    def test_words_that_might_have_been_replaced_are_told(self) -> None:
        step = only(WIDE)
        words = [TEXT[start:stop] for start, stop in step.eligible]
        assert {"movie", "big"} <= {*words}
        assert not {"The", "was", "a"} & {*words}

    def test_a_synonym_that_would_stand_beside_its_like_is_told_of(self, tmp_path: Path) -> None:
        path = tmp_path / "words.tsv"
        path.write_text("neat\ttidy\nmovie\tfilm\n", "utf-8")
        step = only(SynonymReplacement(rate=1.0, lexicon=str(path)), "The neat, tidy movie.")
        (kept,) = step.kept
        assert (kept.start, kept.stop, kept.chosen) == (4, 8, None)
        assert kept.note == "'tidy' would stand beside its like"
        assert [other.text for other in kept.alternatives] == ["tidy"]

    def test_masks_tell_the_models_candidates(self) -> None:
        step = only(MaskedLMFill(rate=0.3))
        assert [edit.score for edit in step.edits] == pytest.approx(step.notes["probabilities"])
        for edit in step.edits:
            by_text = {other.text: other for other in edit.alternatives}
            assert by_text[edit.old].note == "the word itself"
            assert by_text[edit.text].note == ""
            assert by_text[edit.text].score == pytest.approx(edit.score)
            unlikely = [o for o in edit.alternatives if "min_probability" in o.note]
            assert unlikely
            assert all((o.score or 0) < 0.03 for o in unlikely)

    def test_candidates_bear_the_letter_case_of_the_word(self) -> None:
        for seed in range(20):
            for edit in only(MaskedLMFill(rate=1.0), "Movies make people happy.", seed).edits:
                if edit.old == "Movies":
                    assert all(other.text[0].isupper() for other in edit.alternatives)
                    return
        raise AssertionError("the first word was never filled")

    def test_a_round_trip_tells_its_pivot(self) -> None:
        step = only(BackTranslation())
        (sentence,) = {id(c): c for edit in step.edits for c in edit.considered}.values()
        assert sentence.chosen == step.after
        assert "by way of: O filme foi um grande sucesso" in sentence.note
        assert step.notes["sentences"] == 1

    def test_a_sentence_that_fell_back_says_which_guard(self) -> None:
        step = only(BackTranslation(), f"{TEXT} Nobody knew why, <b>not</b> even 42 critics.")
        (fallen,) = step.kept
        assert fallen.chosen is None
        assert "fell back to the source: protected" in fallen.note
        assert [other.note for other in fallen.alternatives] == ["refused: protected"]

    def test_uninformative_words_tell_the_chances_of_the_pool(self, tmp_path: Path) -> None:
        texts = [f"the {w} was in a house of the {w} for a day" for w in ("cat", "dog", "cow")] * 9
        path = tmp_path / "words.arrow"
        CorpusStatistics.of(texts).save(path)
        step = only(TfidfReplacement(rate=0.3, statistics=str(path)), "the cat was in a big house")
        for edit in step.edits:
            assert edit.considered[-1].measure == "probability"
            assert edit.score is not None
            assert 0 < edit.score < 1
            scores = [other.score or 0 for other in edit.alternatives]
            assert scores == sorted(scores, reverse=True)

    def test_swaps_name_their_partners(self) -> None:
        first, second = only(RandomSwap(rate=0.2)).edits
        assert f"changed places with {second.old!r}" in first.considered[0].note
        assert f"changed places with {first.old!r}" in second.considered[0].note

    def test_insertions_name_the_word_whose_synonyms_they_are(self) -> None:
        for edit in only(RandomInsertion(rate=0.3, senses=2)).edits:
            (found,) = edit.considered
            assert "a synonym of '" in found.note
            assert edit.text.strip() == found.chosen

    def test_deletions_are_told(self) -> None:
        step = only(RandomDeletion(rate=0.3))
        assert [edit.considered[0].chosen for edit in step.edits] == [""] * len(step.edits)

    def test_a_method_that_tells_nothing_still_has_its_edits(self) -> None:
        step = only(ReplaceText(old="movie", new="film"))
        assert [(e.old, e.text, e.alternatives, e.score) for e in step.edits] == [
            ("movie", "film", (), None)
        ]


class TestCompositions:
    chain = Chain(
        steps=(
            ReplaceText(old="movie", new="great film"),
            OneOf(
                options=(ReplaceText(old="film", new="show"), ReplaceText(old="film", new="hit"))
            ),
            ReplaceText(old="absent", new="x"),
            ReplaceText(old="chance", new="try", p=0.0),
        )
    )

    def test_steps_lead_from_the_source_to_the_text(self) -> None:
        found = explained(self.chain)
        assert [step.outcome for step in found.steps] == [
            "changed", "changed", "declined", "left out",
        ]  # fmt: skip
        assert found.steps[0].path == "steps[0]"
        assert found.steps[1].path.startswith("steps[1].options[")
        stands = TEXT
        for step in found.steps:
            assert step.before == stands
            assert replayed(TEXT, step.composed) == step.after
            stands = step.after
        assert stands == found.text

    def test_edits_tell_where_in_the_source_they_act(self) -> None:
        found = explained(self.chain)
        start = TEXT.index("movie")
        assert found.steps[0].edits[0].source == (start, start + 5)
        assert found.steps[1].edits[0].old == "film"
        assert found.steps[1].edits[0].source == (start, start + 5)
        (edit,) = found.edits
        assert found.steps_of(edit) == (0, 1)

    def test_what_was_drawn_is_told(self) -> None:
        assert explained(self.chain).steps[1].remarks == (
            "drew replace_text of: replace_text, replace_text",
        )

    def test_nothing_drawn_is_told_of_the_whole(self) -> None:
        some = SomeOf(steps=(WIDE, WIDE), least=0, most=0)
        with tracing() as traced:
            some.apply(TextBatch.of([TEXT], language="en"))
        (frame,) = traced.frames
        assert frame.remarks == ["drew none of: synonym, synonym"]
        assert not frame.inner

    def test_parameters_are_told_as_a_recipe_has_them(self) -> None:
        step = only(WIDE)
        assert step.params == params_of(WIDE)
        assert step.given == {"rate": 0.5, "senses": 3}

    @pytest.mark.parametrize(
        ("edits", "start", "stop", "source"),
        [
            ((), 2, 4, (2, 4)),
            ((Edit(2, 5, "large"),), 0, 1, (0, 1)),
            ((Edit(2, 5, "large"),), 3, 4, (2, 5)),
            ((Edit(2, 5, "large"),), 8, 11, (6, 9)),
            ((Edit(2, 6, ""),), 2, 5, (6, 9)),
            ((Edit(2, 2, "x "),), 0, 4, (0, 2)),
            ((Edit(0, 1, "ab"), Edit(4, 5, "")), 1, 6, (0, 6)),
        ],
    )
    def test_ranges_are_carried_back(
        self, edits: tuple[Edit, ...], start: int, stop: int, source: tuple[int, int]
    ) -> None:
        assert carried_back(edits, start, stop) == source


class TestTracing:
    def test_nothing_is_traced_unasked(self) -> None:
        assert recorder() is None
        assert current() is None
        with tracing():
            assert recorder() is not None
        assert recorder() is None

    def test_a_trace_changes_no_variant(self) -> None:
        augmenter = Chain(steps=(WIDE, MaskedLMFill(rate=0.3), RandomSwap(p=0.5)))
        plain = augmenter.variants(TEXT, 6)
        with tracing():
            traced = augmenter.variants(TEXT, 6)
        assert list(plain) == list(traced)

    def test_rows_are_traced_one_at_a_time(self) -> None:
        with tracing(), pytest.raises(ValueError, match="one row is traced at a time, not 2"):
            WIDE.apply(TextBatch.of([TEXT, "another"], language="en"))

    def test_rows_that_are_kept_are_computed_again(self) -> None:
        store, fill = MemoryStore(), MaskedLMFill(rate=0.3, backend="onnx", dtype="float32")
        with caching(store):
            (variant,) = fill.variants(TEXT)
            assert explain(variant).steps[0].edits[0].alternatives


class TestExplain:
    def test_a_variant_that_was_pickled_is_explained(self) -> None:
        (variant,) = WIDE.variants(TEXT)
        assert explain(pickle.loads(pickle.dumps(variant))) == explain(variant)

    def test_a_variant_made_by_hand_has_no_way(self) -> None:
        with pytest.raises(ParameterError, match="comes from no augmenter"):
            explain(Variant("a", ()))

    def test_what_is_made_otherwise_now_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "words.tsv"
        path.write_text("movie\tpicture\n", "utf-8")
        (variant,) = SynonymReplacement(lexicon=str(path)).variants(TEXT)
        path.unlink()
        path.write_text("movie\tflick\nmovie\tfeature film\n", "utf-8")
        with pytest.raises(ParameterError, match=r"is made otherwise now: .*flick"):
            explain(variant)

    def test_it_is_json(self) -> None:
        told = json.loads(json.dumps(explained(WIDE).told()))
        edit = told["steps"][0]["edits"][0]
        assert {"start", "stop", "old", "text", "source", "considered"} == {*edit}
        assert {"text", "score", "note"} == {*edit["considered"][0]["alternatives"][0]}


class TestShown:
    def test_a_terminal_reads_without_colours(self) -> None:
        shown = str(explained(Chain(steps=(EVERY, RandomSwap(p=0.0)))))
        assert re.match(r"The \[-movie-\]\{\+\w+\+\}\(1\) was a ", shown)
        assert "1  synonym rate=1.0 senses=3  steps[0]" in shown
        assert "2  random_swap p=0.0  steps[1]  left out" in shown
        assert re.search(r"\[-movie-\]\{\+\w+\+\}  weight 0\.\d\d\n      instead of: ", shown)
        assert "\x1b" not in shown

    def test_rich_prints_it(self) -> None:
        console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
        console.print(explained(WIDE, "The [red]movie[/red] was a big success."))
        assert "{+huge+}" in console.export_text() or "[red]" in console.export_text()

    def test_html_marks_edits_by_more_than_colour(self) -> None:
        page = explained(Chain(steps=(EVERY, RandomSwap(p=0.0))))._repr_html_()
        assert re.search(r'<del>movie</del><ins>\w+</ins><sup title="synonym">1</sup>', page)
        assert 'content:"+"' in page
        assert "text-decoration:line-through" in page
        assert "<td>film</td>" in page
        assert "<script" not in page

    def test_html_is_escaped(self) -> None:
        page = explained(WIDE, "A movie <script>x</script> & a big success")._repr_html_()
        assert "<script" not in page
        assert "&lt;script&gt;x&lt;/script&gt; &amp; a" in page

    def test_a_rewritten_sentence_shows_the_words_that_differ(self) -> None:
        variants = BackTranslation().variants(TEXT)
        assert "<del>movie</del><ins>film</ins>" in variants._repr_html_()
        assert "[-movie-]{+film+}" in str(explain(variants[0]))
        page = variants[0]._repr_html_()
        assert page is not None
        assert "<del>movie</del>" in page

    def test_a_variant_without_a_source_is_shown_as_any_value(self) -> None:
        assert Variant("a", ())._repr_html_() is None

    def test_chinese(self, tmp_path: Path) -> None:
        path = tmp_path / "words.tsv"
        path.write_text("电影\t影片\n", "utf-8")
        pytest.importorskip("rjieba")
        made = SynonymReplacement(rate=1.0, lexicon=str(path)).variants(
            "这部电影非常精彩。", language="zh"
        )
        found = explain(made[0])
        assert "[-电影-]{+影片+}" in str(found)
        assert "<del>电影</del><ins>影片</ins>" in found._repr_html_()
