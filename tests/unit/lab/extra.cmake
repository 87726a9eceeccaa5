# Golden reports and the server that misbehaves on request.
target_compile_definitions(wasmax_lab_test PRIVATE
    WASMAX_LAB_TEST_FILES="${CMAKE_CURRENT_SOURCE_DIR}/unit/lab")
target_compile_definitions(wasmax_lab_test PRIVATE
    WASMAX_EXPERIMENTS="${CMAKE_SOURCE_DIR}/bench/experiments")
