# Warnings and flags every target of ours is built with. -Werror: a warning is a defect.
add_library(wasmax_flags INTERFACE)
target_compile_options(wasmax_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
    $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast -Wcovered-switch-default>
    # TRY is a statement expression (docs/decisions/0001-result.md).
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-gnu-statement-expression-from-macro-expansion>
    -fno-omit-frame-pointer)
target_compile_definitions(wasmax_flags INTERFACE WASMAX_VERSION="${PROJECT_VERSION}")

# Sanitizers of the asan, tsan and fuzz presets, for every target at once.
set(WASMAX_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=LIST")
if(WASMAX_SANITIZE)
    add_compile_options(-fsanitize=${WASMAX_SANITIZE})
    add_link_options(-fsanitize=${WASMAX_SANITIZE})
endif()
add_link_options(-fuse-ld=lld)
if(CMAKE_INTERPROCEDURAL_OPTIMIZATION)
    # Each library is optimised once, not once per program that links it.
    add_link_options(-Wl,--thinlto-cache-dir=${CMAKE_BINARY_DIR}/thinlto)
endif()
