# Modules are written in text: the converter of the engine library, without the rest of it.
target_sources(wasmax_codegen_test PRIVATE ${CMAKE_SOURCE_DIR}/src/engine/text_format.cpp)
target_link_libraries(wasmax_codegen_test PRIVATE wabt::wabt nlohmann_json::nlohmann_json)
