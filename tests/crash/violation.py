"""What an audit answers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """Something that must never be."""

    rule: str
    subject: str  # What it concerns, such as a request id.
    evidence: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.subject}: {self.evidence}"
