# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# Part of scripts/gpu-node: builds GoogleTest, Google Benchmark and simile below $out/build.

# install_library NAME OPTION...: from $supplies/NAME into $out/build/prefix, unless it is there.
install_library() {
  local name=$1 folder=$out/build/$1
  [ ! -f "$folder/installed" ] || return 0
  cmake -S "$supplies/$name" -B "$folder" -G "$generator" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$cxx" \
    -DCMAKE_INSTALL_PREFIX="$out/build/prefix" -DCMAKE_INSTALL_LIBDIR=lib "${@:2}" || return
  cmake --build "$folder" -j "$jobs" && cmake --install "$folder" && touch "$folder/installed"
}

configure() {
  local options=()
  if [ -d "$supplies/cutlass/include" ] && [ "$architecture" = 90a ]; then
    options+=(-DSIMILE_WITH_CUTLASS=ON -DSIMILE_CUTLASS="$PWD/$supplies/cutlass")
  fi
  # Programs of the build folder find the CUDA libraries by themselves: LD_LIBRARY_PATH would reach PyTorch, too.
  cmake -S . -B "$out/build/simile" -G "$generator" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$cxx" \
    -DCMAKE_PREFIX_PATH="$out/build/prefix" -DSIMILE_WITH_IMAGES=OFF -DSIMILE_BUILD_TESTS=ON \
    -DSIMILE_BUILD_BENCHMARKS=ON -DSIMILE_WITH_CUDA=ON -DSIMILE_CUDA_ARCHITECTURES="$architecture" \
    -DCMAKE_CUDA_COMPILER="$nvcc" -DCMAKE_CUDA_HOST_COMPILER="$cxx" -DCUDAToolkit_ROOT="$toolkit" \
    -DCMAKE_BUILD_RPATH="$toolkit/lib64" "${options[@]}"
}

build_all() {
  local targets=(simile_cuda)
  install_library googletest &&
    install_library benchmark -DBENCHMARK_ENABLE_TESTING=OFF -DBENCHMARK_ENABLE_GTEST_TESTS=OFF \
      -DBENCHMARK_ENABLE_WERROR=OFF -DBENCHMARK_INSTALL_DOCS=OFF &&
    configure || return
  if [ $rehearse = yes ]; then targets+=(simile_cuda_emulated); fi
  if wants conformance || wants sanitizer; then targets+=(test_conformance); fi
  if wants kernels; then targets+=(simile_bench_gpu simile_bench_kernels); fi
  if wants kernels && [ $rehearse = yes ]; then targets+=(simile_bench_gpu_emulated); fi
  if wants peers; then targets+=(simile_bench_engine); fi
  cmake --build "$out/build/simile" -j "$jobs" --target "${targets[@]}"
}

# built NAME: the program or library of that name.
built() { find "$out/build/simile" -name "$1" -type f -print -quit; }
