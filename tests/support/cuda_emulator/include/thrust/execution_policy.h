// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <thrust/system/cuda/execution_policy.h>

namespace thrust {
inline constexpr cuda::Policy device{nullptr, true};
}
