"""``guarismo info``: which version, which model, which machine."""

from __future__ import annotations

import os
import platform

import click

from guarismo import __version__
from guarismo.cli import _, options
from guarismo.types import ModelInfo


@click.command("info", help="Versions, the models, and where data is looked for. Add this to a problem report.")
@options.model
@options.line_model
def command(model: str | None, line_model: str | None) -> int:
    import cv2
    import numpy as np
    import onnxruntime
    import PIL

    from guarismo.datasets import data_folder
    from guarismo.reader import Reader

    reader = Reader(model, line_model)
    cores = _("{count} cores").format(count=os.cpu_count())
    rows = {
        "guarismo": __version__,
        "python": f"{platform.python_version()} ({platform.system()} {platform.machine()}, {cores})",
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "onnxruntime": onnxruntime.__version__,
        "pillow": PIL.__version__,
        _("digit model"): _told(reader.model),
        _("line model"): _told(reader.line_model),
        "GUARISMO_DATA": str(data_folder() or _("not set")),
    }
    width = max(map(len, rows))
    for name, value in rows.items():
        click.echo(f"{name:{width}}  {value}")
    return 0


def _told(model: ModelInfo) -> str:
    ink = _("ink {version}").format(version=model.ink_version)
    return f"{model.version}, {ink}, sha256 {model.sha256[:12]}"
