// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/dataset.hpp"

#include <fstream>
#include <utility>

#include "feature/array_input.hpp"

#include "simile/core/error.hpp"
#include "simile/core/npy.hpp"
#include "simile/core/text.hpp"
#include "simile/image/header.hpp"
#include "simile/image/idx.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHeaderBytes = 1 << 16;  // of most images, metadata included

std::vector<std::uint8_t> first_bytes(const fs::path& path, std::size_t count) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw_system_error("read", path);
  std::vector<std::uint8_t> bytes(count);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(count));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
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

void check_no_globs(const fs::path& path, const ListingOptions& listing) {
  for (const auto& [flag, globs] :
       {std::pair{"--include", &listing.include}, std::pair{"--exclude", &listing.exclude}}) {
    if (globs->empty()) continue;
    throw Error(ErrorCode::invalid_argument, concat(flag, " ", in_quotes(globs->front()), ": no effect on ",
                                                    in_quotes(path.native()), ", which is no folder"));
  }
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
  check_no_globs(path, options.listing);
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
