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

# LLVM, found by its own configuration tool so that the version is pinned in one place.
find_program(WASMAX_LLVM_CONFIG llvm-config-22 REQUIRED)
