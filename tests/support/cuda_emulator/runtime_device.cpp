// SPDX-License-Identifier: Apache-2.0
// The runtime API's calls about errors, the device and functions.
#include <cstring>

#include <cuda_runtime.h>

#include "settings.hpp"
#include "streams.hpp"

using simile::emulator::noted;
using simile::emulator::settings;

namespace {

thread_local cudaError_t last_error = cudaSuccess;

constexpr int kMultiprocessors = 4;
constexpr int kSharedBytes = 48 * 1024;
constexpr int kSharedBytesOptin = 227 * 1024;

}  // namespace

cudaError_t simile::emulator::noted(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
#define SIMILE_EMULATED_ERROR(name, value, text) \
  case name:                                     \
    return #name;
#include "cuda_emulator/errors.inc"
#undef SIMILE_EMULATED_ERROR
  }
  return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
#define SIMILE_EMULATED_ERROR(name, value, text) \
  case name:                                     \
    return text;
#include "cuda_emulator/errors.inc"
#undef SIMILE_EMULATED_ERROR
  }
  return "unrecognized error code";
}

cudaError_t cudaGetLastError() {
  const cudaError_t error = last_error;
  last_error = cudaSuccess;
  return error;
}
cudaError_t cudaPeekAtLastError() { return last_error; }

cudaError_t cudaGetDeviceCount(int* count) {
  *count = settings().device_present ? 1 : 0;
  return settings().device_present ? cudaSuccess : noted(cudaErrorNoDevice);
}
cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return settings().device_present ? cudaSuccess : noted(cudaErrorNoDevice);
}
cudaError_t cudaSetDevice(int device) {
  if (!settings().device_present) return noted(cudaErrorNoDevice);
  return device == 0 ? cudaSuccess : noted(cudaErrorInvalidDevice);
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device != 0 || !settings().device_present) return noted(cudaErrorInvalidDevice);
  cudaDeviceProp& p = *properties;
  p = {};
  std::strcpy(p.name, "emulated device (tests only)");
  p.totalGlobalMem = settings().memory_limit;
  p.sharedMemPerBlock = kSharedBytes;
  p.regsPerBlock = 65536;
  p.warpSize = 32;
  p.memPitch = 0x7fffffff;
  p.maxThreadsPerBlock = 1024;
  p.maxThreadsDim[0] = p.maxThreadsDim[1] = 1024;
  p.maxThreadsDim[2] = 64;
  p.maxGridSize[0] = 0x7fffffff;
  p.maxGridSize[1] = p.maxGridSize[2] = 65535;
  p.totalConstMem = 65536;
  p.major = 9;
  p.minor = 0;
  p.multiProcessorCount = kMultiprocessors;
  p.canMapHostMemory = 1;
  p.concurrentKernels = 1;
  p.asyncEngineCount = 2;
  p.unifiedAddressing = 1;
  p.memoryBusWidth = 64;
  p.l2CacheSize = 1 << 20;
  p.maxThreadsPerMultiProcessor = 2048;
  p.sharedMemPerMultiprocessor = kSharedBytesOptin + 1024;
  p.regsPerMultiprocessor = 65536;
  p.sharedMemPerBlockOptin = kSharedBytesOptin;
  p.maxBlocksPerMultiProcessor = 32;
  p.reservedSharedMemPerBlock = 1024;
  p.memoryPoolsSupported = 1;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  cudaDeviceProp p;
  if (const cudaError_t error = cudaGetDeviceProperties(&p, device); error != cudaSuccess) return error;
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
      *value = p.maxThreadsPerBlock;
      break;
    case cudaDevAttrMaxBlockDimX:
      *value = p.maxThreadsDim[0];
      break;
    case cudaDevAttrMaxBlockDimY:
      *value = p.maxThreadsDim[1];
      break;
    case cudaDevAttrMaxBlockDimZ:
      *value = p.maxThreadsDim[2];
      break;
    case cudaDevAttrMaxGridDimX:
      *value = p.maxGridSize[0];
      break;
    case cudaDevAttrMaxGridDimY:
      *value = p.maxGridSize[1];
      break;
    case cudaDevAttrMaxGridDimZ:
      *value = p.maxGridSize[2];
      break;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = static_cast<int>(p.sharedMemPerBlock);
      break;
    case cudaDevAttrWarpSize:
      *value = p.warpSize;
      break;
    case cudaDevAttrMaxRegistersPerBlock:
      *value = p.regsPerBlock;
      break;
    case cudaDevAttrMultiProcessorCount:
      *value = p.multiProcessorCount;
      break;
    case cudaDevAttrIntegrated:
      *value = p.integrated;
      break;
    case cudaDevAttrL2CacheSize:
      *value = p.l2CacheSize;
      break;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      *value = p.maxThreadsPerMultiProcessor;
      break;
    case cudaDevAttrUnifiedAddressing:
      *value = p.unifiedAddressing;
      break;
    case cudaDevAttrComputeCapabilityMajor:
      *value = p.major;
      break;
    case cudaDevAttrComputeCapabilityMinor:
      *value = p.minor;
      break;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      *value = static_cast<int>(p.sharedMemPerMultiprocessor);
      break;
    case cudaDevAttrSingleToDoublePrecisionPerfRatio:
      *value = settings().singles_per_double;
      break;
    case cudaDevAttrCooperativeLaunch:
      *value = p.cooperativeLaunch;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = static_cast<int>(p.sharedMemPerBlockOptin);
      break;
    case cudaDevAttrMaxBlocksPerMultiprocessor:
      *value = p.maxBlocksPerMultiProcessor;
      break;
    case cudaDevAttrMemoryPoolsSupported:
      *value = p.memoryPoolsSupported;
      break;
    default:
      return noted(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = settings().device_present ? 13000 : 0;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}

/// There is no driver.
cudaError_t cudaGetDriverEntryPointByVersion(const char* /*symbol*/, void** function, unsigned int /*version*/,
                                             unsigned long long /*flags*/, cudaDriverEntryPointQueryResult* result) {
  *function = nullptr;
  *result = cudaDriverEntryPointSymbolNotFound;
  return cudaSuccess;
}

cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute attribute, int value) {
  const bool fits = attribute == cudaFuncAttributeMaxDynamicSharedMemorySize ? value >= 0 && value <= kSharedBytesOptin
                                                                             : value >= -1 && value <= 100;
  return function != nullptr && fits ? cudaSuccess : noted(cudaErrorInvalidValue);
}

/// Registers and memory are not known; the fields say what any kernel may have.
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* function) {
  if (function == nullptr) return noted(cudaErrorInvalidDeviceFunction);
  *attributes = {};
  attributes->maxThreadsPerBlock = 1024;
  attributes->numRegs = 32;
  attributes->ptxVersion = attributes->binaryVersion = 90;
  attributes->maxDynamicSharedSizeBytes = kSharedBytes;
  return cudaSuccess;
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* function, int block_size,
                                                          size_t dynamic_shared_bytes) {
  if (function == nullptr || block_size < 1 || block_size > 1024) return noted(cudaErrorInvalidValue);
  *blocks = dynamic_shared_bytes > kSharedBytesOptin ? 0 : std::min(32, 2048 / block_size);
  return cudaSuccess;
}
