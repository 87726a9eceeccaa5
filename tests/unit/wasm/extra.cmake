# Modules are written in text: the converter of the engine library, without the rest of it.
find_library(WABT_LIBRARY wabt REQUIRED)
target_sources(wasmax_wasm_test PRIVATE ${CMAKE_SOURCE_DIR}/src/engine/text_format.cpp)
target_link_libraries(wasmax_wasm_test PRIVATE ${WABT_LIBRARY} nlohmann_json::nlohmann_json)

# The modules of the specification's test suite, unpacked into the build tree.
set(spec_modules ${CMAKE_CURRENT_BINARY_DIR}/wasm_spec_modules)
target_compile_definitions(wasmax_wasm_test PRIVATE WASMAX_SPEC_MODULES="${spec_modules}")
foreach(group core bulk-memory)
    set(archive ${shared_directory}/spec/json/${group}.tar.xz)
    if(EXISTS ${archive})
        add_custom_command(OUTPUT ${spec_modules}/${group}.stamp
            COMMAND ${CMAKE_COMMAND} -E make_directory ${spec_modules}
            COMMAND ${CMAKE_COMMAND} -E chdir ${spec_modules} ${CMAKE_COMMAND} -E tar xf ${archive}
            COMMAND ${CMAKE_COMMAND} -E touch ${spec_modules}/${group}.stamp
            DEPENDS ${archive} VERBATIM)
        target_sources(wasmax_wasm_test PRIVATE ${spec_modules}/${group}.stamp)
    endif()
endforeach()
