# Modules are written in text and compiled: the converter of the engine library, without the rest of it,
# and the code generator.
target_sources(wasmax_runtime_test PRIVATE ${CMAKE_SOURCE_DIR}/src/engine/text_format.cpp)
target_link_libraries(wasmax_runtime_test PRIVATE
    wasmax_codegen wabt::wabt nlohmann_json::nlohmann_json)
