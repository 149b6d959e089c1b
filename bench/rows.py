"""What every subject hands in: its comparisons, and how to read them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One comparison; `ratio` is ours ÷ reference, so below 1 is better."""

    name: str
    ours: float
    reference: float
    unit: str

    @property
    def ratio(self) -> float:
        """Ours ÷ reference."""
        return self.ours / self.reference


@dataclass(frozen=True)
class Reading:
    """How a subject's figures come about, what they mean and what they do not."""

    title: str
    how: str
    means: str
    means_not: str
