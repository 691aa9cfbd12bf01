"""Arguments that several commands have."""

from typing import Annotated

import typer

Output = Annotated[
    str, typer.Argument(metavar="OUT", help="A published dataset: the recipe's output.")
]
