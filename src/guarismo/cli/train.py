"""``guarismo train``: the tutorial's network, the digit model, or the line model."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from guarismo.cli import _, options
from guarismo.errors import DatasetError, UsageError
from guarismo.model import LARGEST

if TYPE_CHECKING:
    from guarismo.train.tutorial import Arrays, Run


@click.group("train", help="Train a network: the tutorial's, for digits, or for lines.")
def command() -> None: ...


@command.command("tutorial", help="The six-step tutorial's training, several times as fast. Leaves a run folder.")
@click.option(
    "--epochs", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Passes over all pictures."
)
@click.option(
    "--units", type=click.IntRange(1, 8192), default=128, show_default=True, help="Units of each hidden layer."
)
@click.option("--layers", type=click.IntRange(0, 16), default=3, show_default=True, help="Hidden layers.")
@click.option("--batch-size", type=click.IntRange(1, 60_000), default=32, show_default=True, help="Pictures in a step.")
@click.option(
    "--learning-rate",
    type=options.Finite(0, 10, min_open=True),
    default=1e-3,
    show_default=True,
    help="Adam's step size.",
)
@options.seed
@options.data
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FOLDER", help="The run folder; else a new one below runs/."
)
@click.option("--resume", is_flag=True, help="Go on from the last finished epoch of the run in --out.")
@click.option("--tensorboard", is_flag=True, help="Write logs for TensorBoard to the run folder.")
def tutorial(**options: Any) -> int:
    asked = Asked(**options)
    run, arrays = asked.run(), asked.arrays()
    from guarismo.train.fit import use_cores
    from guarismo.train.tutorial import finish, train

    use_cores(1)
    rows = train(run, arrays, asked.resume)
    _show(_logged(rows, run.out) if asked.tensorboard else rows, run.recipe.epochs)
    figures = finish(run, arrays)
    click.echo(
        _("test loss {loss:.4f}, test accuracy {accuracy:.2%}").format(
            loss=figures["test_loss"], accuracy=figures["test_accuracy"]
        )
    )
    click.echo(_("The run is in {path}; use it: guarismo read --model {path} PICTURE").format(path=run.out), err=True)
    return 0


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of ``train tutorial``."""

    epochs: int
    units: int
    layers: int
    batch_size: int
    learning_rate: float
    seed: int
    data: str
    out: Path | None
    resume: bool
    tensorboard: bool

    def run(self) -> Run:
        if self.resume and self.out is None:
            raise UsageError("--resume needs --out: which run is to go on?")
        # of what a model may have a tenth is left for offsets and ONNX itself
        weights = 784 * self.units + max(self.layers - 1, 0) * self.units**2
        if 4 * weights > 0.9 * LARGEST and self.layers:
            raise UsageError(
                "a network of {came} million weights; models have at most {most} million: fewer --units or --layers",
                came=round(weights / 1e6, 1),
                most=round(0.9 * LARGEST / 4e6, 1),
            )
        needs_training()
        from guarismo.train.fit import Recipe
        from guarismo.train.nets import DenseShape
        from guarismo.train.tutorial import Run

        out = self.out or Path("runs") / time.strftime("tutorial-%Y%m%d-%H%M%S")
        recipe = Recipe(self.epochs, self.batch_size, self.learning_rate, self.seed)
        return Run(DenseShape(self.units, self.layers), recipe, self.data, out)

    def arrays(self) -> Arrays:
        return load_arrays(self.data)


def _changed(recipe: Any, **asked: Any) -> Any:
    """A recipe with what was asked for in place of its own; None stands for its own."""
    return replace(recipe, **{name: value for name, value in asked.items() if value is not None})


_learning_rate = click.option(
    "--learning-rate",
    type=options.Finite(0, 10, min_open=True),
    help="AdamW's step size at its highest, if not the recipe's.",
)


@command.command(
    "digit", help="Train the digit model. It learns MNIST, pen paths, bitmaps and generated shapes, photographed."
)
@click.option(
    "--recipe",
    "named",
    type=click.Choice(["release", "short"]),
    default="release",
    show_default=True,
    help="The whole training, or a short one for comparisons.",
)
@click.option("--epochs", type=click.IntRange(1, 10_000), help="Rounds of 60,000 pictures, if not the recipe's.")
@_learning_rate
@click.option(
    "--parts", type=click.IntRange(1, 1000), help="Photographed pictures to train on, in units of 10,000; else 30."
)
@options.start
@options.seed
@click.option(
    "--without",
    type=click.Choice(["optdigits", "pendigits", "fonts"]),
    multiple=True,
    help="Leave a source out, to measure on it as on strangers.",
)
@click.option(
    "--also",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="Digits of your own to learn beside the others: a folder of folders 0 to 9, a CSV or an npz.",
)
@click.option(
    "--pool",
    type=click.Path(path_type=Path),
    default=Path("runs/pool"),
    show_default=True,
    metavar="FOLDER",
    help="Where the photographed pictures are kept, for all runs.",
)
@options.run_folder("runs/digit")
def digit(
    named: str,
    seed: int,
    without: tuple[str, ...],
    also: Path | None,
    pool: Path,
    start: Path | None,
    out: Path,
    **changed: Any,
) -> int:
    needs_training()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the pool is made by two processes, one core each
    from guarismo.datasets import data_folder
    from guarismo.train.digit import RELEASE, SHORT, Data, Folders, own_digits, run
    from guarismo.train.learn import device, use_cores
    from guarismo.train.pool import Made

    folder = data_folder()
    if folder is None:
        raise DatasetError("the digit model needs MNIST, QMNIST's labels, optdigits and pendigits: set GUARISMO_DATA")
    words = _(
        "epoch {epoch}: loss {loss:.4f}, held-out writers {held_out:.2%}, photographed {pool:.2%}, {seconds:.0f} s"
    )
    recipe = _changed(SHORT if named == "short" else RELEASE, seed=seed, **changed)
    use_cores()
    click.echo(_("training on {device}").format(device=device()), err=True)
    left_out = tuple(name for source in without for name in (("fonts", "letters") if source == "fonts" else (source,)))
    run(
        recipe,
        Data(Made(folder, "fonts" not in without), left_out, own_digits(also) if also else None),
        Folders(out, pool, start),
        lambda line: click.echo(words.format(**asdict(line)), err=True),
    )
    click.echo(str(out / "model"))
    return 0


@command.command("line", help="Train the line model. It learns to read written numbers, on generated lines.")
@click.option("--epochs", type=click.IntRange(1, 10_000), help="Rounds of 30,000 lines; else 34.")
@_learning_rate
@click.option(
    "--parts",
    type=click.IntRange(1, 1000),
    help="Lines to train on, in units of 5,000; else 44. Four units more are of writers held out.",
)
@options.start
@options.seed
@click.option(
    "--lines",
    type=click.Path(path_type=Path),
    default=Path("runs/lines"),
    show_default=True,
    metavar="FOLDER",
    help="Where the generated lines are kept, for all runs.",
)
@options.run_folder("runs/line")
def line(start: Path | None, seed: int, lines: Path, out: Path, **changed: Any) -> int:
    needs_training()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the lines are made by two processes, one core each
    from guarismo.datasets import data_folder
    from guarismo.train.learn import device, use_cores
    from guarismo.train.line import RELEASE, Folders, run

    folder = data_folder()
    if folder is None:
        raise DatasetError("the line model needs MNIST, QMNIST's labels, optdigits and pendigits: set GUARISMO_DATA")
    words = _("epoch {epoch}: loss {loss:.4f}, lines of held-out writers {held_out:.2%}, {seconds:.0f} s")
    use_cores()
    click.echo(_("training on {device}").format(device=device()), err=True)
    run(
        _changed(RELEASE, seed=seed, **changed),
        Folders(folder, lines, out, start),
        lambda line: click.echo(words.format(**asdict(line)), err=True),
    )
    click.echo(str(out / "model"))
    return 0


def load_arrays(data: str) -> Arrays:
    """The data set of that name or path, as ink, divided into training and test."""
    from guarismo.datasets import load_digits8x8, load_mnist, load_own
    from guarismo.train.tutorial import arrays_of, split_own

    if data == "mnist":
        return arrays_of(load_mnist())
    return split_own(load_digits8x8() if data == "digits8x8" else load_own(Path(data), least=2))


def needs_training() -> None:
    """Load TensorFlow without its start-up talk. Raises UsageError with the way to install it where it is missing."""
    from importlib.util import find_spec

    if find_spec("tensorflow") is None or find_spec("keras") is None:
        raise UsageError("training needs TensorFlow and Keras: pip install 'guarismo[train]'")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _silent_stderr():
        from guarismo.train import nets  # noqa: F401
    import logging  # 5 ms that reading is spared

    logging.getLogger("tensorflow").setLevel(logging.ERROR)


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """TensorFlow's C++ writes to the file descriptor itself before it reads any setting."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _show(rows: Iterable[dict[str, float]], total: int) -> None:
    """A progress bar on stderr with loss, accuracy and the time left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(_("epoch")),
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    words = _("loss {loss:.4f}  accuracy {accuracy:.2%}  on unseen {test:.2%}")
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(_("compiling"), total=total)
        for row in rows:
            said = words.format(loss=row["loss"], accuracy=row["accuracy"], test=row["test_accuracy"])
            bar.update(task, completed=row["epoch"], description=said)


def _logged(rows: Iterable[dict[str, float]], out: Path) -> Iterable[dict[str, float]]:
    import tensorflow as tf

    from guarismo.train.tutorial import LOGS

    writer = tf.summary.create_file_writer(str(out / LOGS))
    for row in rows:
        with writer.as_default(step=int(row["epoch"])):
            for name in ("loss", "accuracy", "test_loss", "test_accuracy"):
                tf.summary.scalar(name, row[name])
        writer.flush()
        yield row
