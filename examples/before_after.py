"""Print a few originals with their variants from an augmented corpus: OUT [rows]."""

import sys
from pathlib import Path

import pandas as pd


def main(folder: str, rows: int = 3) -> None:
    """Show the rows that most methods have changed, one variant per method."""
    corpus = pd.read_parquet(folder)
    originals = corpus[corpus.aug_view == "original"].set_index("aug_parent").text
    variants = corpus[corpus.aug_view != "original"]
    methods = variants.aug_steps.map("+".join)
    print(variants.groupby(["aug_view", methods], observed=True).size().to_string())
    short = variants[variants.text.str.len() < 140].assign(method=methods)
    most = short.groupby("aug_parent").method.nunique().nlargest(rows, keep="first")
    for parent in most.index:
        print(f"\n  {originals[parent]}")
        for _, row in short[short.aug_parent == parent].drop_duplicates("method").iterrows():
            print(f"→ {row.text}   [{row.aug_view}: {row.method}]")
    print(f"\nThe augmented corpus: {Path(folder).resolve()}")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:3]))
