"""Write results as a Markdown table, as JSON and as a chart."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.chart import draw_chart
from bench.run import Cell
from bench.scenarios import SCENARIOS, Scenario


class Report(Struct):
    """All results of the bench."""

    #: The properties of the machine on which the figures depend, such as processor, system and disk.
    machine: dict[str, str]
    #: The version of each peer that ran.
    versions: dict[str, str]
    #: The reason why each other peer did not run.
    skipped: dict[str, str]
    repeat: int
    seconds: float
    cells: list[Cell]
    #: What a reader must know to compare the figures.
    note: str = "Alcove syncs to disk before delivery, the others store nothing."

    def rows(self) -> list[tuple[Scenario, list[Cell | None]]]:
        """Return each scenario that ran, with the cell of each peer; None: the peer did not run it."""
        by_peer = {(cell.scenario, cell.peer): cell for cell in self.cells}
        return [
            (scenario, [by_peer.get((scenario.name, peer)) for peer in self.versions])
            for scenario in SCENARIOS
            if any(cell.scenario == scenario.name for cell in self.cells)
        ]

    def faults(self) -> list[str]:
        """Return a line for each fault of a cell: lost deliveries, wrong order and failed runs."""
        return [
            f"{cell.peer}, {cell.scenario}: {fault}"
            for cell in self.cells
            for fault in [
                *([f"{cell.lost:,} deliveries or acks never arrived"] if cell.lost else []),
                *([f"{cell.disordered:,} times out of order"] if cell.disordered else []),
                *cell.errors,
            ]
        ]

    def generator_limits(self) -> list[str]:
        """Return a line for each cell whose figures the generator limits more than the server."""
        return [
            f"{cell.peer}, {cell.scenario}: the generator was busier ({max(cell.generator_load):.0%}) than the server"
            for cell in self.cells
            if cell.generator_load
            and max(cell.generator_load) > max(0.95, *cell.server_load)
            and cell.scenario not in {"latency", "flood"}
        ]

    def ratio_lines(self) -> list[str]:
        """Return a line for each scenario with the ratios of the first peer's rate to the rates of the others."""
        lines: list[str] = []
        for scenario, (ours, *others) in self.rows():
            if ours and ours.runs and scenario.unit == "/s":
                ratios = [
                    f"{ours.medians[0] / cell.medians[0]:.1f}× {cell.peer}" for cell in others if cell and cell.runs
                ]
                lines += [f"{scenario.name}: {ours.peer} is {', '.join(ratios)}"] if ratios else []
        return lines


def format_cell(scenario: Scenario, cell: Cell | None) -> str:
    """Format the medians of a cell; an asterisk marks faults."""
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


def format_table(report: Report) -> str:
    """Format the report as a Markdown table that is aligned as plain text too, with notes below."""
    header = ["", *report.versions]
    rows = [[scenario.title, *(format_cell(scenario, cell) for cell in cells)] for scenario, cells in report.rows()]
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]

    def align(row: Sequence[str]) -> str:
        first, *others = row
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        return f"| {' | '.join(cells)} |"

    rule = f"|{'-' * (widths[0] + 2)}|{'|'.join('-' * (width + 1) + ':' for width in widths[1:])}|"
    notes = [
        f"Medians of {report.repeat} runs of {report.seconds:g} s each, bodies of 80 bytes.",
        "A send is in flight until its last reader has it.",
        report.note,
        "",
        *(f"- {name}: {value}" for name, value in {**report.machine, **report.versions}.items()),
        *(f"- {name} did not run: {reason}" for name, reason in report.skipped.items()),
        *(f"- {line}" for line in report.ratio_lines()),
        *(f"- * {fault}" for fault in report.faults()),
        *(f"- {line}" for line in report.generator_limits()),
    ]
    return "\n".join([align(header), rule, *(align(row) for row in rows), "", *notes, ""])


def write_files(report: Report, out: Path) -> None:
    """Write `bench.json`, `bench.md` and `bench.svg` into the folder."""
    (out / "bench.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    (out / "bench.md").write_text(format_table(report))
    rates = [(scenario, cells) for scenario, cells in report.rows() if scenario.unit == "/s"]
    (out / "bench.svg").write_text(
        draw_chart(
            [
                (scenario.title, [cell.medians[0] if cell and cell.runs else None for cell in cells])
                for scenario, cells in rates
            ],
            list(report.versions),
        )
    )
