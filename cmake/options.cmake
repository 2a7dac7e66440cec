# What a libodradek may do without. Each option that is OFF leaves sources out and puts in their
# place a file of cmake/absent/ that says so at run time; the dependency is not needed at all.
# The programs need everything: with anything OFF only the library, and its examples are built.
option(ODRADEK_WITH_TLS "TLS connections (OpenSSL's libssl)" ON)
option(ODRADEK_WITH_SASL_SCRAM "SASL SCRAM-SHA-256 and -512 (OpenSSL's libcrypto)" ON)
option(ODRADEK_WITH_SASL_OAUTH "SASL OAUTHBEARER (libcrypto, nlohmann_json, curl)" ON)
option(ODRADEK_WITH_GZIP "gzip compression (zlib, isa-l)" ON)
option(ODRADEK_WITH_SNAPPY "snappy compression" ON)
option(ODRADEK_WITH_LZ4 "lz4 compression" ON)
option(ODRADEK_WITH_ZSTD "zstd compression" ON)

set(ODRADEK_OPTIONS TLS SASL_SCRAM SASL_OAUTH GZIP SNAPPY LZ4 ZSTD)
set(ODRADEK_IS_WHOLE ON)
set(ODRADEK_OMITTED)   # sources left out, relative to src/
set(ODRADEK_INSTEAD)   # "module|file of cmake/absent/"
foreach(part ${ODRADEK_OPTIONS})
  if(NOT ODRADEK_WITH_${part})
    set(ODRADEK_IS_WHOLE OFF)
  endif()
endforeach()

if(ODRADEK_WITH_TLS OR ODRADEK_WITH_SASL_SCRAM OR ODRADEK_WITH_SASL_OAUTH)
  set(ODRADEK_NEEDS_CRYPTO ON)
else()
  set(ODRADEK_NEEDS_CRYPTO OFF)
  list(APPEND ODRADEK_OMITTED auth/crypto.cc)
endif()
if(NOT ODRADEK_WITH_TLS)
  list(APPEND ODRADEK_OMITTED io/asio.cc io/tls_stream.cc io/tls_error.cc auth/dev_certificate.cc
       auth/pem.cc auth/tls_context.cc auth/tls_principal.cc)
  list(APPEND ODRADEK_INSTEAD io|asio.cc io|tls_stream.cc auth|tls_context.cc)
endif()
if(NOT ODRADEK_WITH_SASL_SCRAM)
  list(APPEND ODRADEK_OMITTED auth/credentials.cc auth/scram_client.cc auth/scram_server.cc
       auth/scram_credential.cc client/admin/alter_scram_users.cc)
  list(APPEND ODRADEK_INSTEAD client|alter_scram_users.cc)
endif()
if(NOT ODRADEK_WITH_SASL_OAUTH)
  list(APPEND ODRADEK_OMITTED auth/oauthbearer.cc auth/jwt.cc auth/jwk.cc
       client/security/token_endpoint.cc web/ask.cc web/http_client.cc)
  list(APPEND ODRADEK_INSTEAD client|token_endpoint.cc)
endif()
foreach(codec GZIP SNAPPY LZ4 ZSTD)
  if(NOT ODRADEK_WITH_${codec})
    string(TOLOWER ${codec} name)
    list(APPEND ODRADEK_OMITTED wire/codec_${name}.cc)
    list(APPEND ODRADEK_INSTEAD wire|codec_${name}.cc)
  endif()
endforeach()

# odk_apply_options(NAME SOURCES_VARIABLE): the sources of a module as the options want them.
function(odk_apply_options name variable)
  set(sources ${${variable}})
  foreach(omitted ${ODRADEK_OMITTED})
    list(REMOVE_ITEM sources ${PROJECT_SOURCE_DIR}/src/${omitted})
  endforeach()
  foreach(instead ${ODRADEK_INSTEAD})
    if(instead MATCHES "^${name}\\|(.*)$")
      list(APPEND sources ${PROJECT_SOURCE_DIR}/cmake/absent/${CMAKE_MATCH_1})
    endif()
  endforeach()
  set(${variable} ${sources} PARENT_SCOPE)
endfunction()
