"""``python -m guarismo``."""

from guarismo.cli import main

main()
