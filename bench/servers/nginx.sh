#!/bin/sh
# `nginx.sh DIRECTORY PORT close|keepalive`: nginx on the port, with all its files in DIRECTORY.
set -eu
servers=$(cd -- "$(dirname -- "$0")" && pwd)
directory=$1/nginx-$2
case $3 in
    close) timeout=0 ;;
    keepalive) timeout=60 ;;
    *) echo "Usage: nginx.sh DIRECTORY PORT close|keepalive" >&2 && exit 2 ;;
esac
mkdir -p "$directory"
sed -e "s/@port@/$2/" -e "s/@timeout@/$timeout/" "$servers/nginx.conf" >"$directory/nginx.conf"
exec nginx -e stderr -p "$directory/" -c nginx.conf
