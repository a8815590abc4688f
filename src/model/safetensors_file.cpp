// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>

#include "model/model_files.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/model/safetensors.hpp"

namespace simile {
namespace {

SafetensorsHeader read_header(const InputFile& file) {
  std::array<std::uint8_t, 8> length_bytes{};
  const auto known = std::min<std::int64_t>(file.size_bytes(), length_bytes.size());
  file.read_at(0, length_bytes.data(), known);
  std::uint64_t length = 0;
  std::memcpy(&length, length_bytes.data(), sizeof length);
  // A length that is wrong is refused below, by the parser: here it only must not be believed.
  const auto most = static_cast<std::uint64_t>(std::min(file.size_bytes() - known, kMaxSafetensorsHeaderBytes));
  std::vector<std::uint8_t> start(static_cast<std::size_t>(known) + std::min(length, most));
  file.read_at(0, start.data(), std::ssize(start));
  return parse_safetensors_header(start, file.size_bytes());
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : path_(path) {
  naming(path_, [&] {
    file_.emplace(path_);
    try {
      header_ = read_header(*file_);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::decode) throw;
      throw Error(error.code(), concat("is ", error.what()), error.where());
    }
  });
}

const TensorInfo* SafetensorsFile::find(std::string_view name) const {
  const auto& all = header_.tensors;
  const auto found = std::lower_bound(
      all.begin(), all.end(), name, [](const TensorInfo& each, std::string_view wanted) { return each.name < wanted; });
  return found != all.end() && found->name == name ? &*found : nullptr;
}

std::int64_t SafetensorsFile::num_values() const {
  std::int64_t count = 0;
  for (const auto& tensor : header_.tensors) count += tensor.count();
  return count;
}

void SafetensorsFile::read(const TensorInfo& tensor, void* target) const {
  naming(path_, [&] { file_->read_at(tensor.offset, target, tensor.size_bytes); });
  if (tensor.type != TensorType::boolean) return;
  const std::span bytes(static_cast<const std::uint8_t*>(target), static_cast<std::size_t>(tensor.size_bytes));
  if (std::any_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte > 1; })) {
    throw Error(ErrorCode::decode, concat(in_quotes(path_.native()), ": ", in_quotes(tensor.name),
                                          " has a truth value that is neither 0 nor 1"));
  }
}

}  // namespace simile
