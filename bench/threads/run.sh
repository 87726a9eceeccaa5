#!/usr/bin/env bash
# Guest against native, interleaved: `bench/threads/run.sh [WASMAX] [REPETITIONS]`, from anywhere.
# Prints per program the medians in nanoseconds and their ratio. Both run on CPUs 0 and 1.
set -euo pipefail

here=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
wasmax=${1-$here/../../build/release/bin/wasmax}
repetitions=${2-11}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

threads=(-matomics -mbulk-memory -D_Thread_local= -Wl,--shared-memory,--import-memory,--export-memory
    -Wl,--no-check-features,--max-memory=67108864)
for name in handoff poll; do
    flags=(-Wl,-z,stack-size=1048576)  # libc's poll keeps its subscriptions there
    [[ $name == poll ]] || flags+=("${threads[@]}")
    clang-22 --target=wasm32-wasi -Wno-deprecated -O2 "${flags[@]}" -o "$work/$name.wasm" "$here/$name.c"
    cc -O2 -pthread -o "$work/$name" "$here/$name.c"
    "$wasmax" compile "$work/$name.wasm" -o "$work/$name.wmx" >/dev/null
    for ((i = 0; i < repetitions; ++i)); do
        taskset -c 0,1 "$work/$name" >>"$work/native"
        taskset -c 0,1 "$wasmax" run "$work/$name.wmx" >>"$work/guest"
    done
    native=$(sort -n "$work/native" | sed -n "$((repetitions / 2 + 1))p")
    guest=$(sort -n "$work/guest" | sed -n "$((repetitions / 2 + 1))p")
    printf '%-8s native %6d ns  guest %6d ns  ratio %.3f\n' "$name" "$native" "$guest" \
        "$(awk "BEGIN { print $guest / $native }")"
    rm "$work/native" "$work/guest"
done
