"""Checkpoints through CTranslate2: conversion, equality with transformers, threads."""

import json
import multiprocessing
import shutil
from pathlib import Path

import pytest

from augment.component import package_version
from augment.errors import ModelError
from augment.models import runtime
from augment.models.decoding import Decoding
from augment.models.translate import load_translator, release, translator_assets
from augment.models.translators.conversion import cache_folder, converted
from augment.models.translators.neural import NeuralTranslator
from augment.models.translators.seq2seq import load_tokenizer

pytest.importorskip("ctranslate2")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))


def place(backend: str, request: pytest.FixtureRequest) -> str:
    folder = request.getfixturevalue(backend)
    return str(folder / "en-xx" if backend == "marian" else folder)


@pytest.mark.parametrize("backend", ["marian", "m2m", "nllb"])
def test_float32_gives_what_transformers_gives(
    backend: str, request: pytest.FixtureRequest, corpus: list[str]
) -> None:
    model = place(backend, request)
    expected = load_translator(backend, "en", "pt", model=model).translate(corpus[:100])
    assert sum(map(bool, expected)) > 90
    made = load_translator("ctranslate2", "en", "pt", model=model, dtype="float32")
    assert made.translate(corpus[:100]) == expected


@pytest.mark.parametrize("backend", ["marian", "m2m", "nllb"])
def test_int8_gives_about_the_same(
    backend: str, request: pytest.FixtureRequest, corpus: list[str]
) -> None:
    model = place(backend, request)
    expected = load_translator(backend, "en", "pt", model=model).translate(corpus[:100])
    made = load_translator("ctranslate2", "en", "pt", model=model, dtype="int8")
    found = made.translate(corpus[:100])
    assert sum(a == b for a, b in zip(found, expected, strict=True)) > 80


def test_the_same_bytes_with_one_thread_and_with_two(marian: Path, corpus: list[str]) -> None:
    def translate(count: int, budget: int, dtype: str, decoding: Decoding) -> list[list[str]]:
        runtime.set_threads(count)
        return load_translator(
            "ctranslate2", "en", "xx", model=str(marian / "{source}-{target}"), dtype=dtype,
            decoding=decoding, batch_tokens=budget,
        ).translate(corpus)  # fmt: skip

    for dtype in ("float32", "int8"):
        for decoding in (Decoding(), Decoding(num_beams=3, n_best=2)):
            assert translate(1, 100, dtype, decoding) == translate(2, 100, dtype, decoding)


def test_n_best_and_whole_long_texts(marian: Path, corpus: list[str]) -> None:
    model = str(marian / "{source}-{target}")
    translator = load_translator(
        "ctranslate2", "en", "xx", model=model, decoding=Decoding(num_beams=4, n_best=3)
    )
    made = translator.translate(corpus[:10])
    assert all(len(found) == len(set(found)) <= 3 for found in made)
    assert sum(len(found) == 3 for found in made) >= 8
    text = " ".join(corpus * 9)
    assert len(text.split()) > 12_000
    assert isinstance(translator, NeuralTranslator)
    parts, _ = translator._parts(translator.network.get(), [text])
    alone = translator.translate([part.text for part in parts])
    whole = translator.translate([text])[0]
    assert all(alone)
    assert whole[0] == "".join(m[0] + part.joint for m, part in zip(alone, parts, strict=True))


def test_a_conversion_is_made_once_and_whole(marian: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    model = str(marian / "en-xx")
    load_translator("ctranslate2", "en", "xx", model=model)
    made = [path for path in cache_folder().iterdir() if path.is_dir()]
    assert len(made) == 1
    assert package_version("ctranslate2") in made[0].name
    before = (made[0] / "model.bin").stat().st_mtime_ns
    release()
    load_translator("ctranslate2", "en", "xx", model=model)
    assert (made[0] / "model.bin").stat().st_mtime_ns == before
    load_translator("ctranslate2", "en", "xx", model=model, dtype="float32")
    assert len([path for path in cache_folder().iterdir() if path.is_dir()]) == 2


def test_another_checkpoint_of_the_name_is_converted_anew(marian: Path, tmp_path: Path) -> None:
    folder = tmp_path / "en-xx"
    shutil.copytree(marian / "en-xx", folder)
    first = converted(str(folder), None, "int8", load_tokenizer(str(folder), None))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "note": "another"}))
    second = converted(str(folder), None, "int8", load_tokenizer(str(folder), None))
    assert first != second


@pytest.mark.slow
def test_two_processes_convert_once(marian: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        both = pool.map(_convert, [str(marian / "en-xx")] * 2)
    assert both[0] == both[1]
    names = sorted(path.name for path in cache_folder().iterdir())
    assert names == [both[0].name, f"{both[0].stem}.lock"]


def _convert(model: str) -> Path:
    return converted(model, None, "int8", load_tokenizer(model, None))


def test_a_converted_folder_is_taken_as_it_is(
    marian: Path, corpus: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "own"
    model = str(marian / "en-xx")
    shutil.copytree(converted(model, None, "int8", load_tokenizer(model, None)), folder)
    with pytest.raises(ModelError, match="converted model without its tokenizer"):
        load_translator("ctranslate2", "en", "xx", model=str(folder))
    load_tokenizer(model, None).save_pretrained(folder)
    made = load_translator("ctranslate2", "en", "xx", model=str(folder), dtype="int8")
    expected = load_translator("ctranslate2", "en", "xx", model=model, dtype="int8")
    assert made.translate(corpus[:20]) == expected.translate(corpus[:20])


def test_a_damaged_folder_and_an_unknown_dtype_are_named(marian: Path, tmp_path: Path) -> None:
    for name in ("tokenizer_config.json", "vocab.json", "source.spm", "target.spm"):
        shutil.copy(marian / "en-xx" / name, tmp_path / name)
    (tmp_path / "model.bin").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="CTranslate2 can't load"):
        load_translator("ctranslate2", "en", "xx", model=str(tmp_path))
    with pytest.raises(ModelError, match=r"does not compute in float16 on cpu.*float32.*int8"):
        load_translator("ctranslate2", "en", "xx", model=str(marian / "en-xx"), dtype="float16")


def test_assets_name_the_folder_and_the_engine(marian: Path) -> None:
    found = translator_assets("ctranslate2", "xx", str(marian / "{source}-{target}"), None)
    assert set(found) >= {str(marian / "en-xx"), str(marian / "xx-en"), "ctranslate2", "torch"}
