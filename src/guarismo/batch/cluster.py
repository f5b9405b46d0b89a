"""The engine of a cluster: Ray Data. Shards travel, pictures do not: each worker opens its own.

A shard is one row of a data set, ``map_batches`` gives them to a pool of actors, each of which holds a ``Reader``, and
what comes back is the shard's record. Where a machine dies, Ray gives its shards to others; a shard that was done, but
whose record was lost with the machine, is not read again.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from guarismo import __version__
from guarismo.batch.output import Record
from guarismo.batch.plan import Piece, Shard
from guarismo.batch.run import Run, Task, Worker
from guarismo.errors import DataError, GuarismoError, UsageError
from guarismo.model import model_directory

Files = dict[str, bytes]


class Actor:
    """One worker of the cluster."""

    def __init__(self, task: Task, version: str, models: dict[str, Files]) -> None:
        if version != __version__:
            raise DataError(
                "version {came} on the machine of a worker, {expected} here; install the same on all",
                came=__version__,
                expected=version,
            )
        given = {"model": task.job.model, "line_model": task.job.line_model, **_unpacked(models)}
        job = replace(task.job, model=given["model"], line_model=given["line_model"])
        self._worker = Worker(replace(task, job=job))

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """{"shard": [JSON]} → {"record": [JSON]}"""
        found = []
        for text in batch["shard"]:
            number, pieces = json.loads(str(text))
            shard = Shard(number, tuple(Piece(*piece) for piece in pieces))
            found.append(json.dumps(asdict(self._worker.done(shard) or self._worker.read(shard))))
        return {"record": found}


def cluster(
    run: Run, address: str, count: int | None = None, memory: int | None = None
) -> Generator[Record, None, None]:
    """Read the missing shards on the Ray cluster at ``address``; "local" starts one on this machine.

    ``count`` workers, by default one for each core; ``memory`` in bytes is what Ray sets aside for each.
    Raises UsageError where Ray is not installed or does not answer, and what workers raise.
    """
    ray = _connected(address)
    count = count or max(1, int(ray.cluster_resources().get("CPU", 1)))
    packed = [json.dumps([shard.number, [_packed(piece) for piece in shard.pieces]]) for shard in run.shards()]
    try:
        yield from _records(ray, run.task, packed, count, memory)
    except Exception as error:
        raise _ours(error) from error
    finally:
        ray.shutdown()


def _records(ray: Any, task: Task, packed: list[str], count: int, memory: int | None) -> Iterator[Record]:
    shards = ray.data.from_items([{"shard": text} for text in packed], override_num_blocks=max(1, len(packed)))
    asked = {"memory": memory} if memory is not None else {}
    done = shards.map_batches(
        Actor,
        fn_constructor_args=(task, __version__, _models(task)),
        compute=ray.data.ActorPoolStrategy(size=min(count, max(1, len(packed))), max_tasks_in_flight_per_actor=2),
        batch_size=1,
        num_cpus=1,
        **asked,
    )
    seen: set[int] = set()
    for row in done.iter_rows():
        record = Record(**json.loads(row["record"]))
        if record.shard not in seen:
            seen.add(record.shard)
            yield record


def _packed(piece: Piece) -> list[Any]:
    return [piece.path, piece.start, piece.count, piece.tag]


def _connected(address: str) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # its talk is of itself, and goes to the terminal
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UsageError("--address needs Ray; pip install 'guarismo[batch]', or leave it out") from error
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    quiet = {"log_to_driver": False, "logging_level": "ERROR", "ignore_reinit_error": True}
    try:
        if address == "local":
            ray.init(address="local", include_dashboard=False, **quiet)
        else:
            ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise UsageError(
            "--address {address}: no Ray cluster answers ({reason}); check the address, or leave it out",
            address=address,
            reason=" ".join(str(error).split())[:200],
        ) from error
    return ray


def _models(task: Task) -> dict[str, Files]:
    """The files of the models that are not bundled: other machines need not have them."""
    given = {"model": task.job.model, "line_model": task.job.line_model}
    folders = {name: model_directory(Path(path)) for name, path in given.items() if path is not None}
    return {
        name: {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file()}
        for name, folder in folders.items()
    }


def _unpacked(models: dict[str, Files]) -> dict[str, str]:
    """Their folders here. They go with the process's temporary files."""
    folders = {}
    for name, files in models.items():
        folders[name] = tempfile.mkdtemp(prefix="guarismo-model-")
        for file, data in files.items():
            Path(folders[name], file).write_bytes(data)
    return folders


def _ours(error: BaseException) -> BaseException:
    """What a worker raised, out of the wrappings that Ray puts around it."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, GuarismoError):
            return inner
        inner = getattr(inner, "cause", None) or inner.__cause__
    return DataError(
        "the cluster gave up ({reason}); the same command goes on where it stopped",
        reason=" ".join(str(error).split())[-300:],
    )
