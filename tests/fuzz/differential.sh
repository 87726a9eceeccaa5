#!/usr/bin/env bash
# Differential fuzzing: random modules, whose results V8 wrote down, on every tier, strict and as `run`
# compiles. `./dev fuzz` runs it; by itself:
#   differential.sh WASMAX DIRECTORY [--minutes N] [--seed N] [--count N] [--profiles "A B"]
# DIRECTORY takes the tools (binaryen and a recent Node from npm) and the cases; finds are kept in
# DIRECTORY/finds, each with its modules. The recipe is shared/fuzz/README.md, beside this repository or
# where WASMAX_SHARED says. Exits with 1 if there was a find.
set -euo pipefail

wasmax=$(realpath "$1") directory=$2
shift 2
minutes=10 seed=1 count=40 profiles="basic simd threads refs multimemory exceptions memory64"
while [[ $# -gt 0 ]]; do
    case $1 in
        --minutes) minutes=$2 ;;
        --seed) seed=$2 ;;
        --count) count=$2 ;;
        --profiles) profiles=$2 ;;
        *) echo "differential.sh: unknown option '$1'" >&2 && exit 2 ;;
    esac
    shift 2
done
here=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
recipe=${WASMAX_SHARED:-$here/../../../shared}/fuzz
[[ -r $recipe/gen.mjs ]] || { echo "fuzz: no $recipe/gen.mjs: set WASMAX_SHARED." >&2 && exit 1; }
for tool in npm wasm-opt spectest-interp; do
    command -v $tool >/dev/null || { echo "fuzz: install npm, binaryen and wabt first." >&2 && exit 1; }
done
mkdir -p "$directory/finds"
directory=$(realpath "$directory")
"$here"/install_tools.sh "$directory"
# Beside the tools, where it looks for them. As `run` compiles, a load whose value is not used may vanish
# with its trap, so the cases for that are made with few accesses out of bounds, and those with one left out.
cp "$recipe"/gen.mjs "$directory"/strict.mjs
sed "s/'--denan'/'--denan', '--no-fuzz-oob'/" "$recipe"/gen.mjs >"$directory"/as-run.mjs
grep -q no-fuzz-oob "$directory"/as-run.mjs || { echo "fuzz: the recipe has changed." >&2 && exit 1; }
node=$directory/node_modules/.bin/node
end=$((SECONDS + minutes * 60)) cases=0 executions=0 finds=0

# Keeps the case $1 with all its modules; $2 says what happened.
keep() {
    local stem=${1%.json}
    cp "$stem".* "$directory/finds/"
    printf '%s: %s\n' "$(basename "$stem")" "$2" | tee -a "$directory/finds/log"
    finds=$((finds + 1))
}

# Runs the lists in $1 with the options $2 and keeps what fails. A crash costs one case.
replay() {
    local list status
    if "$wasmax" wast $2 --json "$1" >"$directory/report" 2>&1; then
        return
    fi
    for list in "$1"/*.json; do
        status=0
        timeout 120 "$wasmax" wast $2 --json "$list" >"$directory/report" 2>&1 || status=$?
        case $status in
            0) ;;
            1) keep "$list" "$2: $(head -c 400 "$directory/report" | tr '\n' ' ')" ;;
            *) keep "$list" "$2: ended with status $status" ;;
        esac
    done
}

while [[ $SECONDS -lt $end ]]; do
    for profile in $profiles; do
        kind=strict extra=
        [[ $((seed / count % 2)) -eq 0 ]] || kind=as-run extra=--as-run
        out=$directory/cases
        rm -rf "$out"
        "$node" "$directory/$kind.mjs" --profile "$profile" --count "$count" --seed "$seed" --out "$out" \
            >"$directory/gen.log" 2>&1 || { tail -3 "$directory/gen.log" >&2 && continue; }
        # A second opinion: what wabt's interpreter answers otherwise is no find of ours.
        case $profile in
            mvp | basic | simd | memory64)
                for list in "$out"/*.json; do
                    last=$(spectest-interp --enable-all "$list" 2>/dev/null | tail -1 || true)
                    [[ $last =~ ^([0-9]+)/([0-9]+)\ tests && ${BASH_REMATCH[1]} = "${BASH_REMATCH[2]}" ]] ||
                        printf '%s: wabt and V8 differ: %s\n' "$(basename "$list")" "$last" \
                            >>"$directory/finds/oracles"
                done
                ;;
        esac
        if [[ $kind = as-run ]]; then
            grep -l "out of bounds memory access" "$out"/*.json | xargs -r rm
        fi
        compgen -G "$out/*.json" >/dev/null || continue
        for level in -O0 -O1 -O2; do
            replay "$out" "$level $extra"
            executions=$((executions + count))
        done
        cases=$((cases + count))
        [[ $SECONDS -lt $end ]] || break
    done
    echo "fuzz: seed $seed: $cases cases, $executions executions, $finds finds"
    seed=$((seed + count))
done
[[ $finds -eq 0 ]]
