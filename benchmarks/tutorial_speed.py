"""The tutorial's training: Keras' ``fit`` against ``guarismo train tutorial``, side by side in one run.

    python benchmarks/tutorial_speed.py              seconds an epoch, by turns, and the ratio
    python benchmarks/tutorial_speed.py --accuracy   and test accuracy after 50 epochs, five seeds of ours
                                                     (those of fit: recipes/tutorial.py, tutorial_seeds.json)

Each turn is a process of its own; ``fit`` may use all cores. The first epoch, which compiles, does not count.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import Any

import record

FIT = """
import keras, time, numpy as np
from guarismo.datasets import load_mnist
from guarismo.train.nets import dense_net
class Clock(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None): self.began = time.perf_counter()
    def on_epoch_end(self, epoch, logs=None): print(time.perf_counter() - self.began, flush=True)
mnist = load_mnist()
model = dense_net()
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
inks = mnist.train_images.astype("float32") / 255
model.fit(inks, mnist.train_labels, epochs={epochs}, batch_size=32, verbose=0, callbacks=[Clock()])
"""
OURS = """
import time
from guarismo.datasets import load_mnist
from guarismo.train import fit
from guarismo.train.nets import DenseShape
fit.use_cores(1)
mnist = load_mnist()
inks = mnist.train_images.astype("float32") / 255
began = time.perf_counter()
for epoch in fit.epochs(inks, mnist.train_labels, DenseShape(), fit.Recipe(epochs={epochs})):
    print(time.perf_counter() - began, flush=True)
    began = time.perf_counter()
"""


def seconds(code: str, epochs: int) -> list[float]:
    """Seconds of each epoch but the first, in a new process."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", code.replace("{epochs}", str(epochs))]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return [float(line) for line in done.stdout.split()][1:]


def accuracy(seeds: int) -> list[dict[str, Any]]:
    """Rows of five runs of 50 epochs, two at a time."""
    from guarismo.train.sweep import run_one
    from guarismo.workers import workers

    with workers(2) as pool:
        return list(pool.map(run_one, [(128, 3, seed, 50) for seed in range(1, seeds + 1)]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--accuracy", action="store_true")
    options = parser.parse_args()
    fit: list[float] = []
    ours: list[float] = []
    for _ in range(options.rounds):
        fit += seconds(FIT, 4)
        ours += seconds(OURS, 9)
    figures: dict[str, Any] = {
        "command": "python benchmarks/tutorial_speed.py --accuracy",
        "fit_seconds": record.spread(fit),
        "ours_seconds": record.spread(ours),
        "ratio": record.spread(fit)["median"] / record.spread(ours)["median"],
    }
    kept = record.RESULTS / "tutorial_speed.json"
    before = json.loads(kept.read_text()) if kept.exists() else {}
    if options.accuracy:
        rows = accuracy(5)
        figures["ours_accuracy"] = record.spread([row["test_accuracy"] for row in rows])
        figures["ours_accuracy"]["seeds"] = [row["test_accuracy"] for row in rows]
    elif "ours_accuracy" in before:
        figures["ours_accuracy"] = before["ours_accuracy"]
    seeds = json.loads((record.RESULTS / "tutorial_seeds.json").read_text())["keras_fit"]
    figures["fit_accuracy"] = record.spread(seeds["accuracy"])
    record.write("tutorial_speed", figures)


if __name__ == "__main__":
    main()
