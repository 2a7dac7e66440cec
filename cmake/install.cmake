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

if(NOT ODRADEK_SANITIZE)
  target_link_options(odradek PRIVATE LINKER:-z,defs)  # nothing an option left out is needed
endif()

install(TARGETS odradek EXPORT odradek-targets COMPONENT library
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/odradek COMPONENT library
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT odradek-targets NAMESPACE odradek:: FILE odradek-config.cmake COMPONENT library
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/odradek)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/odradek-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
configure_file(${PROJECT_SOURCE_DIR}/cmake/odradek.pc.in ${PROJECT_BINARY_DIR}/odradek.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/odradek-config-version.cmake COMPONENT library
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/odradek)
install(FILES ${PROJECT_BINARY_DIR}/odradek.pc COMPONENT library
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/NOTICE COMPONENT library
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libodradek-dev)

# cpack -G DEB: libodradek-dev with the library, odradek with the programs.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME odradek)
set(CPACK_PACKAGE_VENDOR Odradek)
set(CPACK_PACKAGE_CONTACT "The Odradek authors <odradek@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Kafka client library and tools")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libodradek-dev)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libdevel)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION
    "Kafka client library for C++20: headers and shared library")
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_NAME odradek)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SECTION net)
set(CPACK_COMPONENT_PROGRAMS_DESCRIPTION "Kafka broker, partition proxy, backup and odk")
set(CPACK_COMPONENTS_ALL library)
if(ODRADEK_IS_WHOLE)
  list(APPEND CPACK_COMPONENTS_ALL programs)
endif()
include(CPack)
