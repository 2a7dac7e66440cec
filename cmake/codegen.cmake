# Generates the protocol messages from the schema table, at configure time: the list of files is
# then known.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
set(ODRADEK_SCHEMA ${PROJECT_SOURCE_DIR}/schema/kafka-4.4.txt)
file(GLOB codegen_inputs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/codegen/*.py)
list(APPEND codegen_inputs ${ODRADEK_SCHEMA})
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${codegen_inputs})

if(EXISTS ${PROJECT_SOURCE_DIR}/tools/codegen/generate.py AND EXISTS ${ODRADEK_SCHEMA})
execute_process(
  COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/codegen/generate.py
          --schema ${ODRADEK_SCHEMA} --out ${ODRADEK_GENERATED}
  COMMAND_ERROR_IS_FATAL ANY)
endif()
file(GLOB_RECURSE ODRADEK_GENERATED_SOURCES ${ODRADEK_GENERATED}/proto/*.cc)

# The dashboard's files, packed, as C++; made anew when one of them changes.
set(ODRADEK_ASSETS ${PROJECT_SOURCE_DIR}/src/broker/dashboard/assets)
set(ODRADEK_ASSETS_SOURCE ${ODRADEK_GENERATED}/broker/dashboard_assets.cc)
file(GLOB asset_files CONFIGURE_DEPENDS ${ODRADEK_ASSETS}/*)
add_custom_command(
  OUTPUT ${ODRADEK_ASSETS_SOURCE}
  COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/codegen/embed_assets.py
          ${ODRADEK_ASSETS} ${ODRADEK_ASSETS_SOURCE}
  DEPENDS ${asset_files} ${PROJECT_SOURCE_DIR}/tools/codegen/embed_assets.py)
