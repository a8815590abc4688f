# SPDX-License-Identifier: Apache-2.0
# How every target of simile is made: one library per room, one test program per room.

# Flags that every target shares. Floating-point contraction is off everywhere: decisions must be the same on every
# machine (docs/definitions.md), so a multiply and an add are fused only where the code says so.
add_library(simile_flags INTERFACE)
target_compile_features(simile_flags INTERFACE cxx_std_20)
set(simile_warnings -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual)
string(REPLACE ";" "," cuda_warnings "${simile_warnings}")
target_compile_options(simile_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off;-Wpedantic;${simile_warnings}>
  # What nvcc makes of a source for the host is not pedantic.
  $<$<COMPILE_LANGUAGE:CUDA>:-fmad=false;--expt-relaxed-constexpr;-Xcompiler=-ffp-contract=off,${cuda_warnings}>)
if(SIMILE_WARNINGS_AS_ERRORS)
  target_compile_options(simile_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>
                                                $<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings;-Xcompiler=-Werror>)
endif()
if(SIMILE_SANITIZE)
  target_compile_options(simile_flags INTERFACE -fsanitize=${SIMILE_SANITIZE} -fno-omit-frame-pointer
                                                -fno-sanitize-recover=all)
  target_link_options(simile_flags INTERFACE -fsanitize=${SIMILE_SANITIZE})
endif()

find_program(SIMILE_CCACHE ccache)
if(SIMILE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${SIMILE_CCACHE}")
  set(CMAKE_CUDA_COMPILER_LAUNCHER "${SIMILE_CCACHE}")
endif()

# simile_link_private(TARGET libraries...): links what TARGET uses inside. Who links an installed TARGET needs them as
# well, but for those that are headers only.
function(simile_link_private target)
  foreach(library IN LISTS ARGN)
    if(library MATCHES "^(nlohmann_json|CLI11)::")
      target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:${library}>)
    else()
      target_link_libraries(${target} PRIVATE ${library})
    endif()
  endforeach()
endfunction()

# simile_room(NAME SOURCES... [DEPENDS rooms and libraries] [PRIVATE libraries] [IMAGE_HEADERS headers]): the library
# simile_NAME, also known as simile::NAME, and the installation of both it and its headers. IMAGE_HEADERS are of no use
# without SIMILE_WITH_IMAGES.
function(simile_room name)
  cmake_parse_arguments(PARSE_ARGV 1 ROOM "" "" "SOURCES;DEPENDS;PRIVATE;IMAGE_HEADERS")
  add_library(simile_${name} STATIC ${ROOM_SOURCES})
  add_library(simile::${name} ALIAS simile_${name})
  target_include_directories(simile_${name}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(simile_${name} PUBLIC ${ROOM_DEPENDS} PRIVATE $<BUILD_INTERFACE:simile_flags>)
  simile_link_private(simile_${name} ${ROOM_PRIVATE})
  target_compile_features(simile_${name} PUBLIC cxx_std_20)
  set_target_properties(simile_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON EXPORT_NAME ${name})
  set(left_out "")
  if(NOT SIMILE_WITH_IMAGES)
    foreach(header IN LISTS ROOM_IMAGE_HEADERS)
      list(APPEND left_out PATTERN ${header} EXCLUDE)
    endforeach()
  endif()
  install(TARGETS simile_${name} EXPORT simileTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/simile/${name} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/simile
          FILES_MATCHING PATTERN "*.hpp" ${left_out})
endfunction()

# Programs with tests labelled "threaded": what runs under ThreadSanitizer.
add_custom_target(threaded_tests)

# simile_test(NAME SOURCES... [DEPENDS libraries] [LABELS labels]): the test program test_NAME; each case is a CTest test.
function(simile_test name)
  cmake_parse_arguments(PARSE_ARGV 1 TEST "" "TIMEOUT" "SOURCES;DEPENDS;LABELS")
  add_executable(test_${name} ${TEST_SOURCES})
  if(SIMILE_SANITIZE MATCHES "address")
    target_sources(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/leaks_of_others.cpp)
  endif()
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(test_${name} PRIVATE simile_flags ${TEST_DEPENDS} GTest::gmock GTest::gtest_main)
  # Tests are compiled more often than they run: optimising them costs more than it gives.
  target_compile_options(test_${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  target_compile_definitions(test_${name} PRIVATE SIMILE_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
  if("threaded" IN_LIST TEST_LABELS)
    add_dependencies(threaded_tests test_${name})
  endif()
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 300)
  endif()
  gtest_discover_tests(test_${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${TEST_TIMEOUT})
  # Not among the PROPERTIES above: they lose the border between a list's elements and what follows it.
  set(labels cpu ${TEST_LABELS})
  set(labels_file ${CMAKE_CURRENT_BINARY_DIR}/test_${name}_labels.cmake)
  file(WRITE ${labels_file} "if(test_${name}_TESTS)
  set_tests_properties(\${test_${name}_TESTS} PROPERTIES LABELS \"${labels}\")
endif()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${labels_file})
endfunction()
