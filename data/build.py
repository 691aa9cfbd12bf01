"""Build the example corpora `english.parquet` and `chinese.parquet` from unpacked packages.

Run it in an environment that has augmill, rdata, selectolax and PyYAML::

    python data/build.py --packages DIR

`data/README.md` names the packages and shows how to fetch and unpack them into DIR.
"""

import argparse
from pathlib import Path

import chinese
import english
from rows import choose, write

ENGLISH_PER_LABEL = 500
CHINESE_PER_LABEL = 180


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--packages", type=Path, required=True, metavar="DIR", help="folder of unpacked packages"
    )
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent, metavar="DIR", help="default: data/"
    )
    return parser.parse_args()


def main() -> None:
    """Choose and write both corpora."""
    args = arguments()
    rows = choose(english.passages(args.packages), ENGLISH_PER_LABEL)
    write(rows, "en", args.output / "english.parquet")
    rows = choose(chinese.passages(args.packages), CHINESE_PER_LABEL)
    write(rows, "zh", args.output / "chinese.parquet")


if __name__ == "__main__":
    main()
