# SPDX-License-Identifier: Apache-2.0
# The target simile_torch: the CPU half of LibTorch, as the torch wheel or a LibTorch archive holds it. Not by
# find_package(Torch): its targets also link libtorch_cuda, which needs every NVIDIA library (docs/developer-guide.md).
set(SIMILE_LIBTORCH "" CACHE PATH "Folder of LibTorch, with include/ and lib/ (in the wheel: site-packages/torch)")
set(SIMILE_LIBTORCH_LEAST_VERSION 2.11)

# What was found of an earlier one would stay.
if(NOT "${SIMILE_LIBTORCH}" STREQUAL "${SIMILE_LIBTORCH_SEARCHED}")
  unset(SIMILE_TORCH_INCLUDE_DIR CACHE)
  unset(SIMILE_TORCH_CPU_LIBRARY CACHE)
  unset(SIMILE_TORCH_C10_LIBRARY CACHE)
  set(SIMILE_LIBTORCH_SEARCHED "${SIMILE_LIBTORCH}" CACHE INTERNAL "")
endif()

find_path(SIMILE_TORCH_INCLUDE_DIR torch/script.h HINTS "${SIMILE_LIBTORCH}" PATH_SUFFIXES include)
find_library(SIMILE_TORCH_CPU_LIBRARY torch_cpu HINTS "${SIMILE_LIBTORCH}" PATH_SUFFIXES lib)
find_library(SIMILE_TORCH_C10_LIBRARY c10 HINTS "${SIMILE_LIBTORCH}" PATH_SUFFIXES lib)
if(NOT SIMILE_TORCH_INCLUDE_DIR OR NOT SIMILE_TORCH_CPU_LIBRARY OR NOT SIMILE_TORCH_C10_LIBRARY)
  message(FATAL_ERROR "SIMILE_WITH_LEARN needs LibTorch ${SIMILE_LIBTORCH_LEAST_VERSION} or newer: ./dev installs one, or name "
                      "yours by -DSIMILE_LIBTORCH=FOLDER (the folder with include/ and lib/)")
endif()
file(STRINGS "${SIMILE_TORCH_INCLUDE_DIR}/torch/headeronly/version.h" version_lines REGEX "TORCH_VERSION_(MAJOR|MINOR) ")
string(REGEX REPLACE ".*MAJOR ([0-9]+).*MINOR ([0-9]+).*" "\\1.\\2" SIMILE_TORCH_VERSION "${version_lines}")
if(SIMILE_TORCH_VERSION VERSION_LESS SIMILE_LIBTORCH_LEAST_VERSION)
  message(FATAL_ERROR "LibTorch ${SIMILE_TORCH_VERSION} in ${SIMILE_LIBTORCH} is older than ${SIMILE_LIBTORCH_LEAST_VERSION}")
endif()

add_library(simile_torch INTERFACE)
target_include_directories(simile_torch SYSTEM INTERFACE "${SIMILE_TORCH_INCLUDE_DIR}"
                                                         "${SIMILE_TORCH_INCLUDE_DIR}/torch/csrc/api/include")
target_link_libraries(simile_torch INTERFACE "${SIMILE_TORCH_CPU_LIBRARY}" "${SIMILE_TORCH_C10_LIBRARY}")
