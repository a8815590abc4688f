// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <system_error>

namespace thrust {
using system_error = std::system_error;
}
