// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "cuda/core/buffer.hpp"

namespace simile::cuda {

/// Copies pageable host memory to the device through two pinned pieces, on a stream of its own: the device computes
/// meanwhile.
class Uploader {
 public:
  static constexpr std::int64_t kPieceBytes = 2 << 20;

  /// What is copied from now on comes after what has been queued in `work`, such as taking the memory that it goes to.
  void follow(const Stream& work);
  /// Queues the copy; the host's memory may change when the call returns.
  void copy(void* to, const void* from, std::int64_t bytes);
  /// What is queued in `work` from now on comes after what has been copied.
  void precede(const Stream& work) const;
  const Stream& stream() const { return stream_; }

 private:
  struct Piece {
    PinnedBuffer<std::byte> memory{kPieceBytes};
    Event copied;
  };

  Event before_;
  Event copied_;
  std::array<Piece, 2> pieces_;
  std::size_t next_ = 0;
  Stream stream_;  // the last: it is waited for before what it copies from goes
};

}  // namespace simile::cuda
