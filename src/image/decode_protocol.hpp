// SPDX-License-Identifier: Apache-2.0
// What a DecodeWorker and its process say to each other over one socket. Both are the same build, so structs go as they
// are. The process is trusted with nothing: what it says of sizes is compared with the header that the parent has read.
#pragma once

#include <cstdint>
#include <functional>

#include "simile/image/decode.hpp"

namespace simile {

/// Said by the process when it is ready.
inline constexpr std::uint64_t kDecodeHello = 0x31656c696d6973;  // "simile1"

/// Followed by the file's bytes.
struct DecodeRequest {
  std::int64_t num_bytes = 0;
  std::int64_t max_pixels = 0;
  PixelSize reduce_for{};         ///< 0 x 0: none
  std::int64_t memory_bytes = 0;  ///< what the process may hold beyond what it holds when idle
  std::int64_t cpu_seconds = 0;   ///< what it may compute, by all of its threads
};

/// Followed by the pixels [height, width, 3], or by a text that says what is wrong.
struct DecodeReply {
  PixelSize size{};  ///< 0 x 0: not decoded
  std::int64_t out_of_memory = 0;
  std::int64_t text_bytes = 0;
};
inline constexpr std::int64_t kMaxReplyText = 4096;

/// Each thread of a decoder has at most so much stack.
inline constexpr std::int64_t kDecoderStackBytes = 8LL << 20;

/// serve_decoding() with another decoder, for tests.
using Decoder = std::function<Image(std::span<const std::uint8_t> bytes, const DecodeOptions& options)>;
int serve_decoding(const Decoder& decode);

}  // namespace simile
