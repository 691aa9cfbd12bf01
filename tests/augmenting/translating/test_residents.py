"""Loaded models: one per identity, bounded in number, released on request."""

import gc
import shutil
import weakref
from pathlib import Path

import pytest

from augment.models.decoding import Decoding
from augment.models.translate import load_translator, release
from augment.models.translators import residents
from augment.models.translators.neural import NeuralTranslator
from augment.models.translators.residents import LIMIT, Resident


class Model:
    pass


def resident(name: str) -> Resident[Model]:
    return Resident(name, Model)


def test_a_model_is_loaded_once_per_identity() -> None:
    assert resident("a").get() is resident("a").get()
    assert resident("a").get() is not resident("b").get()


def test_the_model_used_longest_ago_goes_first() -> None:
    release()
    for i in range(LIMIT):
        resident(f"{i}").get()
    gone, kept = weakref.ref(resident("1").get()), resident("0").get()
    for i in range(2, LIMIT):
        resident(f"{i}").get()
    resident("0").get()
    resident("new").get()
    assert resident("0").get() is kept
    assert "1" not in residents.identities()
    assert gone() is None
    assert len(residents.identities()) == LIMIT


def test_a_released_model_is_gone_and_comes_back() -> None:
    one, other = resident("one"), resident("other")
    gone = weakref.ref(one.get())
    kept = other.get()
    one.release()
    assert gone() is None
    assert other.get() is kept
    assert isinstance(one.get(), Model)


def test_a_translator_s_weights_are_freed_between_hops(marian: Path) -> None:
    there = load_translator("marian", "en", "xx", model=str(marian / "{source}-{target}"))
    back = load_translator("marian", "xx", "en", model=str(marian / "{source}-{target}"))
    assert isinstance(there, NeuralTranslator)
    made = there.translate(["the film was good."])
    weights = weakref.ref(there.network.get().model)
    release(there)
    gc.collect()
    assert weights() is None
    assert len(residents.identities()) == 1
    assert back.translate(["the film was good."])
    assert there.translate(["the film was good."]) == made


def test_models_of_one_name_are_kept_apart_and_decodings_share_one(
    marian: Path, tmp_path: Path
) -> None:
    shutil.copytree(marian / "xx-en", tmp_path / "en-xx")
    (tmp_path / "en-xx" / "note.txt").write_text("another model")
    pattern = "{source}-{target}"
    first = load_translator("marian", "en", "xx", model=str(marian / pattern))
    again = load_translator(
        "marian", "en", "xx", model=str(marian / pattern), decoding=Decoding(num_beams=2)
    )
    other = load_translator("marian", "en", "xx", model=str(tmp_path / pattern))
    low = load_translator("marian", "en", "xx", model=str(marian / pattern), dtype="bfloat16")
    held = [t.network.get() for t in (first, again, other, low) if isinstance(t, NeuralTranslator)]
    assert held[0] is held[1]
    assert len({id(network) for network in held}) == 3


@pytest.mark.parametrize("pair", [("en", "pt")])
def test_bergamot_s_engines_are_released_too(pair: tuple[str, str]) -> None:
    translator = load_translator("bergamot", *pair)
    assert translator.translate(["The film was good."]) == [["O filme foi bom."]]
    release(translator)
    assert residents.identities() == []
    assert translator.translate(["The film was good."]) == [["O filme foi bom."]]
