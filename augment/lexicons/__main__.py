"""Compile a file of synonyms or word vectors into a table that opens at once.

::

    python -m augment.lexicons th_de_DE_v2.dat german.arrow
    python -m augment.lexicons glove.6B.300d.txt neighbours.arrow --min-cosine 0.75
"""

import argparse
import sys
from pathlib import Path

from augment.errors import LexiconError
from augment.lexicons.files import READERS, Closeness, read_file


def main(arguments: list[str] | None = None) -> int:
    """Read, compile and save; see the module's docstring."""
    default = Closeness()
    parser = argparse.ArgumentParser(prog="python -m augment.lexicons", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("file", type=Path, help=f"ends in {', '.join(READERS)}")
    parser.add_argument("table", type=Path, help="the table to write, ends in .arrow")
    parser.add_argument("--count", type=int, default=default.count, help="neighbours of a word")
    parser.add_argument("--min-cosine", type=float, default=default.min_cosine)
    parser.add_argument(
        "--words", type=int, default=default.words, help="compare the first N words"
    )
    options = parser.parse_args(arguments)
    if options.file.suffix.lower() not in READERS or options.table.suffix != ".arrow":
        parser.error(f"FILE ends in {', '.join(READERS)}; TABLE in .arrow")
    closeness = Closeness(count=options.count, min_cosine=options.min_cosine, words=options.words)
    try:
        lexicon = read_file(options.file, closeness)
    except (LexiconError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    lexicon.save(options.table)
    print(f"{len(lexicon.words):,} words, {len(lexicon.candidates):,} candidates")
    return 0


if __name__ == "__main__":
    sys.exit(main())
