# SPDX-License-Identifier: Apache-2.0
# Text files become C++ constants at build time, so that they can be edited and linted as what they are.
#
# simile_embed_text(TARGET CONSTANT FILE): <FILE's name>.hpp in the build folder, on TARGET's private include path, with
# `inline constexpr std::string_view CONSTANT`. Run as a script (cmake -P) this file writes that header.

if(CMAKE_SCRIPT_MODE_FILE AND CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  file(READ "${INPUT}" text)
  if(text MATCHES "\\)EMBED\"")
    message(FATAL_ERROR "${INPUT} contains the end of a raw string literal")
  endif()
  file(WRITE "${OUTPUT}.new" "// Made from ${INPUT}\n#pragma once\n\n#include <string_view>\n\nnamespace simile {\n"
                             "inline constexpr std::string_view ${CONSTANT} = R\"EMBED(${text})EMBED\";\n}\n")
  file(RENAME "${OUTPUT}.new" "${OUTPUT}")
  return()
endif()

set(SIMILE_EMBED_TEXT_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

function(simile_embed_text target constant file)
  get_filename_component(input "${file}" ABSOLUTE)
  get_filename_component(name "${file}" NAME)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/embedded")
  set(output "${folder}/${name}.hpp")
  file(MAKE_DIRECTORY "${folder}")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" -DINPUT=${input} -DOUTPUT=${output} -DCONSTANT=${constant} -P "${SIMILE_EMBED_TEXT_SCRIPT}"
    DEPENDS "${input}" "${SIMILE_EMBED_TEXT_SCRIPT}"
    COMMENT "Embedding ${name}"
    VERBATIM)
  target_sources(${target} PRIVATE "${output}")
  target_include_directories(${target} PRIVATE "${folder}")
endfunction()
