"""Translators: order, lengths, limits, and what they say when they can't."""

import copy
import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from augment.augmenter import Augmenter
from augment.component import fingerprint
from augment.errors import ModelError
from augment.methods.back_translation import BackTranslation
from augment.models import runtime
from augment.models.translate import Decoding, Direction, Translator, load_translator
from augment.models.translators.marian import DEFAULT, MarianTranslator, _prefix

ENGLISH = ["The film was good.", "I saw it twice.", "The actors were great, but the plot was bad."]
WORDS = ["the", "a", "film", "movie", "was", "is", "great", "bad", "very", "not", "good", "plot"]
PAD, EOS, LIMIT = 3, 0, 48


def corpus() -> list[str]:
    rng = random.Random(0)
    return [" ".join(rng.choices(WORDS, k=rng.randint(1, 9))) + "." for _ in range(300)]


@pytest.fixture(scope="session")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders ``en-xx`` and ``xx-en`` with one tiny Marian model, trained for a moment so that
    its outputs end."""
    root = tmp_path_factory.mktemp("marian")
    tokenizer = _tokenizer(root)
    _trained(tokenizer).save_pretrained(root / "en-xx")
    tokenizer.save_pretrained(root / "en-xx")
    shutil.copytree(root / "en-xx", root / "xx-en")
    return root


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    runtime.set_threads(1)
    yield
    runtime.set_threads(None)


def _tokenizer(root: Path):
    import sentencepiece
    from transformers import MarianTokenizer

    (root / "corpus.txt").write_text("\n".join(corpus()))
    for side in ("source", "target"):
        sentencepiece.SentencePieceTrainer.train(
            input=str(root / "corpus.txt"), model_prefix=str(root / side), minloglevel=2,
            vocab_size=300, model_type="word", hard_vocab_limit=False,
        )  # fmt: skip
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(root / "source.model"))
    names = ["</s>", "<unk>", "▁", "<pad>"]
    names += [pieces.id_to_piece(i) for i in range(pieces.get_piece_size())]
    vocabulary = {name: i for i, name in enumerate(dict.fromkeys(names))}
    (root / "vocab.json").write_text(json.dumps(vocabulary))
    return MarianTokenizer(
        vocab=str(root / "vocab.json"), source_spm=str(root / "source.model"),
        target_spm=str(root / "target.model"), model_max_length=LIMIT,
    )  # fmt: skip


def _trained(tokenizer):
    import torch
    from transformers import MarianConfig, MarianMTModel

    torch.set_num_threads(1)
    torch.manual_seed(0)
    size = len(tokenizer)
    model = MarianMTModel(
        MarianConfig(
            vocab_size=size, decoder_vocab_size=size, d_model=32, encoder_layers=2,
            decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=2,
            encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=LIMIT,
            pad_token_id=PAD, eos_token_id=EOS, decoder_start_token_id=PAD,
            forced_eos_token_id=EOS,
        )
    )  # fmt: skip
    texts, rng = corpus(), random.Random(0)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(50):
        batch = tokenizer(rng.choices(texts, k=16), padding=True, return_tensors="pt")
        labels = batch["input_ids"].masked_fill(batch["input_ids"] == PAD, -100)
        model(**batch, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


def forward(marian: Path, **params) -> Translator:
    return load_translator("marian", "en", "xx", model=str(marian / "{source}-{target}"), **params)


def test_marian_keeps_the_order_whatever_the_batches(marian: Path) -> None:
    texts = [*corpus()[:20], "", "film"]
    whole = forward(marian).translate(texts)
    assert len(whole) == len(texts)
    assert len({made[0] for made in whole if made}) > 5
    assert forward(marian).translate(texts[::-1]) == whole[::-1]
    assert forward(marian, batch_tokens=1).translate(texts) == whole
    assert forward(marian, batch_tokens=64).translate(texts) == whole


def test_marian_searches_with_beams_and_other_dtypes(marian: Path) -> None:
    texts = corpus()[:8]
    assert len(forward(marian, decoding=Decoding(num_beams=3)).translate(texts)) == 8
    assert len(forward(marian, dtype="bfloat16").translate(texts)) == 8
    assert forward(marian).translate([]) == []


def test_marian_loads_a_model_once_and_keeps_models_of_one_name_apart(
    marian: Path, tmp_path: Path
) -> None:
    first, again = forward(marian), forward(marian, decoding=Decoding(num_beams=2))
    assert isinstance(first, MarianTranslator)
    assert isinstance(again, MarianTranslator)
    assert first.loaded is again.loaded
    shutil.copytree(marian / "xx-en", tmp_path / "en-xx")
    other = forward(tmp_path)
    assert isinstance(other, MarianTranslator)
    assert other.loaded is not first.loaded


def test_marian_translates_an_over_long_text_in_parts(marian: Path) -> None:
    translator = forward(marian)
    assert isinstance(translator, MarianTranslator)
    text = " ".join(corpus()[:30]).replace(".", ",")
    parts = list(translator._fitting(text))
    assert len(parts) > 3
    assert "".join(piece + joint for piece, joint in parts) == text
    assert all(len(ids) <= LIMIT for ids in translator._ids([p for p, _ in parts]))
    made = translator.translate([p for p, _ in parts])
    joined = "".join(m[0] + joint for m, (_, joint) in zip(made, parts, strict=True) if m)
    assert translator.translate(["film", text, "plot"])[1] == ([joined] if all(made) else [])


def test_marian_gives_nothing_for_what_does_not_end(marian: Path) -> None:
    translator = forward(marian)
    assert isinstance(translator, MarianTranslator)
    endless = copy.deepcopy(translator.loaded.model)
    endless.final_logits_bias[0, EOS] = -1e9
    stuck = replace(translator, loaded=replace(translator.loaded, model=endless))
    assert stuck.translate(["the film was good.", "a"]) == [[], []]


def test_many_target_checkpoints_are_told_the_language() -> None:
    class Tokenizer:
        supported_language_codes = (">>por<<", ">>spa<<", ">>fr<<")

    assert _prefix(Tokenizer(), "pt") == ">>por<< "
    assert _prefix(Tokenizer(), "fr") == ">>fr<< "
    assert _prefix(Tokenizer(), "de") == ""


def back_translation(marian: Path) -> Augmenter:
    return BackTranslation(pivot="xx", backend="marian", model=str(marian / "{source}-{target}"))


def test_back_translation_through_marian(marian: Path) -> None:
    augmenter = back_translation(marian)
    texts = [" ".join(corpus()[i : i + 3]) for i in range(4)]
    out = augmenter(texts)
    assert len(out) == 4
    assert out == [augmenter(text) for text in texts]


def test_the_fingerprint_follows_the_weights(marian: Path, tmp_path: Path) -> None:
    for pair in ("en-xx", "xx-en"):
        shutil.copytree(marian / pair, tmp_path / pair)
    before = back_translation(tmp_path).assets()
    folders = [str(tmp_path / "en-xx"), str(tmp_path / "xx-en")]
    assert sorted(before) == [*folders, "sentencex"]
    assert before == back_translation(tmp_path).assets()
    weights = tmp_path / "xx-en" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert back_translation(tmp_path).assets() != before
    hub = BackTranslation(backend="marian", pivot="de", revision="abc")
    assert hub.assets()[DEFAULT] == f"{DEFAULT}@abc"
    assert fingerprint(hub) != fingerprint(BackTranslation(backend="marian", pivot="de"))


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere/en-de.*revision 'v1'.*hub"):
        load_translator(
            "marian",
            "en",
            "de",
            model=str(tmp_path / "nowhere/{source}-{target}"),
            revision="v1",
        )


def test_a_direction_names_its_model() -> None:
    direction = Direction("en-US", "pt-BR", "some/{source}-{target}")
    assert direction.place("unused") == "some/en-pt"
    assert Direction("en", "pt").place("x-{target}") == "x-pt"
    assert Path(Direction("en", "pt", ".").place("unused")) == Path.cwd()


def test_bergamot_translates_in_order_with_any_number_of_threads() -> None:
    translator = load_translator("bergamot", "en", "pt-BR")
    one = translator.translate(ENGLISH)
    runtime.set_threads(3)
    assert translator.translate(ENGLISH) == one
    assert translator.translate(ENGLISH[::-1]) == one[::-1]
    assert one[0] == ["O filme foi bom."]
    assert translator.translate([]) == []


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
    assert set(BackTranslation(backend="apertium", pivot="es").assets()) == {"sentencex"}


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
