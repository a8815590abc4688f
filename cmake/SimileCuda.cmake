# SPDX-License-Identifier: Apache-2.0
# The CUDA compiler and runtime, and cuBLAS: the toolkit's, or that of SIMILE_CUBLAS, the folder of a wheel or of
# a Python's PyTorch that has include/ and lib/.
set(SIMILE_CUBLAS "" CACHE PATH "Folder with cuBLAS's include/ and lib/, where the CUDA toolkit has none")
set(SIMILE_CUTLASS "" CACHE PATH "Folder with CUTLASS's include/, or of the wheel nvidia-cutlass, for SIMILE_WITH_CUTLASS")

set(CMAKE_CUDA_ARCHITECTURES ${SIMILE_CUDA_ARCHITECTURES})
enable_language(CUDA)
if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 13.0)
  message(FATAL_ERROR "CUDA 13.0 or newer is needed; ${CMAKE_CUDA_COMPILER} is ${CMAKE_CUDA_COMPILER_VERSION}")
endif()
# CMake knows this of nvcc from 3.26 on.
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
endif()
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
find_package(CUDAToolkit 13.0 REQUIRED)

# The versioned names are what wheels have.
find_path(SIMILE_CUBLAS_INCLUDE cublas_v2.h HINTS ${SIMILE_CUBLAS}/include ${CUDAToolkit_INCLUDE_DIRS} NO_DEFAULT_PATH)
find_library(SIMILE_CUBLAS_LIBRARY NAMES libcublas.so.13 libcublas.so
             HINTS ${SIMILE_CUBLAS}/lib ${CUDAToolkit_LIBRARY_DIR} NO_DEFAULT_PATH)
if(NOT SIMILE_CUBLAS_INCLUDE OR NOT SIMILE_CUBLAS_LIBRARY)
  message(FATAL_ERROR "The CUDA toolkit here has no cuBLAS: -DSIMILE_CUBLAS=FOLDER names one with include/ and lib/, such as nvidia/cu13 of the wheel "
                      "nvidia-cublas or of a Python that has PyTorch")
endif()
add_library(simile_cublas SHARED IMPORTED)
set_target_properties(simile_cublas PROPERTIES IMPORTED_LOCATION "${SIMILE_CUBLAS_LIBRARY}"
                      INTERFACE_INCLUDE_DIRECTORIES "${SIMILE_CUBLAS_INCLUDE}")
target_link_libraries(simile_cublas INTERFACE CUDA::cudart_static)

if(SIMILE_WITH_CUTLASS)
  find_path(SIMILE_CUTLASS_INCLUDE cutlass/cutlass.h
            HINTS ${SIMILE_CUTLASS} ${SIMILE_CUTLASS}/include ${SIMILE_CUTLASS}/cutlass_library/source/include)
  if(NOT SIMILE_CUTLASS_INCLUDE)
    message(FATAL_ERROR "No cutlass/cutlass.h: -DSIMILE_CUTLASS=FOLDER names a CUTLASS, or where the wheel nvidia-cutlass is")
  endif()
endif()
