# The folders of src/ as OBJECT libraries. Their DEPS are the rule of who may include whom;
# tools/tidy.py checks the includes against the same order.

# odk_module(NAME [DEPS module...] [LIBS target...] [ASIO])
#   sources   src/NAME/**.cc but tests         -> OBJECT library odk_NAME
#   tests     src/NAME/**_test.cc              -> executable and ctest odk_NAME_tests
function(odk_module name)
  cmake_parse_arguments(ARG "ASIO" "" "DEPS;LIBS;SOURCES;TEST_DEPS" ${ARGN})
  file(GLOB_RECURSE all CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(sources ${all} ${ARG_SOURCES})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  if(NOT sources)
    set(sources ${PROJECT_SOURCE_DIR}/cmake/empty.cc)
  endif()

  add_library(odk_${name} OBJECT ${sources})
  target_include_directories(odk_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src
                             ${PROJECT_SOURCE_DIR}/include
                             ${ODRADEK_GENERATED})
  target_link_libraries(odk_${name} PUBLIC odk_options ${ARG_LIBS})
  foreach(dep ${ARG_DEPS})
    target_link_libraries(odk_${name} PUBLIC odk_${dep})
  endforeach()
  if(ARG_ASIO)
    target_precompile_headers(odk_${name} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/pch_asio.h)
  endif()

  set(closure ${name})
  foreach(dep ${ARG_DEPS})
    list(APPEND closure ${ODK_CLOSURE_${dep}})
  endforeach()
  list(REMOVE_DUPLICATES closure)
  set(ODK_CLOSURE_${name} ${closure} PARENT_SCOPE)

  if(tests AND ODRADEK_TESTS)
    set(test_closure ${closure})
    foreach(dep ${ARG_TEST_DEPS})
      list(APPEND test_closure ${ODK_CLOSURE_${dep}})
    endforeach()
    list(REMOVE_DUPLICATES test_closure)
    set(ODK_TEST_${name} "${tests}|${test_closure}" PARENT_SCOPE)
    odk_gtest(odk_${name}_tests SOURCES ${tests} MODULES ${test_closure})
  endif()
endfunction()

# odk_executable(TARGET SOURCES... MODULES module...): links the objects of the modules themselves.
function(odk_executable target)
  cmake_parse_arguments(ARG "" "" "SOURCES;MODULES" ${ARGN})
  add_executable(${target} ${ARG_SOURCES})
  foreach(module ${ARG_MODULES})
    target_link_libraries(${target} PRIVATE odk_${module})
  endforeach()
  target_link_libraries(${target} PRIVATE odk_options)
endfunction()

function(odk_gtest target)
  cmake_parse_arguments(ARG "" "" "SOURCES;MODULES" ${ARGN})
  odk_executable(${target} SOURCES ${ARG_SOURCES} MODULES ${ARG_MODULES})
  target_link_libraries(${target} PRIVATE GTest::gmock GTest::gtest_main)
  target_compile_definitions(${target} PRIVATE ODK_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                             ODK_BINARY_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  target_precompile_headers(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/pch_test.h)
  add_test(NAME ${target} COMMAND ${target})
  set_tests_properties(${target} PROPERTIES TIMEOUT 600)
endfunction()

odk_module(base LIBS fmt::fmt spdlog::spdlog Threads::Threads)
odk_module(wire DEPS base LIBS PkgConfig::isal PkgConfig::zstd PkgConfig::lz4 PkgConfig::xxhash
           ${ODRADEK_SNAPPY} ZLIB::ZLIB)
odk_module(proto DEPS wire SOURCES ${ODRADEK_GENERATED_SOURCES})
odk_module(config DEPS base LIBS PkgConfig::yaml)
odk_module(io DEPS base LIBS odk_asio ASIO)
odk_module(auth DEPS base LIBS OpenSSL::SSL OpenSSL::Crypto nlohmann_json::nlohmann_json)
odk_module(http DEPS io LIBS odk_asio ASIO)
odk_module(web DEPS base LIBS PkgConfig::curl TEST_DEPS http)
odk_module(obs DEPS http LIBS prometheus-cpp::core nlohmann_json::nlohmann_json)
odk_module(rpc DEPS proto io auth LIBS odk_asio ASIO)
odk_module(log DEPS wire)
odk_module(store DEPS http LIBS odk_asio nlohmann_json::nlohmann_json OpenSSL::Crypto ASIO)
odk_module(broker DEPS rpc log obs config
           LIBS odk_asio nlohmann_json::nlohmann_json PkgConfig::re2 PkgConfig::xxhash ASIO
           SOURCES ${ODRADEK_ASSETS_SOURCE})
odk_module(cluster DEPS rpc LIBS odk_asio ASIO TEST_DEPS broker)
odk_module(client DEPS cluster web
           LIBS odk_asio PkgConfig::re2 nlohmann_json::nlohmann_json ASIO
           TEST_DEPS broker)
odk_module(proxy DEPS cluster obs config web LIBS odk_asio ASIO TEST_DEPS broker)
odk_module(backup DEPS cluster store obs config wire
           LIBS odk_asio PkgConfig::sqlite PkgConfig::zstd nlohmann_json::nlohmann_json ASIO
           TEST_DEPS broker client)
odk_module(testing DEPS client broker)
set_target_properties(odk_proto PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 20)
