#pragma once

// Threads as http_threads.c needs them, written twice: over pthreads (threads_posix.c), and over
// the WASIX calls (threads_wasix.c).

/// Runs `body` of each argument on a thread of its own, the first on the caller's, and returns when
/// that one has ended. 0: not all could be started.
int threads_run(void (*body)(void*), void** arguments, int count);
