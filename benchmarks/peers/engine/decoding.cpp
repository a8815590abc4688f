// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstring>
#include <ostream>

#include "work.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/image/image_set.hpp"
#include "simile/image/resize.hpp"

namespace simile::bench {
namespace {

/// Reads, decodes and resizes photos, as colour features are taken.
class Decoding final : public Work {
 public:
  explicit Decoding(const Arguments& arguments) : side_px_(arguments.integer("side", 64)) {
    set_.catalogue = list_file(arguments.text("list"));
    if (arguments.integer("full", 0) == 0) options_.reduce_for = PixelSize{side_px_, side_px_};
    pixels_ = Array<std::uint8_t, 4>({set_.catalogue.size(), side_px_, side_px_, 3});
  }

  Report run(const Context& context) override {
    const auto start = std::chrono::steady_clock::now();
    const std::int64_t image_bytes = side_px_ * side_px_ * 3;
    const auto errors = for_each_image(
        set_, options_, context, [&](int /*worker*/, std::int64_t item, View<const std::uint8_t, 3> image) {
          const auto small = resize(image, {side_px_, side_px_});
          ensure(small.size() == image_bytes, "photos decode to colour");
          std::memcpy(pixels_.data() + item * image_bytes, small.data(), static_cast<std::size_t>(image_bytes));
        });
    Report report;
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    report.pairs = set_.catalogue.size();
    if (!errors.empty()) {
      throw Error(ErrorCode::decode,
                  concat(errors.size(), " photos cannot be read, the first: ", errors.front().reason));
    }
    return report;
  }

  void write(std::ostream& out) const override {
    out.write(reinterpret_cast<const char*>(pixels_.data()), pixels_.size_bytes());
  }

 private:
  std::int64_t side_px_;
  ImageSet set_;
  DecodeOptions options_;
  Array<std::uint8_t, 4> pixels_;
};

}  // namespace

std::unique_ptr<Work> prepare_decoding(const Arguments& arguments) { return std::make_unique<Decoding>(arguments); }

}  // namespace simile::bench
