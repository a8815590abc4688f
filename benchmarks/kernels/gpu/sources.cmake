# SPDX-License-Identifier: Apache-2.0
# The sources of simile_bench_gpu, for its own build and for the test that runs them on the CPU.
set(simile_bench_gpu_cuda_sources ${CMAKE_CURRENT_LIST_DIR}/device_work.cu)
set(simile_bench_gpu_sources ${CMAKE_CURRENT_LIST_DIR}/cases.cpp ${CMAKE_CURRENT_LIST_DIR}/main.cpp
                             ${CMAKE_CURRENT_LIST_DIR}/../inputs.cpp ${simile_bench_gpu_cuda_sources})
set(simile_bench_gpu_include ${CMAKE_CURRENT_LIST_DIR} ${CMAKE_CURRENT_LIST_DIR}/..)
