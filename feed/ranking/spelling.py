"""How much alike two words are written."""

from difflib import SequenceMatcher


def likeness(typed: str, word: str) -> float:
    """From 0 (nothing in common) to 1 (the same); a beginning counts as half of it at least."""
    if not typed or not word:
        return 0.0
    same = SequenceMatcher(None, typed, word, autojunk=False).ratio()
    return max(same, 0.5 + 0.5 * len(typed) / len(word)) if word.startswith(typed) else same
