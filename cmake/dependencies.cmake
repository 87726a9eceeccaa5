# Third-party libraries, all Debian 12 packages (`./dev setup` installs them). Headers are SYSTEM.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(wabt REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
pkg_check_modules(XLSXWRITER REQUIRED IMPORTED_TARGET xlsxwriter)
# SHA-256. The static archive: a shared library would cost each start 0.2 ms (decision 0006).
find_library(WASMAX_NETTLE libnettle.a REQUIRED)

# LLVM, found by its own configuration tool so that the version is pinned in one place.
find_program(WASMAX_LLVM_CONFIG llvm-config-22 REQUIRED)
if(CMAKE_BUILD_TYPE STREQUAL Release)
    set(static_llvm_default ON)
endif()
option(WASMAX_STATIC_LLVM "Link LLVM into libwasmax_codegen.so; off links faster" ${static_llvm_default})
# llvm_ask(VARIABLE ARGUMENTS...): what llvm-config answers, as a list.
function(llvm_ask variable)
    execute_process(COMMAND ${WASMAX_LLVM_CONFIG} ${ARGN}
        OUTPUT_VARIABLE answer OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    separate_arguments(answer UNIX_COMMAND "${answer}")
    set(${variable} ${answer} PARENT_SCOPE)
endfunction()
llvm_ask(llvm_include --includedir)
llvm_ask(llvm_directory --libdir)
set(llvm_mode --link-shared)
if(WASMAX_STATIC_LLVM)
    set(llvm_mode --link-static)
endif()
llvm_ask(llvm_libraries ${llvm_mode} --libs --system-libs
    core passes x86codegen x86desc x86info object debuginfodwarf support target targetparser)
add_library(wasmax_llvm INTERFACE)
target_include_directories(wasmax_llvm SYSTEM INTERFACE ${llvm_include})
target_link_directories(wasmax_llvm INTERFACE ${llvm_directory})
# --as-needed drops libz3 and libxml2, which only parts of LLVM need that we do not link.
target_link_libraries(wasmax_llvm INTERFACE
    -Wl,--push-state,--as-needed ${llvm_libraries} -Wl,--pop-state)

# TOML, header-only and without exceptions, which we do not throw (decision 0011).
find_path(WASMAX_TOML_INCLUDE toml++/toml.h REQUIRED)
add_library(wasmax_toml INTERFACE)
target_include_directories(wasmax_toml SYSTEM INTERFACE ${WASMAX_TOML_INCLUDE})
target_compile_definitions(wasmax_toml INTERFACE TOML_HEADER_ONLY=1 TOML_EXCEPTIONS=0)
