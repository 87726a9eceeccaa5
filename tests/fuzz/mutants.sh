#!/usr/bin/env bash
# Mutated modules, compared with V8: mutants.mjs says how. `./dev fuzz mutants` runs it; by itself:
#   mutants.sh WASMAX DIRECTORY [--minutes N] [--seed N] [FILE or DIRECTORY...]
# Without a module, those of the specification's test suite (beside this repository or where WASMAX_SHARED says).
# DIRECTORY takes the tools, the mutants and the finds.
set -euo pipefail

wasmax=$(realpath "$1") directory=$2
shift 2
minutes=10 seed=1 paths=()
while [[ $# -gt 0 ]]; do
    case $1 in
        --minutes) minutes=$2 && shift 2 ;;
        --seed) seed=$2 && shift 2 ;;
        -*) echo "mutants.sh: unknown option '$1'" >&2 && exit 2 ;;
        *) paths+=("$(realpath "$1")") && shift ;;
    esac
done
here=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$directory/suite"
directory=$(realpath "$directory")
"$here"/install_tools.sh "$directory"
if [[ ${#paths[@]} -eq 0 ]]; then
    for archive in "${WASMAX_SHARED:-$here/../../../shared}"/spec/json/*.tar.xz; do
        [[ -r $archive ]] || { echo "mutants.sh: no modules given, and no $archive." >&2 && exit 2; }
        tar -xJf "$archive" -C "$directory/suite" --wildcards '*.wasm'
    done
    paths=("$directory/suite")
fi
"$directory/node_modules/.bin/node" "$here/mutants.mjs" "$wasmax" "$directory" "$minutes" "$seed" "${paths[@]}"
