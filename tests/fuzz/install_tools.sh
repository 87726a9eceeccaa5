#!/usr/bin/env bash
# install_tools.sh DIRECTORY: a Node with a recent V8, and a recent binaryen, below DIRECTORY, where the scripts beside
# this one look for them.
set -euo pipefail
[[ -x $1/node_modules/.bin/node ]] || (cd "$1" && npm install --silent node@26.10.0 binaryen@132.0.0)
