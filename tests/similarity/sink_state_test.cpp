// SPDX-License-Identifier: Apache-2.0
// save, load and merge of every sink.
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "similarity/sink_kinds.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

constexpr std::int64_t kItems = 45;
constexpr double kThreshold = 0.93;

double similarity_of(std::int64_t i, std::int64_t j) { return i % 11 == 7 ? -kInfinity : hashed_similarity(i, j); }

class SinkState : public testing::TestWithParam<SinkKind> {
 protected:
  SinkState() {
    for (std::int64_t k = 0; k < 3000; ++k) list_.push_back({k * k % kItems, (k * 31 + k / 7) % kItems});
    shapes_ = {Pairs::triangle(kItems), Pairs::rectangle(kItems, kItems), Pairs::list(list_, kItems),
               Pairs::list(list_, kItems, kItems)};
  }

  /// Gives tiles begin, begin + step, ... to the sink, by two workers in turn.
  void feed(Sink& sink, const Pairs& pairs, std::int64_t begin, std::int64_t step) {
    const TilePlan plan(pairs, 8, 100);
    for (std::int64_t k = begin; k < plan.size(); k += step) {
      const Tile tile = plan[k];
      if (sink.settled(tile)) continue;
      std::vector<ScoredPair> scored;
      metric_.screen(tile, sink.need(tile), workspace_, scored);
      sink.consume(static_cast<int>(k % 2), tile, scored, exact_);
    }
  }

  std::unique_ptr<Sink> begun(const Pairs& pairs) const {
    auto sink = GetParam().make();
    sink->begin(pairs, 2);
    return sink;
  }

  std::string result(Sink& sink) const {
    sink.finish([&](std::span<ScoredPair> open) {
      for (auto& pair : open) pair.low = pair.high = similarity_of(pair.left, pair.right);
    });
    return GetParam().text(sink, kItems);
  }

  std::string expected(const Pairs& pairs) {
    const auto sink = begun(pairs);
    feed(*sink, pairs, 0, 1);
    return result(*sink);
  }

  IntervalMetric<double (*)(std::int64_t, std::int64_t)> metric_{kItems, kItems, 0.01, similarity_of};
  Exact exact_{metric_};
  Workspace workspace_{1 << 20};
  std::vector<IndexPair> list_;
  std::vector<Pairs> shapes_;
};

TEST_P(SinkState, GoesOnFromWhatWasSaved) {
  for (const Pairs& pairs : shapes_) {
    const std::string expected = this->expected(pairs);
    const std::int64_t num_tiles = TilePlan(pairs, 8, 100).size();
    for (std::int64_t stop = 0; stop <= num_tiles; stop += 1 + num_tiles / 7) {
      const auto before = begun(pairs);
      const TilePlan plan(pairs, 8, 100);
      for (std::int64_t k = 0; k < stop; ++k) feed(*before, pairs, k, num_tiles);
      const auto state = state_of(*before);
      const auto after = begun(pairs);
      feed(*after, pairs, 0, 5);  // lost by loading
      load_state(*after, state);
      for (std::int64_t k = stop; k < num_tiles; ++k) {
        feed(*before, pairs, k, num_tiles);
        feed(*after, pairs, k, num_tiles);
      }
      ASSERT_EQ(result(*after), expected) << "stopped after " << stop << " tiles";
      ASSERT_EQ(result(*before), expected) << "saving changed something after " << stop << " tiles";
    }
  }
}

TEST_P(SinkState, MergesToWhatOneSinkWouldFind) {
  for (const Pairs& pairs : shapes_) {
    const std::string expected = this->expected(pairs);
    std::vector<std::unique_ptr<Sink>> parts;
    for (std::int64_t part = 0; part < 3; ++part) {
      parts.push_back(begun(pairs));
      feed(*parts.back(), pairs, part, 3);
    }
    const auto loaded = begun(pairs);
    load_state(*loaded, state_of(*parts[1]));
    parts[0]->merge(*loaded, exact_);
    parts[2]->merge(*parts[0], exact_);
    ASSERT_EQ(result(*parts[2]), expected);
  }
}

TEST_P(SinkState, RefusesAnothersState) {
  const Pairs pairs = Pairs::triangle(kItems);
  for (const auto& kind : sink_kinds(kThreshold, 1)) {
    if (kind.name == GetParam().name) continue;
    const auto other = kind.make();
    other->begin(pairs, 1);
    const auto mine = begun(pairs);
    expect_error(ErrorCode::decode, "it holds", [&] { load_state(*mine, state_of(*other)); });
    expect_error(ErrorCode::invalid_argument, "cannot be merged", [&] { mine->merge(*other, exact_); });
  }
  for (const Pairs& others : {Pairs::triangle(kItems + 1), Pairs::rectangle(kItems, kItems)}) {
    const auto other = begun(others);
    const auto mine = begun(pairs);
    expect_error(ErrorCode::decode, "it holds", [&] { load_state(*mine, state_of(*other)); });
    expect_error(ErrorCode::invalid_argument, "cannot be merged", [&] { mine->merge(*other, exact_); });
  }
}

/// The checksum put right after a change.
void sign(std::vector<std::uint8_t>& bytes) {
  std::vector<std::uint8_t> content(bytes.begin(), bytes.end() - 8);
  std::uint64_t checksum = 0;
  for (std::size_t k = 0; k < content.size(); k += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, content.data() + k, 8);
    checksum = (checksum ^ word) * 0x9e3779b97f4a7c15U;
    checksum ^= checksum >> 29;
  }
  std::memcpy(bytes.data() + content.size(), &checksum, 8);
}

// A state that someone made up: refused, or something that can be worked with.
TEST_P(SinkState, SurvivesWordsThatMakeNoSense) {
  Random random(1);
  for (const Pairs& pairs : {shapes_[0], shapes_[3]}) {
    const auto before = begun(pairs);
    feed(*before, pairs, 0, 2);
    const auto state = state_of(*before);
    const std::vector<std::uint64_t> words{0,     1,          kItems,          2 * kItems,
                                           ~0ULL, 1ULL << 63, 0x7ff8ULL << 48, 0xfffULL << 52};
    int refused = 0;
    for (int round = 0; round < 400; ++round) {
      auto changed = state;
      for (int k = 0; k <= round % 3; ++k) {
        const std::size_t at = 8 * random.below(changed.size() / 8 - 1);
        std::memcpy(changed.data() + at, &words[random.below(words.size())], 8);
      }
      sign(changed);
      const auto after = begun(pairs);
      try {
        load_state(*after, changed);
        feed(*after, pairs, 1, 2);
        result(*after);
      } catch (const Error& error) {
        ASSERT_EQ(error.code(), ErrorCode::decode) << error.what();
        ++refused;
      }
    }
    EXPECT_GT(refused, 10);
  }
}

INSTANTIATE_TEST_SUITE_P(Sinks, SinkState, testing::ValuesIn(sink_kinds(kThreshold, 1)),
                         [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace simile
