#!/bin/sh
# Reads pictures over HTTP: read.sh http://127.0.0.1:8000 seven.png ...
server=$1
shift
for picture in "$@"; do
    curl --silent --show-error --fail-with-body --data-binary "@$picture" "$server/v1/read?as=digit"
    echo
done
