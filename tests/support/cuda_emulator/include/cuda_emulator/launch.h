// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "cuda_emulator/driver_types.h"

namespace simile::emulator {
/// Queues a grid on config's stream; thread_body is one thread of it. Ends the process for shapes no device takes.
cudaError_t launch(const cudaLaunchConfig_t* config, std::function<void()> thread_body);
}  // namespace simile::emulator

/// Parameters are copied here, as by the real launch, and once more for each thread.
template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  static_assert((!std::is_reference_v<Parameters> && ...), "a kernel takes its parameters by value");
  static_assert((std::is_trivially_copyable_v<Parameters> && ...), "a kernel's parameters are copied as bytes");
  static_assert((sizeof(Parameters) + ... + 0) <= 32764, "a kernel's parameters take at most 32,764 bytes");
  return [&](std::remove_const_t<Parameters>... coerced) {
    return simile::emulator::launch(config,
                                    [kernel, parameters = std::tuple(coerced...)] { std::apply(kernel, parameters); });
  }(std::forward<Arguments>(arguments)...);
}
