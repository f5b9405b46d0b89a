"""Reading over HTTP, and a page to draw on. Extra ``[serve]``."""
