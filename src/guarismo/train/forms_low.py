"""The ways in which people of different schools and countries write 0 to 4; ``paths.py`` tells how to read them."""

from __future__ import annotations

from guarismo.train.paths import Dice, Form, Path, arc, corner, slope

# ---- 0


def zero_plain(d: Dice) -> list[Path]:
    start = d(50, 130)
    return [arc((0.3, 0.5), (d(0.26, 0.33), 0.5), start, start + d(350, 378), d(0.93, 1.03))]


def zero_narrow(d: Dice) -> list[Path]:
    start = d(60, 120)
    return [arc((0.3, 0.5), (d(0.17, 0.23), 0.5), start, start + d(352, 375), d(0.94, 1.03))]


def zero_wide(d: Dice) -> list[Path]:
    start = d(50, 140)
    return [arc((0.4, 0.5), (d(0.4, 0.47), 0.5), start, start + d(350, 378), d(0.93, 1.03))]


def zero_clockwise(d: Dice) -> list[Path]:
    start = d(80, 250)
    return [arc((0.3, 0.5), (d(0.24, 0.34), 0.5), start, start - d(350, 375), d(0.94, 1.04))]


def zero_slashed(d: Dice) -> list[Path]:
    reach = d(0.6, 1.3)
    # Flat enough that a hand leaning back does not set it upright, which would halve the 0 to an 8 on its side.
    dx, dy = 0.27 * reach, d(0.25, 0.37) * reach
    start = d(50, 130)
    ring = arc((0.3, 0.5), (d(0.29, 0.37), 0.5), start, start + d(350, 378), d(0.93, 1.03))
    return [ring, slope((0.3 + dx, 0.5 - dy), (0.3 - dx, 0.5 + dy), d(-0.02, 0.02))]


def zero_open(d: Dice) -> list[Path]:
    """A gap at the top, one end above the other."""
    start = d(95, 125)
    return [arc((0.3, 0.5), (d(0.26, 0.34), 0.5), start, start + d(300, 338), d(0.92, 1.06))]


def zero_curl(d: Dice) -> list[Path]:
    """The pen comes round and runs on inside, under the top."""
    start = d(60, 100)
    r = d(0.26, 0.33)
    outer = arc((0.3, 0.5), (r, 0.5), start, start + 330, 0.97)
    inner = arc((0.3, 0.44), (r * 0.8, 0.44), start + 362, start + 362 + d(15, 70), d(0.7, 0.9))
    return [outer + inner]


def zero_dip(d: Dice) -> list[Path]:
    """Begun inside: from the middle up to the right side, and from there over the top and round."""
    r = d(0.27, 0.36)
    inside = [(0.3 - d(-0.02, 0.6) * r, d(0.26, 0.42)), (0.3 + 0.4 * r, d(0.2, 0.32))]
    start = d(20, 50)
    return [[*inside, *arc((0.3, 0.5), (r, 0.5), start, start + d(345, 385), d(0.96, 1.05))]]


def zero_loop(d: Dice) -> list[Path]:
    """Closed at the top by a small loop, as the o of a school script."""
    r, size = d(0.26, 0.33), d(0.08, 0.14)
    outer = arc((0.3, 0.5), (r, 0.5), d(75, 95), 425, 0.98)
    knot = arc((0.28, size), (size, size), 90, d(240, 330))
    return [outer + knot + [(0.3 + d(0.15, 0.35), d(0.02, 0.12))]]


def zero_a(d: Dice) -> list[Path]:
    """With a stroke down its right side, as an a: the way to the next digit below."""
    ring = arc((0.3, 0.5), (d(0.26, 0.33), 0.5), 50, 408, d(0.96, 1.02))
    x = d(0.56, 0.64)
    return [[*ring, (x, d(0.04, 0.12)), (x + 0.01, 0.6), (x + d(0.04, 0.16), d(0.9, 1.0))]]


def zero_tail(d: Dice) -> list[Path]:
    """Joined to the next digit from its top."""
    ring = arc((0.3, 0.52), (d(0.25, 0.32), 0.48), 70, 428, d(0.97, 1.03))
    sag = d(0.02, 0.1)
    return [[*ring, (0.5, 0.02 + sag), (d(0.68, 0.85), d(-0.02, 0.08))]]


# ---- 1


def _flag(d: Dice, dx: float, dy: float) -> list[Path]:
    lean = d(-0.03, 0.05)
    return [[(0.3 - dx, dy), (0.3 - dx / 2, dy / 2 + d(-0.02, 0.03)), *corner(0.3, 0.0), (0.3 - lean, 1.0)]]


def _foot(d: Dice) -> Path:
    left, right = d(0.13, 0.3), d(0.13, 0.3)
    return [(0.28 - left, 1.0 + d(-0.02, 0.02)), (0.28 + right, 1.0 + d(-0.03, 0.01))]


def one_bar(d: Dice) -> list[Path]:
    return [slope((0.3, 0.0), (0.3 + d(-0.04, 0.12), 1.0), d(-0.03, 0.03))]


def one_flag(d: Dice) -> list[Path]:
    dx = d(0.1, 0.2)
    return _flag(d, dx, dx * d(1.1, 1.9))


def one_long_flag(d: Dice) -> list[Path]:
    """Germany, France, Chile: the flag climbs from half-way or from the foot itself."""
    dx = d(0.2, 0.42)
    return _flag(d, dx, min(0.85, dx * d(1.1, 2.8)))


def one_foot(d: Dice) -> list[Path]:
    return [*one_bar(d), _foot(d)]


def one_flag_foot(d: Dice) -> list[Path]:
    return [*one_flag(d), _foot(d)]


def one_cane(d: Dice) -> list[Path]:
    """The flag is a small curve that runs into the stem."""
    reach = d(0.07, 0.14)
    flag = [(0.3 - reach, d(0.16, 0.24)), (0.3 - reach * 0.45, 0.06), (0.29, 0.02)]
    return [[*flag, (0.305, 0.14), (0.3, 0.5), (0.29, 1.0)]]


def one_arch(d: Dice) -> list[Path]:
    """The flag climbs from far below and turns into the stem without a corner."""
    reach, low = d(0.16, 0.38), d(0.3, 0.7)
    climb = [(0.3 - reach, low), (0.3 - 0.62 * reach, 0.45 * low), (0.22, 0.03)]
    return [[*climb, (0.29, d(0.03, 0.07)), (0.31, 0.3), (0.3, 1.0)]]


def one_foot_tail(d: Dice) -> list[Path]:
    """A flag, and a foot that is the turn to the next digit."""
    dx = d(0.08, 0.14)
    path = _flag(d, dx, dx * d(1.2, 1.7))[0]
    return [[*path[:-1], (0.29, 0.92), (0.31, 1.0), (0.3 + d(0.06, 0.11), d(0.93, 0.98))]]


# ---- 2


def _arch(d: Dice) -> Path:
    """The top of a 2, from its left end round to the right side."""
    return arc((0.27, 0.27), (d(0.22, 0.28), 0.27), d(150, 185), d(-20, -5))


def two_plain(d: Dice) -> list[Path]:
    foot = d(0.94, 1.0)
    return [[*_arch(d), (0.3, 0.68), *corner(d(-0.02, 0.05), 0.98), (0.3, foot + 0.01), (d(0.48, 0.78), foot)]]


def two_z(d: Dice) -> list[Path]:
    """A small round top, a straight neck and a flat foot."""
    top = arc((0.28, 0.22), (d(0.2, 0.26), 0.22), d(120, 155), d(0, 10))
    return [[*top, *corner(d(-0.03, 0.06), 1.0), (d(0.5, 0.66), d(0.96, 1.01))]]


def two_loop(d: Dice) -> list[Path]:
    """The neck turns into the foot through a loop."""
    w, h = d(0.06, 0.13), d(0.05, 0.1)
    turn = [(0.12, 0.9), (0.12 - w, 0.97), (0.05 - w, 0.95 - h / 2), (0.13 - w / 2, 0.95 - 1.3 * h), (0.25, 0.93)]
    return [[*_arch(d), (0.32, 0.64), *turn, (0.42, 1.0), (d(0.56, 0.68), d(0.9, 0.98))]]


def two_script(d: Dice) -> list[Path]:
    """A small head over a large flat loop and a foot that runs far out."""
    top = arc((0.3, 0.23), (d(0.16, 0.24), 0.23), d(140, 175), -30)
    w, h = d(0.08, 0.16), d(0.08, 0.16)
    loop = [(0.2, 0.84), (0.08, 0.97), (0.07 - w, 0.95 - h / 2), (0.1, 0.95 - h), (0.26, 0.91)]
    return [[*top, (0.32, 0.66), *loop, (0.45, 1.0), (d(0.62, 0.85), d(0.86, 0.97))]]


def two_q(d: Dice) -> list[Path]:
    """As a script Q: a full head that curls under, and a large loop at the foot."""
    head = arc((0.3, 0.27), (d(0.22, 0.28), 0.27), d(185, 225), -25)
    w, h = d(0.12, 0.2), d(0.12, 0.22)
    loop = [(0.22, 0.86), (0.06, 0.98), (0.05 - w, 0.95 - h / 2), (0.08, 0.95 - h), (0.28, 0.9)]
    return [[*head, (0.34, 0.62), *loop, (0.46, 1.0), (d(0.6, 0.8), d(0.86, 0.96))]]


def two_closed(d: Dice) -> list[Path]:
    """The head is all but a ring: it begins beside the neck; a small foot, looped or not."""
    high = d(0.25, 0.36)
    head = arc((0.28, high), (d(0.2, 0.32), high), d(215, 290), -35)
    h = d(0.0, 0.12)
    foot = [(0.2, 0.82), (0.06, 0.97), (0.02, 0.95 - h / 2), (0.1, 0.96 - h), (0.28, 0.95)]
    return [[*head, *foot, (d(0.5, 0.7), d(0.9, 1.0))]]


def two_curl(d: Dice) -> list[Path]:
    """The top begins with a curl inwards."""
    r = d(0.05, 0.085)
    curl = arc((0.12, 0.25), (r, r), d(-40, 40), -170)
    top = arc((0.28, 0.27), (0.26, 0.27), 135, -10)
    return [[*curl, *top, (0.31, 0.68), *corner(d(-0.02, 0.05), 0.98), (0.3, d(0.92, 0.98)), (d(0.5, 0.64), 0.97)]]


def two_swan(d: Dice) -> list[Path]:
    """No corner: the neck swings into a rising foot."""
    turn = [(0.3, 0.66), (0.08, 0.9), (0.07, d(0.97, 1.0)), (0.28, 0.99)]
    return [[*_arch(d), *turn, (d(0.5, 0.62), d(0.84, 0.93))]]


def two_wave(d: Dice) -> list[Path]:
    """The foot is a tilde."""
    up = d(0.03, 0.08)
    return [[*_arch(d), (0.3, 0.67), *corner(0.0, 0.97), (0.16, 0.95 - up), (0.38, 0.99), (d(0.52, 0.66), 0.97 - up)]]


# ---- 3


def three_round(d: Dice) -> list[Path]:
    waist, nose = d(0.42, 0.5), d(0.16, 0.3)
    top = arc((0.24, waist / 2), (d(0.2, 0.25), waist / 2), d(140, 170), -55)
    low = arc((0.24, (1 + waist) / 2), (d(0.25, 0.31), (1 - waist) / 2), 60, -d(140, 165))
    return [[*top, *corner(nose, waist), *low]]


def three_flat(d: Dice) -> list[Path]:
    """The top is a bar and a slope, as an ezh."""
    nose = d(0.16, 0.24)
    waist = d(0.36, 0.43)
    low = arc((0.24, 0.69), (d(0.24, 0.3), 0.31), 60, -d(140, 165))
    return [[(d(0.0, 0.08), d(0.0, 0.05)), *corner(d(0.42, 0.52), 0.0), *corner(nose, waist), *low]]


def three_loop(d: Dice) -> list[Path]:
    """The waist is a small loop."""
    w, h = d(0.06, 0.12), d(0.03, 0.05)
    top = arc((0.24, 0.23), (d(0.2, 0.25), 0.23), d(140, 170), -35)
    knot = [(0.22, 0.48), (0.22 - w, 0.49 + h / 2), (0.2 - w / 2, 0.49 - h), (0.3, 0.47)]
    low = arc((0.24, 0.73), (d(0.25, 0.31), 0.27), 35, -d(140, 165))
    return [[*top, *knot, *low]]


def three_small_top(d: Dice) -> list[Path]:
    waist = d(0.3, 0.36)
    top = arc((0.2, waist / 2), (d(0.14, 0.18), waist / 2), d(140, 165), -55)
    low = arc((0.22, (1 + waist) / 2), (d(0.29, 0.35), (1 - waist) / 2), 65, -d(140, 160))
    return [[*top, *corner(d(0.14, 0.2), waist), *low]]


def three_curl(d: Dice) -> list[Path]:
    """Curled at both ends, with a round waist."""
    nose = d(0.24, 0.3)
    top = arc((0.24, 0.24), (0.22, 0.24), 190, -40, d(0.95, 1.1))
    low = arc((0.24, 0.73), (0.27, 0.27), 45, -d(170, 195), d(0.8, 0.95))
    return [[*top, (nose, 0.475), *low]]


# ---- 4


def four_open(d: Dice) -> list[Path]:
    bar, reach = d(0.52, 0.64), d(0.52, 0.64)
    left: Path = [(d(0.06, 0.18), d(0.0, 0.05)), *corner(d(-0.02, 0.04), bar), (reach, bar + d(-0.05, 0.02))]
    x = d(0.34, 0.42)
    return [left, [(x + d(0.0, 0.04), d(0.08, 0.25)), (x + d(-0.03, 0.0), 1.0)]]


def four_closed(d: Dice) -> list[Path]:
    bar, x = d(0.6, 0.7), d(0.38, 0.46)
    slant = [(x - d(0.0, 0.03), 0.0), (x * 0.5, bar * d(0.46, 0.54))]
    left = [*slant, *corner(0.0, bar), (d(0.6, 0.74), bar + d(-0.04, 0.02))]
    return [left, [(x, d(0.0, 0.05)), (x - d(-0.02, 0.04), 1.0)]]


def four_tall(d: Dice) -> list[Path]:
    """The right stem is the tall one; the left side is a short cup."""
    bar, x = d(0.5, 0.6), d(0.4, 0.48)
    cup = [(d(0.02, 0.12), d(0.02, 0.15)), (0.01, bar * 0.75), (0.05, bar), (0.2, bar + 0.01)]
    return [[*cup, (x + d(0.05, 0.16), bar - d(0.0, 0.1))], [(x + d(0.0, 0.04), 0.0), (x - d(0.0, 0.05), 1.0)]]


def four_h(d: Dice) -> list[Path]:
    """Like an h upside down: a tall left side, and a second stem that begins low."""
    bar = d(0.5, 0.58)
    end = (d(0.5, 0.6), bar - d(0.0, 0.04))
    left = [(d(0.06, 0.14), 0.0), (0.03, bar * 0.6), (0.05, bar - 0.02), (0.16, bar + 0.02), end]
    x = d(0.36, 0.42)
    return [left, [(x, d(0.26, 0.36)), (x - d(0.0, 0.05), 1.0)]]


def four_short(d: Dice) -> list[Path]:
    """The stem ends soon below a low bar."""
    bar, x = d(0.7, 0.76), d(0.36, 0.44)
    left: Path = [(d(0.14, 0.26), 0.0), *corner(0.0, bar), (d(0.56, 0.66), bar - d(0.0, 0.04))]
    return [left, [(x + d(0.0, 0.05), d(0.22, 0.36)), (x, 1.0)]]


def four_bolt(d: Dice) -> list[Path]:
    """One stroke: down, along the bar, and round through a loop on the right into the stem."""
    bar, x = d(0.54, 0.62), d(0.34, 0.4)
    left: Path = [(d(0.08, 0.18), 0.02), *corner(0.0, bar)]
    turn = [(0.4, bar - 0.01), (x + d(0.18, 0.26), bar - d(0.1, 0.16)), (x + 0.16, 0.2)]
    return [[*left, *turn, *corner(x + 0.06, d(0.0, 0.08)), (x, 0.55), (x - 0.04, 1.0)]]


def four_zigzag(d: Dice) -> list[Path]:
    """Lightning: down, along the bar, and from its end down again; nothing crosses. A wider one would be a Z."""
    bar, reach = d(0.42, 0.54), d(0.36, 0.46)
    left: Path = [(d(0.1, 0.24), 0.0), *corner(d(0.0, 0.06), bar)]
    return [[*left, *corner(reach, bar - d(-0.02, 0.08)), (reach - d(0.0, 0.14), 1.0)]]


def four_low(d: Dice) -> list[Path]:
    """A long left side, a bar near the foot, and a stem that is hardly longer than what it crosses."""
    bar, x = d(0.74, 0.84), d(0.34, 0.42)
    left: Path = [(d(0.12, 0.3), 0.0), *corner(0.0, bar), (d(0.5, 0.64), bar - d(0.0, 0.06))]
    return [left, [(x + d(0.0, 0.06), d(0.4, 0.56)), (x - d(0.0, 0.04), 1.0)]]


def four_sail(d: Dice) -> list[Path]:
    """One stroke from the foot: up the stem, down the slope, out along the bar."""
    bar, x = d(0.58, 0.68), d(0.36, 0.44)
    end = (d(0.58, 0.7), bar + d(-0.05, 0.02))
    return [[(x - d(-0.02, 0.04), 1.0), *corner(x, 0.0), *corner(d(-0.04, 0.02), bar), end]]


def four_y(d: Dice) -> list[Path]:
    """One stroke as a u with a long leg: a cup, up to the head of the stem, and down."""
    bar, x = d(0.42, 0.58), d(0.4, 0.48)
    cup = [(d(0.02, 0.12), d(0.0, 0.14)), (d(0.0, 0.06), bar * 0.7), (0.12, bar), (0.26, bar * d(0.86, 1.0))]
    return [[*cup, *corner(x, d(0.0, 0.16)), (x - d(0.0, 0.1), 1.0)]]


LOW: dict[int, dict[str, Form]] = {
    0: {
        "plain": zero_plain,
        "narrow": zero_narrow,
        "wide": zero_wide,
        "clockwise": zero_clockwise,
        "slashed": zero_slashed,
        "open": zero_open,
        "curl": zero_curl,
        "dip": zero_dip,
        "loop": zero_loop,
        "a": zero_a,
        "tail": zero_tail,
    },
    1: {
        "bar": one_bar,
        "flag": one_flag,
        "long_flag": one_long_flag,
        "foot": one_foot,
        "flag_foot": one_flag_foot,
        "cane": one_cane,
        "arch": one_arch,
        "foot_tail": one_foot_tail,
    },
    2: {
        "plain": two_plain,
        "z": two_z,
        "loop": two_loop,
        "script": two_script,
        "q": two_q,
        "closed": two_closed,
        "curl": two_curl,
        "swan": two_swan,
        "wave": two_wave,
    },
    3: {
        "round": three_round,
        "flat": three_flat,
        "loop": three_loop,
        "small_top": three_small_top,
        "curl": three_curl,
    },
    4: {
        "open": four_open,
        "closed": four_closed,
        "tall": four_tall,
        "h": four_h,
        "short": four_short,
        "bolt": four_bolt,
        "zigzag": four_zigzag,
        "low": four_low,
        "sail": four_sail,
        "y": four_y,
    },
}
