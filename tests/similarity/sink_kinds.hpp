// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "similarity/engine.hpp"

#include "simile/core/text.hpp"

namespace simile {

/// A sink with parameters, and all of its result as text.
struct SinkKind {
  std::string name;
  std::function<std::unique_ptr<Sink>()> make;
  std::function<std::string(const Sink&, std::int64_t num_left)> text;
  friend void PrintTo(const SinkKind& kind, std::ostream* out) { *out << kind.name; }
};

/// Every sink, with a threshold where one is needed, and with little memory where it takes any.
inline std::vector<SinkKind> sink_kinds(double threshold, std::int64_t memory_bytes) {
  const auto edges_text = [](const auto& edges) {
    std::string text;
    for (const auto& [left, right, similarity] : edges) text += concat(left, '-', right, '=', similarity, ' ');
    return text;
  };
  std::vector<SinkKind> kinds;
  kinds.push_back({"components", [=] { return std::make_unique<Components>(threshold); },
                   [](const Sink& sink, auto) {
                     std::string text;
                     for (const auto label : static_cast<const Components&>(sink).labels()) text += concat(label, ' ');
                     return text;
                   }});
  const EdgesOptions edges_options{.memory_bytes = memory_bytes, .spill_folder = {}};
  kinds.push_back({"edges", [=] { return std::make_unique<Edges>(threshold, edges_options); },
                   [=](const Sink& sink, auto) { return edges_text(edges_of(static_cast<const Edges&>(sink))); }});
  kinds.push_back({"row_sums", [] { return std::make_unique<RowSums>(); },
                   [](const Sink& sink, auto) {
                     std::string text;
                     for (const auto sum : static_cast<const RowSums&>(sink).sums()) text += concat(sum, ' ');
                     return text;
                   }});
  kinds.push_back({"histogram", [] { return std::make_unique<Histogram>(HistogramOptions{-1, 1, 100}); },
                   [](const Sink& sink, auto) {
                     const auto& histogram = static_cast<const Histogram&>(sink);
                     std::string text = concat(histogram.num_alike_to_nothing(), ": ");
                     for (const auto count : histogram.counts()) text += concat(count, ' ');
                     return text;
                   }});
  kinds.push_back({"top_k", [] { return std::make_unique<TopK>(3); },
                   [](const Sink& sink, std::int64_t num_left) {
                     std::string text;
                     for (const auto& row : neighbours_of(static_cast<const TopK&>(sink), num_left)) {
                       for (const auto& [item, similarity] : row) text += concat(item, '=', similarity, ' ');
                       text += '\n';
                     }
                     return text;
                   }});
  for (const double floor : {-kInfinity, threshold}) {
    kinds.push_back(
        {concat("spanning_tree", floor == threshold ? "_down_to_a_floor" : ""),
         [=] { return std::make_unique<SpanningTree>(SpanningTreeOptions{floor, memory_bytes}); },
         [=](const Sink& sink, auto) { return edges_text(forest_of(static_cast<const SpanningTree&>(sink))); }});
  }
  return kinds;
}

/// What save() writes.
inline std::vector<std::uint8_t> state_of(Sink& sink) {
  std::vector<std::uint8_t> bytes;
  StateWriter writer("test", [&](std::string_view piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  sink.save(writer);
  writer.finish();
  return bytes;
}

inline void load_state(Sink& sink, std::span<const std::uint8_t> bytes) {
  StateReader reader("test", bytes);
  sink.load(reader);
  reader.finish();
}

}  // namespace simile
