;; A keep-alive HTTP/1.1 server in WebAssembly text: one thread on epoll. `server_keep [PORT]`, 8081
;; by default. It answers GET and HEAD of `/` and knows nothing else (404), reads requests up to
;; their blank line in whatever pieces they come, several at once too, and refuses what it does not
;; understand (400, 431, 501; bodies among it), after which the connection ends. server_keep.c is its
;; native twin: same calls, same bytes.
(module
  (import "wasix_32v1" "args_sizes_get"
    (func $args_sizes_get (param $count_out i32) (param $bytes_out i32) (result i32)))
  (import "wasix_32v1" "args_get"
    (func $args_get (param $pointers_out i32) (param $bytes_out i32) (result i32)))
  (import "wasix_32v1" "fd_write"
    (func $fd_write (param $fd i32) (param $iovs i32) (param $iovs_len i32) (param $nwritten i32)
      (result i32)))
  (import "wasix_32v1" "fd_close" (func $fd_close (param $fd i32) (result i32)))
  (import "wasix_32v1" "fd_fdstat_set_flags"
    (func $fd_fdstat_set_flags (param $fd i32) (param $flags i32) (result i32)))
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
  (import "wasix_32v1" "sock_set_opt_flag"
    (func $sock_set_opt_flag (param $fd i32) (param $option i32) (param $flag i32) (result i32)))
  (import "wasix_32v1" "sock_recv"
    (func $sock_recv (param $fd i32) (param $iovs i32) (param $iovs_len i32) (param $flags i32)
      (param $got_out i32) (param $flags_out i32) (result i32)))
  (import "wasix_32v1" "sock_send"
    (func $sock_send (param $fd i32) (param $iovs i32) (param $iovs_len i32) (param $flags i32)
      (param $sent_out i32) (result i32)))
  (import "wasix_32v1" "sock_shutdown"
    (func $sock_shutdown (param $fd i32) (param $how i32) (result i32)))
  (import "wasix_32v1" "epoll_create" (func $epoll_create (param $fd_out i32) (result i32)))
  (import "wasix_32v1" "epoll_ctl"
    (func $epoll_ctl (param $epoll i32) (param $operation i32) (param $fd i32) (param $event i32)
      (result i32)))
  (import "wasix_32v1" "epoll_wait"
    (func $epoll_wait (param $epoll i32) (param $events i32) (param $room i32) (param $timeout i64)
      (param $count_out i32) (result i32)))
  (import "wasix_32v1" "proc_exit" (func $proc_exit (param $code i32)))

  ;; A page for what follows, then 8 KiB for each descriptor up to 2,047: $slot.
  (memory (export "memory") 257)

  ;; addr_port: tag 1 (IPv4), padding, port (filled in), 0.0.0.0
  (global $address i32 (i32.const 0x000))
  (data (i32.const 0x000) "\01")
  (global $iov i32 (i32.const 0x020))         ;; of a receive or a send: address, bytes
  (global $message_iovs i32 (i32.const 0x030))  ;; of a message: three of them
  (global $out i32 (i32.const 0x060))         ;; results of calls
  (global $out2 i32 (i32.const 0x064))
  (global $event i32 (i32.const 0x080))       ;; an epoll_event: events @0, fd @12, 32 bytes
  (global $peer_out i32 (i32.const 0x0a0))    ;; an addr_port, up to 110 bytes
  (global $events i32 (i32.const 0x1000))     ;; 64 epoll_events
  (global $arguments i32 (i32.const 0x2000))  ;; 256 pointers, then their bytes up to 0x10000

  (global $listener (mut i32) (i32.const 0))
  (global $epoll (mut i32) (i32.const 0))

  ;; The heads of answers, without what follows their Content-Length.
  (data (i32.const 0x200)  ;; 63
    "HTTP/1.1 200 OK\0d\0aContent-Type: text/plain\0d\0aContent-Length: 13\0d\0a")
  (data (i32.const 0x240) "HTTP/1.1 404 Not Found\0d\0aContent-Length: 10\0d\0a")       ;; 44
  (data (i32.const 0x280) "HTTP/1.1 400 Bad Request\0d\0aContent-Length: 0\0d\0a")      ;; 45
  (data (i32.const 0x2c0) "HTTP/1.1 501 Not Implemented\0d\0aContent-Length: 0\0d\0a")  ;; 49
  (data (i32.const 0x300)  ;; 65
    "HTTP/1.1 431 Request Header Fields Too Large\0d\0aContent-Length: 0\0d\0a")
  (data (i32.const 0x360) "Connection: close\0d\0a")  ;; 19
  (data (i32.const 0x380) "\0d\0aHello, World!")      ;; 2 and 13
  (data (i32.const 0x390) "\0d\0anot found\0a")       ;; 2 and 10
  (data (i32.const 0x3a0) "\0d\0a")
  ;; What is looked for in a request: methods, and fields in small letters.
  (data (i32.const 0x3b0) "GET ")
  (data (i32.const 0x3b8) "HEAD ")
  (data (i32.const 0x3c0) "HTTP/1.")
  (data (i32.const 0x3d0) "connection:")
  (data (i32.const 0x3e0) "close")
  (data (i32.const 0x3e8) "host:")
  (data (i32.const 0x3f0) "content-length:")
  (data (i32.const 0x400) "transfer-encoding:")
  ;; Messages.
  (data (i32.const 0x420) "server_keep: listening on port ")                 ;; 31
  (data (i32.const 0x440) "server_keep: it cannot listen or wait: errno ")   ;; 45
  (data (i32.const 0x480) "Usage: server_keep [PORT], at most ")             ;; 35
  (global $digits_end i32 (i32.const 0x4c0))  ;; the digits grow down from here
  (data (i32.const 0x4c0) "\0a")

  ;; Where a connection's state is: these fields, its input (4,032 bytes @64), its output (@4096).
  ;;    0 used: bytes of input       4, 8 start and end of the output that is not sent yet
  ;;   12 ending: 1 when no request will be read any more, 2 when the peer has been told
  ;;   16 what epoll waits for       20 whether the peer has ended its stream
  ;;   24 bytes of input known to hold no blank line      28 bytes read and forgotten at the end
  (func $slot (param $fd i32) (result i32)
    (i32.add (i32.const 0x10000) (i32.shl (local.get $fd) (i32.const 13))))

  ;; Writes a message that ends with a number.
  (func $say (param $fd i32) (param $text i32) (param $bytes i32) (param $number i32)
    (local $digits i32)
    (local.set $digits (global.get $digits_end))
    (loop $next_digit
      (local.set $digits (i32.sub (local.get $digits) (i32.const 1)))
      (i32.store8 (local.get $digits)
        (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
      (local.set $number (i32.div_u (local.get $number) (i32.const 10)))
      (br_if $next_digit (local.get $number)))
    (i32.store (global.get $message_iovs) (local.get $text))
    (i32.store offset=4 (global.get $message_iovs) (local.get $bytes))
    (i32.store offset=8 (global.get $message_iovs) (local.get $digits))
    (i32.store offset=12 (global.get $message_iovs)  ;; one more for the newline
      (i32.sub (i32.add (global.get $digits_end) (i32.const 1)) (local.get $digits)))
    (drop
      (call $fd_write (local.get $fd) (global.get $message_iovs) (i32.const 2) (global.get $out))))

  ;; Ends the program if a call that it cannot do without has failed.
  (func $check (param $errno i32)
    (if (local.get $errno)
      (then
        (call $say (i32.const 2) (i32.const 0x440) (i32.const 45) (local.get $errno))
        (call $proc_exit (i32.const 1)))))

  ;; Whether the bytes at $text are those at $word; $fold 0x20 takes capitals for small letters.
  (func $is (param $text i32) (param $word i32) (param $bytes i32) (param $fold i32) (result i32)
    (loop $next
      (if (i32.eqz (local.get $bytes)) (then (return (i32.const 1))))
      (if (i32.ne (i32.or (i32.load8_u (local.get $text)) (local.get $fold))
                  (i32.or (i32.load8_u (local.get $word)) (local.get $fold)))
        (then (return (i32.const 0))))
      (local.set $text (i32.add (local.get $text) (i32.const 1)))
      (local.set $word (i32.add (local.get $word) (i32.const 1)))
      (local.set $bytes (i32.sub (local.get $bytes) (i32.const 1)))
      (br $next))
    (unreachable))

  (func $append (param $slot i32) (param $from i32) (param $bytes i32)
    (memory.copy
      (i32.add (i32.add (local.get $slot) (i32.const 4096)) (i32.load offset=8 (local.get $slot)))
      (local.get $from) (local.get $bytes))
    (i32.store offset=8 (local.get $slot)
      (i32.add (i32.load offset=8 (local.get $slot)) (local.get $bytes))))

  ;; Appends an answer: its head, `Connection: close` if so, the blank line and, unless the request was a
  ;; HEAD, what follows it in memory.
  (func $answer (param $slot i32) (param $head i32) (param $head_bytes i32) (param $rest i32)
    (param $rest_bytes i32)
    (call $append (local.get $slot) (local.get $head) (local.get $head_bytes))
    (if (i32.load offset=12 (local.get $slot))
      (then (call $append (local.get $slot) (i32.const 0x360) (i32.const 19))))
    (call $append (local.get $slot) (local.get $rest) (local.get $rest_bytes)))

  ;; Answers what is not understood; the connection ends.
  (func $refuse (param $slot i32) (param $head i32) (param $bytes i32)
    (i32.store offset=12 (local.get $slot) (i32.const 1))
    (call $answer
      (local.get $slot) (local.get $head) (local.get $bytes) (i32.const 0x3a0) (i32.const 2)))

  ;; What the fields of a head say: 1 there is a host, 2 the connection is to end, 4 a body follows.
  (func $fields (param $at i32) (param $end i32) (result i32)
    (local $found i32)
    (local $letter i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next
          (i32.ne (i32.load8_u (i32.sub (local.get $at) (i32.const 1))) (i32.const 10)))
        ;; The beginning of a line. The input's bytes behind its end do no harm: no name has a CR.
        (local.set $letter (i32.or (i32.load8_u (local.get $at)) (i32.const 0x20)))
        (if (i32.eq (local.get $letter) (i32.const 104))  ;; h
          (then
            (if (call $is (local.get $at) (i32.const 0x3e8) (i32.const 5) (i32.const 0x20))
              (then (local.set $found (i32.or (local.get $found) (i32.const 1)))))
            (br $next)))
        (if (i32.eq (local.get $letter) (i32.const 116))  ;; t
          (then
            (if (call $is (local.get $at) (i32.const 0x400) (i32.const 18) (i32.const 0x20))
              (then (local.set $found (i32.or (local.get $found) (i32.const 4)))))
            (br $next)))
        (br_if $next (i32.ne (local.get $letter) (i32.const 99)))  ;; c
        (if (call $is (local.get $at) (i32.const 0x3f0) (i32.const 15) (i32.const 0x20))
          (then
            (local.set $found (i32.or (local.get $found) (i32.const 4)))
            (br $next)))
        (br_if $next
          (i32.eqz (call $is (local.get $at) (i32.const 0x3d0) (i32.const 11) (i32.const 0x20))))
        (local.set $at (i32.add (local.get $at) (i32.const 11)))
        (loop $blanks
          (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 32))
            (then
              (local.set $at (i32.add (local.get $at) (i32.const 1)))
              (br $blanks))))
        (if (call $is (local.get $at) (i32.const 0x3e0) (i32.const 5) (i32.const 0x20))
          (then (local.set $found (i32.or (local.get $found) (i32.const 2)))))
        (br $next)))
    (local.get $found))

  ;; Answers the request whose head is from $at to $end, its blank line included.
  (func $request (param $slot i32) (param $at i32) (param $end i32)
    (local $is_head i32)
    (local $line_end i32)
    (local $fields i32)
    (local $found i32)
    (if (i32.eqz (call $is (local.get $at) (i32.const 0x3b0) (i32.const 4) (i32.const 0)))
      (then
        (local.set $is_head (call $is (local.get $at) (i32.const 0x3b8) (i32.const 5) (i32.const 0)))
        (if (i32.eqz (local.get $is_head))
          (then
            (call $refuse (local.get $slot) (i32.const 0x2c0) (i32.const 49))
            (return)))))
    (local.set $at (i32.add (local.get $at) (i32.add (i32.const 4) (local.get $is_head))))
    (local.set $line_end (local.get $at))
    (loop $find
      (if (i32.ne (i32.load8_u (local.get $line_end)) (i32.const 13))
        (then
          (local.set $line_end (i32.add (local.get $line_end) (i32.const 1)))
          (br $find))))
    (local.set $fields (call $fields (local.get $line_end) (local.get $end)))
    (if (i32.eq (i32.load8_u (i32.sub (local.get $line_end) (i32.const 1))) (i32.const 48))
      (then (local.set $fields (i32.or (local.get $fields) (i32.const 3)))))  ;; 1.0: closes
    ;; A target of at least a byte, a blank, and the version; with 1.1, a host.
    (block $understood
      (block $bad
        (br_if $bad (i32.lt_s (i32.sub (local.get $line_end) (local.get $at)) (i32.const 10)))
        (br_if $bad
          (i32.ne (i32.load8_u (i32.sub (local.get $line_end) (i32.const 9))) (i32.const 32)))
        (br_if $understood
          (i32.and (local.get $fields)
            (call $is (i32.sub (local.get $line_end) (i32.const 8)) (i32.const 0x3c0) (i32.const 7)
              (i32.const 0)))))
      (call $refuse (local.get $slot) (i32.const 0x280) (i32.const 45))
      (return))
    (if (i32.and (local.get $fields) (i32.const 4))
      (then
        (call $refuse (local.get $slot) (i32.const 0x2c0) (i32.const 49))
        (return)))
    (if (i32.and (local.get $fields) (i32.const 2))
      (then (i32.store offset=12 (local.get $slot) (i32.const 1))))
    ;; `/`, or `/` with a query.
    (local.set $found
      (i32.and
        (i32.eq (i32.load8_u (local.get $at)) (i32.const 47))
        (i32.or
          (i32.eq (i32.load8_u offset=1 (local.get $at)) (i32.const 32))
          (i32.eq (i32.load8_u offset=1 (local.get $at)) (i32.const 63)))))
    (if (local.get $found)
      (then
        (call $answer (local.get $slot) (i32.const 0x200) (i32.const 63) (i32.const 0x380)
          (select (i32.const 2) (i32.const 15) (local.get $is_head))))
      (else
        (call $answer (local.get $slot) (i32.const 0x240) (i32.const 44) (i32.const 0x390)
          (select (i32.const 2) (i32.const 12) (local.get $is_head))))))

  ;; Answers the requests that are there. Whether it stopped because the output is full.
  (func $process (param $slot i32) (result i32)
    (local $input i32)  ;; where the next request begins
    (local $end i32)    ;; of the input
    (local $scan i32)
    (local $full i32)
    (local.set $input (i32.add (local.get $slot) (i32.const 64)))
    (local.set $end (i32.add (local.get $input) (i32.load (local.get $slot))))
    (local.set $scan (i32.add (local.get $input) (i32.load offset=24 (local.get $slot))))
    (block $done
      (loop $next
        (br_if $done (i32.load offset=12 (local.get $slot)))
        (local.set $full (i32.gt_u (i32.load offset=8 (local.get $slot)) (i32.const 3840)))
        (br_if $done (local.get $full))
        ;; An empty line before a request is to be ignored: RFC 9112 2.2.
        (if (i32.and
              (i32.ge_u (i32.sub (local.get $end) (local.get $input)) (i32.const 2))
              (i32.eq (i32.load16_u (local.get $input)) (i32.const 0x0a0d)))
          (then
            (local.set $input (i32.add (local.get $input) (i32.const 2)))
            (local.set $scan (local.get $input))
            (br $next)))
        (loop $find
          (if (i32.lt_u (i32.sub (local.get $end) (local.get $scan)) (i32.const 4))
            (then (br $done)))
          (if (i32.ne (i32.load (local.get $scan)) (i32.const 0x0a0d0a0d))
            (then
              (local.set $scan (i32.add (local.get $scan) (i32.const 1)))
              (br $find))))
        (local.set $scan (i32.add (local.get $scan) (i32.const 4)))
        (call $request (local.get $slot) (local.get $input) (local.get $scan))
        (local.set $input (local.get $scan))
        (br $next)))
    ;; What is left goes to the beginning; of a connection that ends, nothing is.
    (if (i32.load offset=12 (local.get $slot)) (then (local.set $input (local.get $end))))
    (i32.store (local.get $slot) (i32.sub (local.get $end) (local.get $input)))
    (i32.store offset=24 (local.get $slot)
      (select (i32.sub (local.get $scan) (local.get $input)) (i32.const 0)
        (i32.gt_u (local.get $scan) (local.get $input))))
    (if (i32.ne (local.get $input) (i32.add (local.get $slot) (i32.const 64)))
      (then
        (memory.copy (i32.add (local.get $slot) (i32.const 64)) (local.get $input)
          (i32.load (local.get $slot)))))
    (if (i32.and
          (i32.eqz (local.get $full))
          (i32.and
            (i32.eq (i32.load (local.get $slot)) (i32.const 4032))
            (i32.eqz (i32.load offset=12 (local.get $slot)))))
      (then
        (call $refuse (local.get $slot) (i32.const 0x300) (i32.const 65))
        (i32.store (local.get $slot) (i32.const 0))
        (i32.store offset=24 (local.get $slot) (i32.const 0))))
    (local.get $full))

  ;; Whether an error only says that there is nothing now: again, or intr.
  (func $passes (param $errno i32) (result i32)
    (i32.or (i32.eq (local.get $errno) (i32.const 6)) (i32.eq (local.get $errno) (i32.const 27))))

  ;; Reads once. 0: the connection has failed.
  (func $receive (param $fd i32) (param $slot i32) (result i32)
    (local $used i32)
    (local $errno i32)
    (local $got i32)
    (local.set $used (i32.load (local.get $slot)))
    (if (i32.or
          (i32.load offset=20 (local.get $slot))
          (i32.eq (local.get $used) (i32.const 4032)))
      (then (return (i32.const 1))))
    (i32.store (global.get $iov)
      (i32.add (i32.add (local.get $slot) (i32.const 64)) (local.get $used)))
    (i32.store offset=4 (global.get $iov) (i32.sub (i32.const 4032) (local.get $used)))
    (local.set $errno
      (call $sock_recv (local.get $fd) (global.get $iov) (i32.const 1) (i32.const 0)
        (global.get $out) (global.get $out2)))
    (if (local.get $errno) (then (return (call $passes (local.get $errno)))))
    (local.set $got (i32.load (global.get $out)))
    (i32.store offset=20 (local.get $slot) (i32.eqz (local.get $got)))
    (if (i32.load offset=12 (local.get $slot))
      (then  ;; only to forget it, up to 1 MiB
        (local.set $got (i32.add (local.get $got) (i32.load offset=28 (local.get $slot))))
        (i32.store offset=28 (local.get $slot) (local.get $got))
        (return (i32.lt_u (local.get $got) (i32.const 0x100000)))))
    (i32.store (local.get $slot) (i32.add (local.get $used) (local.get $got)))
    (i32.const 1))

  ;; Sends what there is. 0: the connection has failed.
  (func $flush (param $fd i32) (param $slot i32) (result i32)
    (local $start i32)
    (local $end i32)
    (local $errno i32)
    (local.set $start (i32.load offset=4 (local.get $slot)))
    (local.set $end (i32.load offset=8 (local.get $slot)))
    (block $sent
      (loop $next
        (br_if $sent (i32.eq (local.get $start) (local.get $end)))
        (i32.store (global.get $iov)
          (i32.add (i32.add (local.get $slot) (i32.const 4096)) (local.get $start)))
        (i32.store offset=4 (global.get $iov) (i32.sub (local.get $end) (local.get $start)))
        (local.set $errno
          (call $sock_send (local.get $fd) (global.get $iov) (i32.const 1) (i32.const 0)
            (global.get $out)))
        (if (local.get $errno)
          (then
            (i32.store offset=4 (local.get $slot) (local.get $start))
            (return (call $passes (local.get $errno)))))
        (local.set $start (i32.add (local.get $start) (i32.load (global.get $out))))
        (br $next)))
    (i64.store offset=4 align=4 (local.get $slot) (i64.const 0))
    (i32.const 1))

  ;; Does all that can be done now. 0: the connection is over.
  (func $serve (param $fd i32) (param $slot i32) (result i32)
    (local $full i32)
    (if (i32.eqz (call $receive (local.get $fd) (local.get $slot)))
      (then (return (i32.const 0))))
    (loop $again
      (local.set $full (call $process (local.get $slot)))
      (if (i32.eqz (call $flush (local.get $fd) (local.get $slot)))
        (then (return (i32.const 0))))
      ;; Requests that were put off because too much was unsent.
      (br_if $again
        (i32.and (local.get $full) (i32.eqz (i32.load offset=8 (local.get $slot))))))
    (if (i32.load offset=8 (local.get $slot)) (then (return (i32.const 1))))
    (if (i32.eq (i32.load offset=12 (local.get $slot)) (i32.const 1))
      (then
        ;; A close with bytes unread would reset the connection, and the answer might be lost.
        (drop (call $sock_shutdown (local.get $fd) (i32.const 2)))
        (i32.store offset=12 (local.get $slot) (i32.const 2))))
    (i32.eqz (i32.load offset=20 (local.get $slot))))

  ;; Tells epoll what to wait for. 0: it failed.
  (func $wait_for (param $fd i32) (param $wanted i32) (result i32)
    (i32.store (global.get $event) (local.get $wanted))
    (i32.store offset=12 (global.get $event) (local.get $fd))
    (i32.eqz
      (call $epoll_ctl (global.get $epoll) (i32.const 1) (local.get $fd) (global.get $event))))

  ;; Serves a connection, and ends it or waits for what comes next.
  (func $turn (param $fd i32)
    (local $slot i32)
    (local $wanted i32)
    (local.set $slot (call $slot (local.get $fd)))
    (block $over
      (br_if $over (i32.eqz (call $serve (local.get $fd) (local.get $slot))))
      (local.set $wanted
        (i32.or
          (i32.eqz  ;; nothing to read, or no room for it
            (i32.or
              (i32.load offset=20 (local.get $slot))
              (i32.eq (i32.load (local.get $slot)) (i32.const 4032))))
          (i32.shl (i32.ne (i32.load offset=8 (local.get $slot)) (i32.const 0)) (i32.const 1))))
      (if (i32.eq (local.get $wanted) (i32.load offset=16 (local.get $slot))) (then (return)))
      (i32.store offset=16 (local.get $slot) (local.get $wanted))
      (br_if $over (i32.eqz (call $wait_for (local.get $fd) (local.get $wanted))))
      (return))
    (drop (call $epoll_ctl (global.get $epoll) (i32.const 2) (local.get $fd) (global.get $event)))
    (drop (call $fd_close (local.get $fd))))

  (func $accept_all
    (local $fd i32)
    (loop $next
      (if (call $sock_accept_v2 (global.get $listener) (i32.const 4) (global.get $out)
            (global.get $peer_out))
        (then (return)))  ;; none left, or one that has gone already
      (local.set $fd (i32.load (global.get $out)))
      (if (i32.ge_u (local.get $fd) (i32.const 2048))
        (then
          (drop (call $fd_close (local.get $fd)))
          (br $next)))
      (drop (call $sock_set_opt_flag (local.get $fd) (i32.const 3) (i32.const 1)))  ;; no delay
      (memory.fill (call $slot (local.get $fd)) (i32.const 0) (i32.const 64))
      (call $turn (local.get $fd))  ;; its request is often there already
      (br $next)))

  ;; The first argument, 8081 without one; ends the program if that is no port.
  (func $port (result i32)
    (local $text i32)
    (local $digit i32)
    (local $port i32)
    (call $check (call $args_sizes_get (global.get $out) (global.get $out2)))
    (if (i32.lt_u (i32.load (global.get $out)) (i32.const 2)) (then (return (i32.const 8081))))
    (if (i32.or
          (i32.gt_u (i32.load (global.get $out)) (i32.const 256))
          (i32.gt_u (i32.load (global.get $out2)) (i32.const 0x8000)))
      (then (call $check (i32.const 1))))  ;; 2big
    (call $check
      (call $args_get (global.get $arguments) (i32.add (global.get $arguments) (i32.const 0x400))))
    (local.set $text (i32.load offset=4 (global.get $arguments)))
    (loop $next
      (local.set $digit (i32.load8_u (local.get $text)))
      (local.set $text (i32.add (local.get $text) (i32.const 1)))
      (if (i32.lt_u (i32.sub (local.get $digit) (i32.const 48)) (i32.const 10))
        (then
          (local.set $port
            (i32.add (i32.mul (local.get $port) (i32.const 10))
                     (i32.sub (local.get $digit) (i32.const 48))))
          (br_if $next (i32.lt_u (local.get $port) (i32.const 0x10000))))))
    (if (i32.or
          (i32.ne (local.get $digit) (i32.const 0))
          (i32.gt_u (i32.sub (local.get $port) (i32.const 1)) (i32.const 65534)))
      (then
        (call $say (i32.const 2) (i32.const 0x480) (i32.const 35) (i32.const 65535))
        (call $proc_exit (i32.const 2))))
    (local.get $port))

  (func $listen (param $port i32)
    (i32.store16 offset=2 (global.get $address) (local.get $port))
    (call $check  ;; inet4, stream, TCP
      (call $sock_open (i32.const 1) (i32.const 1) (i32.const 6) (global.get $out)))
    (global.set $listener (i32.load (global.get $out)))
    (call $check (call $sock_bind (global.get $listener) (global.get $address)))
    (call $check (call $sock_listen (global.get $listener) (i32.const 1024)))
    (call $check (call $fd_fdstat_set_flags (global.get $listener) (i32.const 4)))  ;; never blocks
    (call $check (call $epoll_create (global.get $out)))
    (global.set $epoll (i32.load (global.get $out)))
    (if (i32.eqz (call $wait_for (global.get $listener) (i32.const 1)))
      (then (call $check (i32.const 58)))))  ;; notsup

  (func (export "_start")
    (local $port i32)
    (local $errno i32)
    (local $count i32)
    (local $event i32)
    (local $fd i32)
    (local.set $port (call $port))
    (call $listen (local.get $port))
    (call $say (i32.const 1) (i32.const 0x420) (i32.const 31) (local.get $port))
    (loop $wait
      (local.set $errno
        (call $epoll_wait (global.get $epoll) (global.get $events) (i32.const 64) (i64.const -1)
          (global.get $out)))
      (br_if $wait (i32.eq (local.get $errno) (i32.const 27)))  ;; intr
      (call $check (local.get $errno))
      (local.set $count (i32.load (global.get $out)))
      (local.set $event (global.get $events))
      (loop $next
        (br_if $wait (i32.eqz (local.get $count)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (local.set $fd (i32.load offset=12 (local.get $event)))
        (local.set $event (i32.add (local.get $event) (i32.const 32)))
        (if (i32.eq (local.get $fd) (global.get $listener))
          (then (call $accept_all))
          (else (call $turn (local.get $fd))))
        (br $next)))))
