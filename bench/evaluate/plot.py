"""plot.py: small SVG plots: stacked bars, points with their spread, and lines over time."""
from html import escape

WIDTH = 640
HEIGHT = 300
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 30, 50
COLOURS = ['#4477aa', '#ee6677', '#228833', '#ccbb44', '#66ccee', '#aa3377']


def text(x, y, words, anchor='middle', colour='#222', size=12):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
            f'font-size="{size}">{escape(str(words))}</text>')


def line(x1, y1, x2, y2, colour='#ccc', extra=''):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}" {extra}/>')


def short(value):
    """Three digits that count; all digits of larger numbers."""
    return f'{value:.3g}' if value < 100 else f'{value:.0f}'


def step(top):
    """The distance of the lines of an axis: 1, 2 or 5 times a power of ten."""
    size = 10.0 ** -3
    while True:
        for factor in (1, 2, 5):
            if top / (size * factor) <= 6:
                return size * factor
        size *= 10


class Plot:
    """One frame. `top` is the largest value, `unit` is written at the axis."""

    def __init__(self, title, top, unit):
        self.top = top * 1.08 or 1
        self.parts = [text(LEFT, 18, title, 'start', size=14)]
        self.legend = []
        size = step(self.top)
        value = 0.0
        while value <= self.top:
            self.parts.append(line(LEFT, self.y(value), WIDTH - RIGHT, self.y(value)))
            self.parts.append(text(LEFT - 6, self.y(value) + 4, f'{value:g}', 'end'))
            value = round(value + size, 6)
        self.parts.append(text(14, TOP - 2, unit, 'start', '#666'))

    def y(self, value):
        return HEIGHT - BOTTOM - value / self.top * (HEIGHT - TOP - BOTTOM)

    def bar(self, place, places, parts, label, spread=None):
        """A stacked bar: (value, colour number) from below. `spread` is two totals."""
        room = (WIDTH - LEFT - RIGHT) / places
        middle = LEFT + room * (place + 0.5)
        width = min(60, room * 0.6)
        below = 0.0
        for value, colour in parts:
            self.parts.append(
                f'<rect x="{middle - width / 2:.1f}" y="{self.y(below + value):.1f}" '
                f'width="{width:.1f}" height="{self.y(below) - self.y(below + value):.1f}" '
                f'fill="{COLOURS[colour]}"/>')
            below += value
        if spread:
            low, high = spread
            self.parts.append(line(middle, self.y(low), middle, self.y(high), '#222'))
            below = max(below, high)
        self.parts.append(text(middle, self.y(below) - 4, short(sum(value for value, _ in parts))))
        for number, words in enumerate(label.split('\n')):
            self.parts.append(text(middle, HEIGHT - BOTTOM + 16 + 14 * number, words))

    def curve(self, points, colour, dots=False):
        """(x, y) with x from 0 to 1."""
        places = [(LEFT + x * (WIDTH - LEFT - RIGHT), self.y(min(y, self.top)))
                  for x, y in points]
        self.parts.append(f'<polyline fill="none" stroke="{COLOURS[colour]}" stroke-width="1.5" '
                          'points="' + ' '.join(f'{x:.1f},{y:.1f}' for x, y in places) + '"/>')
        if dots:
            self.parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[colour]}"/>'
                           for x, y in places]

    def mark(self, x, words):
        """A word below the axis, x from 0 to 1."""
        self.parts.append(text(LEFT + x * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM + 16, words))

    def limit(self, value, words):
        self.parts.append(line(LEFT, self.y(value), WIDTH - RIGHT, self.y(value), '#c00',
                               'stroke-dasharray="4"'))
        self.parts.append(text(WIDTH - RIGHT, self.y(value) - 4, words, 'end', '#c00'))

    def name(self, colour, words):
        self.legend.append((colour, words))

    def svg(self):
        parts = list(self.parts)
        x = LEFT
        for colour, words in self.legend:
            parts.append(f'<rect x="{x}" y="{HEIGHT - 12}" width="10" height="10" '
                         f'fill="{COLOURS[colour]}"/>')
            parts.append(text(x + 14, HEIGHT - 3, words, 'start', size=11))
            x += 30 + 6.2 * len(words)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
                f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">'
                f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
                + '\n'.join(parts) + '</svg>\n')
