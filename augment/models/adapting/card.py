"""What an adaptation leaves beside the model: its card, its figures, and the table of both."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from augment.atomic import whole_file
from augment.models.adapting.measuring import Figures
from augment.models.adapting.settings import Settings

CARD, FIGURES = "README.md", "figures.json"


@dataclass(frozen=True, slots=True)
class Adapted:
    """An adaptation that came to its end.

    Attributes:
        settings: what it was made with.
        parameters: of the model.
        texts, blocks: for training and for validation.
        block: tokens of a block.
        steps: at which the best model stood.
        seconds: of training.
        before, after: figures on the texts held out.
    """

    settings: Settings
    parameters: int
    texts: tuple[int, int]
    blocks: tuple[int, int]
    block: int
    steps: int
    seconds: float
    before: Figures
    after: Figures

    @property
    def lowered(self) -> float:
        """Share by which the perplexity fell; negative if it rose."""
        return 1 - self.after.perplexity / self.before.perplexity

    def table(self) -> str:
        """Figures before and after, in Markdown."""
        rows = [
            ("perplexity", f"{self.before.perplexity:,.2f}", f"{self.after.perplexity:,.2f}"),
            *(
                (name, f"{getattr(self.before, key):.3f}", f"{getattr(self.after, key):.3f}")
                for key, name in (("top1", "top-1"), ("top5", "top-5"), ("top10", "top-10"))
            ),
        ]
        head = ("held-out text", "before", "after")
        width = max(len(row[0]) for row in (head, *rows))
        lines = [f"| {name:<{width}} | {old:>9} | {new:>9} |" for name, old, new in (head, *rows)]
        rule = f"|{'-' * (width + 2)}|{'-' * 10}:|{'-' * 10}:|"
        return "\n".join([lines[0], rule, *lines[1:]])

    def card(self, name: str) -> str:
        """The model card."""
        settings = self.settings
        rate = settings.learning_rate
        training, validation = self.texts
        return f"""\
# Model card: {name}

A masked language model ({self.parameters:,} parameters): `{settings.base}`, trained further on
the texts of `{settings.corpus}`. In a recipe: `{{use: masked_lm, model: {name}}}`.

## Held-out figures

At {self.after.masked:,} masked tokens of {validation:,} texts that it was not trained on, the same
masks before and after; the perplexity fell by {self.lowered:.1%}.

{self.table()}

## Training

{training:,} texts, {self.blocks[0]:,} blocks of {self.block} tokens; whole words masked
({settings.mask_rate:.0%} of them, always by the mask token). AdamW, {settings.batch_size} blocks a
step, learning rate {"by the model's size" if rate is None else f"{rate:g}"} with warm-up and cosine
decay; stopped early once the held-out loss rose, the best model kept: that of step {self.steps:,},
in {self.seconds / 60:.1f} minutes of training. Seed {settings.seed}. The log is in `tensorboard/`.

The licence and the limits are those of the base, and of the texts.
"""

    def values(self) -> dict[str, Any]:
        """Everything, as JSON-able values."""
        values = asdict(self)
        for key in ("before", "after"):
            values[key]["perplexity"] = getattr(self, key).perplexity
        return {**values, "lowered": self.lowered}


def write_figures(adapted: Adapted, path: Path) -> None:
    """Write ``figures.json``, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(adapted.values(), indent=1) + "\n", "utf-8")


def read_figures(path: Path) -> Adapted:
    """Read what :func:`write_figures` wrote."""
    values = json.loads(path.read_text("utf-8"))
    values.pop("lowered")
    return Adapted(
        **{
            **values,
            "settings": Settings(**values["settings"]),
            "texts": tuple(values["texts"]),
            "blocks": tuple(values["blocks"]),
            "before": _figures(values["before"]),
            "after": _figures(values["after"]),
        }
    )


def _figures(values: Mapping[str, Any]) -> Figures:
    return Figures(**{key: value for key, value in values.items() if key != "perplexity"})
