/* What Lua 5.4 asks for and WASI preview 1 lacks. Errors in scripts end the program: without
 * exceptions there is no setjmp. */
#include <stdio.h>
#include <stdlib.h>

static inline int no_shell(const char* command) {
    (void)command;
    return 0;
}
#define system no_shell
#define tmpfile() ((FILE*)0)
#define LUA_TMPNAMBUFSIZE 32
#define lua_tmpnam(buffer, error) \
    {                             \
        error = 1;                \
    }
#define LUAI_THROW(state, handler) abort()
#define LUAI_TRY(state, handler, action) {action}
#define luai_jmpbuf int
