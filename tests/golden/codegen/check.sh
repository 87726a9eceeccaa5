#!/bin/bash
# check.sh COMPILE_WAT OBJDUMP FILECHECK MODULE: compiles MODULE and compares its disassembly with the
# CHECK lines in it. Each line `;; compile: OPTIONS PREFIX` compiles once, for CHECK lines of PREFIX.
set -euo pipefail
compile=$1 objdump=$2 filecheck=$3 module=$4
directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT
runs=$(sed -n 's/^;; compile: //p' "$module")
[ -n "$runs" ] || { echo "no ';; compile:' line in $module" >&2; exit 1; }
while read -r -a words; do
    prefix=${words[-1]}
    unset 'words[-1]'
    "$compile" "$module" "$directory/artifact" "${words[@]}"
    "$objdump" -d --no-show-raw-insn --no-leading-addr --x86-asm-syntax=intel \
        "$directory/artifact" > "$directory/code"
    "$filecheck" --check-prefix="$prefix" --input-file="$directory/code" "$module"
done <<< "$runs"
