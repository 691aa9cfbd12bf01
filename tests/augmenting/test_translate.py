"""Translators that bring their own weights or rules: Bergamot and Apertium."""

import shutil
from collections.abc import Iterator

import pytest

from augment.errors import ModelError
from augment.methods.back_translation import BackTranslation
from augment.models import runtime
from augment.models.translate import load_translator

ENGLISH = ["The film was good.", "I saw it twice.", "The actors were great, but the plot was bad."]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    runtime.set_threads(1)
    yield
    runtime.set_threads(None)


def test_bergamot_translates_in_order_with_any_number_of_threads() -> None:
    translator = load_translator("bergamot", "en", "pt-BR")
    one = translator.translate(ENGLISH)
    runtime.set_threads(3)
    assert translator.translate(ENGLISH) == one
    assert translator.translate(ENGLISH[::-1]) == one[::-1]
    assert one[0] == ["O filme foi bom."]
    assert translator.translate([]) == []


def test_bergamot_translates_a_long_text_in_parts() -> None:
    sentence = "The film was very good, and all of the actors were great in every single scene"
    text = "; ".join([sentence] * 30)
    translator = load_translator("bergamot", "en", "pt")
    made = translator.translate(["I saw it.", text, ""])
    assert made[1][0].count("filme") == made[1][0].count("cena") == 30
    assert made[0] == translator.translate(["I saw it."])[0]
    assert made[2] == []


def test_bergamot_leaves_out_the_package_s_own_postprocessing() -> None:
    back = load_translator("bergamot", "pt", "en")
    assert "last year" in back.translate(["Comprou um carro no ano passado."])[0][0]
    forth = load_translator("bergamot", "en", "pt")
    assert " não " not in forth.translate(["She bought a car last year."])[0][0]


def test_bergamot_names_the_pairs_it_has() -> None:
    with pytest.raises(ModelError, match=r"en-de; it has en-pt, pt-en"):
        load_translator("bergamot", "en", "de")
    with pytest.raises(ModelError, match="marian"):
        load_translator("bergamot", "en", "pt", model="my/model")


def test_apertium_missing_names_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ModelError, match="apt-get install apertium apertium-eng-spa"):
        load_translator("apertium", "en", "es")
    with pytest.raises(ModelError, match="brings its own rules and can't load model='my/model'"):
        load_translator("apertium", "en", "es", model="my/model")
    assets = BackTranslation(backend="apertium", pivot="es").assets()
    assert not any(name.startswith("es: ") for name in assets)


@pytest.mark.skipif(not shutil.which("apertium"), reason="Debian's apertium is not installed")
def test_apertium_keeps_texts_apart() -> None:
    translator = load_translator("apertium", "en", "es")
    texts = ["The film was\n\ngood.", "", "😀", "[a] ^b/c$ @ {x} \\ <y>", ".", "I saw it."]
    made = translator.translate(texts * 3)
    assert made == translator.translate(texts) * 3
    assert made[:6] == [translator.translate([text])[0] for text in texts]
    assert made[1] == []
    assert all("\n" not in text for found in made for text in found)
    with pytest.raises(ModelError, match="installed: "):
        load_translator("apertium", "en", "xx")
