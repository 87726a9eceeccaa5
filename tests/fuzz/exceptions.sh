#!/bin/bash
# exceptions.sh WASMAX [FIRST_SEED [COUNT]]: random exception handling, compared with V8 (node) at every level of
# optimization. Prints the script's failures with their seeds; exits with 1 if there are any.
set -euo pipefail
wasmax=$1 first=${2:-1} count=${3:-100}
directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT
node "$(dirname "$0")/exceptions.mjs" "$directory" "$first" "$count"
for level in -O0 -O1 -O2; do
    echo "$level"
    "$wasmax" wast "$level" "$directory/exceptions.json"
done
