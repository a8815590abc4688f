// SPDX-License-Identifier: Apache-2.0
#include "cuda/core/uploader.hpp"

#include <algorithm>
#include <cstring>

namespace simile::cuda {

void Uploader::follow(const Stream& work) {
  work.record(before_);
  stream_.wait(before_);
}

void Uploader::precede(const Stream& work) const {
  stream_.record(copied_);
  work.wait(copied_);
}

void Uploader::copy(void* to, const void* from, std::int64_t bytes) {
  for (std::int64_t begin = 0; begin < bytes; begin += kPieceBytes) {
    const std::int64_t count = std::min(kPieceBytes, bytes - begin);
    Piece& piece = pieces_[next_];
    next_ = (next_ + 1) % pieces_.size();
    piece.copied.wait();
    std::memcpy(piece.memory.data(), static_cast<const std::byte*>(from) + begin, static_cast<std::size_t>(count));
    copy_to_device(static_cast<std::byte*>(to) + begin, piece.memory.data(), count, stream_);
    stream_.record(piece.copied);
  }
}

}  // namespace simile::cuda
