# tessera_library(NAME SRCS ... DEPS ...)            a static library of libs/ or of a service's layer
# tessera_test(NAME TIER unit|store|service|contract SRCS ... DEPS ...)   a GoogleTest binary in one tier
# tessera_embed(TARGET NAMESPACE FILES ...)          files compiled into the binary as one table of (name, content)
function(tessera_library name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SRCS})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/libs ${CMAKE_SOURCE_DIR} ${TESSERA_GENERATED})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE tessera_warnings)
  if(TESSERA_FAULT_POINTS)
    target_compile_definitions(${name} PUBLIC TESSERA_FAULT_POINTS=1)
  endif()
endfunction()

function(tessera_test name)
  cmake_parse_arguments(ARG "" "TIER;TIMEOUT" "SRCS;DEPS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SRCS})
  if(NOT TESSERA_FAULT_POINTS)  # tests arm them: a build as deployed has no tests
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} tessera_warnings GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE TESSERA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_TIER} TIMEOUT ${ARG_TIMEOUT})
  if(NOT ARG_TIER STREQUAL "unit")
    set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
  endif()
endfunction()

function(tessera_embed target namespace)
  cmake_parse_arguments(ARG "" "" "FILES" ${ARGN})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${target}_embedded.cc)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DNAMESPACE=${namespace} "-DFILES=${ARG_FILES}" -P
            ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${ARG_FILES} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()

# A service folder: domain (pure) and service (all other layers) libraries, the tessera-NAME binary, its migrations.
function(tessera_service name)
  cmake_parse_arguments(ARG "" "" "DOMAIN_DEPS;DEPS" ${ARGN})
  file(GLOB domain_srcs CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/domain/*.cc)
  list(FILTER domain_srcs EXCLUDE REGEX "_test\\.cc$")
  file(GLOB layer_srcs CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/service.cc ${CMAKE_CURRENT_SOURCE_DIR}/api/*.cc
       ${CMAKE_CURRENT_SOURCE_DIR}/consumers/*.cc ${CMAKE_CURRENT_SOURCE_DIR}/timers/*.cc
       ${CMAKE_CURRENT_SOURCE_DIR}/store/*.cc ${CMAKE_CURRENT_SOURCE_DIR}/events/*.cc)
  list(FILTER layer_srcs EXCLUDE REGEX "_test\\.cc$")
  file(GLOB sql CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/migrations/*.sql ${CMAKE_CURRENT_SOURCE_DIR}/checks/*.sql)

  tessera_library(${name}_domain SRCS ${domain_srcs} DEPS tessera_base tessera_engine_pure ${ARG_DOMAIN_DEPS})
  tessera_library(${name}_service SRCS ${layer_srcs} DEPS ${name}_domain tessera_service_kit ${ARG_DEPS})
  tessera_embed(${name}_service tessera::${name} FILES ${sql})
  add_executable(tessera-${name} ${CMAKE_CURRENT_SOURCE_DIR}/main.cc)
  target_link_libraries(tessera-${name} PRIVATE ${name}_service tessera_warnings)
  if(NOT TESSERA_SANITIZE)  # a sanitizer brings its own
    target_link_libraries(tessera-${name} PRIVATE PkgConfig::jemalloc)
  endif()

  file(GLOB unit_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/domain/*_test.cc)
  if(unit_tests)
    tessera_test(${name}_domain_test TIER unit SRCS ${unit_tests} DEPS ${name}_domain rapidcheck)
  endif()
  file(GLOB layer_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/api/*_test.cc
       ${CMAKE_CURRENT_SOURCE_DIR}/consumers/*_test.cc ${CMAKE_CURRENT_SOURCE_DIR}/events/*_test.cc)
  if(layer_tests)
    tessera_test(${name}_layers_test TIER unit SRCS ${layer_tests} DEPS ${name}_service)
  endif()
  file(GLOB store_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/store/*_test.cc)
  if(store_tests)
    tessera_test(${name}_store_test TIER store SRCS ${store_tests} DEPS ${name}_service tessera_testing)
  endif()
  file(GLOB service_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/*_test.cc)
  if(service_tests)
    tessera_test(${name}_test TIER service TIMEOUT 600 SRCS ${service_tests} DEPS ${name}_service tessera_testing)
    add_dependencies(${name}_test tessera-${name})
  endif()
endfunction()
