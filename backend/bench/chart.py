"""Draw rates as an SVG chart, with a group of bars for each scenario and a logarithmic scale."""

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10

#: The width of the chart, and of its left and right margins.
_WIDTH, _LEFT, _RIGHT = 880, 330, 90
#: The height of a bar, of the gap between groups and of the top margin.
_BAR, _GAP, _TOP = 14, 16, 64
#: The colors of the peers.
_COLORS = ["#0f766e", "#5eead4", "#a8a29e", "#d6a06a", "#8b9dc3"]
_TEXT_COLOR, _GRID_COLOR = "#78716c", "#a8a29e55"


def draw_chart(groups: Sequence[tuple[str, Sequence[float | None]]], peers: Sequence[str]) -> str:
    """Return an SVG chart.

    Args:
        groups: The title of each group, and the figure of each peer; None: the peer has none.
        peers: The names of the peers.

    """
    figures = [figure for _, row in groups for figure in row if figure]
    # The powers of ten at both ends of the scale.
    low = floor(log10(min(figures, default=1)))
    high = max(low + 1, ceil(log10(max(figures, default=10))))
    parts: list[str] = []
    y = _TOP
    for title, row in groups:
        bars = [(index, figure) for index, figure in enumerate(row) if figure]
        middle = y + len(bars) * _BAR / 2 + 4
        parts.append(f'<text x="{_LEFT - 12}" y="{middle:g}" text-anchor="end">{escape(title)}</text>')
        for index, figure in bars:
            width = _x(figure, low, high) - _LEFT
            color = _COLORS[index % len(_COLORS)]
            parts.append(f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR - 2}" rx="2" fill="{color}"/>')
            parts.append(f'<text x="{_LEFT + width + 6:.1f}" y="{y + _BAR - 4}">{figure:,.0f}</text>')
            y += _BAR
        y += _GAP
    scale = [
        f'<path d="M{_x(10.0**power, low, high):.1f} {_TOP - 12}V{y - _GAP}" stroke="{_GRID_COLOR}"/>'
        f'<text x="{_x(10.0**power, low, high):.1f}" y="{_TOP - 18}" text-anchor="middle">{10**power:,}</text>'
        for power in range(low, high + 1)
    ]
    style = f'font-family="system-ui, sans-serif" font-size="11" fill="{_TEXT_COLOR}" role="img"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" {style}>',
            "<title>Rates of one processor, on a logarithmic scale</title>",
            *_legend(peers),
            *scale,
            *parts,
            "</svg>",
            "",
        ]
    )


def _x(figure: float, low: int, high: int) -> float:
    """Return the x coordinate of a figure."""
    return _LEFT + (log10(figure) - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)


def _legend(peers: Sequence[str]) -> list[str]:
    parts: list[str] = []
    x = _LEFT
    for index, peer in enumerate(peers):
        parts.append(f'<rect x="{x}" y="12" width="10" height="10" rx="2" fill="{_COLORS[index % len(_COLORS)]}"/>')
        parts.append(f'<text x="{x + 15}" y="21">{escape(peer)}</text>')
        x += 34 + 7 * len(peer)
    return parts
