// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iterator>
#include <numeric>

#include <thrust/execution_policy.h>
#include <thrust/functional.h>

namespace thrust {

template <class Input, class Output, class Operation = plus<>>
Output inclusive_scan(const cuda::Policy& policy, Input first, Input last, Output result, Operation join = {}) {
  policy.run([=] { std::inclusive_scan(first, last, result, join); });
  return result + (last - first);
}

template <class Input, class Output, class T, class Operation = plus<>>
Output exclusive_scan(const cuda::Policy& policy, Input first, Input last, Output result, T start,
                      Operation join = {}) {
  policy.run([=] { std::exclusive_scan(first, last, result, start, join); });
  return result + (last - first);
}

template <class Input, class Output>
Output exclusive_scan(const cuda::Policy& policy, Input first, Input last, Output result) {
  return exclusive_scan(policy, first, last, result, typename std::iterator_traits<Input>::value_type{});
}

}  // namespace thrust
