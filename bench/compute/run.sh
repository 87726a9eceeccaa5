#!/usr/bin/env bash
# Compute kernels: wasmax against native code from the same C sources. `./dev bench compute` runs it; by
# itself: run.sh WASMAX DIRECTORY [--rounds N] [--module FILE] [KERNEL...]
#
# Each kernel is compiled once for wasm32-wasi with clang -O2, and twice natively. Rounds interleave the four
# programs; in each a program runs the kernel three times and says what CPU time each run took. A figure is the
# minimum over all rounds, a ratio native time / wasmax time: above 1 wasmax is faster. All results must be
# equal. FILE is a module whose compile throughput is measured.
set -euo pipefail

wasmax=$(realpath "$1") directory=$2
shift 2
rounds=10 module= kernels=
while [[ $# -gt 0 ]]; do
    case $1 in
        --rounds) rounds=$2 && shift 2 ;;
        --module) module=$(realpath "$2") && shift 2 ;;
        -*) echo "bench compute: unknown option '$1'" >&2 && exit 2 ;;
        *) kernels+="$1 " && shift ;;
    esac
done
here=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
[[ -n $kernels ]] || kernels=$(cd "$here" && printf '%s ' *.c | sed 's/\.c / /g')
mkdir -p "$directory"
cd "$directory"

# Where the kernel asks for vectors, the module has them too.
wasm_flags() {
    [[ $1 != vectors ]] || echo -msimd128
}

for kernel in $kernels; do
    source=$here/$kernel.c
    # Same results everywhere: no fused multiplications.
    clang-22 -O2 -fno-vectorize -fno-slp-vectorize -ffp-contract=off "$source" -lm -o "$kernel.O2"
    clang-22 -O3 -march=native -ffp-contract=off "$source" -lm -o "$kernel.O3"
    # shellcheck disable=SC2046
    clang-22 --target=wasm32-wasi --no-wasm-opt -Wno-deprecated -O2 $(wasm_flags "$kernel") "$source" -o "$kernel.wasm"
    "$wasmax" compile -O1 --cpu native "$kernel.wasm" -o "$kernel.t2"
    "$wasmax" compile -O2 --cpu native "$kernel.wasm" -o "$kernel.t3"
done

echo "native: $(clang-22 --version | head -1); -O2 without vectorizers against -O1, -O3 -march=native against -O2"
printf '%-12s %10s %10s %7s %10s %10s %7s\n' kernel 'O2 ms' 'T2 ms' ratio 'O3 ms' 'T3 ms' ratio
for kernel in $kernels; do
    : >"$kernel.samples"
    for ((round = 0; round < rounds; ++round)); do
        for native in O2 O3; do
            "./$kernel.$native" 3 | sed "s/^/$native /" >>"$kernel.samples"
            tier=t$((${native#O}))
            "$wasmax" run "$kernel.$tier" 3 | sed "s/^/$tier /" >>"$kernel.samples"
        done
    done
    awk -v kernel="$kernel" '
        NR == 1 { result = $2 }
        $2 != result { print kernel ": results differ: " result " and " $2 " (" $1 ")" > "/dev/stderr"; exit 1 }
        !($1 in least) || $3 < least[$1] { least[$1] = $3 }
        END {
            printf "%-12s %10.2f %10.2f %7.2f %10.2f %10.2f %7.2f\n", kernel, least["O2"] / 1e6, least["t2"] / 1e6,
                least["O2"] / least["t2"], least["O3"] / 1e6, least["t3"] / 1e6, least["O3"] / least["t3"]
        }' "$kernel.samples"
done | tee table
awk '{ two += log($4); three += log($7) }
    END { printf "%-12s %29.2f %29.2f\n", "geomean", exp(two / NR), exp(three / NR) }' table

[[ -z $module ]] || { echo && "$here/compile.sh" "$wasmax" . "$module"; }
