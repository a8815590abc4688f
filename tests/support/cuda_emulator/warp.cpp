// SPDX-License-Identifier: Apache-2.0
#include "warp.hpp"

#include <algorithm>
#include <cstddef>

#include "fatal.hpp"

namespace simile::emulator {
namespace {

std::string hex(std::uint32_t mask) {
  std::ostringstream text;
  text << "0x" << std::hex << mask;
  return text.str();
}

std::uint32_t joined(WarpOperation operation, std::uint32_t a, std::uint32_t b) {
  const auto signed_less = [](std::uint32_t x, std::uint32_t y) { return static_cast<int>(x) < static_cast<int>(y); };
  switch (operation) {
    case WarpOperation::add:
      return a + b;
    case WarpOperation::min:
      return std::min(a, b);
    case WarpOperation::max:
      return std::max(a, b);
    case WarpOperation::min_signed:
      return std::min(a, b, signed_less);
    case WarpOperation::max_signed:
      return std::max(a, b, signed_less);
    case WarpOperation::bit_or:
      return a | b;
    case WarpOperation::bit_and:
      return a & b;
    case WarpOperation::bit_xor:
      return a ^ b;
    default:
      fail("no reduction: ", name_of(operation));
  }
}

}  // namespace

const char* name_of(WarpOperation operation) {
  switch (operation) {
    case WarpOperation::sync:
      return "__syncwarp";
    case WarpOperation::shuffle:
      return "a shuffle";
    case WarpOperation::ballot:
      return "a vote (ballot, any, all)";
    case WarpOperation::match:
      return "__match_any_sync";
    case WarpOperation::add:
      return "__reduce_add_sync";
    case WarpOperation::min:
    case WarpOperation::min_signed:
      return "__reduce_min_sync";
    case WarpOperation::max:
    case WarpOperation::max_signed:
      return "__reduce_max_sync";
    default:
      return "a reduction of bits";
  }
}

void Warp::reset(int num_lanes) {
  alive_ = num_lanes >= 32 ? ~0u : (1u << num_lanes) - 1;
  num_pending_ = 0;
}

std::uint32_t Warp::arrive(int lane, WarpOperation operation, std::uint32_t mask, std::uint64_t value,
                           int source_lane) {
  const std::uint32_t self = 1u << lane;
  if ((mask & self) == 0) {
    fail("lane ", lane, " calls ", name_of(operation), " with the mask ", hex(mask), ", which does not name it");
  }
  values_[static_cast<std::size_t>(lane)] = value;
  sources_[static_cast<std::size_t>(lane)] = source_lane;
  int place = 0;
  while (place < num_pending_ && (pending_[static_cast<std::size_t>(place)].mask & mask) == 0) ++place;
  Pending& pending = pending_[static_cast<std::size_t>(place)];
  if (place == num_pending_) {
    ++num_pending_;
    pending = {operation, mask, 0};
  } else if (pending.mask != mask || pending.operation != operation) {
    fail("lane ", lane, " calls ", name_of(operation), " with the mask ", hex(mask), " while lanes ",
         hex(pending.arrived), " wait in ", name_of(pending.operation), " with the mask ", hex(pending.mask));
  }
  pending.arrived |= self;
  return complete(pending) ? take(place) : 0;
}

std::uint32_t Warp::leave(int lane) {
  alive_ &= ~(1u << lane);
  std::uint32_t released = 0;
  for (int i = num_pending_ - 1; i >= 0; --i) {
    if (complete(pending_[static_cast<std::size_t>(i)])) released |= take(i);
  }
  return released;
}

std::uint32_t Warp::take(int place) {
  const Pending done = pending_[static_cast<std::size_t>(place)];
  pending_[static_cast<std::size_t>(place)] = pending_[static_cast<std::size_t>(--num_pending_)];
  compute(done);
  return done.arrived;
}

void Warp::compute(const Pending& done) {
  const auto each_lane = [&](auto&& body) {
    for (std::size_t lane = 0; lane < 32; ++lane) {
      if ((done.arrived >> lane & 1u) != 0) body(lane);
    }
  };
  if (done.operation == WarpOperation::sync) return;
  if (done.operation == WarpOperation::shuffle) {
    each_lane([&](std::size_t lane) {
      const int source = sources_[lane];
      if ((done.arrived >> source & 1u) == 0) {
        fail("lane ", lane, " reads lane ", source, " by ", name_of(done.operation), " with the mask ", hex(done.mask),
             ", which only lanes ", hex(done.arrived), " take part in");
      }
      results_[lane] = values_[static_cast<std::size_t>(source)];
    });
    return;
  }
  if (done.operation == WarpOperation::match) {
    each_lane([&](std::size_t lane) {
      results_[lane] = 0;
      each_lane([&](std::size_t other) {
        if (values_[other] == values_[lane]) results_[lane] |= 1u << other;
      });
    });
    return;
  }
  std::uint32_t joint = 0;
  bool first = true;
  each_lane([&](std::size_t lane) {
    const auto value = static_cast<std::uint32_t>(values_[lane]);
    if (done.operation == WarpOperation::ballot) {
      joint |= value << lane;
    } else {
      joint = first ? value : joined(done.operation, joint, value);
    }
    first = false;
  });
  each_lane([&](std::size_t lane) { results_[lane] = joint; });
}

}  // namespace simile::emulator
