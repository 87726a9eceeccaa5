#!/bin/bash
# A long recording under load: what memory and file take, and whether a recording that was killed is read.
# bench/trace/long.sh WASMAX SERVER.wasm [DURATION [LIMIT]]   (10m, 1G); needs wrk, and port 8080
set -euo pipefail

wasmax=$1 server=$2 duration=${3:-10m} limit=${4:-1G}
directory=$(mktemp -d)
# The server and its recorder, which have the same command line.
ours() { pgrep -f "trace=$directory/" || true; }
trap 'for pid in $(ours); do kill -KILL "$pid"; done; rm -rf "$directory"' EXIT

"$wasmax" run --net --trace="$directory/long.trace" --trace-limit "$limit" "$server" &
for _ in $(seq 100); do
    (: </dev/tcp/127.0.0.1/8080) 2>/dev/null && break
    sleep 0.1
done
wrk -t2 -c100 -d"$duration" http://127.0.0.1:8080/ >"$directory/wrk.txt" &
load=$!

# Of each its own memory, then that of the rings.
sample() {
    local pid line=""
    for pid in $(ours); do
        line+=$(awk -v pid="$pid" '/RssAnon|RssShmem/ {n = n " " $1 $2} END {printf "  %s%s kB", pid, n}' "/proc/$pid/status" || true)
    done
    printf '%5d s%s  files %s MB\n' "$SECONDS" "$line" "$(du -cm "$directory"/long.trace* | tail -1 | cut -f1)"
}
while kill -0 "$load" 2>/dev/null; do
    sample
    sleep 10
done
sample
cat "$directory/wrk.txt"

for pid in $(ours); do kill -KILL "$pid"; done
echo "--- server and recorder were killed with SIGKILL; the report:"
/usr/bin/env time -f 'report: %e s, at most %M kB resident' "$wasmax" trace report "$directory/long.trace"
