"""A masked language model's logits at the masked positions alone, for any architecture.

The head (transform, decoder over the vocabulary) works token by token, and at the masks alone it
costs a tenth or less of what it costs everywhere. Architectures keep it under many names, so it is
not looked for: what the encoder returns is narrowed to the masks before the model's own code
applies the head to it. In encoders built like BERT's the last layer is narrowed as well, behind its
attention: what follows works token by token, too.
"""

from contextlib import contextmanager
from typing import Any

PROBE = (3, 7)
"""Rows and tokens of the input by which narrowing is tried."""


class MaskedHead:
    """A transformers model whose forward gives the logits of some positions.

    Where the model's head does not follow its encoder's last hidden state, the whole forward runs
    and is narrowed afterwards; that is found out once, on a small input.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self._places: Any = None
        self._handles: list[Any] = []
        if model.base_model is not model:
            for hook in (self._hook_last_layer, self._hook_encoder):
                self._handles = hook()
                if self._handles and self._same_as_whole():
                    break
                self._unhook()

    @property
    def narrowed(self) -> bool:
        """Whether the head runs at the masked positions alone."""
        return bool(self._handles)

    def logits(self, input_ids: Any, attention_mask: Any, positions: Any) -> Any:
        """``(m, v)`` logits at ``positions``, places in the flattened ``(b · t)`` input."""
        if not self.narrowed:
            whole = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
            return whole.flatten(0, 1).index_select(0, positions)
        with self._narrowing(positions):
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits.squeeze(0)

    @contextmanager
    def _narrowing(self, positions: Any) -> Any:
        self._places = positions
        try:
            yield
        finally:
            self._places = None

    def _hook_encoder(self) -> list[Any]:
        return [self.model.base_model.register_forward_hook(self._narrow_encoder)]

    def _hook_last_layer(self) -> list[Any]:
        """Narrow what the last layer's attention gives, and what its residual adds to that."""
        layers = getattr(getattr(self.model.base_model, "encoder", None), "layer", None)
        attention = getattr(layers[-1], "attention", None) if layers else None
        if attention is None or not (hasattr(attention, "self") and hasattr(attention, "output")):
            return []
        return [
            attention.self.register_forward_hook(self._narrow_attention),
            attention.output.register_forward_pre_hook(self._narrow_residual),
        ]

    def _unhook(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _narrow_encoder(self, _module: Any, _inputs: Any, output: Any) -> Any:
        if self._places is not None:
            output.last_hidden_state = self._at_places(output.last_hidden_state)
        return output

    def _narrow_attention(self, _module: Any, _inputs: Any, output: Any) -> Any:
        if self._places is None:
            return output
        return (self._at_places(output[0]), *output[1:])

    def _narrow_residual(self, _module: Any, inputs: Any) -> Any:
        if self._places is None:
            return inputs
        context, *residual = inputs
        return (context, *(self._at_places(part) for part in residual))

    def _at_places(self, hidden: Any) -> Any:
        return hidden.flatten(0, 1).index_select(0, self._places)[None]

    def _same_as_whole(self) -> bool:
        """Try a small input both ways."""
        import torch

        device = self.model.device
        ids = torch.arange(PROBE[0] * PROBE[1], device=device).reshape(PROBE)
        ids = ids % self.model.config.vocab_size
        places = torch.tensor([1, PROBE[1] + 3, 2 * PROBE[1]], device=device)
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        with torch.inference_mode():
            whole = self.model(**inputs).logits.flatten(0, 1)[places].float()
            try:
                with self._narrowing(places):
                    narrow = self.model(**inputs).logits
            except (AttributeError, IndexError, RuntimeError, TypeError, ValueError):
                return False
        scale = float(whole.abs().max()) or 1.0
        return narrow.shape == (1, *whole.shape) and bool(
            ((narrow[0].float() - whole).abs() <= 0.02 * scale).all()
        )


@contextmanager
def narrowed_decoder(model: Any, allowed: Any | None) -> Any:
    """Within, the model's decoder gives the logits of these vocabulary items alone.

    Args:
        model: one whose output embeddings are a linear layer.
        allowed: ``(n,)`` items; None leaves the decoder as it is.
    """
    if allowed is None:
        yield
        return
    from torch.nn.functional import linear

    decoder = model.get_output_embeddings()

    def forward(hidden: Any) -> Any:
        bias = None if decoder.bias is None else decoder.bias.index_select(0, allowed)
        return linear(hidden, decoder.weight.index_select(0, allowed), bias)

    decoder.forward = forward
    try:
        yield
    finally:
        del decoder.forward
