"""Marian, M2M-100 and NLLB checkpoints through transformers."""

import copy
import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from augment.augmenter import Augmenter
from augment.component import fingerprint
from augment.errors import ModelError
from augment.methods.back_translation import BackTranslation
from augment.models.decoding import Decoding
from augment.models.translate import Direction, load_translator
from augment.models.translators import seq2seq
from augment.models.translators.families import DEFAULTS, script
from augment.models.translators.neural import NeuralTranslator
from augment.models.translators.residents import Resident

LIMIT = 48


def forward(marian: Path, backend: str = "marian", **params) -> NeuralTranslator:
    made = load_translator(backend, "en", "xx", model=str(marian / "{source}-{target}"), **params)
    assert isinstance(made, NeuralTranslator)
    return made


def firsts(made: list[list[str]]) -> list[str]:
    return [found[0] for found in made if found]


def test_the_order_is_kept_whatever_the_batches(marian: Path, corpus: list[str]) -> None:
    texts = [*corpus[:20], "", "film"]
    whole = forward(marian).translate(texts)
    assert len(whole) == len(texts)
    assert len(set(firsts(whole))) > 5
    assert forward(marian).translate(texts[::-1]) == whole[::-1]
    assert forward(marian, batch_tokens=1).translate(texts) == whole
    assert forward(marian, batch_tokens=64).translate(texts) == whole


def test_other_dtypes_and_nothing_to_translate(marian: Path, corpus: list[str]) -> None:
    assert len(firsts(forward(marian, dtype="bfloat16").translate(corpus[:8]))) == 8
    assert forward(marian).translate([]) == []
    with pytest.raises(ModelError, match="int8 on cpu here; it has auto, float32, bfloat16"):
        forward(marian, dtype="int8")


def test_a_text_over_the_model_s_length_is_translated_in_parts(
    marian: Path, corpus: list[str]
) -> None:
    translator = forward(marian)
    network = translator.network.get()
    text = " ".join(corpus[:30]).replace(".", ",")
    parts, ids = translator._parts(network, [text])
    assert len(parts) > 3
    assert "".join(part.text + part.joint for part in parts) == text
    assert all(len(own) <= LIMIT for own in ids)
    made = translator.translate([part.text for part in parts])
    joined = "".join(m[0] + part.joint for m, part in zip(made, parts, strict=True) if m)
    assert translator.translate(["film", text, "plot"])[1] == ([joined] if all(made) else [])


def test_12000_words_in_one_text_are_all_translated(marian: Path, corpus: list[str]) -> None:
    rng = random.Random(1)
    text = " ".join(rng.choice(corpus) for _ in range(2400))
    assert len(text.split()) > 12_000
    translator = forward(marian, batch_tokens=16_384)
    parts, _ = translator._parts(translator.network.get(), [text])
    whole = translator.translate([text])[0]
    alone = translator.translate([part.text for part in parts])
    assert all(alone)
    assert whole == ["".join(m[0] + part.joint for m, part in zip(alone, parts, strict=True))]
    assert len(parts) > 12_000 / LIMIT


def test_what_does_not_end_is_no_translation(marian: Path) -> None:
    translator = forward(marian)
    network = translator.network.get()
    assert isinstance(network, seq2seq.TorchNetwork)
    endless = copy.deepcopy(network.model)
    endless.final_logits_bias[0, 0] = -1e9
    stuck = Resident("stuck", lambda: replace(network, model=endless))
    assert replace(translator, network=stuck).translate(["the film was good.", "a"]) == [[], []]


@pytest.mark.parametrize("backend", ["m2m", "nllb"])
def test_multilingual_checkpoints_are_told_both_languages(
    backend: str, request: pytest.FixtureRequest, corpus: list[str]
) -> None:
    folder = request.getfixturevalue(backend)
    translator = load_translator(backend, "en", "pt-BR", model=str(folder))
    assert isinstance(translator, NeuralTranslator)
    network, own = translator.network.get(), translator.script
    name = network.tokenizer.convert_ids_to_tokens
    expected = {"m2m": ["__en__", "__pt__"], "nllb": ["eng_Latn", "por_Latn"]}[backend]
    assert [name(own.prefix[0]), name(own.opening)] == expected
    assert [name(i) for i in own.suffix] == ["</s>"]
    made = translator.translate(corpus[:12])
    assert len(firsts(made)) == 12
    assert all(set(text.replace(".", "").split()) <= known(corpus) for text in firsts(made))
    assert (
        load_translator(backend, "en", "pt", model=str(folder), batch_tokens=8).translate(
            corpus[:12]
        )
        == made
    )


def known(corpus: list[str]) -> set[str]:
    return set(" ".join(corpus).replace(".", "").split())


def test_both_directions_share_a_multilingual_model(m2m: Path) -> None:
    there = load_translator("m2m", "en", "pt", model=str(m2m))
    back = load_translator("m2m", "pt", "en", model=str(m2m))
    assert isinstance(there, NeuralTranslator)
    assert isinstance(back, NeuralTranslator)
    assert there.network.get() is back.network.get()
    assert (there.script.prefix[0], there.script.opening) == (
        back.script.opening,
        back.script.prefix[0],
    )


@pytest.mark.parametrize("backend", ["m2m", "nllb"])
def test_a_language_that_a_model_lacks_is_named(
    backend: str, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(backend)
    with pytest.raises(ModelError, match=r"does not know the language 'qq'.*it has .*[pP]or|pt"):
        load_translator(backend, "en", "qq", model=str(folder))


def test_many_target_marian_checkpoints_are_told_the_language() -> None:
    class MarianTokenizer:
        supported_language_codes = (">>por<<", ">>spa<<", ">>fr<<")
        eos_token_id, all_special_ids = 0, (0,)

        def convert_tokens_to_ids(self, name: str) -> int:
            return 10 + self.supported_language_codes.index(name)

    found = {tag: script(MarianTokenizer(), "en", tag, "x").prefix for tag in ("pt", "fr", "de")}
    assert found == {"pt": (10,), "fr": (12,), "de": ()}


def test_specials_spelled_out_in_a_text_are_text(marian: Path, m2m: Path, nllb: Path) -> None:
    text = ">>fr<< the </s> film <pad> was __pt__ por_Latn good"
    for backend, folder in (("marian", marian / "en-xx"), ("m2m", m2m), ("nllb", nllb)):
        translator = load_translator(backend, "en", "pt", model=str(folder))
        assert isinstance(translator, NeuralTranslator)
        network, own = translator.network.get(), translator.script
        ids = translator._ids(network, [text])[0]
        inner = ids[len(own.prefix) : len(ids) - len(own.suffix)]
        unknown = network.tokenizer.unk_token_id
        assert not set(inner) & (own.hidden - {unknown})
        assert network.tokenizer.convert_tokens_to_ids("▁film") in inner


def test_a_checkpoint_of_another_kind_is_refused(wordpiece_checkpoint: Path) -> None:
    with pytest.raises(ModelError, match=r"no translation model|of a known family"):
        load_translator("marian", "en", "de", model=str(wordpiece_checkpoint))


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere/en-de.*revision 'v1'.*hub"):
        load_translator(
            "marian", "en", "de", model=str(tmp_path / "nowhere/{source}-{target}"), revision="v1"
        )


def test_a_direction_names_its_model() -> None:
    direction = Direction("marian", "en-US", "pt-BR", "some/{source}-{target}")
    assert direction.place("unused") == "some/en-pt"
    assert Direction("marian", "en", "pt").place("x-{target}") == "x-pt"
    assert Path(Direction("marian", "en", "pt", ".").place("unused")) == Path.cwd()


def back_translation(marian: Path) -> Augmenter:
    return BackTranslation(pivot="xx", backend="marian", model=str(marian / "{source}-{target}"))


def test_back_translation_through_marian(marian: Path, corpus: list[str]) -> None:
    augmenter = back_translation(marian)
    texts = [" ".join(corpus[i : i + 3]) for i in range(4)]
    out = augmenter(texts)
    assert len(out) == 4
    assert out == [augmenter(text) for text in texts]


def test_a_device_that_is_not_there_is_named(marian: Path) -> None:
    with pytest.raises(
        ModelError, match=r"device='nowhere' can't be had here; use 'cpu' or 'auto'"
    ):
        load_translator(
            "marian", "en", "xx", model=str(marian / "{source}-{target}"), device="nowhere"
        )


def test_the_fingerprint_follows_the_weights(marian: Path, tmp_path: Path) -> None:
    root = tmp_path / "opus [1]"  # What a pattern would take for one of several characters.
    for pair in ("en-xx", "xx-en"):
        shutil.copytree(marian / pair, root / pair)
    before = back_translation(root).assets()
    weights_and_packages = {str(root / "en-xx"), str(root / "xx-en"), "torch", "transformers"}
    assert set(before) >= {f"xx: {name}" for name in weights_and_packages}
    assert before == back_translation(root).assets()
    weights = root / "xx-en" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert back_translation(root).assets() != before
    hub = BackTranslation(backend="marian", pivot="de", revision="abc")
    default = DEFAULTS["marian"]
    assert hub.assets()[f"de: {default}"] == f"{default}@abc"
    assert fingerprint(hub) != fingerprint(BackTranslation(backend="marian", pivot="de"))


def test_beams_keep_what_greedy_decoding_would_find_or_better(
    marian: Path, corpus: list[str]
) -> None:
    made = forward(marian, decoding=Decoding(num_beams=3)).translate(corpus[:8])
    assert [len(found) for found in made] == [1] * 8
    sizes = np.array([len(found[0]) for found in made])
    assert (sizes > 0).all()
