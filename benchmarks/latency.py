"""How fast ``Reader`` reads, and in how much memory: writes results/latency.json.

    python benchmarks/latency.py              five rounds of 10,000 pictures, about two minutes on two idle cores
    python benchmarks/latency.py --count 20 --rounds 2 --memory 3000      a try

Rounds go by turns, after one of each that does not count:

guarismo  ``Reader.digits`` on MNIST's test arrays, uint8 28x28: checks, ink, network and result objects
files     the same for 300x300 PNG files given as bytes
keras     ``conv_net``, the same network with random weights in float32: ``predict`` in batches of 256
litert    the same weights in TensorFlow's LiteRT interpreter, in batches of 256 on all cores

Keras and LiteRT are given float32 ink that is ready and hand back bare logits, so they have less to do. One
picture alone is timed within each round. Memory is that of a process of its own that never loads TensorFlow.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import record
from numpy.typing import NDArray
from renderings import large

from guarismo import Reader
from guarismo.datasets import load_mnist

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BATCH = 256
SEED = 2026
FILES_SHARE = 10  # a 300x300 file takes many times as long as an array
SINGLES = 500

Pictures = NDArray[np.uint8]
"""uint8 (N, 28, 28), as MNIST is."""
Contender = Callable[[], Any]

MEMORY = """
import itertools, re, sys
from pathlib import Path
import numpy as np
from guarismo import Reader

def peak():  # in bytes; getrusage would begin with the parent's peak
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

def read(count):
    pictures = (one.copy() for one in itertools.islice(itertools.cycle(some), count))
    for _ in reader.iter_digits(pictures):
        pass
    return peak()

some, reader = np.load(sys.argv[1]), Reader()
print(read(min(2000, int(sys.argv[2]))), read(int(sys.argv[2])))
"""


def memory(pictures: Pictures, count: int) -> dict[str, Any]:
    """Peak of a process that reads an iterator of ``count`` pictures, and its growth since the first 2,000."""
    if not Path("/proc/self/status").exists():
        return {"pictures": count, "peak_mb": None, "grown_mb": None, "reason": "this system has no /proc/self/status"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "some.npy")
        np.save(path, pictures[:1000])
        command = [sys.executable, "-c", MEMORY, str(path), str(count)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    before, after = map(int, done.stdout.split())
    return {"pictures": count, "peak_mb": after / 1e6, "grown_mb": (after - before) / 1e6}


@dataclass(slots=True)
class Timings:
    """Pictures a second of each contender, a value a round, and the seconds of each picture read alone."""

    rates: dict[str, list[float]] = field(default_factory=dict)
    alone: list[float] = field(default_factory=list)

    def ratios(self, other: str) -> list[float] | None:
        """``guarismo`` over another, round by round."""
        if other not in self.rates:
            return None
        return [ours / theirs for ours, theirs in zip(self.rates["guarismo"], self.rates[other], strict=True)]


def png_files(pictures: Pictures) -> list[bytes]:
    """300x300, dark on light."""
    return [cv2.imencode(".png", large(picture))[1].tobytes() for picture in pictures]


def keras_predict(network: Any, inks: NDArray[np.float32]) -> Contender:
    return lambda: network.predict(inks, batch_size=BATCH, verbose=0)


def litert_copy(network: Any, inks: NDArray[np.float32]) -> tuple[Contender | None, str | None]:
    """The network in TensorFlow's own LiteRT interpreter, and what TensorFlow said of it: a warning, or why not."""
    import tensorflow as tf

    with warnings.catch_warnings(record=True) as said, contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("always")
        try:
            content = tf.lite.TFLiteConverter.from_keras_model(network).convert()
            interpreter = tf.lite.Interpreter(model_content=content, num_threads=os.cpu_count())
            contender = _batches(interpreter, inks)
            contender()
        except Exception as error:  # whatever TensorFlow raises where it has no interpreter any more
            return None, f"{type(error).__name__}: {error}"
    of_litert = [" ".join(str(one.message).split()) for one in said if "lite" in str(one.message).lower()]
    return contender, "; ".join(dict.fromkeys(of_litert)) or None


def _batches(interpreter: Any, inks: NDArray[np.float32]) -> Contender:
    """Runs all inks in full batches; the last one is filled up, as its tensors have one size."""
    given, came = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    interpreter.resize_tensor_input(given, [BATCH, *inks.shape[1:]])
    interpreter.allocate_tensors()
    full = np.concatenate([inks, np.zeros((-len(inks) % BATCH, *inks.shape[1:]), np.float32)])

    def run() -> NDArray[np.float32]:
        logits = []
        for start in range(0, len(full), BATCH):
            interpreter.set_tensor(given, full[start : start + BATCH])
            interpreter.invoke()
            logits.append(interpreter.get_tensor(came))
        return np.concatenate(logits)[: len(inks)]

    return run


def largest_difference(one: Contender, other: Contender) -> float:
    """Between the logits of two contenders: they must be one network."""
    return float(np.abs(np.asarray(one()) - np.asarray(other())).max())


def seconds(run: Contender) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def measure(contenders: dict[str, tuple[int, Contender]], alone: list[Contender], rounds: int) -> Timings:
    """Each contender once a round, after a first one that does not count; ``alone`` is shared out over the rounds."""
    timings = Timings({name: [] for name in contenders})
    for turn in range(rounds + 1):
        for name, (count, run) in contenders.items():
            took = seconds(run)
            if turn:
                timings.rates[name].append(count / took)
        if turn:
            alone[0]()  # the cache is another contender's
            timings.alone += [seconds(run) for run in alone[turn - 1 :: rounds]]
    return timings


def milliseconds(alone: list[float]) -> dict[str, float]:
    ms = 1000 * np.array(alone)
    return {
        "n": len(alone),
        "median": float(np.median(ms)),
        "p99": float(np.percentile(ms, 99)),
        "max": float(ms.max()),
    }


def rivals(inks: NDArray[np.float32]) -> tuple[dict[str, Contender], dict[str, Any]]:
    """Keras and, where it runs, LiteRT; and what is to be known of them."""
    from guarismo.train.nets import conv_net

    network = conv_net()
    found = {"keras": keras_predict(network, inks)}
    litert, said = litert_copy(network, inks)
    known: dict[str, Any] = {"parameters": network.count_params(), "batch": BATCH, "litert_said": said}
    known["ran"] = {"keras": len(inks), "litert": len(inks) + -len(inks) % BATCH}  # what fills up the last batch counts
    if litert:
        found["litert"] = litert
        known["litert_differs_by"] = largest_difference(found["keras"], litert)
    return found, known


def summary(timings: Timings) -> dict[str, Any]:
    """Medians and spreads; None for a rival that could not be run."""
    named = ("guarismo", "files", "keras", "litert")
    rates = {name: record.spread(timings.rates[name]) if name in timings.rates else None for name in named}
    ratios = {name: timings.ratios(name) for name in ("keras", "litert")}
    return {
        "pictures_a_second": rates,
        "guarismo_against": {name: values and record.spread(values) for name, values in ratios.items()},
        "one_picture_ms": milliseconds(timings.alone),
    }


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=int, default=100_000)
    return parser.parse_args()


def main() -> None:
    asked = options()
    mnist = load_mnist()
    chosen = np.random.default_rng(SEED).permutation(len(mnist.test_labels))[: asked.count]
    pictures = np.ascontiguousarray(mnist.test_images[chosen])
    memory_used = memory(pictures, asked.memory)
    reader = Reader()
    files = png_files(pictures[: max(1, asked.count // FILES_SHARE)])
    others, known = rivals(pictures.astype(np.float32) / np.float32(255))
    contenders: dict[str, tuple[int, Contender]] = {
        "guarismo": (len(pictures), lambda: reader.digits(pictures)),
        "files": (len(files), lambda: reader.digits(files)),
        **{name: (known["ran"][name], run) for name, run in others.items()},
    }
    alone: list[Contender] = [partial(reader.digit, one) for one in pictures[:SINGLES]]
    figures = summary(measure(contenders, alone, asked.rounds))
    counts = {"pictures": len(pictures), "files": len(files), "rounds": asked.rounds}
    command = {"command": " ".join(["python", "benchmarks/latency.py", *sys.argv[1:]]), "n": counts}
    record.write("latency", {**command, "model": reader.model.to_dict(), **figures, "memory": memory_used, **known})


if __name__ == "__main__":
    main()
