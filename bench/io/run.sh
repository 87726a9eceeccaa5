#!/usr/bin/env bash
# System calls and sockets, guest against native, from the same C sources: `./dev bench io` runs it; by
# itself: run.sh BIN DIRECTORY [--rounds N] [files|echo_1|echo_100|handoff|poll...]
#
# Native programs are compiled by clang-22 -O2, guests by clang-22 -O2 and `wasmax compile`. A round runs native,
# guest, guest, native. Programs run on CPU 1, the clients of the echo server on CPU 0, threads on both.
# BIN/wasmax_paired makes a table of what they print; docs/io.md says what it means.
set -euo pipefail

bin=$(realpath "$1") directory=$2
shift 2
rounds=8 benches=()
while [[ $# -gt 0 ]]; do
    case $1 in
        --rounds) rounds=$2 && shift 2 ;;
        -*) echo "bench io: unknown option '$1'" >&2 && exit 2 ;;
        *) benches+=("$1") && shift ;;
    esac
done
[[ ${#benches[@]} -gt 0 ]] || benches=(files echo_1 echo_100 handoff poll)
here=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
guests=$here/../../guests
mkdir -p "$directory"
cd "$directory"

# compile NAME SOURCES -- FLAGS: ./NAME.native, and ./NAME.wmx with `wasm` in place of `posix` and FLAGS.
compile() {
    local name=$1 sources=()
    shift
    while [[ $1 != -- ]]; do sources+=("$1") && shift; done
    shift
    clang-22 -O2 -pthread -D_GNU_SOURCE -o "$name.native" "${sources[@]}"
    clang-22 --target=wasm32-wasi -Wno-deprecated -O2 "$@" -o "$name.wasm" "${sources[@]/net_posix/net_wasix}"
    "$bin/wasmax" compile "$name.wasm" -o "$name.wmx" >/dev/null
}
threads=(-matomics -mbulk-memory -Wl,--shared-memory,--import-memory,--export-memory,--no-check-features
    -Wl,--max-memory=67108864)
compile files "$here/files.c" --
compile echo "$here/echo.c" "$guests/net_polled.c" "$guests/net_posix.c" -- -D_Thread_local=
compile handoff "$here/handoff.c" -- -D_Thread_local= -nostartfiles "${threads[@]}"
compile poll "$here/poll.c" -- -Wl,-z,stack-size=1048576 # libc's poll keeps its subscriptions there
clang-22 -O2 -D_GNU_SOURCE -o echo_load "$here/echo_load.c"

# program SIDE NAME ARGUMENTS: runs it on CPU 1, or on the CPUs in $cpus.
program() {
    local side=$1 name=$2
    shift 2
    case $side in
        native) taskset -c "${cpus-1}" "./$name.native" "$@" ;;
        guest) taskset -c "${cpus-1}" "$bin/wasmax" run "$name.wmx" --net --dir . -- "$@" ;;
    esac
}

port=7900
echo_with() { # SIDE CLIENTS
    port=$((port + 1)) # none is left waiting for the last one's connections to be forgotten
    program "$1" echo "$port" "$2" >server.out &
    local server=$!
    taskset -c 0 ./echo_load "$port" "$2" 1000
    wait "$server"
    cat server.out
}

run_bench() { # BENCH SIDE
    case $1 in
        echo_*) echo_with "$2" "${1#echo_}" | sed "s/^/$1_/" ;;
        handoff) cpus=0,1 program "$2" handoff ;;
        *) program "$2" "$1" ;;
    esac
}

for bench in "${benches[@]}"; do
    for ((round = 0; round < rounds; ++round)); do
        for side in native guest guest native; do
            run_bench "$bench" "$side" | sed "s/^/$side /"
        done
    done
done >samples
rm -f bench_io.data
"$bin/wasmax_paired" <samples
