"""One measured figure beside what is claimed for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and the most it may be; a bound of None only informs."""

    name: str
    value: float
    unit: str
    bound: float | None = None
