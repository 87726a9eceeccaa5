#!/bin/sh
# The A/A test: `bench/aa.sh [WASMAX [EXPERIMENTS]]` runs the experiment `aa`, the same program twice, 20 times
# and says in how many the printed interval of CPU per request, and of requests per second, held 1.
set -eu
wasmax=${1-build/release/bin/wasmax}
count=${2-20}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
for i in $(seq "$count"); do
    "$wasmax" bench --experiment aa --json --retries 0 --disturbance 1000 --output "$out/$i" \
        >"$out/$i.json" 2>/dev/null || { echo "experiment $i failed" >&2; exit 1; }
    printf '.' >&2
done
echo >&2
python3 - "$out" "$count" <<'PYTHON'
import json, sys
directory, count = sys.argv[1], int(sys.argv[2])
held = {"cpu_ratio": 0, "throughput_ratio": 0}
for i in range(1, count + 1):
    contenders = json.load(open(f"{directory}/{i}.json"))["experiments"][0]["contenders"]
    b = next(c for c in contenders if c["contender"] == "b")
    for name in held:
        ratio = b[name]
        inside = ratio["low"] <= 1 <= ratio["high"]
        held[name] += inside
        print(f"{i:3} {name:17} {ratio['value']:.4f} [{ratio['low']:.4f}, {ratio['high']:.4f}]"
              f"{'' if inside else '  1 is outside'}")
for name, inside in held.items():
    print(f"{name}: the interval held 1 in {inside} of {count} experiments")
PYTHON
