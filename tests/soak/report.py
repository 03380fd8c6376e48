"""What the parts of the soak test found, as one table."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Report:
    """Rows of what was wanted and what was measured."""

    rows: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def add(self, what: str, wanted: str, measured: object, holds: bool) -> None:
        """One line, printed at once."""
        self.rows.append((what, wanted, str(measured), holds))
        print(f"{'ok  ' if holds else 'FAIL'} {what}: {measured} (wanted: {wanted})", flush=True)

    @staticmethod
    def say(text: str) -> None:
        """What is being done."""
        print(f"     {text}", flush=True)

    @property
    def holds(self) -> bool:
        """Whether everything was as wanted."""
        return all(row[3] for row in self.rows)

    def table(self) -> str:
        """All rows as a Markdown table."""
        lines = ["| what | wanted | measured |", "|---|---|---|"]
        lines += [
            f"| {what} | {wanted} | {measured}{'' if holds else ' **(not met)**'} |"
            for what, wanted, measured, holds in self.rows
        ]
        return "\n".join(lines)
