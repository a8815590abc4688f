// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include <thrust/execution_policy.h>

namespace thrust {

template <class Input, class Output>
Output copy(const cuda::Policy& policy, Input first, Input last, Output result) {
  policy.run([=] { std::copy(first, last, result); });
  return result + (last - first);
}

template <class Input, class Output, class Predicate>
Output copy_if(const cuda::Policy& policy, Input first, Input last, Output result, Predicate keep) {
  return result + policy.ask([=] { return std::copy_if(first, last, result, keep) - result; });
}

/// Keeps the elements whose stencil the predicate takes.
template <class Input, class Stencil, class Output, class Predicate>
Output copy_if(const cuda::Policy& policy, Input first, Input last, Stencil stencil, Output result, Predicate keep) {
  return result + policy.ask([=] {
    std::ptrdiff_t kept = 0;
    for (std::ptrdiff_t i = 0; i < last - first; ++i) {
      if (keep(stencil[i])) result[kept++] = first[i];
    }
    return kept;
  });
}

}  // namespace thrust
