// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/image/derive.hpp"

namespace simile {

/// Longer side of a report's thumbnails.
inline constexpr std::int64_t kThumbnailSidePx = 96;

/// Small JPEGs of the given items, by item; proportions kept, never enlarged. Items that cannot be read are left out.
std::map<std::int64_t, std::string> make_thumbnails(const ImageSet& set, const std::vector<std::int64_t>& items,
                                                    const DecodeLimits& limits, const CacheOptions& cache,
                                                    const Context& context);

}  // namespace simile
