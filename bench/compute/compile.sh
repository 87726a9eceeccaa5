#!/usr/bin/env bash
# Compile throughput: `./dev bench compile` runs it; by itself: compile.sh WASMAX DIRECTORY [--levels "0 1 2"] FILE...
#
# Each module is compiled at each level on one core, and then on two. The figures: megabytes of its code section per
# second of CPU time and per second by the clock; how much sooner two cores are done than one. FILEs are modules for
# WASI or WASIX.
set -euo pipefail

wasmax=$(realpath "$1") directory=$2
shift 2
levels="0 1 2" modules=()
while [[ $# -gt 0 ]]; do
    case $1 in
        --levels) levels=$2 && shift 2 ;;
        -*) echo "bench compile: unknown option '$1'" >&2 && exit 2 ;;
        *) modules+=("$(realpath "$1")") && shift ;;
    esac
done
[[ ${#modules[@]} -gt 0 ]] || { echo "bench compile: no module given" >&2 && exit 2; }
mkdir -p "$directory"

# Prints `SECONDS_OF_CPU SECONDS` for compiling $2 at level $1 on the CPUs $3.
compile() {
    local TIMEFORMAT='%U %S %R' times
    times=$({ time taskset -c "$3" "$wasmax" compile "-O$1" "$2" -o "$directory/$3.wmx"; } 2>&1) ||
        { echo "bench compile: $times" >&2 && exit 1; }
    awk '{ print $1 + $2, $3 }' <<<"$times"
}

printf '%-28s %9s  %-5s %9s %12s %12s %10s\n' module 'code MB' level 'CPU s' 'MB/s of CPU' 'MB/s, 2 CPUs' '2 against 1'
for module in "${modules[@]}"; do
    size=$(llvm-objdump-22 -h "$module" | awk '$2 == "CODE" { print $3 }')
    for level in $levels; do
        one=$(compile "$level" "$module" 0)
        two=$(compile "$level" "$module" 0-1)
        cmp -s "$directory/0.wmx" "$directory/0-1.wmx" ||
            { echo "bench compile: what one core and two made of $module differs" >&2 && exit 1; }
        awk -v name="$(basename "$module")" -v bytes=$((16#$size)) -v level="$level" -v one="$one" -v two="$two" 'BEGIN {
            split(one, a); split(two, b)
            printf "%-28s %9.2f  -O%-3s %9.2f %12.3f %12.3f %10.2f\n", name, bytes / 1e6, level, a[1],
                bytes / a[1] / 1e6, bytes / b[2] / 1e6, a[2] / b[2]
        }'
    done
done
