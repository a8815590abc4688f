# SPDX-License-Identifier: Apache-2.0
# Libraries behind image reading, reports and the command line; scripts/packages.txt says which Debian packages hold them.
# The installed package reads this file, too: who links the static libraries of the rooms needs what they need.

# simile_find_package(NAME ...): find_package, required; from the installed package, as find_package(simile) was asked for.
macro(simile_find_package)
  if(CMAKE_FIND_PACKAGE_NAME STREQUAL "simile")
    find_dependency(${ARGN})
  else()
    find_package(${ARGN} REQUIRED)
  endif()
endmacro()

# simile_find_library(NAME HEADER header [SUFFIX folder] [LIBRARIES names...]): the target NAME for libraries that have no
# CMake package.
macro(simile_find_library name)
  cmake_parse_arguments(FOUND "" "HEADER;SUFFIX" "LIBRARIES" ${ARGN})
  add_library(${name} INTERFACE IMPORTED)
  find_path(${name}_INCLUDE_DIR ${FOUND_HEADER} PATH_SUFFIXES ${FOUND_SUFFIX} REQUIRED)
  target_include_directories(${name} SYSTEM INTERFACE ${${name}_INCLUDE_DIR})
  foreach(library IN LISTS FOUND_LIBRARIES)
    find_library(${name}_${library}_LIBRARY ${library} REQUIRED)
    target_link_libraries(${name} INTERFACE ${${name}_${library}_LIBRARY})
  endforeach()
endmacro()

# OpenCV's modules are found one by one. Debian ships its CMake package only in libopencv-dev, which installs 735 MB; and
# ${OpenCV_LIBS} would also bind opencv_dnn and, through it, protobuf.
simile_find_library(simile_opencv HEADER opencv2/core.hpp SUFFIX opencv4
                    LIBRARIES opencv_core opencv_imgproc opencv_imgcodecs)
simile_find_library(simile_opencv_features HEADER opencv2/features2d.hpp SUFFIX opencv4 LIBRARIES opencv_features2d)
target_link_libraries(simile_opencv_features INTERFACE simile_opencv)
simile_find_library(simile_turbojpeg HEADER turbojpeg.h LIBRARIES turbojpeg)
simile_find_library(simile_cairo HEADER cairo.h SUFFIX cairo LIBRARIES cairo)

# libheif brings video codecs with it, which not everybody wants: without it, HEIC and AVIF files are unreadable items.
option(SIMILE_WITH_HEIF "Read HEIC and AVIF (libheif)" ON)
if(SIMILE_WITH_HEIF)
  simile_find_library(simile_heif HEADER libheif/heif.h LIBRARIES heif)
else()
  add_library(simile_heif INTERFACE IMPORTED)
endif()
target_compile_definitions(simile_heif INTERFACE SIMILE_HAS_HEIF=$<BOOL:${SIMILE_WITH_HEIF}>)

simile_find_package(ZLIB)
simile_find_package(GIF 5.1)
simile_find_package(TIFF 4.5)  # messages and allocation limits by file, not by process
simile_find_package(OpenSSL 3.0 COMPONENTS Crypto)
simile_find_package(tomlplusplus 3.0)
# Headers only: nothing of them is left in the libraries.
if(NOT CMAKE_FIND_PACKAGE_NAME STREQUAL "simile")
  find_package(nlohmann_json 3.10 REQUIRED)
  find_package(CLI11 2.1 REQUIRED)
endif()
