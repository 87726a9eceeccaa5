# The dependency graph of src/, once. A directory is a library, a namespace and a target: all of
# src/NAME/ belongs to wasmax_NAME, tested by wasmax_NAME_test from tests/unit/NAME/. A library may
# include only what it lists here; `./dev tidy` enforces it, with the picture in ARCHITECTURE.md.
function(wasmax_library name)
    cmake_parse_arguments(ARG "SHARED" "" "DEPENDS;LINKS;LOADS" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS
        ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp ${CMAKE_SOURCE_DIR}/src/${name}/*.S)
    set(kind STATIC)
    if(ARG_SHARED)
        set(kind SHARED)
    endif()
    if(NOT sources)
        add_library(wasmax_${name} INTERFACE)
        set(scope INTERFACE)
    else()
        add_library(wasmax_${name} ${kind} ${sources})
        set(scope PUBLIC)
        target_link_libraries(wasmax_${name} PRIVATE wasmax_flags)
    endif()
    add_library(wasmax::${name} ALIAS wasmax_${name})
    target_include_directories(wasmax_${name} ${scope} ${CMAKE_SOURCE_DIR}/src)
    list(TRANSFORM ARG_DEPENDS PREPEND wasmax_)
    target_link_libraries(wasmax_${name} ${scope} ${ARG_DEPENDS} ${ARG_LINKS})
endfunction()

# The program `output` whose main() is in src/NAME/. LOADS: a library of which it uses the headers only,
# because it is loaded at run time.
function(wasmax_program name output)
    cmake_parse_arguments(ARG "" "" "DEPENDS;LINKS;LOADS" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
    add_executable(${output} ${sources})
    list(TRANSFORM ARG_DEPENDS PREPEND wasmax_)
    target_link_libraries(${output} PRIVATE wasmax_flags ${ARG_DEPENDS} ${ARG_LINKS})
endfunction()

wasmax_library(base)
wasmax_library(wasm DEPENDS base)
wasmax_library(abi DEPENDS wasm base)
wasmax_library(trace DEPENDS base)
wasmax_library(io DEPENDS base LINKS Threads::Threads)
wasmax_library(codegen DEPENDS abi wasm base LINKS wasmax_llvm Threads::Threads)
wasmax_library(runtime DEPENDS abi wasm base LINKS Threads::Threads)
wasmax_library(wasix DEPENDS runtime io trace abi wasm base)
wasmax_library(launch DEPENDS wasix runtime io trace abi wasm base)
wasmax_library(engine DEPENDS launch wasix runtime io trace abi wasm base LOADS codegen
    LINKS wabt::wabt ${WASMAX_NETTLE} ${CMAKE_DL_LIBS})

# libwasmax_codegen.so: codegen with LLVM inside, loaded by the engine in a child process on a cache
# miss, so that no other process maps LLVM (src/codegen/plugin.h). It exports one symbol.
add_library(wasmax_codegen_plugin SHARED $<TARGET_OBJECTS:wasmax_codegen>)
set_target_properties(wasmax_codegen_plugin PROPERTIES
    OUTPUT_NAME wasmax_codegen LINKER_LANGUAGE CXX)
set_target_properties(wasmax_codegen PROPERTIES CXX_VISIBILITY_PRESET hidden)
target_link_libraries(wasmax_codegen_plugin PRIVATE
    wasmax_abi wasmax_wasm wasmax_base wasmax_llvm Threads::Threads)
target_link_options(wasmax_codegen_plugin PRIVATE
    -Wl,--gc-sections -Wl,-z,defs
    -Wl,--version-script=${CMAKE_SOURCE_DIR}/src/codegen/plugin.map
    $<$<CONFIG:Release>:-Wl,--strip-all>)
set_target_properties(wasmax_codegen_plugin PROPERTIES
    LINK_DEPENDS ${CMAKE_SOURCE_DIR}/src/codegen/plugin.map)
wasmax_library(chart DEPENDS base LINKS fmt::fmt)
wasmax_library(lab DEPENDS chart base LINKS fmt::fmt nlohmann_json::nlohmann_json PkgConfig::XLSXWRITER wasmax_toml)
wasmax_program(cli wasmax DEPENDS lab chart engine launch wasix runtime io trace abi wasm base LOADS codegen
    LINKS CLI11::CLI11 fmt::fmt nlohmann_json::nlohmann_json PkgConfig::XLSXWRITER)

# libwasmax_twin.so: what `wasmax trace --native` loads into a native program. It brings everything it
# needs and shows the program nothing but the functions it stands in front of.
wasmax_library(twin SHARED DEPENDS trace base LINKS ${CMAKE_DL_LIBS})
set_target_properties(wasmax_twin PROPERTIES CXX_VISIBILITY_PRESET hidden)
target_link_options(wasmax_twin PRIVATE
    -static-libstdc++ -static-libgcc -Wl,--exclude-libs,ALL -Wl,--gc-sections -Wl,-z,defs)

# The program that create-exe copies. It needs nothing of the machine it runs on: no libraries, no
# loader. Sanitizers cannot be linked statically, so there is none in their builds.
if(NOT WASMAX_SANITIZE)
    wasmax_program(standalone wasmax_standalone DEPENDS launch wasix runtime io trace abi wasm base)
    set_target_properties(wasmax_standalone PROPERTIES
        OUTPUT_NAME wasmax-standalone RUNTIME_OUTPUT_DIRECTORY ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
    target_link_options(wasmax_standalone PRIVATE
        -static-pie -Wl,--gc-sections -Wl,--strip-all)
endif()
