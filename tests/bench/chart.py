"""A bar chart in SVG, without a plotting library."""

from collections.abc import Sequence
from html import escape

WIDTH, ROW, LEFT, RIGHT = 720, 26, 250, 60
COLOURS = {"localwhisper exact": "#2563eb", "localwhisper fast": "#059669", "CTranslate2 int8": "#9ca3af"}


def svg(title: str, rows: Sequence[tuple[str, str, float]]) -> str:
    """Rows of (label, engine, speed-up over openai-whisper)."""
    height = ROW * (len(rows) + 2)
    longest = max([value for _, _, value in rows] + [1.0])
    scale = (WIDTH - LEFT - RIGHT) / longest
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="13" role="img"><title>{escape(title)}</title>',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="8" y="{ROW - 8}" font-weight="bold" fill="#111">{escape(title)}</text>',
    ]
    for number, (label, contestant, value) in enumerate(rows, start=1):
        y = ROW * number + 6
        parts += [
            f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end" fill="#111">{escape(label)}</text>',
            f'<rect x="{LEFT}" y="{y}" width="{value * scale:.1f}" height="{ROW - 8}" '
            f'fill="{COLOURS.get(contestant, "#6b7280")}"/>',
            f'<text x="{LEFT + value * scale + 6:.1f}" y="{y + 14}" fill="#111">{value:.2f}×</text>',
        ]
    x = LEFT + scale
    parts.append(
        f'<line x1="{x:.1f}" y1="{ROW}" x2="{x:.1f}" y2="{height - ROW / 2}" stroke="#111" stroke-dasharray="3"/>'
    )
    return "\n".join([*parts, "</svg>\n"])
