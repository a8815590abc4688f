# SPDX-License-Identifier: Apache-2.0
# Libraries behind image reading, reports and the command line; scripts/packages.txt says which Debian packages hold them.

# Modules are named one by one: ${OpenCV_LIBS} would also bind opencv_dnn and, through it, protobuf.
find_package(OpenCV 4.5 REQUIRED COMPONENTS core imgproc imgcodecs)
add_library(simile_opencv INTERFACE)
target_include_directories(simile_opencv SYSTEM INTERFACE ${OpenCV_INCLUDE_DIRS})
target_link_libraries(simile_opencv INTERFACE opencv_core opencv_imgproc opencv_imgcodecs)

find_package(ZLIB REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(spdlog 1.9 REQUIRED)

find_path(TURBOJPEG_INCLUDE_DIR turbojpeg.h REQUIRED)
find_library(TURBOJPEG_LIBRARY turbojpeg REQUIRED)
add_library(simile_turbojpeg INTERFACE)
target_include_directories(simile_turbojpeg SYSTEM INTERFACE ${TURBOJPEG_INCLUDE_DIR})
target_link_libraries(simile_turbojpeg INTERFACE ${TURBOJPEG_LIBRARY})
