"""The results as one table for the eye, for a README and for programs."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.chart import chart
from bench.run import Cell
from bench.scenarios import SCENARIOS, Scenario


class Report(Struct):
    """Everything that a run of the bench found out."""

    #: What the figures depend on: processor, system, disk …
    machine: dict[str, str]
    #: Of each peer that ran; and why the others did not.
    versions: dict[str, str]
    skipped: dict[str, str]
    repeat: int
    seconds: float
    cells: list[Cell]
    #: What a reader must know to compare.
    note: str = "Ours is synced to disk before delivery, the others keep nothing."

    def rows(self) -> list[tuple[Scenario, list[Cell | None]]]:
        """Each scenario that ran, with what every peer did in it."""
        found = {(cell.scenario, cell.peer): cell for cell in self.cells}
        return [
            (scenario, [found.get((scenario.name, peer)) for peer in self.versions])
            for scenario in SCENARIOS
            if any(cell.scenario == scenario.name for cell in self.cells)
        ]

    def faults(self) -> list[str]:
        """What did not arrive, was out of order or did not run, a line each."""
        return [
            f"{cell.peer}, {cell.scenario}: {fault}"
            for cell in self.cells
            for fault in [
                *([f"{cell.lost:,} deliveries or acks never came"] if cell.lost else []),
                *([f"{cell.disordered:,} times out of order"] if cell.disordered else []),
                *cell.errors,
            ]
        ]

    def bounded(self) -> list[str]:
        """Figures that are the generator's more than the server's, a line each."""
        return [
            f"{cell.peer}, {cell.scenario}: the generator was busier ({max(cell.generator_load):.0%}) than the server"
            for cell in self.cells
            if cell.generator_load
            and max(cell.generator_load) > max(0.95, *cell.server_load)
            and cell.scenario not in {"latency", "flood"}
        ]

    def ratios(self) -> list[str]:
        """How the first peer's rates stand to the others', a line for each scenario."""
        lines: list[str] = []
        for scenario, (ours, *others) in self.rows():
            if ours and ours.runs and scenario.unit == "/s":
                stand = [
                    f"{ours.medians[0] / cell.medians[0]:.1f}× {cell.peer}" for cell in others if cell and cell.runs
                ]
                lines += [f"{scenario.name}: {ours.peer} is {', '.join(stand)}"] if stand else []
        return lines


def shown(scenario: Scenario, cell: Cell | None) -> str:
    """A cell's medians as a reader wants them."""
    if cell is None:
        return "–"
    if not cell.runs:
        return "failed"
    mark = "*" if cell.lost or cell.disordered or cell.errors else ""
    return " / ".join(f"{figure:,.{_digits(scenario, figure)}f}" for figure in cell.medians) + mark


def _digits(scenario: Scenario, figure: float) -> int:
    if scenario.unit == "/s":
        return 0
    return 1 if figure >= 10 else 2


def table(report: Report) -> str:
    """The table in Markdown, readable as it stands, with what the figures depend on."""
    header = ["", *report.versions]
    lines = [[scenario.title, *(shown(scenario, cell) for cell in cells)] for scenario, cells in report.rows()]
    widths = [max(len(line[column]) for line in [header, *lines]) for column in range(len(header))]

    def aligned(line: Sequence[str]) -> str:
        first, *others = line
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        return f"| {' | '.join(cells)} |"

    rule = f"|{'-' * (widths[0] + 2)}|{'|'.join('-' * (width + 1) + ':' for width in widths[1:])}|"
    below = [
        f"Medians of {report.repeat} runs of {report.seconds:g} s each, bodies of 80 bytes.",
        "A send is in flight until its last reader has it.",
        report.note,
        "",
        *(f"- {name}: {value}" for name, value in {**report.machine, **report.versions}.items()),
        *(f"- {name} did not run: {reason}" for name, reason in report.skipped.items()),
        *(f"- {line}" for line in report.ratios()),
        *(f"- * {fault}" for fault in report.faults()),
        *(f"- {line}" for line in report.bounded()),
    ]
    return "\n".join([aligned(header), rule, *(aligned(line) for line in lines), "", *below, ""])


def write(report: Report, out: Path) -> None:
    """Write `bench.json`, `bench.md` and `bench.svg` into the folder."""
    (out / "bench.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    (out / "bench.md").write_text(table(report))
    rates = [(scenario, cells) for scenario, cells in report.rows() if scenario.unit == "/s"]
    (out / "bench.svg").write_text(
        chart(
            [
                (scenario.title, [cell.medians[0] if cell and cell.runs else None for cell in cells])
                for scenario, cells in rates
            ],
            list(report.versions),
        )
    )
