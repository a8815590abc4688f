// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <numeric>
#include <vector>

#include <thrust/execution_policy.h>
#include <thrust/functional.h>

namespace thrust {

template <class Iterator, class Less = less<>>
void stable_sort(const cuda::Policy& policy, Iterator first, Iterator last, Less comes_first = {}) {
  policy.run([=] { std::stable_sort(first, last, comes_first); });
}

/// Equal elements end in the opposite of their order.
template <class Iterator, class Less = less<>>
void sort(const cuda::Policy& policy, Iterator first, Iterator last, Less comes_first = {}) {
  policy.run([=] {
    std::reverse(first, last);
    std::stable_sort(first, last, comes_first);
  });
}

template <class Keys, class Values, class Less = less<>>
void stable_sort_by_key(const cuda::Policy& policy, Keys first, Keys last, Values values, Less comes_first = {}) {
  policy.run([=] {
    using Key = typename std::iterator_traits<Keys>::value_type;
    using Value = typename std::iterator_traits<Values>::value_type;
    const std::vector<Key> keys(first, last);
    const std::vector<Value> carried(values, values + (last - first));
    std::vector<std::size_t> order(keys.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return comes_first(keys[a], keys[b]); });
    for (std::size_t i = 0; i < order.size(); ++i) {
      first[static_cast<std::ptrdiff_t>(i)] = keys[order[i]];
      values[static_cast<std::ptrdiff_t>(i)] = carried[order[i]];
    }
  });
}

/// Values of equal keys end in the opposite of their order.
template <class Keys, class Values, class Less = less<>>
void sort_by_key(const cuda::Policy& policy, Keys first, Keys last, Values values, Less comes_first = {}) {
  const cuda::Policy queued{policy.stream, false};
  queued.run([=] {
    std::reverse(first, last);
    std::reverse(values, values + (last - first));
  });
  stable_sort_by_key(policy, first, last, values, comes_first);
}

}  // namespace thrust
