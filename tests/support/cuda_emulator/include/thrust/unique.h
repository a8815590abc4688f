// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include <thrust/execution_policy.h>
#include <thrust/functional.h>

namespace thrust {

template <class Iterator, class Equal = equal_to<>>
Iterator unique(const cuda::Policy& policy, Iterator first, Iterator last, Equal equal = {}) {
  return first + policy.ask([=] { return std::unique(first, last, equal) - first; });
}

template <class Input, class Output, class Equal = equal_to<>>
Output unique_copy(const cuda::Policy& policy, Input first, Input last, Output result, Equal equal = {}) {
  return result + policy.ask([=] { return std::unique_copy(first, last, result, equal) - result; });
}

}  // namespace thrust
