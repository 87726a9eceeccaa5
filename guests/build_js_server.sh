#!/bin/sh
# `build_js_server.sh QUICKJS OUTPUT`: js_server.wasm and js_server_native in OUTPUT from the sources of QuickJS
# (2021-03-27 or later) in QUICKJS, with the same flags for both.
set -eu
quickjs=$1
output=$2
guests=$(cd "$(dirname "$0")" && pwd)
version=$(cat "$quickjs/VERSION")
# EMSCRIPTEN leaves out what needs threads or a look at the native stack. The rounding modes that
# WebAssembly does not have are only used to print numbers.
flags="-O2 -w -D_GNU_SOURCE -DEMSCRIPTEN -DCONFIG_VERSION=\"$version\" -I$quickjs -I$guests"
sources="$guests/js_server.c $guests/http_loop.c $guests/http_request.c $guests/net_polled.c"
for name in quickjs libregexp libunicode cutils libbf; do
    if [ -f "$quickjs/$name.c" ]; then
        sources="$sources $quickjs/$name.c"
    fi
done
mkdir -p "$output"
# shellcheck disable=SC2086
clang-22 --target=wasm32-wasi -Wno-deprecated $flags -DFE_DOWNWARD=0 -DFE_UPWARD=0 -D_WASI_EMULATED_SIGNAL \
    -Wl,-z,stack-size=4194304 -o "$output/js_server.wasm" $sources "$guests/net_wasix.c" -lwasi-emulated-signal
# shellcheck disable=SC2086
cc $flags -o "$output/js_server_native" $sources "$guests/net_posix.c" -lm
