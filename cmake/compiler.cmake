# The compiler, its warnings and the sanitizers. Reasons: docs/adr/0001-compiler-and-standard.md.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR "g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles coroutines: use clang++-19 "
                      "(cmake --preset dev) or g++ 13 and newer.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(odk_options INTERFACE)
target_compile_options(odk_options INTERFACE -Wall -Wextra -Wshadow -Wconversion)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(odk_options INTERFACE -Wthread-safety "SHELL:-Xclang -fno-pch-timestamp")
endif()
if(ODRADEK_WERROR)
  target_compile_options(odk_options INTERFACE -Werror)
endif()

if(ODRADEK_SANITIZE)
  target_compile_options(odk_options INTERFACE -fsanitize=${ODRADEK_SANITIZE}
                         -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(odk_options INTERFACE -fsanitize=${ODRADEK_SANITIZE})
endif()
if(ODRADEK_FUZZ)
  target_compile_options(odk_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(ODRADEK_STATIC)
  target_link_options(odk_options INTERFACE -static)
endif()
# Each program loads only the libraries it calls: that is memory and time at its start.
target_link_options(odk_options INTERFACE LINKER:--as-needed)

find_program(ODRADEK_MOLD mold)
if(ODRADEK_MOLD AND NOT ODRADEK_STATIC)
  target_link_options(odk_options INTERFACE -fuse-ld=mold)
endif()
find_program(ODRADEK_CCACHE ccache)
if(ODRADEK_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${ODRADEK_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ODRADEK_CCACHE})
endif()
