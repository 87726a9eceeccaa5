;; Starts as a program of WASIX's libc with threads does: imports of three modules at once, a shared
;; memory that the host makes, passive data that the first instance copies, the calls that come before
;; main, and a thread that sets up its own stack and thread-local storage. Exits with 7 by proc_exit2
;; if all of it was as it must be, else with the number of what was not. It also imports what is never
;; called here. wasix: 1.1, 1.6, 1.8, 8.1, 8.2
(module
  (import "env" "memory" (memory 2 65536 shared))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasix_32v1" "proc_signals_sizes_get" (func $proc_signals_sizes_get (param i32) (result i32)))
  (import "wasix_32v1" "proc_signals_get" (func $proc_signals_get (param i32) (result i32)))
  (import "wasix_32v1" "callback_signal" (func $callback_signal (param i32 i32)))
  (import "wasix_32v1" "futex_wait" (func $futex_wait (param i32 i32 i32 i32) (result i32)))
  (import "wasix_32v1" "futex_wake_all" (func $futex_wake_all (param i32 i32) (result i32)))
  (import "wasix_32v1" "thread_id" (func $thread_id (param i32) (result i32)))
  (import "wasix_32v1" "thread_signal" (func $thread_signal (param i32 i32) (result i32)))
  (import "wasix_32v1" "thread_exit" (func $thread_exit (param i32)))
  (import "wasix_32v1" "proc_exit2" (func $proc_exit2 (param i32)))
  (import "wasi" "thread-spawn" (func $thread_spawn (param i32) (result i32)))
  (import "wasix_32v1" "proc_fork" (func (param i32 i32) (result i32)))
  (import "wasix_32v1" "proc_spawn2"
    (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasix_32v1" "stack_checkpoint" (func (param i32 i32) (result i32)))
  (import "wasix_32v1" "context_create" (func (param i32 i32) (result i32)))
  (import "wasix_32v1" "port_route_list" (func (param i32 i32) (result i32)))

  (global $__stack_pointer (export "__stack_pointer") (mut i32) (i32.const 65536))
  (global $__tls_base (export "__tls_base") (mut i32) (i32.const 0))
  (table (export "__indirect_function_table") 2 2 funcref)
  (export "memory" (memory 0))

  ;; At 16 a flag: 1 while the data is copied, 2 when it is; at 20 how often it was copied.
  ;; At 32 the word that the thread sets, at 36 its tid, at 40 signals that came.
  (data $text "initialised")
  (data $callback "__wasm_signal")
  (start $__wasm_init_memory)
  (func $__wasm_init_memory
    (if (i32.eqz (i32.atomic.rmw.cmpxchg (i32.const 16) (i32.const 0) (i32.const 1)))
      (then
        (memory.init $text (i32.const 1024) (i32.const 0) (i32.const 11))
        (memory.init $callback (i32.const 1040) (i32.const 0) (i32.const 13))
        (drop (i32.atomic.rmw.add (i32.const 20) (i32.const 1)))
        (i32.atomic.store (i32.const 16) (i32.const 2)))
      (else
        (loop $wait (br_if $wait (i32.ne (i32.atomic.load (i32.const 16)) (i32.const 2))))))
    (data.drop $text)
    (data.drop $callback))

  (func $check (param $holds i32) (param $number i32)
    (if (i32.eqz (local.get $holds)) (then (call $proc_exit2 (local.get $number)))))

  (func (export "__wasm_signal") (param $number i32)
    (drop (i32.atomic.rmw.add (i32.const 40) (local.get $number))))

  ;; thread_start at `arg`: stack at 0, thread-local storage at 4, the argument at 12.
  (func (export "wasi_thread_start") (param $tid i32) (param $arg i32)
    ;; A thread begins with the globals as the module has them, whatever the main thread made of them.
    (call $check (i32.eq (global.get $__stack_pointer) (i32.const 65536)) (i32.const 20))
    (global.set $__stack_pointer (i32.load (local.get $arg)))
    (global.set $__tls_base (i32.load offset=4 (local.get $arg)))
    (call $check (i32.eq (i32.load offset=12 (local.get $arg)) (i32.const 99)) (i32.const 21))
    (call $check (i32.eq (i32.load8_u (i32.const 1024)) (i32.const 105)) (i32.const 22))
    (call $check (i32.eqz (call $thread_id (i32.const 48))) (i32.const 23))
    (call $check (i32.eq (i32.load (i32.const 48)) (local.get $tid)) (i32.const 24))
    (i32.store (i32.const 36) (local.get $tid))
    (i32.atomic.store (i32.const 32) (i32.const 1))
    (call $check (i32.eqz (call $futex_wake_all (i32.const 32) (i32.const 52))) (i32.const 25))
    (call $thread_exit (i32.const 0))
    (unreachable))

  (func (export "_start") (local $tid i32)
    (call $check (i32.eq (i32.atomic.load (i32.const 20)) (i32.const 1)) (i32.const 10))
    (call $check (i32.eq (call $fd_prestat_get (i32.const 3) (i32.const 64)) (i32.const 8)) (i32.const 11))
    (call $check (i32.eqz (call $proc_signals_sizes_get (i32.const 64))) (i32.const 12))
    (call $check (i32.eqz (i32.load (i32.const 64))) (i32.const 13))
    (call $check (i32.eqz (call $proc_signals_get (i32.const 128))) (i32.const 14))
    (call $callback_signal (i32.const 1040) (i32.const 13))
    (call $check (i32.eqz (call $args_sizes_get (i32.const 64) (i32.const 68))) (i32.const 15))
    (call $check (i32.eq (i32.load (i32.const 64)) (i32.const 2)) (i32.const 16))
    (call $check (i32.eqz (call $args_get (i32.const 128) (i32.const 256))) (i32.const 17))
    (call $check (i32.eqz (call $environ_sizes_get (i32.const 64) (i32.const 68))) (i32.const 18))
    (global.set $__stack_pointer (i32.const 60000))
    (i32.store (i32.const 512) (i32.const 98304))
    (i32.store (i32.const 516) (i32.const 131000))
    (i32.store (i32.const 524) (i32.const 99))
    (local.set $tid (call $thread_spawn (i32.const 512)))
    (call $check (i32.gt_s (local.get $tid) (i32.const 1)) (i32.const 19))
    (loop $again
      (call $check
        (i32.eqz (call $futex_wait (i32.const 32) (i32.const 0) (i32.const 560) (i32.const 56)))
        (i32.const 26))
      (br_if $again (i32.eqz (i32.atomic.load (i32.const 32)))))
    (call $check (i32.eq (i32.load (i32.const 36)) (local.get $tid)) (i32.const 27))
    (call $check (i32.eq (i32.atomic.load (i32.const 20)) (i32.const 1)) (i32.const 28))
    (call $check (i32.eq (global.get $__stack_pointer) (i32.const 60000)) (i32.const 29))
    (call $check (i32.eqz (call $thread_signal (i32.const 0x3fffffff) (i32.const 10))) (i32.const 30))
    (call $check (i32.eq (i32.atomic.load (i32.const 40)) (i32.const 10)) (i32.const 31))
    (call $proc_exit2 (i32.const 7))))
