from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from guarismo.train.pens import Pen, Stroke, draw
from guarismo.train.strokes import CARE, FORMS, STEP, Hand

EVERY = [(digit, form) for digit, forms in FORMS.items() for form in forms]
PEN = Pen(width=0.08, pressure=0.0, softness=0.0)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def hands(n: int) -> list[Hand]:
    random = rng(7)
    return [replace(Hand.random(random), drags=False) for _ in range(n)]


def picture(strokes: list[Stroke]) -> NDArray[np.float32]:
    """(24, 24) of unit length: ink of the digit stretched to a square, blurred as a judge of likeness needs it."""
    ink = 255 - draw(strokes, 32, PEN, rng())
    soft = cv2.GaussianBlur(cv2.resize(ink, (24, 24), interpolation=cv2.INTER_AREA), (0, 0), 1.0).astype(np.float32)
    return np.asarray(soft / np.linalg.norm(soft), dtype=np.float32)


def turns(strokes: list[Stroke]) -> float:
    """Degrees by which the first stroke turns in all, to the left and to the right alike."""
    way = np.diff(strokes[0], axis=0)
    return float(np.rad2deg(np.abs(np.diff(np.unwrap(np.arctan2(way[:, 1], way[:, 0])))).sum()))


def test_every_digit_has_several_forms() -> None:
    assert sorted(FORMS) == list(range(10)) == sorted(CARE)
    assert all(len(forms) >= 5 for forms in FORMS.values())


@pytest.mark.parametrize(("digit", "form"), EVERY)
def test_every_form_fills_its_frame_for_every_hand(digit: int, form: str) -> None:
    for seed, hand in enumerate(hands(6)):
        strokes = hand.write(digit, rng(seed), form)
        every = np.concatenate(strokes)
        assert all(stroke.dtype == np.float32 and len(stroke) > 1 for stroke in strokes)
        assert np.isfinite(every).all()
        assert every[:, 0].min() == pytest.approx(0, abs=1e-5)
        assert every[:, 1].max() == pytest.approx(1, abs=1e-5)
        assert -0.2 < every[:, 1].min() < 0.2
        # The widest digit, sheared by the most slant, and a size of one and a fifth.
        assert every[:, 0].max() < (CARE[digit].width[1] + np.tan(np.deg2rad(35))) * 1.2


@pytest.mark.parametrize(("digit", "form"), EVERY)
def test_no_point_jumps(digit: int, form: str) -> None:
    for seed, hand in enumerate(hands(4)):
        for stroke in hand.write(digit, rng(seed), form):
            assert np.hypot(*np.diff(stroke, axis=0).T).max() < 8 * STEP


def test_the_same_seed_writes_the_same() -> None:
    hand = Hand.random(rng(2))
    assert hand == Hand.random(rng(2))
    once, again = hand.write(3, rng(4)), hand.write(3, rng(4))
    assert all(np.array_equal(a, b) for a, b in zip(once, again, strict=True))


def test_a_hand_never_writes_quite_the_same_twice() -> None:
    hand, random = Hand.random(rng(2)), rng(4)
    assert not np.array_equal(hand.write(2, random)[0][:20], hand.write(2, random)[0][:20])


def test_a_hand_is_more_like_itself_than_like_another() -> None:
    random, own, other = rng(5), [], []
    for a, b in zip(hands(25), hands(26)[1:], strict=True):
        for digit in range(10):
            first, second, third = (picture(hand.write(digit, random)) for hand in (a, a, b))
            own.append(float((first * second).sum()))
            other.append(float((first * third).sum()))
    assert np.mean(own) > np.mean(other) + 0.1
    assert np.mean(np.array(own) > np.array(other)) > 0.9


def test_hands_differ_within_one_form() -> None:
    pictures = np.stack([picture(hand.write(2, rng(1), "plain")).ravel() for hand in hands(20)])
    likeness = pictures @ pictures.T
    assert np.median(likeness[np.triu_indices(20, 1)]) < 0.9


def test_digits_are_told_apart_by_their_looks() -> None:
    """The nearest picture by another hand shows the same digit: a form that reads as another digit fails here."""
    random = rng(6)
    written = [(digit, picture(hand.write(digit, random)).ravel()) for hand in hands(80) for digit in range(10)]
    labels = np.array([digit for digit, _ in written])
    pictures = np.stack([p for _, p in written])
    likeness = pictures @ pictures.T
    writer = np.arange(len(labels)) // 10
    likeness[writer[:, None] == writer[None]] = -1
    right = labels[likeness.argmax(axis=1)] == labels
    worst = {digit: float(right[labels == digit].mean()) for digit in range(10)}
    assert right.mean() > 0.93, worst
    assert min(worst.values()) > 0.85, worst


@pytest.mark.parametrize(("digit", "form", "count"), [
    (7, "plain", 1), (7, "crossed", 2), (7, "t", 2), (7, "crossed_hook", 2), (4, "open", 2), (4, "sail", 1),
    (4, "bolt", 1), (5, "apart", 2), (5, "joined", 1), (1, "foot", 2), (0, "slashed", 2),
    (8, "circles", 2), (8, "plain", 1),
])  # fmt: skip
def test_number_of_strokes(digit: int, form: str, count: int) -> None:
    assert len(hands(1)[0].write(digit, rng(), form)) == count


def test_a_hand_that_drags_writes_each_digit_in_one_stroke_through_the_same_points() -> None:
    lifted, dragged = (replace(hands(1)[0], drags=drags).write(4, rng(), "open") for drags in (False, True))
    assert (len(lifted), len(dragged)) == (2, 1)
    assert np.allclose(dragged[0][: len(lifted[0])], lifted[0], atol=0.05)
    assert np.allclose(dragged[0][-len(lifted[1]) :], lifted[1], atol=0.05)


def test_the_bar_of_a_crossed_seven_crosses_its_stem() -> None:
    for seed, hand in enumerate(hands(30)):
        stem, bar = replace(hand, tremor=0.0).write(7, rng(seed), "crossed")
        at = stem[np.abs(stem[:, 1] - bar[:, 1].mean()).argmin(), 0]
        assert bar[:, 0].min() < at < bar[:, 0].max()


def test_the_flag_of_a_one_falls_steeper_than_the_bar_of_a_seven() -> None:
    def fall(strokes: list[Stroke]) -> float:
        """Height over width from the left end of the first stroke to its highest point."""
        stroke = strokes[0]
        top = stroke[stroke[:, 1].argmin()]
        return float((stroke[0, 1] - top[1]) / max(abs(top[0] - stroke[0, 0]), 1e-3))

    ones = [fall(h.write(1, rng(k), form)) for k, h in enumerate(hands(60)) for form in ("flag", "long_flag")]
    sevens = [fall(h.write(7, rng(k), "plain")) for k, h in enumerate(hands(60))]
    assert np.percentile(ones, 2) > 0.45 > np.percentile(sevens, 98)


def test_the_stem_of_a_four_crosses_its_bar() -> None:
    for seed, hand in enumerate(hands(30)):
        left, stem = replace(hand, tremor=0.0).write(4, rng(seed), "open")
        end = left[-1]
        at = stem[np.abs(stem[:, 1] - end[1]).argmin(), 0]
        assert end[0] > at + 0.02
        assert stem[-1, 1] > end[1] + 0.15


def test_an_open_zero_is_open_and_a_plain_one_is_not() -> None:
    def gap(form: str) -> float:
        """Median distance of the ends, which for plain rings may lie either side of meeting."""
        strokes = [hand.write(0, rng(k), form)[0] for k, hand in enumerate(hands(30))]
        return float(np.median([np.hypot(*(s[0] - s[-1])) for s in strokes]))

    assert gap("open") > 2 * gap("plain")


def test_slant_leans_the_stem() -> None:
    hand = replace(hands(1)[0], tremor=0.0, spread=0.05)
    leans = []
    for slant in (-5.0, 10.0, 25.0):
        stem = replace(hand, slant=slant).write(1, rng(1), "bar")[0]
        leans.append(float(np.rad2deg(np.arctan2(stem[0, 0] - stem[-1, 0], stem[-1, 1] - stem[0, 1]))))
    assert np.diff(leans) == pytest.approx([15, 15], abs=4)


def test_speed_cuts_corners_and_tremor_shakes() -> None:
    hand = replace(hands(1)[0], tremor=0.0)
    slow, fast = (replace(hand, speed=speed).write(7, rng(1), "plain")[0] for speed in (0.0, 1.0))
    sharpest = [np.abs(np.diff(s, n=2, axis=0)).max() for s in (slow, fast)]
    assert sharpest[1] < 0.7 * sharpest[0]
    assert turns(replace(hand, tremor=0.008).write(1, rng(1), "bar")) > 3 * turns(hand.write(1, rng(1), "bar")) + 20


def test_a_form_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(ValueError, match=r"digit 7 has no form 'curly'.*crossed_hook"):
        hands(1)[0].write(7, rng(), "curly")
