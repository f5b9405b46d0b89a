"""Reads pictures over HTTP: python read.py http://127.0.0.1:8000 seven.png ..."""

import json
import sys
import urllib.request
from pathlib import Path

server, *pictures = sys.argv[1:]
for name in pictures:
    request = urllib.request.Request(f"{server}/v1/read?as=digit", Path(name).read_bytes(), method="POST")
    with urllib.request.urlopen(request) as answer:
        number = json.load(answer)["numbers"][0]
    print(name, number["text"], number["status"], round(number["confidence"], 4))
