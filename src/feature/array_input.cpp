// SPDX-License-Identifier: Apache-2.0
#include "feature/array_input.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "simile/core/error.hpp"
#include "simile/core/npy.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/feature/feature_file.hpp"
#include "simile/feature/minhash.hpp"
#include "simile/feature/orb.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

/// What the rows of an array can be.
enum class Content { images, embeddings, hashes, signatures, descriptors };

std::string_view to_string(Content content) {
  switch (content) {
    case Content::images:
      return "images";
    case Content::embeddings:
      return "embeddings";
    case Content::hashes:
      return "hashes";
    case Content::signatures:
      return "minhash signatures";
    case Content::descriptors:
      return "ORB descriptors";
  }
  return "";
}

/// An array that is open, and what its companions say about it.
struct Source {
  const fs::path& path;
  const NpyFile& file;
  const FeatureFileInfo& info;

  const std::vector<std::int64_t>& shape() const { return file.header().shape; }
  std::string companion(const char* extension) const {
    return in_quotes(fs::path(path).replace_extension(extension).native());
  }
};

/// Throws invalid_argument: the companion says one thing, the array holds another.
[[noreturn]] void throw_mismatch(const Source& source, const std::string& said, const std::string& held) {
  throw Error(ErrorCode::invalid_argument, concat(source.companion(".json"), " says ", said, ", but ",
                                                  in_quotes(source.path.native()), " holds ", held));
}

Content content_of(const Source& source) {
  const auto type = source.file.header().type;
  const auto& shape = source.shape();
  if (type == NpyType::uint8 && is_image_shape(shape)) return Content::images;
  if (type == NpyType::uint32 && shape.size() == 2 && shape[1] == kMinhashPermutations) return Content::signatures;
  if ((type == NpyType::float32 || type == NpyType::float16) && shape.size() == 2) return Content::embeddings;
  if (type == NpyType::uint8 && shape.size() == 2) {
    const bool has_offsets = fs::exists(feature_companion(source.path, kOffsetsExtension));
    const bool descriptors =
        source.info.method ? *source.info.method == Method::orb : has_offsets && shape[1] == kOrbDescriptorBytes;
    return descriptors ? Content::descriptors : Content::hashes;
  }
  throw Error(ErrorCode::invalid_argument,
              concat(in_quotes(source.path.native()), ": a ", to_string(type), " array with ", shape.size(),
                     " axes is neither images (uint8 [n,h,w] or [n,h,w,3]) nor embeddings (float32 or float16 [n,d]) "
                     "nor hashes (uint8 [n,bytes]) nor minhash signatures (uint32 [n,",
                     kMinhashPermutations, "])"));
}

bool fits(Method method, Content content) {
  switch (content) {
    case Content::images:
      return method == Method::ssim || method == Method::template_match;
    case Content::embeddings:
      return method == Method::embedding;
    case Content::hashes:
      return hash_kind(method).has_value();
    case Content::signatures:
      return method == Method::minhash;
    case Content::descriptors:
      return method == Method::orb;
  }
  return false;
}

/// The array's header and what its companions say, checked against each other.
void check_companions(const Source& source, Content content, std::int64_t num_items) {
  const FeatureFileInfo& info = source.info;
  const auto& shape = source.shape();
  const bool colour = shape.size() == 4 && shape[3] == 3;
  if (info.method && (!fits(*info.method, content) || (*info.method == Method::template_match && !colour))) {
    throw_mismatch(source, concat("method ", in_quotes(simile::info(*info.method).name)),
                   concat(content == Content::images && !colour ? "grey " : "", to_string(content)));
  }
  if (info.size && content == Content::images && *info.size != PixelSize{shape[2], shape[1]}) {
    throw_mismatch(source, concat(info.size->width_px, "x", info.size->height_px, " pixels"),
                   concat("images of ", shape[2], "x", shape[1]));
  }
  if (!info.ids.empty() && static_cast<std::int64_t>(info.ids.size()) != num_items) {
    throw Error(ErrorCode::invalid_argument, concat(in_quotes(source.path.native()), " has ", num_items, " rows, but ",
                                                    source.companion(".csv"), " names ", info.ids.size()));
  }
}

Features hash_features(const Source& source) {
  const auto& shape = source.shape();
  Features features;
  features.method = source.info.method.value_or(Method::phash);
  features.bits = source.info.bits > 0 ? source.info.bits : 8 * shape[1];
  if (shape[1] != (features.bits + 7) / 8) {
    throw Error(ErrorCode::invalid_argument, concat(in_quotes(source.path.native()), ": rows of ", shape[1],
                                                    " bytes cannot be hashes of ", features.bits, " bits"));
  }
  features.codes = Array<std::uint8_t, 2>({shape[0], shape[1]});
  source.file.read(NpyType::uint8, features.codes.data());
  return features;
}

Features signature_features(const Source& source) {
  Features features;
  features.method = Method::minhash;
  features.signatures = Array<std::uint32_t, 2>({source.shape()[0], kMinhashPermutations});
  source.file.read(NpyType::uint32, features.signatures.data());
  for (std::int64_t row = 0; row < features.signatures.shape(0); ++row) {
    const std::uint32_t* const minima = features.signatures.view()[row].data;
    const auto missing = std::count(minima, minima + kMinhashPermutations, kNoMinimum);
    if (missing == 0 || missing == kMinhashPermutations) continue;
    throw Error(ErrorCode::decode, concat(in_quotes(source.path.native()), ": row ", row, " is no signature: ", missing,
                                          " of its minima are 2^32 - 1, which all are or none"));
  }
  return features;
}

/// Where the descriptors of each item start, and where the last ones end.
std::vector<std::int64_t> read_offsets(const Source& source, std::int64_t num_descriptors) {
  const fs::path path = feature_companion(source.path, kOffsetsExtension);
  const NpyFile file(path);
  const auto& shape = file.header().shape;
  if (file.header().type != NpyType::int64 || shape.size() != 1 || shape[0] < 1) {
    throw Error(ErrorCode::decode, concat(in_quotes(path.native()), ": offsets are an int64 [n + 1], not a ",
                                          to_string(file.header().type), " array with ", shape.size(), " axes"));
  }
  std::vector<std::int64_t> offsets(static_cast<std::size_t>(shape[0]));
  file.read(NpyType::int64, offsets.data());
  if (offsets.front() != 0 || offsets.back() != num_descriptors || !std::is_sorted(offsets.begin(), offsets.end())) {
    throw Error(ErrorCode::decode, concat(in_quotes(path.native()), ": offsets must rise from 0 to the ",
                                          num_descriptors, " rows of ", in_quotes(source.path.native())));
  }
  return offsets;
}

Features descriptor_features(const Source& source) {
  const auto& shape = source.shape();
  if (shape[1] != kOrbDescriptorBytes) {
    throw Error(ErrorCode::invalid_argument, concat(in_quotes(source.path.native()), ": rows of ", shape[1],
                                                    " bytes cannot be ORB descriptors of ", kOrbDescriptorBytes));
  }
  Features features;
  features.method = Method::orb;
  features.offsets = read_offsets(source, shape[0]);
  features.codes = Array<std::uint8_t, 2>({shape[0], shape[1]});
  source.file.read(NpyType::uint8, features.codes.data());
  return features;
}

Features read_features(const Source& source, Content content) {
  switch (content) {
    case Content::hashes:
      return hash_features(source);
    case Content::signatures:
      return signature_features(source);
    case Content::descriptors:
      return descriptor_features(source);
    case Content::embeddings:
    case Content::images:
      break;
  }
  Features features;
  features.method = Method::embedding;
  features.vectors = source.file.read_embeddings();
  features.model = source.info.model;
  features.architecture = source.info.architecture;
  features.model_identity = source.info.model_identity;
  return features;
}

/// Throws out_of_memory when the array is not to be held.
void check_size(const fs::path& path, const NpyHeader& header, std::int64_t memory_bytes) {
  // float16 is widened: two bytes become four, and both are held for a moment.
  const auto file_bytes = static_cast<std::int64_t>(fs::file_size(path));
  const std::int64_t size = header.type == NpyType::float16 ? 3 * file_bytes : file_bytes;
  if (size <= memory_bytes) return;
  throw Error(ErrorCode::out_of_memory, concat(in_quotes(path.native()), " needs ", format_bytes(size),
                                               "; --memory allows ", format_bytes(memory_bytes)));
}

}  // namespace

std::vector<std::string> row_ids(std::int64_t count) {
  std::vector<std::string> ids;
  ids.reserve(static_cast<std::size_t>(count));
  for (std::int64_t row = 0; row < count; ++row) ids.push_back(std::to_string(row));
  return ids;
}

bool is_image_shape(const std::vector<std::int64_t>& shape) {
  return shape.size() == 3 || (shape.size() == 4 && (shape[3] == 1 || shape[3] == 3));
}

std::array<std::int64_t, 4> image_shape(const std::vector<std::int64_t>& shape) {
  return {shape[0], shape[1], shape[2], shape.size() == 4 ? shape[3] : 1};
}

void check_rows(const fs::path& path, const std::vector<std::int64_t>& shape) {
  if (shape[0] == 0 || std::find(shape.begin() + 1, shape.end(), 0) == shape.end()) return;
  throw Error(ErrorCode::invalid_argument, concat(in_quotes(path.native()), " holds ", shape[0], " empty rows"));
}

Dataset open_npy(const fs::path& path, const DatasetOptions& options) {
  const NpyFile file(path);
  check_size(path, file.header(), options.memory_bytes);
  const FeatureFileInfo info = read_feature_file_info(path);
  const Source source{path, file, info};
  const Content content = content_of(source);
  check_rows(path, source.shape());

  Dataset dataset;
  dataset.kind = content == Content::images ? "image array" : std::string(to_string(content));
  dataset.method = info.method;
  std::int64_t num_items = source.shape()[0];
  if (content == Content::images) {
    check_companions(source, content, num_items);
    dataset.images.pixels = Array<std::uint8_t, 4>(image_shape(source.shape()));
    file.read(NpyType::uint8, dataset.images.pixels.data());
  } else {
    if (content != Content::descriptors) check_companions(source, content, num_items);
    dataset.features = read_features(source, content);
    if (content == Content::descriptors) {
      num_items = static_cast<std::int64_t>(dataset.features->offsets.size()) - 1;
      check_companions(source, content, num_items);
    }
    if (info.size) {
      dataset.features->width_px = info.size->width_px;
      dataset.features->height_px = info.size->height_px;
    }
    dataset.features->items.resize(static_cast<std::size_t>(num_items));
    std::iota(dataset.features->items.begin(), dataset.features->items.end(), 0);
  }
  Catalogue& catalogue = dataset.images.catalogue;
  catalogue.ids = info.ids.empty() ? row_ids(num_items) : info.ids;
  std::error_code ignored;
  if (!info.root.empty() && !info.ids.empty() && fs::is_directory(info.root, ignored)) {
    catalogue.root = info.root;
    catalogue.has_files = true;
  }
  return dataset;
}

}  // namespace simile
