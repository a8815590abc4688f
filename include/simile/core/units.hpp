// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace simile {

/// "4GiB", "512MiB", "1.5 GB", "1000" (bytes) -> bytes. Units: B, kB/MB/GB/TB (powers of 1000), KiB/MiB/GiB/TiB
/// and K/M/G/T (powers of 1024), in any case. Throws invalid_argument for anything else, a negative value or one beyond
/// 2^62.
std::int64_t parse_bytes(std::string_view text);

/// "3.8 GiB", "17 B": powers of 1024, one decimal from 1 KiB on.
std::string format_bytes(std::int64_t bytes);
/// "12,345,678".
std::string format_count(std::int64_t count);
/// "1 image", "1,234 images".
std::string format_counted(std::int64_t count, std::string_view one, std::string_view many);
/// A share of 1 as "23.4%", rounded down: 100% means all.
std::string format_share(double share);
/// "1.2 M", "870": three significant digits, for rates.
std::string format_rate(double per_second);
/// "0.42 s", "3 min 05 s", "2 h 10 min"; "?" for what is negative, NaN or beyond 10^9 seconds.
std::string format_duration(double seconds);

/// Memory this process may use at most: the smaller of the machine's and the control group's limit (of the root of the
/// groups that it can see, as in a container).
std::int64_t available_memory_bytes();

}  // namespace simile
