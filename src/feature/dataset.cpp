// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/dataset.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <utility>

#include "simile/core/error.hpp"
#include "simile/core/npy.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/feature/feature_file.hpp"
#include "simile/image/header.hpp"
#include "simile/image/idx.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHeaderBytes = 1 << 16;  // of most images, metadata included

std::vector<std::string> row_ids(std::int64_t count) {
  std::vector<std::string> ids;
  ids.reserve(static_cast<std::size_t>(count));
  for (std::int64_t row = 0; row < count; ++row) ids.push_back(std::to_string(row));
  return ids;
}

std::vector<std::int64_t> all_rows(std::int64_t count) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
  for (std::int64_t row = 0; row < count; ++row) rows[static_cast<std::size_t>(row)] = row;
  return rows;
}

std::vector<std::uint8_t> first_bytes(const fs::path& path, std::size_t count) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw_system_error("read", path);
  std::vector<std::uint8_t> bytes(count);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(count));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

/// [n, h, w] as [n, h, w, 1].
std::array<std::int64_t, 4> image_shape(const std::vector<std::int64_t>& shape) {
  return {shape[0], shape[1], shape[2], shape.size() == 4 ? shape[3] : 1};
}

bool is_image_shape(const std::vector<std::int64_t>& shape) {
  return shape.size() == 3 || (shape.size() == 4 && (shape[3] == 1 || shape[3] == 3));
}

/// Rows without elements: their number would not be bounded by the file's size.
void check_rows(const fs::path& path, const std::vector<std::int64_t>& shape) {
  if (shape[0] == 0 || std::find(shape.begin() + 1, shape.end(), 0) == shape.end()) return;
  throw Error(ErrorCode::invalid_argument, concat(in_quotes(path.native()), " holds ", shape[0], " empty rows"));
}

Dataset open_idx(const fs::path& path, const DatasetOptions& options) {
  IdxArray array = read_idx(path, options.memory_bytes);
  if (!is_image_shape(array.shape)) {
    throw Error(ErrorCode::invalid_argument,
                concat(in_quotes(path.native()),
                       " holds no images: an IDX file of images has 3 axes, or 4 with 1 or 3 channels"));
  }
  check_rows(path, array.shape);
  Dataset dataset;
  dataset.kind = "IDX images";
  auto& pixels = dataset.images.pixels;
  pixels = Array<std::uint8_t, 4>(std::move(array.bytes), image_shape(array.shape));
  dataset.images.catalogue.ids = row_ids(array.shape[0]);
  return dataset;
}

Features hash_features(const fs::path& path, const NpyFile& file, const FeatureFileInfo& info) {
  const auto& shape = file.header().shape;
  Features features;
  features.method = info.method.value_or(Method::phash);
  features.bits = info.bits > 0 ? info.bits : 8 * shape[1];
  if (shape[1] != (features.bits + 7) / 8) {
    throw Error(ErrorCode::invalid_argument, concat(in_quotes(path.native()), ": rows of ", shape[1],
                                                    " bytes cannot be hashes of ", features.bits, " bits"));
  }
  features.codes = Array<std::uint8_t, 2>({shape[0], shape[1]});
  file.read(NpyType::uint8, features.codes.data());
  return features;
}

/// The array's header and what its companions say, checked against each other.
void check_companion(const fs::path& path, const NpyHeader& header, const FeatureFileInfo& info) {
  const bool hashes = header.type == NpyType::uint8 && header.shape.size() == 2;
  const Method natural = header.type == NpyType::uint8 ? Method::ssim : Method::embedding;
  if (info.method && (hashes ? !hash_kind(*info.method) : *info.method != natural)) {
    throw Error(ErrorCode::invalid_argument,
                concat(in_quotes(fs::path(path).replace_extension(".json").native()), " says method ",
                       in_quotes(simile::info(*info.method).name), ", but ", in_quotes(path.native()), " holds ",
                       hashes                          ? "hashes"
                       : header.type == NpyType::uint8 ? "images"
                                                       : "embeddings"));
  }
  if (!info.ids.empty() && static_cast<std::int64_t>(info.ids.size()) != header.shape[0]) {
    throw Error(ErrorCode::invalid_argument,
                concat(in_quotes(path.native()), " has ", header.shape[0], " rows, but ",
                       in_quotes(fs::path(path).replace_extension(".csv").native()), " names ", info.ids.size()));
  }
}

Dataset open_npy(const fs::path& path, const DatasetOptions& options) {
  const NpyFile file(path);
  const NpyHeader& header = file.header();
  // float16 is widened: two bytes become four, and both are held for a moment.
  const std::int64_t file_bytes = static_cast<std::int64_t>(fs::file_size(path));
  const std::int64_t size = header.type == NpyType::float16 ? 3 * file_bytes : file_bytes;
  if (size > options.memory_bytes) {
    throw Error(ErrorCode::out_of_memory, concat(in_quotes(path.native()), " needs ", format_bytes(size),
                                                 "; --memory allows ", format_bytes(options.memory_bytes)));
  }
  const bool bytes = header.type == NpyType::uint8;
  const bool floats = header.type == NpyType::float32 || header.type == NpyType::float16;
  if (!(bytes && is_image_shape(header.shape)) && !((bytes || floats) && header.shape.size() == 2)) {
    throw Error(ErrorCode::invalid_argument,
                concat(in_quotes(path.native()), ": a ", to_string(header.type), " array with ", header.shape.size(),
                       " axes is neither images (uint8 [n,h,w] or [n,h,w,3]) nor embeddings (float32 or float16 [n,d]) "
                       "nor hashes (uint8 [n,bytes])"));
  }
  check_rows(path, header.shape);
  const FeatureFileInfo companion = read_feature_file_info(path);
  check_companion(path, header, companion);

  Dataset dataset;
  if (bytes && header.shape.size() != 2) {
    dataset.kind = "image array";
    auto& pixels = dataset.images.pixels;
    pixels = Array<std::uint8_t, 4>(image_shape(header.shape));
    file.read(NpyType::uint8, pixels.data());
  } else if (floats) {
    dataset.kind = "embeddings";
    dataset.features.emplace();
    dataset.features->method = Method::embedding;
    dataset.features->vectors = file.read_embeddings();
  } else {
    dataset.kind = "hashes";
    dataset.features = hash_features(path, file, companion);
    dataset.method_known = companion.method.has_value();
  }
  if (dataset.features) dataset.features->items = all_rows(header.shape[0]);
  dataset.images.catalogue.ids = companion.ids.empty() ? row_ids(header.shape[0]) : companion.ids;
  return dataset;
}

}  // namespace

Dataset open_dataset(const fs::path& path, const DatasetOptions& options, const Context& context) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status))
    throw Error(ErrorCode::not_found, concat("no such file or folder: ", in_quotes(path.native())));
  Dataset dataset;
  if (fs::is_directory(status)) {
    dataset.kind = "folder";
    dataset.images.catalogue = list_folder(path, options.listing, context.cancellation);
    return dataset;
  }
  if (!fs::is_regular_file(status)) {
    throw Error(ErrorCode::invalid_argument,
                concat(in_quotes(path.native()), " is neither a folder nor a regular file"));
  }
  const auto start = first_bytes(path, 16);
  if (is_npy(start)) return open_npy(path, options);
  if (is_idx_or_gzip(start)) return open_idx(path, options);
  if (starts_as_image(first_bytes(path, kHeaderBytes))) {
    throw Error(ErrorCode::invalid_argument,
                concat(in_quotes(path.native()), " is one image; name the folder that holds it, or a list of paths"));
  }
  dataset.kind = "list";
  dataset.images.catalogue = list_file(path);
  return dataset;
}

}  // namespace simile
