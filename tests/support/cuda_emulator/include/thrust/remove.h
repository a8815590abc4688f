// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include <thrust/execution_policy.h>

namespace thrust {

template <class Iterator, class Predicate>
Iterator remove_if(const cuda::Policy& policy, Iterator first, Iterator last, Predicate remove) {
  return first + policy.ask([=] { return std::remove_if(first, last, remove) - first; });
}

}  // namespace thrust
