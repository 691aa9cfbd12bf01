"""nlpaug's augmenters as steps: deterministic per row, protected, and no trace left behind."""

import os
import pickle
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from augment.augmenter import Augmenter
from augment.batch import TextBatch
from augment.component import fingerprint
from augment.errors import ModelError, ParameterError
from augment.methods.nlpaug_bridge import NlpaugInstance, NlpaugStep
from augment.registry import build
from augment.testing import SHORT_TEXTS, check_augmenter
from augment.text.protect import Protection


def flow(kind: str, **params: Any) -> NlpaugStep:
    steps = [
        {"augmenter": "char.OcrAug"},
        {"augmenter": "word.RandomWordAug", "params": {"action": "swap"}},
    ]
    return NlpaugStep(augmenter=f"flow.{kind}", params={"flow": steps, **params})


def step(augmenter: str, **params: Any) -> NlpaugStep:
    return NlpaugStep(augmenter=augmenter, params=params)


def by_instance() -> NlpaugInstance:
    import nlpaug.augmenter.char as nac
    import nlpaug.augmenter.word as naw
    import nlpaug.flow as naf

    return NlpaugStep.of(naf.Sequential([nac.KeyboardAug(aug_char_p=0.2), naw.SpellingAug()]))


STEPS: dict[str, Any] = {
    "keyboard": lambda: step("char.KeyboardAug", aug_char_p=0.2),
    "ocr": lambda: step("char.OcrAug"),
    "insert characters": lambda: step("char.RandomCharAug", action="insert"),
    "delete characters": lambda: step("char.RandomCharAug", action="delete"),
    "swap words": lambda: step("word.RandomWordAug", action="swap"),
    "delete words": lambda: step("word.RandomWordAug", action="delete"),
    "split words": lambda: step("word.SplitAug"),
    "misspell": lambda: step("word.SpellingAug"),
    "reserved": lambda: step(
        "word.ReservedAug", reserved_tokens=[["good", "fine"], ["big", "large"]]
    ),
    "sequential": lambda: flow("Sequential"),
    "sometimes": lambda: flow("Sometimes", aug_p=0.6),
    "flow in a flow": lambda: step(
        "flow.Sequential",
        flow=[{"augmenter": "flow.Sometimes", "params": {"flow": [{"augmenter": "char.OcrAug"}]}}],
    ),
}


def batch(rows: list[str] | None = None) -> TextBatch:
    column = pa.array(
        rows or [f"A good day for the big dog number {i}, isn't it?" for i in range(40)]
    )
    return TextBatch.of(column, protected=Protection().find(column))


@pytest.mark.parametrize("name", STEPS)
def test_the_contract(name: str) -> None:
    check_augmenter(STEPS[name](), SHORT_TEXTS)


@pytest.mark.parametrize("name", [*STEPS, "instance"])
def test_rows_do_not_hear_of_each_other(name: str) -> None:
    made = by_instance() if name == "instance" else STEPS[name]()
    rows = batch()
    whole = made.apply(rows)
    assert whole.text.null_count < len(rows)
    order = np.random.default_rng(0).permutation(len(rows))
    assert made.apply(rows.take(order)).text.to_pylist() == whole.take(order).text.to_pylist()
    assert made.apply(rows.slice(7, 9)).text.to_pylist() == whole.text.to_pylist()[7:9]


@pytest.mark.parametrize("name", [*STEPS, "instance"])
def test_the_global_generators_are_put_back(name: str) -> None:
    import torch

    made = by_instance() if name == "instance" else STEPS[name]()
    made.apply(batch())
    random.seed(5)  # noqa: TID251
    np.random.seed(5)  # noqa: TID251, NPY002
    torch.manual_seed(5)
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # type: ignore[index]  # noqa: NPY002
    made.apply(batch())
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # type: ignore[index]  # noqa: NPY002
    assert before == after


class TestProtection:
    TEXT = "See https://x.org/a?b=1 now, {name}: 3.5 good dogs don't like @me or <b>big</b> cats."

    @pytest.mark.parametrize("name", STEPS)
    def test_spans_survive_and_most_rows_are_kept(self, name: str) -> None:
        texts = [f"Row {i}. {self.TEXT}" for i in range(40)]
        out = STEPS[name]().apply(batch(texts)).text.to_pylist()
        for text in (text for text in out if text is not None):
            found = 0
            for kept in ("https://x.org/a?b=1", "{name}", "3.5", "@me", "<b>", "</b>"):
                found = text.index(kept, found)
        assert sum(text is None for text in out) <= (
            20 if "sometimes" in name or "flow" in name else 2
        )

    def test_line_breaks_and_emoji_survive(self) -> None:
        text = "A good day.\r\n\n  The big 👩‍👩‍👧 family 🇫🇷 sat there\n"
        for made in step("word.SplitAug").variants(text, 20):
            assert made.text.count("👩‍👩‍👧") == made.text.count("🇫🇷") == 1
            assert [c for c in made.text if c in "\r\n"] == list("\r\n\n\n")
            assert made.text.endswith("\n")

    def test_an_augmenter_that_eats_marks_is_called_between_them(self) -> None:
        class Upper:
            def augment(self, text: str) -> list[str]:
                assert text.strip()
                return ["".join(c for c in text.upper() if c.isalpha() or c == " ")]

        made = NlpaugStep.of(Upper())
        assert made("a dog {name} and 3.5 cats") == "A DOG {name} AND 3.5 CATS"


class TestResults:
    @pytest.mark.parametrize(
        ("result", "want"),
        [
            ("b", "b"),
            (["b"], "b"),
            ([["b"]], "b"),
            (("b", [{"change": 1}]), "b"),
            ([], None),
            (None, None),
            ("", None),
            ([""], None),
            ("a", None),
            ("  a ", None),
        ],
    )
    def test_whatever_comes_back_is_one_variant_or_none(self, result: Any, want: Any) -> None:
        class Fixed:
            def augment(self, text: str) -> Any:
                return result

        assert NlpaugStep.of(Fixed()).apply(batch(["a"])).text.to_pylist() == [want]

    def test_a_table_is_refused(self) -> None:
        class Table:
            def augment(self, text: str) -> Any:
                return {"text": "b"}

        with pytest.raises(ModelError, match="dict, not text"):
            NlpaugStep.of(Table())("a")

    def test_an_error_of_a_row_is_its_own(self) -> None:
        class Breaks:
            def augment(self, text: str) -> Any:
                raise RuntimeError("no luck")

        with pytest.raises(RuntimeError, match="no luck"):
            NlpaugStep.of(Breaks())("a")

    @pytest.mark.parametrize("text", ["", " ", "\n\n", "{name}", "👩‍👩‍👧"])
    def test_nothing_is_never_sent(self, text: str) -> None:
        class Never:
            def augment(self, text: str) -> Any:
                raise AssertionError(text)

        assert NlpaugStep.of(Never())(text) == text


class TestNames:
    def test_are_checked_without_importing_nlpaug(self) -> None:
        code = (
            "import sys; from augment import NlpaugStep; NlpaugStep(augmenter='char.OcrAug'); "
            "sys.exit('nlpaug' in sys.modules or 'torch' in sys.modules)"
        )
        subprocess.run([sys.executable, "-c", code], check=True)

    @pytest.mark.parametrize(
        ("entry", "path", "message"),
        [
            ({"augmenter": "char.KeybordAug"}, "augmenter", "did you mean 'char.KeyboardAug'"),
            ({"augmenter": "KeyboardAug"}, "augmenter", "did you mean 'char.KeyboardAug'"),
            ({"augmenter": "word.OcrAug"}, "augmenter", "did you mean 'char.OcrAug'"),
            ({"augmenter": "audio.NoiseAug"}, "augmenter", "known: char.KeyboardAug"),
            ({"augmenter": "word.SplitAug", "params": {"aug_P": 1}}, "params.aug_P", "'aug_p'"),
            ({"augmenter": "flow.Sequential"}, "params.flow", "is a list"),
            (
                {"augmenter": "flow.Sequential", "params": {"flow": [{"augmenter": "char.Ocr"}]}},
                "params.flow[0].augmenter",
                "'char.OcrAug'",
            ),
            (
                {"augmenter": "flow.Sometimes", "params": {"flow": [{"use": "x"}]}},
                "params.flow[0]",
                "is a mapping",
            ),
        ],
    )
    def test_unknown_ones_get_a_path_and_a_hint(
        self, entry: dict[str, Any], path: str, message: str
    ) -> None:
        with pytest.raises(ParameterError) as caught:
            build({"use": "nlpaug", **entry})
        (problem,) = caught.value.problems
        assert problem.path == path
        assert message in problem.message

    def test_values_that_nlpaug_refuses_are_parameter_errors(self) -> None:
        with pytest.raises(ParameterError, match="Action must be one of"):
            step("word.RandomWordAug", action="fly")("a b")

    def test_what_transformers_no_longer_runs_points_elsewhere(self) -> None:
        with pytest.raises(ModelError, match="masked_lm"):
            step("word.ContextualWordEmbsAug")

    def test_a_model_that_is_not_there_is_a_model_error(self, tmp_path: Path) -> None:
        gone = str(tmp_path / "gone")
        made = step("word.BackTranslationAug", from_model_name=gone, to_model_name=gone)
        with pytest.raises(ModelError, match="back_translation"):
            made("a good day")

    def test_what_is_no_augmenter_is_refused(self) -> None:
        with pytest.raises(ParameterError, match="no augmenter"):
            NlpaugStep.of("char.OcrAug")


class TestState:
    def test_a_second_dictionary_is_read(self, tmp_path: Path) -> None:
        """nlpaug keeps the first one for all that come after it."""
        table = tmp_path / "table.txt"
        table.write_text("dog hound\n")
        assert step("word.SpellingAug", aug_p=1.0)("my dog") != "my hound"
        assert step("word.SpellingAug", aug_p=1.0, dict_path=str(table))("my dog") == "my hound"

    def test_a_table_is_part_of_the_fingerprint(self, tmp_path: Path) -> None:
        table = tmp_path / "table.txt"
        table.write_text("dog hound\n")
        made = step("word.SpellingAug", dict_path=str(table))
        before = fingerprint(made)
        table.write_text("dog wolf\n")
        assert fingerprint(made) != before

    def test_the_instance_given_is_not_changed(self) -> None:
        import nlpaug.augmenter.word as naw

        given = naw.SpellingAug(stopwords=["the"])
        before = pickle.dumps(given)
        made: Augmenter = NlpaugStep.of(given)
        assert made("the good dog") != "the good dog"
        assert pickle.dumps(given) == before

    @pytest.mark.slow
    def test_the_hash_seed_decides_nothing(self) -> None:
        code = (
            "from augment import NlpaugStep; "
            "s = NlpaugStep(augmenter='word.SpellingAug', params={'aug_p': 1.0}); "
            "print(s(['There is a good reason to believe their word because it is true.'] * 3))"
        )
        outputs = {
            subprocess.run(
                [sys.executable, "-c", code],
                check=True,
                capture_output=True,
                env={**os.environ, "PYTHONHASHSEED": seed},
            ).stdout
            for seed in ("0", "1")
        }
        assert len(outputs) == 1
