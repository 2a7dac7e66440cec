# libodradek as other programs use it: one shared library, the public headers, a CMake package and
# a pkg-config file. What it is built of stays inside, so users need none of its dependencies.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

odk_closure(library_modules client)
add_library(odradek SHARED ${PROJECT_SOURCE_DIR}/cmake/empty.cc)
add_library(odradek::odradek ALIAS odradek)
foreach(module ${library_modules})
  target_link_libraries(odradek PRIVATE $<BUILD_INTERFACE:odk_${module}>)
endforeach()
target_link_libraries(odradek PRIVATE $<BUILD_INTERFACE:odk_options>)
target_include_directories(odradek INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(odradek INTERFACE cxx_std_20)
set_target_properties(odradek PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0
                      LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

install(TARGETS odradek EXPORT odradek-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/odradek DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT odradek-targets NAMESPACE odradek:: FILE odradek-config.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/odradek)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/odradek-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
configure_file(${PROJECT_SOURCE_DIR}/cmake/odradek.pc.in ${PROJECT_BINARY_DIR}/odradek.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/odradek-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/odradek)
install(FILES ${PROJECT_BINARY_DIR}/odradek.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
