# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# Part of scripts/gpu-node: what a node has. Sets cxx, python, nvcc, toolkit, architecture, generator.

# Folders in which the Python packages of CUDA may keep their parts.
wheel_folders() {
  "$python" - << 'PYTHON' 2> /dev/null || true
import pathlib, site, sys
for base in dict.fromkeys([*site.getsitepackages(), site.getusersitepackages(), *sys.path]):
    for name in ("cu13", "cuda_nvcc", "cublas", "cuda_runtime"):
        folder = pathlib.Path(base or ".") / "nvidia" / name
        if folder.is_dir():
            print(folder)
PYTHON
}

newer_than() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

# Everything that is missing is named at once.
find_tools() {
  local missing=() version wheels
  python=${option_python:-${SIMILE_PYTHON:-python3}}
  command -v "$python" > /dev/null || missing+=("$python: Python with torch, scipy, cupy, scikit-image (for the peers)")
  if [[ $parts == *peers* || $parts == *on_request* ]]; then
    "$python" -c 'import numpy, scipy, torch' 2> /dev/null ||
      missing+=("$python has not all of numpy, scipy, torch (for the peers; --python names another)")
  fi
  cxx=${CXX:-g++}
  if command -v "$cxx" > /dev/null; then
    version=$("$cxx" -dumpfullversion 2> /dev/null || "$cxx" -dumpversion)
    newer_than "$version" 11 || missing+=("$cxx is $version: 11 or newer is needed (CXX names another)")
  else
    missing+=("$cxx: a C++20 compiler, g++ 11 or newer (CXX names another)")
  fi
  if command -v cmake > /dev/null; then
    version=$(cmake --version | awk 'NR == 1 { print $3 }')
    newer_than "$version" 3.22 || missing+=("cmake is $version: 3.22 or newer is needed")
  else
    missing+=("cmake 3.22 or newer (a Python package, too)")
  fi
  generator="Unix Makefiles"
  if command -v ninja > /dev/null; then generator=Ninja; elif ! command -v make > /dev/null; then missing+=("ninja or make"); fi
  wheels=$(wheel_folders)
  find_nvcc "$wheels" || missing+=("nvcc: not on PATH, in CUDA_HOME, /usr/local/cuda or nvidia/cu13 of $python's packages")
  if [ -n "${nvcc:-}" ]; then
    version=$("$nvcc" --version | sed -n 's/.*release \([0-9.]*\).*/\1/p')
    newer_than "$version" 13.0 || missing+=("$nvcc is of CUDA $version: 13.0 or newer is needed (CUDA_HOME names another)")
  fi
  find_architecture || missing+=("a GPU: nvidia-smi names none (--rehearse --architecture 90a does without)")
  [ -f $supplies/googletest/CMakeLists.txt ] || missing+=("$supplies/googletest (scripts/gpu-node pack makes it)")
  [ -f $supplies/benchmark/CMakeLists.txt ] || missing+=("$supplies/benchmark (scripts/gpu-node pack makes it)")
  if [ ${#missing[@]} -gt 0 ]; then
    printf 'gpu-node: missing here: %s\n' "${missing[@]}" >&2
    exit 1
  fi
  make_toolkit "$wheels"
}

find_nvcc() {
  local folder found
  for found in "$(command -v nvcc || true)" "${CUDA_HOME:-/nonexistent}/bin/nvcc" /usr/local/cuda/bin/nvcc \
    $(for folder in $1; do echo "$folder/bin/nvcc"; done); do
    [ -x "$found" ] || continue
    # What is on PATH may be a script or a link: nvcc itself knows where its toolkit lies.
    toolkit=$("$found" --dryrun -c -x cu /dev/null -o /dev/null 2>&1 | sed -n 's/^#\$ TOP=//p' | tail -n 1)
    [ -x "${toolkit:-/nonexistent}/bin/nvcc" ] || continue
    toolkit=$(realpath "$toolkit")
    nvcc=$toolkit/bin/nvcc
    return 0
  done
  return 1
}

# The first GPU's capability as CMake calls it; Hopper's and Blackwell's own instructions need the letter.
find_architecture() {
  local capability
  architecture=${option_architecture:-}
  [ -z "$architecture" ] || return 0
  capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2> /dev/null | head -n 1 | tr -d '. ')
  case $capability in
    "") return 1 ;;
    90 | 100 | 103 | 120) architecture=${capability}a ;;
    *) architecture=$capability ;;
  esac
}

has_cublas() { [ -f "$1/include/cublas_v2.h" ] && compgen -G "$1/lib*/libcublas.so" > /dev/null; }

# Where the toolkit has no cuBLAS, or is made of wheels, which CMake does not take as they are: one of links, in which
# cuBLAS is PyTorch's.
make_toolkit() {
  local made=$out/build/toolkit folder file name
  if has_cublas "$toolkit" && [ -d "$toolkit/lib64" ]; then return; fi
  rm -rf "$made"
  mkdir -p "$made/bin" "$made/include" "$made/lib64" "$made/targets/x86_64-linux"
  ln -s lib64 "$made/lib"
  ln -s ../../include "$made/targets/x86_64-linux/include"
  ln -s ../../lib64 "$made/targets/x86_64-linux/lib"
  [ ! -d "$toolkit/nvvm" ] || ln -s "$toolkit/nvvm" "$made/nvvm"
  for folder in "$toolkit" $1; do
    link_all "$folder/include" "$made/include"
    for name in lib64 lib; do link_all "$folder/$name" "$made/lib64"; done
    if [ -d "$folder/nvvm" ] && [ ! -e "$made/nvvm" ]; then ln -s "$folder/nvvm" "$made/nvvm"; fi
  done
  link_all "$toolkit/bin" "$made/bin"
  # nvcc looks for its toolkit beside itself, behind every link.
  for file in nvcc nvcc.profile; do
    rm -f "$made/bin/$file"
    cp "$toolkit/bin/$file" "$made/bin/$file"
  done
  for file in "$made"/lib64/*.so.*; do
    name=${file%%.so.*}.so
    [ -e "$name" ] || ln -s "$(basename "$file")" "$name"
  done
  has_cublas "$made" || die "cuBLAS is neither in $toolkit nor among the packages of $python"
  toolkit=$made
  nvcc=$made/bin/nvcc
}

# link_all FROM INTO: links for what is not there yet.
link_all() {
  local file
  [ -d "$1" ] || return 0
  for file in "$1"/*; do
    [ -e "$2/$(basename "$file")" ] || ln -s "$(realpath "$file")" "$2/$(basename "$file")"
  done
}
