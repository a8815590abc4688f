// SPDX-License-Identifier: Apache-2.0
#include "pipeline/training_report.hpp"

#include <algorithm>
#include <cstring>

#include <nlohmann/json.hpp>

#include "simile/core/array.hpp"
#include "simile/core/atomic_file.hpp"
#include "simile/core/text.hpp"
#include "simile/image/resize.hpp"
#include "simile/report/plot.hpp"

namespace simile {
namespace {

constexpr std::int64_t kMaxColumns = 8;
constexpr std::int64_t kMaxWidthPx = 2048;
constexpr std::int64_t kGapPx = 2;
constexpr std::uint8_t kWhite = 255;
constexpr int kGridQuality = 92;

Plot loss_plot(const TrainingHistory& history, const std::string& title) {
  PlotLine train{.label = "training", .x = {}, .y = {}};
  PlotLine validation{.label = "validation", .x = {}, .y = {}};
  for (const auto& epoch : history.epochs) {
    for (PlotLine* const line : {&train, &validation}) line->x.push_back(static_cast<double>(epoch.epoch));
    train.y.push_back(epoch.train_loss);
    validation.y.push_back(epoch.validation_loss);
  }
  Plot plot{.title = title,
            .x_label = "epoch",
            .x_min = 1,
            .x_max = static_cast<double>(std::max<std::int64_t>(history.num_epochs(), 2)),
            .panels = {{.y_label = "loss", .lines = {train, validation}}},
            .marker_label = {}};
  if (const EpochRecord* const best = history.best()) {
    plot.marker = static_cast<double>(best->epoch);
    plot.marker_label = concat("best: epoch ", best->epoch);
  }
  return plot;
}

/// Puts an image at its place in the picture.
void place(View<const std::uint8_t, 3> image, View<std::uint8_t, 3> picture, std::int64_t top, std::int64_t left) {
  for (std::int64_t y = 0; y < image.shape[0]; ++y) {
    std::memcpy(&picture(top + y, left, std::int64_t{0}), image[y].data, static_cast<std::size_t>(image.shape[1]) * 3);
  }
}

}  // namespace

void write_training_tables(const std::filesystem::path& folder, const TrainingHistory& history,
                           const std::string& title) {
  std::string lines;
  std::string table = "epoch,learning_rate,train_loss,validation_loss,best\n";
  for (const auto& epoch : history.epochs) {
    const nlohmann::ordered_json json{{"epoch", epoch.epoch},
                                      {"learning_rate", epoch.learning_rate},
                                      {"train_loss", epoch.train_loss},
                                      {"validation_loss", epoch.validation_loss},
                                      {"best", epoch.best},
                                      {"seconds", epoch.seconds},
                                      {"images_per_second", epoch.images_per_second}};
    lines += json.dump() + "\n";
    table += concat(epoch.epoch, ",", epoch.learning_rate, ",", epoch.train_loss, ",", epoch.validation_loss, ",",
                    epoch.best ? "1" : "0", "\n");
  }
  write_text(folder / "metrics.jsonl", lines);
  write_text(folder / "loss.csv", table);
  const Plot plot = loss_plot(history, title);
  write_text(folder / "loss.svg", plot_svg(plot));
  write_text(folder / "loss.png", plot_png(plot));
}

std::vector<std::uint8_t> reconstruction_grid(View<const std::uint8_t, 4> originals,
                                              View<const std::uint8_t, 4> reconstructions) {
  const std::int64_t count = originals.shape[0];
  const std::int64_t side = originals.shape[1];
  const std::int64_t step = side + kGapPx;
  const std::int64_t columns = std::min(count, std::clamp<std::int64_t>(kMaxWidthPx / step, 1, kMaxColumns));
  const std::int64_t bands = (count + columns - 1) / columns;
  Array<std::uint8_t, 3> picture({bands * 2 * step + (bands - 1) * 2 * kGapPx, columns * step, 3});
  std::fill_n(picture.data(), picture.size(), kWhite);
  for (std::int64_t k = 0; k < count; ++k) {
    const std::int64_t top = k / columns * (2 * step + 2 * kGapPx);
    const std::int64_t left = k % columns * step;
    place(originals[k], picture.view(), top, left);
    place(reconstructions[k], picture.view(), top + step, left);
  }
  return encode_jpeg(picture.view(), kGridQuality);
}

}  // namespace simile
