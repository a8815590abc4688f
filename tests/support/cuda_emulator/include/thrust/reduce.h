// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iterator>
#include <utility>
#include <vector>

#include <thrust/execution_policy.h>
#include <thrust/functional.h>

namespace thrust {

/// By pairs, as a tree; the start comes last.
template <class Input, class T, class Operation = plus<>>
T reduce(const cuda::Policy& policy, Input first, Input last, T start, Operation join = {}) {
  return policy.ask([=] {
    std::vector<T> level(first, last);
    while (level.size() > 1) {
      const std::size_t half = (level.size() + 1) / 2;
      for (std::size_t i = half; i < level.size(); ++i) level[i - half] = join(level[i - half], level[i]);
      level.resize(half);
    }
    return level.empty() ? start : static_cast<T>(join(level.front(), start));
  });
}

template <class Input>
auto reduce(const cuda::Policy& policy, Input first, Input last) {
  return reduce(policy, first, last, typename std::iterator_traits<Input>::value_type{});
}

/// One key and the joined values of each run of equal keys; gives the ends of both outputs.
template <class Keys, class Values, class KeysOut, class ValuesOut, class Equal = equal_to<>, class Operation = plus<>>
std::pair<KeysOut, ValuesOut> reduce_by_key(const cuda::Policy& policy, Keys first, Keys last, Values values,
                                            KeysOut keys_out, ValuesOut values_out, Equal equal = {},
                                            Operation join = {}) {
  const auto count = policy.ask([=] {
    std::ptrdiff_t runs = 0;
    for (Keys key = first; key != last; ++key) {
      const auto value = values[key - first];
      if (key != first && equal(*(key - 1), *key)) {
        values_out[runs - 1] = join(values_out[runs - 1], value);
      } else {
        keys_out[runs] = *key;
        values_out[runs] = value;
        ++runs;
      }
    }
    return runs;
  });
  return {keys_out + count, values_out + count};
}

}  // namespace thrust
