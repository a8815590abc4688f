// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <new>
#include <string>
#include <utility>

#include <c10/util/Exception.h>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {

/// Calls body(); what LibTorch throws becomes an Error, out_of_memory or model: its kind must not cross into code that
/// does not know it.
template <class Body>
decltype(auto) with_torch_errors(Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const c10::OutOfMemoryError& error) {
    throw Error(ErrorCode::out_of_memory,
                concat("the device's memory does not suffice: ", error.what_without_backtrace()));
  } catch (const c10::Error& error) {
    const std::string reason = error.what_without_backtrace();
    const bool memory = reason.find("DefaultCPUAllocator") != std::string::npos;  // of the CPU, which has no kind
    throw Error(memory ? ErrorCode::out_of_memory : ErrorCode::model, concat("LibTorch: ", reason));
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_memory, "memory for a network is not there");
  }
}

}  // namespace simile
