# Third-party libraries, all from the distribution (tools/install-deps.sh installs them).
if(ODRADEK_STATIC)
  set(OPENSSL_USE_STATIC_LIBS ON)
  set(Boost_USE_STATIC_LIBS ON)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
endif()

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(PkgConfig REQUIRED)

# odk_pkg(NAME): an imported target PkgConfig::NAME, static where asked.
function(odk_pkg name)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${ARGN})
endfunction()
odk_pkg(isal libisal)
odk_pkg(zstd libzstd)
odk_pkg(lz4 liblz4)
odk_pkg(xxhash libxxhash)
odk_pkg(re2 re2)
odk_pkg(sqlite sqlite3)
odk_pkg(curl libcurl)
odk_pkg(yaml yaml-cpp)
find_library(ODRADEK_SNAPPY snappy REQUIRED)
find_package(prometheus-cpp REQUIRED CONFIG)

find_package(mimalloc QUIET)

add_library(odk_asio INTERFACE)
target_compile_definitions(odk_asio INTERFACE BOOST_ASIO_SEPARATE_COMPILATION
                           BOOST_ASIO_NO_DEPRECATED)
target_include_directories(odk_asio SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
target_link_libraries(odk_asio INTERFACE OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
