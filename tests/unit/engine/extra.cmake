# The programs of tests/differential and tests/wasix, run in this process on back ends that fail.
target_compile_definitions(wasmax_engine_test PRIVATE
    WASMAX_GUESTS="${CMAKE_BINARY_DIR}/guests")
add_dependencies(wasmax_engine_test differential_programs guest_programs)
if(TARGET wasmax_codegen_plugin)
    add_dependencies(wasmax_engine_test wasmax_codegen_plugin)
endif()
