// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <ostream>
#include <utility>
#include <vector>

#include "work.hpp"

#include "simile/core/error.hpp"
#include "simile/core/npy.hpp"
#include "simile/core/text.hpp"
#include "simile/similarity/edge_components.hpp"

namespace simile::bench {
namespace {

class Connected final : public Work {
 public:
  explicit Connected(const Arguments& arguments)
      : edges_(read(arguments.text("file"))), num_items_(arguments.integer("items", 0)) {}

  Report run(const Context& context) override {
    const auto start = std::chrono::steady_clock::now();
    labels_ = edge_components(std::as_const(edges_).view(), num_items_, context);
    return {.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
            .pairs = edges_.shape(0)};
  }
  void write(std::ostream& out) const override { write_values(out, labels_); }

 private:
  static Array<std::int64_t, 2> read(const std::string& path) {
    const NpyFile file(path);
    if (file.header().shape.size() != 2) throw Error(ErrorCode::decode, concat(path, ": edges are [m, 2]"));
    Array<std::int64_t, 2> edges({file.header().shape[0], file.header().shape[1]});
    file.read(NpyType::int64, edges.data());
    return edges;
  }

  Array<std::int64_t, 2> edges_;
  std::int64_t num_items_;
  std::vector<std::int64_t> labels_;
};

}  // namespace

std::unique_ptr<Work> prepare_connected(const Arguments& arguments) { return std::make_unique<Connected>(arguments); }

}  // namespace simile::bench
