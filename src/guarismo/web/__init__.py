"""Reading over HTTP, and a page to draw on. Extra ``[serve]``."""

WAITING = 14
"""Requests that may wait unless ``--queue`` says more. With the two that are read they are as many as two cores answer
within 50 ms where all are single digits; at 24, who waited when twice as many came had twice the time to wait."""
