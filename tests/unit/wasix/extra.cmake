target_link_libraries(wasmax_wasix_test PRIVATE nlohmann_json::nlohmann_json)
target_compile_definitions(wasmax_wasix_test PRIVATE
    WASMAX_SYSCALLS_PAGE="${CMAKE_SOURCE_DIR}/docs/syscalls.md")
