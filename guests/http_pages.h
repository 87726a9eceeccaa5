#pragma once

// What the servers of the keep-alive workload answer: GET and HEAD of `/` (Hello, World!) and
// `/bytes/N` (N times `x`), and POST of `/echo` with what it was sent.

#include "http_loop.h"

extern const struct http_application kHttpPages;
