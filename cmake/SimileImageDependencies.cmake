# SPDX-License-Identifier: Apache-2.0
# Libraries behind image reading, reports and the command line; scripts/packages.txt says which Debian packages hold them.

# OpenCV's modules are found one by one. Debian ships its CMake package only in libopencv-dev, which installs 735 MB; and
# ${OpenCV_LIBS} would also bind opencv_dnn and, through it, protobuf.
find_path(OPENCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
add_library(simile_opencv INTERFACE)
target_include_directories(simile_opencv SYSTEM INTERFACE ${OPENCV_INCLUDE_DIR})
foreach(module core imgproc imgcodecs)
  find_library(OPENCV_${module}_LIBRARY opencv_${module} REQUIRED)
  target_link_libraries(simile_opencv INTERFACE ${OPENCV_${module}_LIBRARY})
endforeach()

find_library(OPENCV_features2d_LIBRARY opencv_features2d REQUIRED)
add_library(simile_opencv_features INTERFACE)
target_link_libraries(simile_opencv_features INTERFACE simile_opencv ${OPENCV_features2d_LIBRARY})

find_package(ZLIB REQUIRED)
find_package(GIF 5.1 REQUIRED)
find_package(TIFF 4.5 REQUIRED)  # messages and allocation limits by file, not by process
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(tomlplusplus 3.0 REQUIRED)

find_path(TURBOJPEG_INCLUDE_DIR turbojpeg.h REQUIRED)
find_library(TURBOJPEG_LIBRARY turbojpeg REQUIRED)
add_library(simile_turbojpeg INTERFACE)
target_include_directories(simile_turbojpeg SYSTEM INTERFACE ${TURBOJPEG_INCLUDE_DIR})
target_link_libraries(simile_turbojpeg INTERFACE ${TURBOJPEG_LIBRARY})

find_path(CAIRO_INCLUDE_DIR cairo.h PATH_SUFFIXES cairo REQUIRED)
find_library(CAIRO_LIBRARY cairo REQUIRED)
add_library(simile_cairo INTERFACE)
target_include_directories(simile_cairo SYSTEM INTERFACE ${CAIRO_INCLUDE_DIR})
target_link_libraries(simile_cairo INTERFACE ${CAIRO_LIBRARY})

# libheif brings video codecs with it, which not everybody wants: without it, HEIC and AVIF files are unreadable items.
option(SIMILE_WITH_HEIF "Read HEIC and AVIF (libheif)" ON)
add_library(simile_heif INTERFACE)
if(SIMILE_WITH_HEIF)
  find_path(HEIF_INCLUDE_DIR libheif/heif.h REQUIRED)
  find_library(HEIF_LIBRARY heif REQUIRED)
  target_include_directories(simile_heif SYSTEM INTERFACE ${HEIF_INCLUDE_DIR})
  target_link_libraries(simile_heif INTERFACE ${HEIF_LIBRARY})
endif()
target_compile_definitions(simile_heif INTERFACE SIMILE_HAS_HEIF=$<BOOL:${SIMILE_WITH_HEIF}>)
