// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <string>
#include <tuple>

#include <nlohmann/json.hpp>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/model/safetensors.hpp"

namespace simile {
namespace {

constexpr std::size_t kAlignment = 8;

void check_text(std::string_view text) {
  if (to_valid_utf8(text) != text) {
    throw Error(ErrorCode::invalid_argument,
                concat("a tensor or its metadata is named ", in_quotes(text), ", which is not UTF-8"));
  }
}

void check_name(const std::string& name, std::set<std::string_view>& names) {
  check_text(name);
  if (name == "__metadata__")
    throw Error(ErrorCode::invalid_argument, concat("no tensor may be named ", in_quotes(name)));
  if (!names.insert(name).second) {
    throw Error(ErrorCode::invalid_argument, concat("two tensors are named ", in_quotes(name)));
  }
}

std::int64_t bytes_of_shape(const TensorBytes& tensor) {
  std::int64_t bytes = element_bytes(tensor.type);
  for (const auto extent : tensor.shape) bytes *= extent;
  return bytes;
}

}  // namespace

void write_safetensors(AtomicFile& file, std::span<const TensorBytes> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<const TensorBytes*> order;
  std::set<std::string_view> names;
  for (const auto& tensor : tensors) {
    check_name(tensor.name, names);
    ensure(bytes_of_shape(tensor) == std::ssize(tensor.bytes), "a tensor's shape and its bytes differ");
    order.push_back(&tensor);
  }
  std::sort(order.begin(), order.end(), [](const TensorBytes* a, const TensorBytes* b) {
    return std::tuple(-element_bytes(a->type), std::string_view(a->name)) <
           std::tuple(-element_bytes(b->type), std::string_view(b->name));
  });

  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  for (const auto& [key, value] : metadata) {
    check_text(key);
    check_text(value);
    header["__metadata__"][key] = value;
  }
  std::int64_t end = 0;
  std::string text = header.dump();
  text.pop_back();  // tensors are appended as text: ordered_json looks through all keys to add one
  for (const TensorBytes* tensor : order) {
    nlohmann::ordered_json entry;
    entry["dtype"] = to_string(tensor->type);
    entry["shape"] = tensor->shape;
    entry["data_offsets"] = {end, end + std::ssize(tensor->bytes)};
    end += std::ssize(tensor->bytes);
    text += concat(text.size() > 1 ? "," : "", nlohmann::json(tensor->name).dump(), ":", entry.dump());
  }
  text += "}";
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');

  const std::uint64_t length = text.size();
  file.write(std::string_view(reinterpret_cast<const char*>(&length), sizeof length));
  file.write(text);
  for (const TensorBytes* tensor : order) file.write(tensor->bytes);
}

void write_safetensors(const std::filesystem::path& path, std::span<const TensorBytes> tensors,
                       const std::map<std::string, std::string>& metadata) {
  AtomicFile file(path);
  write_safetensors(file, tensors, metadata);
  file.commit();
}

}  // namespace simile
