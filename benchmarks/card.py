"""The models' cards, from what the other benchmarks measured: writes src/guarismo/models/digit and line/README.md.

python benchmarks/card.py            write them
python benchmarks/card.py --check    exit 1 where a card is not what the results say
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import onnx

from guarismo.model import CARD, DESCRIPTION, WEIGHTS, bundled

RESULTS = Path(__file__).parent / "results"


def results(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text())


def _network(kind: str) -> str:
    """Of a bundled model's network, in words: its size, convolutions and weights."""
    path = bundled(kind) / WEIGHTS
    graph = onnx.load(path).graph
    convolutions = sum(node.op_type == "Conv" for node in graph.node)
    weights = sum(math.prod(one.dims) for one in graph.initializer if len(one.dims) > 1)
    return f"{path.stat().st_size / 1e6:.2f} MB of ONNX: {convolutions} convolutions, {weights:,} weights"


def line_card() -> str:
    """The whole card of the line model."""
    described = json.loads((bundled("line") / DESCRIPTION).read_text())
    point, limits = described["operating_point"], described["thresholds"]
    return f"""# The line model, {described["version"]}

Reads a number written on one line: digits, `. , - / :` and spaces; says "not sure", "not a digit" or "blank".
{_network("line")} in eight bits (docs/decisions/011-line-model.md, 018-eight-bits.md).

## Figures

All through `Reader` as shipped; each has its command in benchmarks/results/.

| measured on | lines | right | `read` | wrong among `read` | accepted at 1 % wrong |
| --- | --- | --- | --- | --- | --- |
{_lines()}

Where digits stand apart, the digit model has a say (docs/decisions/017-pieces.md). What is not clear at first sight is seen
four times more: smaller, larger and leaning, bolder, sharpened (`looks` in model.json). ORAND-CAR-A's labels have no marks:
the digits of the whole amount are compared, and accepted by `digits_confidence`. {results("lines")["wrong_labels"]} labels are
evidently wrong (benchmarks/orand_lines.json lists them); both figures are given. Touching and overlapping digits are
generated, by writers held out, on disturbed paper, marks and spaces counted.

| strings of MNIST's test digits, one writer each, after wkiri/MDW-handwritten | strings | wrong | wrong, with `--pattern '\\d+'` |
| --- | --- | --- | --- |
{_strings()}

Of {results("lines")["no_number"]["n"]:,} words, signatures and drawings {results("lines")["no_number"]["read"]:.2%} are read as a number,
{results("lines")["no_number"]["read_or_unsure"]:.0%} with those of which it says that it is not sure.
{results("lines")["lines_a_second"]["median"]:.0f} lines a second in batches of 64, pictures decoded, by one process on two cores;
{results("lines")["lines_a_second_of_two_processes"]:.0f} by two of one thread each, as `guarismo batch` has them.

## Data

Generated lines (`train/lines.py`), each by one writer: made-up hands (`train/strokes.py`), MNIST's training half without every
twelfth writer, pendigits, optdigits; on paper with print, rules, stamps and shadows. Weights are ours: Apache-2.0.
ORAND-CAR-A was looked at for errors, which told what to generate more of; no weight, threshold or temperature has seen
one of its pictures. The looks were chosen on generated lines of writers held out.

## Calibration and thresholds

Temperature {described["temperature"]:.3f}. `read` from {limits["read"]:.4f}: on {point["lines"]:,} generated lines of writers held out
{point["accepted"]:.1%} are accepted, and {point["wrong_digits_among_accepted"]:.2%} of these have a wrong digit. Those lines are harder
than most that people write: on cleaner ones more is accepted.

## What it cannot read

The errors on ORAND-CAR-A are pictures in docs/en/mistakes.md: ones with a flag at the start of a line, flat zeros in a chain,
sevens like a t, fours like an h, fives like a root sign. Hairline points are overlooked. Longer than eighty digits it
squeezes the line, and is never sure.
"""


def _lines() -> str:
    words = {
        "orand": "ORAND-CAR-A, cheque amounts, by the set's labels",
        "orand_corrected": "the same, evident errors of the labels corrected",
        "touching": "touching and overlapping digits, generated",
        "touching_on_bare_paper": "the same hands' on bare paper",
        "words_beside": "numbers with a word or a unit beside them, generated",
    }
    return "\n".join(
        f"| {told} | {f['n']:,} | {f['right']:.1%} | {f['read']:.1%} | {f['wrong_read']:.1%} "
        f"| {f['accepted_at_1_percent']:.1%} |"
        for told, f in ((told, results("lines")[name]) for name, told in words.items())
    )


def _strings() -> str:
    measured = results("mdw")
    return "\n".join(
        f"| {name} | {row['n']:,} | {row['error']:.2%} | {measured['digits_alone']['sets'][name]['error']:.2%} |"
        for name, row in measured["sets"].items()
    )


def card() -> str:
    """The whole card of the digit model."""
    described = json.loads((bundled() / DESCRIPTION).read_text())
    limits = described["thresholds"]
    return f"""# The digit model, {described["version"]}

Reads one digit on a picture of any kind, handwritten or printed, and says "not sure", "not a digit" or "blank".
{_network("digit")} in eight bits (docs/decisions/019-larger-digit-network.md,
020-digit-network-in-eight-bits.md), ink version {described["ink_version"]}.

## Figures

All through `Reader` as shipped; each has its command in benchmarks/results/.

| measured on | pictures | right | `read` | wrong among `read` | no digit or blank | ECE, 15 bins | NLL |
| --- | --- | --- | --- | --- | --- | --- | --- |
{_sets()}

{_seeds()}

### Strangers

| left out of the training, then measured on | pictures | right | `read` | wrong among `read` |
| --- | --- | --- | --- | --- |
{_left_out()}

By the short recipe with the network before, each without that source. optdigits are bitmaps enlarged four times;
pendigits are the paths of its test part, of other people, each drawn with a pen of its own, hairlines and markers too. The set
joins pen lifts, so that a crossed 7 looks like a 2, and stretches each digit to a square; the bundled model, which has
learnt other people's such paths, reads {_pendigits()} of them.

### What is no digit

| | pictures | accepted as a digit |
| --- | --- | --- |
{_others()}

Letters without those that people cannot tell from digits (O o l I S s Z z B b q g). Every second picture photographed.

### Disturbed

{_corrupted()}

### Speed

{_speed()}

## Data

MNIST's training half without every twelfth writer (LeCun, Cortes, Burges; CC BY-SA 3.0), optdigits and
pendigits (Alpaydin and others, UCI; CC BY 4.0), shapes from the stroke generator, digits and letters in free fonts
from Debian, and things that are no digits, made by `train/nondigits.py`. Writers are known from QMNIST's labels.
Weights are ours: Apache-2.0. ORAND-CAR-A was looked at for errors, which told what shapes to generate more of; no
weight, threshold or temperature has seen one of its pictures. `guarismo train digit` (docs/en/train.md, docs/LOG.md).

## Calibration and thresholds

Temperature {described["temperature"]:.3f} and the threshold of `read`, {limits["read"]:.4f}, stand on the MNIST
training digits of the writers held out: at most one in two thousand accepted digits is wrong there.
`not_a_digit` from a probability of {limits["not_a_digit"]:.2f} on.

![share right against confidence](../../../../docs/img/digit-reliability.png)
![share of wrong readings against share read](../../../../docs/img/digit-coverage.png)

Both on MNIST's test digits.

## What it cannot read

More than one digit on a picture (it says "not a digit" to most); letters that look like digits (O, l, S, Z, B)
are read as digits; some digits below a shadow with a bent edge or in the grip of a ruled line. Confidences are calibrated on MNIST's
writers: on blurred, tiny or disturbed pictures they are too high by a few points.
"""


WORDS = {
    "mnist": "MNIST, test digits",
    "orand": "digit boxes of ORAND-CAR-A, never trained on",
    "digits8x8": "scikit-learn's digits, 8x8 pixels, never trained on",
}


def _sets() -> str:
    return "\n".join(
        f"| {WORDS[name]} | {f['count']:,} | {f['accuracy']:.2%} | {f['read']:.1%} | {f['wrong_read']:.2%} "
        f"| {f['not_a_digit']:.2%} | {f['calibration']:.4f} | {f['likelihood']:.4f} |"
        for name, f in results("digits")["sets"].items()
    )


def _seeds() -> str:
    over = results("seeds")
    right, ece = over["accuracy"], over["calibration"]
    return (
        f"Over {right['n']} seeds of the short recipe with the network before (290,000 weights), each looked at once: "
        f"{right['mean']:.2%} ± {right['std']:.2%} "
        f"of MNIST's test digits right ({right['min']:.2%} to {right['max']:.2%}), ECE {ece['mean']:.4f}."
    )


def _left_out() -> str:
    lines = []
    for name in ("optdigits", "pendigits"):
        row = results(f"without-{name}")["digits"][name]
        shares = f"{row['accuracy']:.2%} | {row['read']:.1%} | {row['wrong_read']:.2%}"
        lines.append(f"| {name} | {row['n']:,} | {shares} |")
    return "\n".join(lines)


def _pendigits() -> str:
    return f"{results('strangers')['digits']['pendigits']['accuracy']:.1%}"


KINDS = {
    "letters": "letters in handwriting fonts that were held out",
    "scribbles": "scribbles, hearts, faces, spirals",
    "noise": "noise and textures",
    "marks": "crosses, ticks, dashes, dots",
    "several": "two or three digits at once",
    "halves": "pieces of digits",
}


def _others() -> str:
    rows = results("strangers")["others"]
    return "\n".join(f"| {words} | {rows[name]['n']:,} | {rows[name]['read']:.1%} |" for name, words in KINDS.items())


def _corrupted() -> str:
    found = results("corruptions")
    weakest = sorted(found["sets"].items(), key=lambda item: item[1]["accuracy"])[:4]
    named = ", ".join(f"{name.replace('_', ' ')} {row['accuracy']:.1%}" for name, row in weakest)
    return (
        f"Fifteen corruptions after Mu and Gilmer 2019, {found['n']:,} of MNIST's test digits each: "
        f"{found['mean_of_fifteen']['accuracy']:.1%} right in the mean; weakest: {named}. Crossings-out, outlines, "
        "bands, blots and grain, made by other code, are in the training."
    )


def _speed() -> str:
    found = results("latency")
    rate, single = found["pictures_a_second"]["guarismo"], found["one_picture_ms"]
    keras, litert = (found["guarismo_against"][name]["median"] for name in ("keras", "litert"))
    return (
        f"`Reader.digits`, {found['n']['pictures']:,} pictures of 28x28: {rate['median']:,.0f} a second on two cores, "
        f"{keras:.2f} times Keras' `predict` and {litert:.2f} times LiteRT, both with the same network in float32; "
        "one picture "
        f"{single['median']:.2f} ms."
    )


def main() -> int:
    cards = {bundled() / CARD: card(), bundled("line") / CARD: line_card()}
    if "--check" in sys.argv[1:]:
        return int(any(path.read_text() != text for path, text in cards.items()))
    for path, text in cards.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
