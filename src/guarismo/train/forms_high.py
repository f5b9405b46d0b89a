"""The ways in which people of different schools and countries write 5 to 9; ``paths.py`` tells how to read them."""

from __future__ import annotations

from guarismo.train.paths import Dice, Form, Path, Point, arc, corner

# ---- 5


def _bowl(d: Dice, neck: Point) -> Path:
    """The body of a 5 from the end of its neck to its tail."""
    y = neck[1]
    return arc((0.24, (y + 1) / 2 - 0.03), (d(0.25, 0.32), (1 - y) / 2 + 0.03), 100, -d(125, 150))


def five_joined(d: Dice) -> list[Path]:
    neck = (d(0.0, 0.06), d(0.38, 0.46))
    bar: Path = [(d(0.44, 0.56), d(-0.03, 0.04)), *corner(d(0.06, 0.12), 0.02)]
    return [[*bar, *corner(*neck), *_bowl(d, neck)]]


def five_hat(d: Dice) -> list[Path]:
    """Two strokes, the bar laid on the neck."""
    neck = (d(0.0, 0.06), d(0.38, 0.46))
    x = d(0.06, 0.14)
    return [[(x, 0.02), *corner(*neck), *_bowl(d, neck)], [(x - d(0.0, 0.06), 0.02), (d(0.46, 0.6), d(-0.05, 0.03))]]


def five_apart(d: Dice) -> list[Path]:
    """The bar floats to the right of the neck, or above it."""
    neck = (d(0.02, 0.08), d(0.38, 0.46))
    x, y = d(0.08, 0.14), d(-0.08, 0.04)
    start = x + d(0.06, 0.13)
    return [[(x, 0.06), *corner(*neck), *_bowl(d, neck)], [(start, y), (start + d(0.28, 0.42), y - d(-0.01, 0.06))]]


def five_round(d: Dice) -> list[Path]:
    """One stroke like an s, but its top is a bar, not a bow."""
    turn = [(0.18, d(0.02, 0.05)), (d(0.08, 0.13), 0.14), (d(0.06, 0.1), 0.33), (0.16, d(0.42, 0.47))]
    bowl = arc((0.22, 0.71), (d(0.26, 0.31), 0.29), 70, -d(130, 155))
    return [[(d(0.46, 0.56), d(-0.03, 0.02)), (0.34, 0.01), *turn, *bowl]]


def five_root(d: Dice) -> list[Path]:
    """A small body under a bar that runs far out, as a root sign."""
    y = d(0.4, 0.48)
    body = arc((0.14, (y + 1) / 2), (d(0.17, 0.22), (1 - y) / 2), 80, -d(125, 150))
    bar: Path = [(d(0.62, 0.85), d(-0.1, 0.0)), *corner(d(0.1, 0.16), 0.02)]
    return [[*bar, *corner(d(0.02, 0.06), y + 0.02), *body]]


def five_slim(d: Dice) -> list[Path]:
    """A long neck and hardly a body: a written r with a tail."""
    y, r = d(0.42, 0.58), d(0.07, 0.13)
    body = arc((0.12, (y + 0.96) / 2), (r, (0.96 - y) / 2), 75, -d(80, 140))
    bar: Path = [(d(0.45, 0.75), d(-0.1, 0.02)), *corner(d(0.1, 0.16), 0.02)]
    return [[*bar, *corner(d(0.03, 0.08), y + 0.02), *body]]


def five_bare(d: Dice) -> list[Path]:
    """No bar: a leaning neck and a bowl."""
    neck = (d(0.02, 0.07), d(0.38, 0.45))
    return [[(d(0.3, 0.36), d(0.0, 0.03)), (d(0.18, 0.22), 0.07), *corner(*neck), *_bowl(d, neck)]]


def five_closed(d: Dice) -> list[Path]:
    """The tail comes round to the neck: a ring under a bar, as a 6 has it, but with a corner above."""
    neck = (d(0.02, 0.1), d(0.36, 0.48))
    y = neck[1]
    bowl = arc((0.24, (y + 1) / 2 - 0.03), (d(0.2, 0.28), (1 - y) / 2 + 0.03), 95, -d(165, 215), d(0.9, 1.02))
    bar: Path = [(d(0.42, 0.62), d(-0.06, 0.03)), *corner(d(0.08, 0.16), 0.02)]
    return [[*bar, *corner(*neck), *bowl]]


# ---- 6


def six_plain(d: Dice) -> list[Path]:
    """One stroke, a bowed stem."""
    h = d(0.2, 0.27)
    loop = arc((0.28, 1 - h), (d(0.23, 0.29), h), 215, 215 + d(290, 320), d(0.92, 1.02))
    return [[(d(0.34, 0.46), 0.0), (0.17, 0.22), (0.04, 0.52), *loop]]


def six_straight(d: Dice) -> list[Path]:
    h = d(0.18, 0.24)
    top = d(0.22, 0.4)
    loop = arc((0.26, 1 - h), (d(0.22, 0.28), h), 200, 200 + d(300, 335), d(0.95, 1.05))
    return [[(top, 0.0), (top * 0.55 + 0.02, 0.35), *loop]]


def six_wide(d: Dice) -> list[Path]:
    h = d(0.28, 0.34)
    loop = arc((0.34, 1 - h), (d(0.32, 0.38), h), 190, 190 + d(300, 340), d(0.9, 1.0))
    return [[(d(0.34, 0.5), 0.0), (0.15, 0.2), *loop]]


def six_tiny(d: Dice) -> list[Path]:
    """A long stem that ends in a small loop."""
    h, w = d(0.11, 0.15), d(0.12, 0.16)
    loop = arc((0.2, 1 - h), (w, h), 225, 225 + d(300, 345), d(0.95, 1.05))
    return [[(d(0.3, 0.46), 0.0), (0.16, 0.24), (0.06, 0.56), (0.06, 0.8), *loop]]


def six_curl(d: Dice) -> list[Path]:
    """The loop runs on inside itself; the top is hooked."""
    hook: Path = [(0.5, d(0.08, 0.14)), (0.4, 0.0), (0.22, 0.1)]
    loop = arc((0.29, 0.74), (d(0.24, 0.29), 0.26), 205, 205 + d(340, 400), d(0.55, 0.75))
    return [[*hook, (0.06, 0.42), *loop]]


# ---- 7


def _seven(d: Dice, width: float, bend: float) -> Path:
    """Bar, corner, stem."""
    foot = (d(0.1, 0.28), 1.0)
    tip = (width, d(-0.02, 0.05))
    middle = ((tip[0] + foot[0]) / 2 + bend, 0.5)
    return [(0.0, d(-0.01, 0.05)), *corner(*tip), middle, foot]


def _cross(d: Dice, stem: Path) -> Path:
    """A bar through the stem (its last two points), at its middle or below."""
    x, y = stem[-2][0] + 0.02, d(0.42, 0.64)
    rise = d(-0.02, 0.06)
    return [(x - d(0.13, 0.24), y + rise), (x + d(0.13, 0.24), y - rise)]


def _serif(d: Dice) -> Path:
    """The short stroke down the left end of the bar, drawn upwards or downwards."""
    return [(d(-0.03, 0.02), d(0.14, 0.26)), *corner(d(0.0, 0.03), 0.04)]


def seven_plain(d: Dice) -> list[Path]:
    return [_seven(d, d(0.45, 0.6), d(-0.05, 0.02))]


def seven_crossed(d: Dice) -> list[Path]:
    stem = _seven(d, d(0.45, 0.6), d(-0.05, 0.03))
    return [stem, _cross(d, stem)]


def seven_hook(d: Dice) -> list[Path]:
    return [_serif(d) + _seven(d, d(0.45, 0.58), d(-0.05, 0.03))[1:]]


def seven_crossed_hook(d: Dice) -> list[Path]:
    stem = _serif(d) + _seven(d, d(0.45, 0.58), d(-0.05, 0.03))[1:]
    return [stem, _cross(d, stem)]


def seven_curved(d: Dice) -> list[Path]:
    """The bar turns into the stem without a corner, and the stem is bowed."""
    turn = [(0.3, d(0.0, 0.05)), (d(0.46, 0.54), 0.05), (0.46, 0.2), (0.28, d(0.5, 0.58)), (d(0.14, 0.24), 1.0)]
    return [[(0.0, d(0.02, 0.1)), *turn]]


def seven_wave(d: Dice) -> list[Path]:
    """The bar is a wave; the stem may be crossed or not, here not."""
    up = d(0.05, 0.1)
    bar = [(0.0, 0.12), (0.12, 0.1 - up), (0.34, 0.1), *corner(d(0.5, 0.6), 0.0)]
    return [[*bar, (0.33, 0.48), (d(0.12, 0.26), 1.0)]]


def seven_t(d: Dice) -> list[Path]:
    """Chile, France: an upright stem under a waved bar, crossed as a t."""
    up, x = d(0.05, 0.1), d(0.38, 0.46)
    bar = [(0.0, d(0.12, 0.18)), (0.1, 0.12 - up), (0.26, 0.1), *corner(x, 0.0)]
    stem = [*bar, (x - d(0.04, 0.08), 0.5), (x - d(0.08, 0.16), 1.0)]
    return [stem, _cross(d, stem)]


# ---- 8


def _eight(d: Dice, waist: float, radii: Point, start: float, gap: float) -> list[Path]:
    """One stroke from the top right: an s, and back up across it.

    ``waist`` is the height of the crossing, ``radii`` are of the upper and the lower ring, ``start`` is where on the
    upper ring the pen lands, ``gap`` the degrees that the ends stay apart; negative where they overlap.
    """
    upper, lower = radii
    a, b = waist / 2, (1 - waist) / 2
    # How steep the crossing is: 15 is an X, 45 two rings that touch.
    steep = d(12, 42)
    shift = d(-0.03, 0.03)
    head = arc((0.3 + shift, a), (upper, a), start, 180 + steep)
    body = arc((0.3, 1 - b), (lower, b), steep, -180 - steep)
    back = arc((0.3 + shift, a), (upper, a), -steep, start - gap, d(1.0, 1.08) + max(gap, 0) / 500)
    return [[*head, *body, *back]]


def eight_plain(d: Dice) -> list[Path]:
    return _eight(d, d(0.44, 0.5), (d(0.19, 0.25), d(0.23, 0.29)), d(20, 75), d(-25, 8))


def eight_slim(d: Dice) -> list[Path]:
    return _eight(d, d(0.44, 0.52), (d(0.14, 0.17), d(0.16, 0.2)), d(20, 75), d(-25, 8))


def eight_high(d: Dice) -> list[Path]:
    """Crosses high: a small head."""
    return _eight(d, d(0.35, 0.41), (d(0.15, 0.19), d(0.25, 0.31)), d(20, 75), d(-25, 8))


def eight_low(d: Dice) -> list[Path]:
    """Crosses low: a large head."""
    return _eight(d, d(0.55, 0.61), (d(0.24, 0.29), d(0.19, 0.24)), d(20, 75), d(-25, 8))


def eight_open(d: Dice) -> list[Path]:
    """The ends do not meet at the top."""
    return _eight(d, d(0.44, 0.5), (d(0.2, 0.25), d(0.23, 0.28)), d(75, 115), d(35, 65))


def eight_circles(d: Dice) -> list[Path]:
    """Two rings, one on the other."""
    waist, overlap = d(0.4, 0.5), d(-0.01, 0.04)
    start = d(40, 140)
    head = arc((0.3 + d(-0.03, 0.03), waist / 2), (d(0.17, 0.23), waist / 2), start, start + d(350, 380), d(0.95, 1.03))
    r = (1 - waist + overlap) / 2
    body = arc((0.3, 1 - r), (d(0.22, 0.29), r), start, start + d(350, 380), d(0.95, 1.03))
    return [head, body]


# ---- 9


def _ring(d: Dice, height: float) -> Path:
    """The loop of a 9: from its right shoulder over the top and left round, closed at the right."""
    r = d(0.2, 0.27)
    return arc((0.27, height / 2), (r, height / 2), d(25, 55), d(362, 380), d(0.96, 1.04))


def nine_straight(d: Dice) -> list[Path]:
    ring = _ring(d, d(0.42, 0.52))
    x = ring[-1][0]
    return [[*ring, *corner(x + 0.01, d(0.04, 0.12)), (x - d(0.0, 0.1), 1.0)]]


def nine_bowed(d: Dice) -> list[Path]:
    """Printed in school books: the tail follows the bow of the loop."""
    low, start = d(0.46, 0.56), d(-5, 25)
    ring = arc((0.27, low / 2), (d(0.2, 0.27), low / 2), start, start + d(345, 362), d(0.97, 1.05))
    x = ring[-1][0]
    return [[*ring, (x - 0.02, 0.45), (x - 0.1, 0.72), (d(0.1, 0.24), 1.0)]]


def nine_curl(d: Dice) -> list[Path]:
    """The tail curves to the left."""
    ring = _ring(d, d(0.42, 0.52))
    x = ring[-1][0]
    return [[*ring, *corner(x + 0.01, 0.08), (x, 0.6), (x - 0.06, 0.88), (0.22, 1.0), (d(0.02, 0.1), d(0.86, 0.94))]]


def nine_hook(d: Dice) -> list[Path]:
    """The tail ends in a loop or hook, as the g of a script."""
    ring = _ring(d, d(0.36, 0.44))
    x = ring[-1][0]
    hook = [(x, 0.6), (x - 0.03, 0.88), (0.28, 1.0), (d(0.06, 0.12), 0.88), (0.2, d(0.74, 0.8))]
    return [[*ring, *corner(x + 0.01, 0.05), *hook]]


def nine_p(d: Dice) -> list[Path]:
    """Angular, as a P seen from behind: a straight stem and a bowl with flat ends."""
    x, low = d(0.42, 0.48), d(0.4, 0.5)
    end = (x + d(0.0, 0.04), low - d(0.0, 0.06))
    bowl = [(x, d(0.0, 0.04)), (0.16, 0.02), (d(-0.02, 0.04), low / 2), (0.16, low), end]
    return [bowl, [(x, d(-0.03, 0.03)), (x - d(0.0, 0.06), 1.0)]]


def nine_open(d: Dice) -> list[Path]:
    """The loop does not reach the stem at the top."""
    low = d(0.44, 0.52)
    x = 0.5
    bowl = arc((0.24, low / 2), (0.24, low / 2), d(45, 68), 315)
    return [[*bowl, (x - 0.03, low * 0.6), *corner(x + 0.03, d(0.02, 0.1)), (x - d(0.0, 0.08), 1.0)]]


def nine_stick(d: Dice) -> list[Path]:
    """A ring on a stick: the tail leaves from below the ring, or from its left as a stem of a P, not from its side."""
    low, start = d(0.4, 0.5), d(235, 285)
    ring = arc((0.27, low / 2), (d(0.19, 0.28), low / 2), start, start + d(345, 365), d(0.97, 1.03))
    x = ring[-1][0]
    return [[*ring, (x + d(-0.02, 0.04), 0.7), (x + d(-0.14, 0.04), 1.0)]]


def nine_ribbon(d: Dice) -> list[Path]:
    """The loop crosses the stem: from outside on the right over the top, round, and through to the head of the stem."""
    low, x = d(0.4, 0.5), d(0.38, 0.46)
    loop = [(x + d(0.08, 0.2), d(0.1, 0.22)), (0.26, 0.03), (d(-0.02, 0.06), low / 2), (0.2, low)]
    return [[*loop, (x + 0.08, low * 0.6), *corner(x + d(0.0, 0.06), d(-0.04, 0.04)), (x - d(0.0, 0.1), 1.0)]]


def nine_g(d: Dice) -> list[Path]:
    """Closed from below: from the stem left, over the top, and down."""
    low = d(0.4, 0.5)
    bowl = arc((0.26, low / 2), (d(0.22, 0.27), low / 2), -d(25, 50), -345)
    x = bowl[-1][0]
    return [[*bowl, (x + 0.01, low), (x - d(0.0, 0.06), 0.78), (x - d(0.06, 0.2), 1.0)]]


def nine_five(d: Dice) -> list[Path]:
    """Begun as a 5, with a bar and a body, but the body closes at the bar's right end, from where the tail falls."""
    x, low = d(0.42, 0.52), d(0.4, 0.52)
    bar = [(x, d(0.0, 0.08)), (d(0.2, 0.3), d(-0.02, 0.04)), (d(0.02, 0.1), d(0.06, 0.14))]
    body = [(d(0.0, 0.06), low * 0.75), (0.2, low), (x - 0.04, low * 0.75), (x + d(-0.02, 0.04), d(0.06, 0.16))]
    return [[*bar, *body, (x - d(0.0, 0.06), 0.6), (d(0.24, 0.34), 0.92), (d(0.02, 0.2), d(0.96, 1.0))]]


HIGH: dict[int, dict[str, Form]] = {
    5: {
        "joined": five_joined,
        "hat": five_hat,
        "apart": five_apart,
        "round": five_round,
        "root": five_root,
        "slim": five_slim,
        "bare": five_bare,
        "closed": five_closed,
    },
    6: {
        "plain": six_plain,
        "straight": six_straight,
        "wide": six_wide,
        "tiny": six_tiny,
        "curl": six_curl,
    },
    7: {
        "plain": seven_plain,
        "crossed": seven_crossed,
        "hook": seven_hook,
        "crossed_hook": seven_crossed_hook,
        "curved": seven_curved,
        "wave": seven_wave,
        "t": seven_t,
    },
    8: {
        "plain": eight_plain,
        "slim": eight_slim,
        "high": eight_high,
        "low": eight_low,
        "open": eight_open,
        "circles": eight_circles,
    },
    9: {
        "straight": nine_straight,
        "bowed": nine_bowed,
        "curl": nine_curl,
        "hook": nine_hook,
        "p": nine_p,
        "open": nine_open,
        "stick": nine_stick,
        "g": nine_g,
        "ribbon": nine_ribbon,
        "five": nine_five,
    },
}
