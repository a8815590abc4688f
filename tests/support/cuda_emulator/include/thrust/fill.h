// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include <thrust/execution_policy.h>

namespace thrust {

template <class Iterator, class T>
void fill(const cuda::Policy& policy, Iterator first, Iterator last, const T& value) {
  policy.run([=] { std::fill(first, last, value); });
}

}  // namespace thrust
