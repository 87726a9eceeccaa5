// An HTTP server whose answers are JavaScript's: `js_server SCRIPT [PORT [epoll|poll]]`. The script
// calls addEventListener("fetch", (event) => event.respondWith(response)), with a Response or a
// promise of one. QuickJS runs it, on the thread that also waits for connections; as a guest and as
// its native twin, from the same sources. `./dev bench --full` builds both: QuickJS is not part of
// this repository.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_loop.h"
#include "http_request.h"
#include "quickjs.h"

static JSContext* context;
static JSValue dispatch;

// What a script may expect of its surroundings, as far as a benchmark needs it. `__dispatch` calls
// the listener and returns [status, content type, body], or null while a promise is pending.
static const char kPrelude[] =
    "(() => {\n"
    "  const listeners = [];\n"
    "  globalThis.addEventListener = (type, listener) => { if (type === 'fetch') "
    "listeners.push(listener); };\n"
    "  class Headers {\n"
    "    constructor(init = {}) {\n"
    "      this.map = new Map(Object.entries(init).map(([k, v]) => [k.toLowerCase(), "
    "String(v)]));\n"
    "    }\n"
    "    get(name) { return this.map.get(name.toLowerCase()) ?? null; }\n"
    "    set(name, value) { this.map.set(name.toLowerCase(), String(value)); }\n"
    "    has(name) { return this.map.has(name.toLowerCase()); }\n"
    "  }\n"
    "  class Response {\n"
    "    constructor(body = '', init = {}) {\n"
    "      this.body = body === null ? '' : String(body);\n"
    "      this.status = init.status ?? 200;\n"
    "      this.headers = init.headers instanceof Headers ? init.headers : new "
    "Headers(init.headers);\n"
    "    }\n"
    "  }\n"
    "  class Request {\n"
    "    constructor(method, url, body) { this.method = method; this.url = url; this.content = "
    "body; }\n"
    "    async text() { return this.content; }\n"
    "    async json() { return JSON.parse(this.content); }\n"
    "  }\n"
    "  Object.assign(globalThis, {Headers, Response, Request});\n"
    "  globalThis.__dispatch = (method, path, body) => {\n"
    "    const result = {value: null};\n"
    "    const take = (response) => {\n"
    "      result.value = [response.status, response.headers.get('content-type') ?? 'text/plain', "
    "response.body];\n"
    "    };\n"
    "    const refuse = (error) => { result.value = [500, 'text/plain', String(error)]; };\n"
    "    const event = {\n"
    "      request: new Request(method, 'http://127.0.0.1' + path, body),\n"
    "      respondWith(answer) {\n"
    "        if (answer instanceof Response) take(answer); else "
    "Promise.resolve(answer).then(take).catch(refuse);\n"
    "      },\n"
    "    };\n"
    "    try { for (const listener of listeners) listener(event); } catch (error) { refuse(error); "
    "}\n"
    "    return result;\n"
    "  };\n"
    "})();\n";

static void report_exception(const char* what) {
    JSValue exception = JS_GetException(context);
    const char* const text = JS_ToCString(context, exception);
    fprintf(stderr, "js_server: %s: %s\n", what, text == NULL ? "unknown" : text);
    JS_FreeCString(context, text);
    JS_FreeValue(context, exception);
}

static int evaluate(const char* source, size_t bytes, const char* name) {
    JSValue value = JS_Eval(context, source, bytes, name, JS_EVAL_TYPE_GLOBAL);
    const int fine = !JS_IsException(value);
    if (!fine) {
        report_exception(name);
    }
    JS_FreeValue(context, value);
    return fine;
}

static void run_pending_jobs(void) {
    JSContext* failed = NULL;
    while (JS_ExecutePendingJob(JS_GetRuntime(context), &failed) > 0) {
    }
}

static int answer_text(struct http_exchange* exchange, int status, const char* text) {
    return http_answer(exchange, &(struct http_answer){status, NULL, text, strlen(text)});
}

// Sends [status, content type, body].
static int answer_value(struct http_exchange* exchange, JSValue value) {
    if (!JS_IsObject(value)) {
        return answer_text(exchange, 500, "the script did not respond\n");
    }
    int32_t status = 500;
    JSValue parts[3];
    for (uint32_t i = 0; i < 3; ++i) {
        parts[i] = JS_GetPropertyUint32(context, value, i);
    }
    size_t body_bytes = 0;
    const char* const type = JS_ToCString(context, parts[1]);
    const char* const body = JS_ToCStringLen(context, &body_bytes, parts[2]);
    int fine = 0;
    if (JS_ToInt32(context, &status, parts[0]) != 0 || status < 200 || status > 599 ||
        type == NULL || body == NULL || strpbrk(type, "\r\n") != NULL) {
        fine = answer_text(exchange, 500, "the script's response cannot be sent\n");
    } else {
        fine = http_answer(exchange, &(struct http_answer){status, type, body, body_bytes});
    }
    JS_FreeCString(context, type);
    JS_FreeCString(context, body);
    for (uint32_t i = 0; i < 3; ++i) {
        JS_FreeValue(context, parts[i]);
    }
    return fine;
}

static int answer(struct http_exchange* exchange, const struct http_request* request,
                  const char* body, size_t body_bytes) {
    static const char* const kNames[] = {"GET", "HEAD", "POST", "OTHER"};
    JSValue arguments[] = {JS_NewString(context, kNames[request->method]),
                           JS_NewStringLen(context, request->path, request->path_bytes),
                           JS_NewStringLen(context, body == NULL ? "" : body, body_bytes)};
    JSValue result = JS_Call(context, dispatch, JS_UNDEFINED, 3, arguments);
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; ++i) {
        JS_FreeValue(context, arguments[i]);
    }
    if (JS_IsException(result)) {
        report_exception("answering");
        return answer_text(exchange, 500, "the script failed\n");
    }
    // Promises of this server depend on nothing outside: what is pending now will never come.
    run_pending_jobs();
    JSValue value = JS_GetPropertyStr(context, result, "value");
    const int fine = answer_value(exchange, value);
    JS_FreeValue(context, value);
    JS_FreeValue(context, result);
    return fine;
}

static int collects_body(const struct http_request* request) {
    return request->method == kPost || request->method == kOtherMethod;
}

// The whole file with a zero behind it, which QuickJS wants; NULL: it cannot be read.
static char* read_script(const char* path, size_t* bytes) {
    FILE* const file = fopen(path, "rb");
    char* text = NULL;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0) {
        const long end = ftell(file);
        text = end < 0 ? NULL : calloc(1, (size_t)end + 1);
        if (text != NULL && fseek(file, 0, SEEK_SET) == 0) {
            *bytes = fread(text, 1, (size_t)end, file);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return text;
}

int main(int argc, char** argv) {
    size_t bytes = 0;
    char* const script = argc < 2 ? NULL : read_script(argv[1], &bytes);
    if (script == NULL) {
        fprintf(stderr, argc < 2 ? "Usage: js_server SCRIPT [PORT [epoll|poll]]\n"
                                 : "js_server: the script cannot be read\n");
        return 2;
    }
    JSRuntime* const runtime = JS_NewRuntime();
    context = runtime == NULL ? NULL : JS_NewContext(runtime);
    if (context == NULL || !evaluate(kPrelude, sizeof kPrelude - 1, "prelude") ||
        !evaluate(script, bytes, argv[1])) {
        return 1;
    }
    run_pending_jobs();
    JSValue global = JS_GetGlobalObject(context);
    dispatch = JS_GetPropertyStr(context, global, "__dispatch");
    JS_FreeValue(context, global);
    static const struct http_application kApplication = {collects_body, answer};
    return http_serve(argc - 2, argv + 2, &kApplication);
}
