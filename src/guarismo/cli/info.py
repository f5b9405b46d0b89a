"""``guarismo info``: which version, which model, which machine."""

from __future__ import annotations

import os
import platform

import click

from guarismo import __version__
from guarismo.cli import _, options


@click.command("info", help="Versions, the model, and where data is looked for. Add this to a problem report.")
@options.model
def command(model: str | None) -> int:
    import cv2
    import numpy as np
    import onnxruntime
    import PIL

    from guarismo.datasets import data_folder
    from guarismo.reader import Reader

    found = Reader(model).model
    cores = _("{count} cores").format(count=os.cpu_count())
    ink = _("ink {version}").format(version=found.ink_version)
    rows = {
        "guarismo": __version__,
        "python": f"{platform.python_version()} ({platform.system()} {platform.machine()}, {cores})",
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "onnxruntime": onnxruntime.__version__,
        "pillow": PIL.__version__,
        _("model"): f"{found.name} {found.version}, {ink}, sha256 {found.sha256[:12]}",
        "GUARISMO_DATA": str(data_folder() or _("not set")),
    }
    width = max(map(len, rows))
    for name, value in rows.items():
        click.echo(f"{name:{width}}  {value}")
    return 0
