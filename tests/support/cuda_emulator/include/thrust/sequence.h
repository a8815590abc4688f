// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iterator>
#include <numeric>

#include <thrust/execution_policy.h>

namespace thrust {

template <class Iterator, class T>
void sequence(const cuda::Policy& policy, Iterator first, Iterator last, T start) {
  policy.run([=] { std::iota(first, last, static_cast<typename std::iterator_traits<Iterator>::value_type>(start)); });
}
template <class Iterator>
void sequence(const cuda::Policy& policy, Iterator first, Iterator last) {
  sequence(policy, first, last, 0);
}

}  // namespace thrust
