"""Beams, n-best lists and sampling: distinct, reproducible, and as the model has it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.errors import ModelError
from augment.models.decoding import Decoding, capabilities, check_decoding
from augment.models.translate import exact, load_translator
from augment.models.translators.neural import NeuralTranslator, _part_keys
from augment.models.translators.sampling import draw
from augment.randomness import row_keys


def translator(marian: Path, decoding: Decoding, **params) -> NeuralTranslator:
    model = str(marian / "{source}-{target}")
    made = load_translator("marian", "en", "xx", model=model, decoding=decoding, **params)
    assert isinstance(made, NeuralTranslator)
    return made


def keys_of(count: int) -> np.ndarray:
    return row_keys(7, np.arange(count, dtype=np.uint64))


def test_n_best_are_distinct_and_begin_with_the_best(marian: Path, corpus: list[str]) -> None:
    texts = corpus[:10]
    several = translator(marian, Decoding(num_beams=4, n_best=3)).translate(texts)
    assert all(len(found) == len(set(found)) <= 3 for found in several)
    assert sum(len(found) == 3 for found in several) >= 8
    best = translator(marian, Decoding(num_beams=4)).translate(texts)
    assert [found[:1] for found in several] == best


def test_a_search_does_not_know_how_long_its_neighbours_are(
    marian: Path, corpus: list[str]
) -> None:
    decoding = Decoding(num_beams=4, n_best=4)
    whole = translator(marian, decoding).translate(corpus[:24])
    alone = [translator(marian, decoding).translate([text])[0] for text in corpus[:24]]
    assert whole == alone


def test_samples_belong_to_their_key_and_not_to_their_batch(
    marian: Path, corpus: list[str]
) -> None:
    decoding = Decoding(temperature=1.0)
    texts, keys = corpus[:30], keys_of(30)
    made = translator(marian, decoding).translate(texts, keys)
    assert made == translator(marian, decoding).translate(texts, keys)
    assert made == translator(marian, decoding, batch_tokens=30).translate(texts, keys)
    order = np.arange(30)[::-1]
    assert made[::-1] == translator(marian, decoding).translate(
        [texts[i] for i in order], keys[order]
    )
    other = translator(marian, decoding).translate(texts, keys_of(60)[30:])
    assert sum(a != b for a, b in zip(made, other, strict=True)) > 15


def test_the_parts_of_a_text_are_sampled_independently(marian: Path) -> None:
    sampled = translator(marian, Decoding(temperature=1.0))
    text, keys = "the film was good. " * 20, keys_of(1)
    parts, _ = sampled._parts(sampled.network.get(), [text])
    own = _part_keys(parts, keys)
    assert len(set(own.tolist())) == len(parts) > 1
    assert own[0] == keys[0]
    alone = sampled.translate([part.text for part in parts], own)
    assert len({found[0] for found in alone if found}) > 1
    whole = "".join(m[0] + part.joint for m, part in zip(alone, parts, strict=True) if m)
    assert sampled.translate([text], keys)[0] == ([whole] if all(alone) else [])


def test_sampling_needs_keys(marian: Path) -> None:
    with pytest.raises(ValueError, match="keys"):
        translator(marian, Decoding(temperature=1.0)).translate(["film"])


def test_sampled_frequencies_are_the_model_s(marian: Path, corpus: list[str]) -> None:
    """Chi-square of 10,000 first tokens against the softmax of the model's own logits."""
    import torch

    sampled = translator(marian, Decoding(temperature=1.5), batch_tokens=100_000)
    network, count = sampled.network.get(), 10_000
    ids = sampled._ids(network, corpus[:1])[0]
    model, tokenizer = network.model, network.tokenizer
    with torch.no_grad():
        start = torch.tensor([[model.config.decoder_start_token_id]])
        logits = model(input_ids=torch.tensor([ids]), decoder_input_ids=start).logits[0, 0]
    logits[tokenizer.pad_token_id] = -torch.inf
    expected = (logits.double() / 1.5).softmax(-1).numpy() * count
    drawn = draw(
        np.repeat(logits.float().numpy()[None], count, 0), keys_of(count), 0,
        temperature=1.5, top_k=0,
    )  # fmt: skip
    found = np.bincount(drawn, minlength=len(expected))
    assert chi_square(found, expected) < limit(expected)
    assert found[tokenizer.pad_token_id] == 0


def test_whole_translations_are_sampled_as_often_as_their_probability(
    marian: Path, corpus: list[str]
) -> None:
    """10,000 samples through the whole path; the likeliest outputs against their probability."""
    import torch

    text, count = "the film.", 10_000
    sampled = translator(marian, Decoding(temperature=1.0), batch_tokens=100_000)
    made = sampled.translate([text] * count, keys_of(count))
    network = sampled.network.get()
    tokenizer, model = network.tokenizer, network.model
    outputs, counts = np.unique([found[0] if found else "" for found in made], return_counts=True)
    likeliest = [i for i in np.argsort(-counts, kind="stable")[:8] if outputs[i]]
    own = torch.tensor([sampled._ids(network, [text])[0]])
    expected = []
    for i in likeliest:
        words = tokenizer(str(outputs[i]), add_special_tokens=False)["input_ids"]
        labels = torch.tensor([[*words, tokenizer.eos_token_id]])
        with torch.no_grad():
            logits = model(input_ids=own, labels=labels).logits[0].double()
        logits[:, tokenizer.pad_token_id] = -torch.inf
        steps = logits.log_softmax(-1)[torch.arange(labels.shape[1]), labels[0]]
        expected.append(float(steps.sum().exp()) * count)
    rest = [count - counts[likeliest].sum()], [count - sum(expected)]
    assert min(expected) > 20
    assert chi_square(np.append(counts[likeliest], rest[0]), np.append(expected, rest[1])) < limit(
        np.append(expected, rest[1])
    )


def chi_square(found: np.ndarray, expected: np.ndarray) -> float:
    likely = expected > 5
    return float((((found - expected) ** 2)[likely] / expected[likely]).sum())


def limit(expected: np.ndarray) -> float:
    """About the 99.9th percentile of chi-square (Wilson & Hilferty 1931)."""
    degrees = int((expected > 5).sum()) - 1
    return degrees * (1 - 2 / (9 * degrees) + 3.09 * (2 / (9 * degrees)) ** 0.5) ** 3


@given(st.integers(1, 6), st.integers(0, 2**63))
def test_top_k_leaves_the_rest_out(top_k: int, seed: int) -> None:
    logits = np.random.default_rng(seed % 2**32).normal(size=(20, 12)).astype(np.float32)
    drawn = draw(logits, keys_of(20), 3, temperature=5.0, top_k=top_k)
    rank = (logits > logits[np.arange(20), drawn][:, None]).sum(1)
    assert (rank < top_k).all()
    if top_k == 1:
        assert (drawn == logits.argmax(1)).all()


def test_a_low_temperature_takes_the_best(marian: Path, corpus: list[str]) -> None:
    cold = translator(marian, Decoding(temperature=1e-6)).translate(corpus[:10], keys_of(10))
    assert cold == translator(marian, Decoding()).translate(corpus[:10])


def test_backends_say_what_they_can_do() -> None:
    assert capabilities("marian") == {"beam", "n_best", "sampling"}
    assert capabilities("ctranslate2") == {"beam", "n_best"}
    assert capabilities("bergamot") == capabilities("apertium") == frozenset()
    for backend in ("bergamot", "apertium", "ctranslate2", "marian", "m2m", "nllb"):
        check_decoding(backend, Decoding())
    assert exact("bergamot", "int8")
    assert not exact("ctranslate2", "unheard of")


def test_what_a_backend_can_t_do_is_an_error_that_says_who_can() -> None:
    with pytest.raises(
        ModelError,
        match=r"'ctranslate2' has no sampling, it has beam, n_best; "
        r"use backend marian or m2m or nllb, or noise in the source",
    ):
        load_translator("ctranslate2", "en", "pt", decoding=Decoding(temperature=1.0))
    with pytest.raises(ModelError, match=r"'bergamot' has no beam, it has greedy decoding alone"):
        load_translator("bergamot", "en", "pt", decoding=Decoding(num_beams=2))
    with pytest.raises(ModelError, match="n_best=3 needs num_beams"):
        check_decoding("marian", Decoding(n_best=3))
    with pytest.raises(ModelError, match="num_beams=2"):
        check_decoding("marian", Decoding(num_beams=2, temperature=1.0))
