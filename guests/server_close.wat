;; An HTTP server in WebAssembly text: one thread, blocking calls, one connection per request.
;; It answers every connection on port 8080, all addresses, with the same response and closes it,
;; without reading the request. server_close.c is its native twin: same calls, same bytes.
;; Prints one line once it listens. A failure at start is a sentence on stderr and exit code 1;
;; an error of a single connection (its peer reset it) never ends the server.
(module
  (import "wasix_32v1" "fd_write"
    (func $fd_write (param $fd i32) (param $iovs i32) (param $iovs_len i32) (param $nwritten i32)
      (result i32)))
  (import "wasix_32v1" "fd_close" (func $fd_close (param $fd i32) (result i32)))
  (import "wasix_32v1" "sock_open"
    (func $sock_open (param $family i32) (param $type i32) (param $protocol i32) (param $fd_out i32)
      (result i32)))
  (import "wasix_32v1" "sock_bind"
    (func $sock_bind (param $fd i32) (param $address i32) (result i32)))
  (import "wasix_32v1" "sock_listen"
    (func $sock_listen (param $fd i32) (param $backlog i32) (result i32)))
  (import "wasix_32v1" "sock_accept_v2"
    (func $sock_accept_v2 (param $fd i32) (param $flags i32) (param $fd_out i32)
      (param $address_out i32) (result i32)))
  (import "wasix_32v1" "sock_send"
    (func $sock_send (param $fd i32) (param $iovs i32) (param $iovs_len i32) (param $flags i32)
      (param $sent_out i32) (result i32)))
  (import "wasix_32v1" "sock_status"
    (func $sock_status (param $fd i32) (param $status_out i32) (result i32)))
  (import "wasix_32v1" "proc_exit" (func $proc_exit (param $code i32)))
  (import "wasix_32v1" "sock_shutdown"
    (func $sock_shutdown (param $fd i32) (param $how i32) (result i32)))

  (memory (export "memory") 1)

  ;; addr_port: tag 1 (IPv4), padding, port 8080 little-endian, 0.0.0.0 (20 bytes are enough for IPv4)
  (global $address i32 (i32.const 0x000))
  (data (i32.const 0x000) "\01\00\90\1f\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00")

  ;; ciovec arrays: address and byte count, both u32
  (global $response_iovs i32 (i32.const 0x020))
  (data (i32.const 0x020) "\00\01\00\00\47\00\00\00")  ;; the response: 0x100, 71 bytes
  (global $listening_iovs i32 (i32.const 0x028))
  (data (i32.const 0x028) "\80\01\00\00\28\00\00\00")  ;; the start message: 0x180, 40 bytes
  ;; the failure message: "server_close: ", the call (filled in), " failed with errno ", the digits
  (global $failure_iovs i32 (i32.const 0x030))
  (data (i32.const 0x030)
    "\c0\01\00\00\0e\00\00\00" "\00\00\00\00\00\00\00\00" "\d0\01\00\00\13\00\00\00"
    "\00\00\00\00\00\00\00\00")

  ;; results of calls
  (global $listener_out i32 (i32.const 0x060))
  (global $connection_out i32 (i32.const 0x064))
  (global $sent_out i32 (i32.const 0x068))
  (global $status_out i32 (i32.const 0x06c))
  (global $peer_out i32 (i32.const 0x080))  ;; an addr_port, up to 110 bytes

  (data (i32.const 0x100)
    "HTTP/1.1 200 OK\0d\0a"
    "Content-Length: 13\0d\0a"
    "Connection: close\0d\0a"
    "\0d\0a"
    "Hello, World!")
  (data (i32.const 0x180) "server_close: listening on 0.0.0.0:8080\0a")
  (data (i32.const 0x1c0) "server_close: ")
  (data (i32.const 0x1d0) " failed with errno ")
  (data (i32.const 0x200) "sock_open")
  (data (i32.const 0x210) "sock_bind")
  (data (i32.const 0x220) "sock_listen")
  (data (i32.const 0x230) "sock_accept_v2")
  (global $digits_end i32 (i32.const 0x260))  ;; the digits grow down from here
  (data (i32.const 0x260) "\0a")

  ;; Says on stderr which call failed and with which errno, then ends the program.
  (func $fail (param $call i32) (param $call_bytes i32) (param $errno i32)
    (local $digits i32)
    (local.set $digits (global.get $digits_end))
    (loop $next_digit
      (local.set $digits (i32.sub (local.get $digits) (i32.const 1)))
      (i32.store8 (local.get $digits)
        (i32.add (i32.const 48) (i32.rem_u (local.get $errno) (i32.const 10))))
      (local.set $errno (i32.div_u (local.get $errno) (i32.const 10)))
      (br_if $next_digit (local.get $errno)))
    (i32.store offset=8 (global.get $failure_iovs) (local.get $call))
    (i32.store offset=12 (global.get $failure_iovs) (local.get $call_bytes))
    (i32.store offset=24 (global.get $failure_iovs) (local.get $digits))
    (i32.store offset=28 (global.get $failure_iovs)  ;; one more for the newline
      (i32.sub (i32.add (global.get $digits_end) (i32.const 1)) (local.get $digits)))
    (drop (call $fd_write (i32.const 2) (global.get $failure_iovs) (i32.const 4)
      (global.get $sent_out)))
    (call $proc_exit (i32.const 1))
    (unreachable))

  ;; The listening socket on port 8080, or $fail.
  (func $open_listener (result i32)
    (local $errno i32)
    (local $listener i32)
    (local.set $errno  ;; inet4, stream, TCP
      (call $sock_open (i32.const 1) (i32.const 1) (i32.const 6) (global.get $listener_out)))
    (if (local.get $errno)
      (then (call $fail (i32.const 0x200) (i32.const 9) (local.get $errno))))
    (local.set $listener (i32.load (global.get $listener_out)))

    (local.set $errno (call $sock_bind (local.get $listener) (global.get $address)))
    (if (local.get $errno)
      (then (call $fail (i32.const 0x210) (i32.const 9) (local.get $errno))))

    (local.set $errno (call $sock_listen (local.get $listener) (i32.const 1024)))
    (if (local.get $errno)
      (then (call $fail (i32.const 0x220) (i32.const 11) (local.get $errno))))
    (local.get $listener))

  ;; Whether an accept that failed may be tried again: the listener itself is still open.
  (func $is_open (param $listener i32) (result i32)
    (if (call $sock_status (local.get $listener) (global.get $status_out))
      (then (return (i32.const 0))))
    (i32.le_u (i32.load8_u (global.get $status_out)) (i32.const 1)))  ;; opening or opened

  (func (export "_start")
    (local $listener i32)
    (local $connection i32)
    (local $errno i32)
    (local.set $listener (call $open_listener))
    (drop (call $fd_write (i32.const 1) (global.get $listening_iovs) (i32.const 1)
      (global.get $sent_out)))

    (loop $serve
      (local.set $errno
        (call $sock_accept_v2 (local.get $listener) (i32.const 0) (global.get $connection_out)
          (global.get $peer_out)))
      (if (local.get $errno)
        (then
          (br_if $serve (call $is_open (local.get $listener)))
          (call $fail (i32.const 0x230) (i32.const 14) (local.get $errno))))
      (local.set $connection (i32.load (global.get $connection_out)))
      ;; A peer that has gone makes any of these fail; the next connection does not care.
      (drop (call $sock_send (local.get $connection) (global.get $response_iovs) (i32.const 1)
        (i32.const 0) (global.get $sent_out)))
      (drop (call $sock_shutdown (local.get $connection) (i32.const 3)))  ;; both directions
      (drop (call $fd_close (local.get $connection)))
      (br $serve))))
