// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <unordered_set>
#include <utility>

#include <nlohmann/json.hpp>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/model/safetensors.hpp"

namespace simile {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are copied as they lie in the file");

constexpr std::int64_t kLengthBytes = 8;
constexpr std::string_view kMetadata = "__metadata__";

struct TypeName {
  TensorType type;
  std::string_view name;
  std::int64_t bytes;
};
constexpr std::array<TypeName, 10> kTypes{{{TensorType::float64, "F64", 8},
                                           {TensorType::float32, "F32", 4},
                                           {TensorType::float16, "F16", 2},
                                           {TensorType::bfloat16, "BF16", 2},
                                           {TensorType::int64, "I64", 8},
                                           {TensorType::int32, "I32", 4},
                                           {TensorType::int16, "I16", 2},
                                           {TensorType::int8, "I8", 1},
                                           {TensorType::uint8, "U8", 1},
                                           {TensorType::boolean, "BOOL", 1}}};

const TypeName& entry(TensorType type) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& each) { return each.type == type; });
  ensure(found != kTypes.end(), "a tensor type without a name");
  return *found;
}

[[noreturn]] void refuse(const std::string& reason) {
  throw Error(ErrorCode::decode, concat("not a usable .safetensors file: ", reason));
}

/// Product of the extents; refuses one beyond 2^62.
std::int64_t value_count(const TensorInfo& tensor) {
  if (std::find(tensor.shape.begin(), tensor.shape.end(), 0) != tensor.shape.end()) return 0;
  std::int64_t count = 1;
  for (const auto extent : tensor.shape) {
    if (extent > (std::int64_t{1} << 62) / count) refuse(concat("the shape of ", in_quotes(tensor.name), " overflows"));
    count *= extent;
  }
  return count;
}

/// Takes the header's JSON event by event, so that nothing but what the format allows is ever held in memory.
class HeaderReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderReader(SafetensorsHeader& header) : header_(header) {}

  bool start_object(std::size_t /*elements*/) override {
    switch (place_) {
      case Place::start:
        return go(Place::names);
      case Place::value_of_name:
        if (in_metadata_) return go(Place::metadata);
        seen_ = {};
        return go(Place::fields);
      default:
        wrong("an object");
    }
  }
  bool end_object() override {
    if (place_ == Place::names) return go(Place::end);
    if (place_ == Place::fields) finish_tensor();
    return go(Place::names);
  }
  bool key(std::string& text) override {
    if (place_ == Place::names) return name(text);
    if (place_ == Place::metadata) {
      key_ = std::move(text);
      if (header_.metadata.contains(key_)) refuse(concat("metadata has ", in_quotes(key_), " twice"));
      return go(Place::value_of_metadata);
    }
    field_ = std::find(kFields.begin(), kFields.end(), text) - kFields.begin();
    if (field_ == std::ssize(kFields))
      refuse(concat(in_quotes(tensor_.name), " has the unknown field ", in_quotes(text)));
    if (std::exchange(seen_[static_cast<std::size_t>(field_)], true)) {
      refuse(concat(in_quotes(tensor_.name), " has ", text, " twice"));
    }
    return go(Place::value_of_field);
  }
  bool string(std::string& text) override {
    if (place_ == Place::value_of_metadata) {
      header_.metadata.emplace(std::move(key_), std::move(text));
      return go(Place::metadata);
    }
    if (place_ != Place::value_of_field || field_ != kType) wrong("a text");
    const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& each) { return each.name == text; });
    if (found == kTypes.end()) {
      std::string known;
      for (const auto& each : kTypes) known += concat(known.empty() ? "" : ", ", each.name);
      refuse(concat(in_quotes(tensor_.name), " has elements of type ", in_quotes(text), "; simile reads ", known));
    }
    tensor_.type = found->type;
    return go(Place::fields);
  }
  bool start_array(std::size_t /*elements*/) override {
    if (place_ != Place::value_of_field || field_ == kType) wrong("a list");
    numbers_.clear();
    return go(Place::list);
  }
  bool number_unsigned(number_unsigned_t number) override {
    if (place_ != Place::list) wrong("a number");
    if (number > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max()))
      wrong("a number beyond 2^63");
    if (std::ssize(numbers_) == kMaxTensorRank) {
      refuse(concat(in_quotes(tensor_.name), " has more than ", kMaxTensorRank, " axes"));
    }
    numbers_.push_back(static_cast<std::int64_t>(number));
    return true;
  }
  bool end_array() override {
    if (field_ == kShape) {
      tensor_.shape = numbers_;
    } else if (numbers_.size() != 2) {
      refuse(concat("data_offsets of ", in_quotes(tensor_.name), " are not two numbers"));
    } else {
      begin_ = numbers_[0];
      end_ = numbers_[1];
    }
    return go(Place::fields);
  }
  bool null() override { wrong("null"); }
  bool boolean(bool /*value*/) override { wrong("a truth value"); }
  bool number_integer(number_integer_t /*number*/) override { wrong("a negative number"); }
  bool number_float(number_float_t /*number*/, const std::string& /*text*/) override {
    wrong("a number that is not whole or too large");
  }
  bool binary(binary_t& /*bytes*/) override { wrong("binary data"); }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*e*/) override {
    refuse(concat("its header is no JSON (at byte ", kLengthBytes + static_cast<std::int64_t>(position), ")"));
  }

 private:
  enum class Place { start, names, value_of_name, fields, value_of_field, list, metadata, value_of_metadata, end };
  static constexpr std::array<std::string_view, 3> kFields{"dtype", "shape", "data_offsets"};
  static constexpr std::ptrdiff_t kType = 0;
  static constexpr std::ptrdiff_t kShape = 1;

  bool go(Place place) {
    place_ = place;
    return true;
  }
  [[noreturn]] void wrong(std::string_view what) const {
    if (place_ == Place::start) refuse(concat("its header is ", what, ", not an object"));
    const bool of_metadata = place_ == Place::value_of_metadata || (place_ == Place::value_of_name && in_metadata_);
    refuse(concat(of_metadata ? in_quotes(kMetadata) : in_quotes(tensor_.name), " has ", what, " where none may be"));
  }
  bool name(std::string& text) {
    in_metadata_ = text == kMetadata;
    if (in_metadata_ && std::exchange(has_metadata_, true)) refuse(concat("it has ", in_quotes(kMetadata), " twice"));
    if (!in_metadata_) {
      if (!names_.insert(text).second) refuse(concat("it has the tensor ", in_quotes(text), " twice"));
      if (std::ssize(names_) > kMaxTensors) refuse(concat("it has more than ", format_count(kMaxTensors), " tensors"));
      tensor_ = {};
      tensor_.name = std::move(text);
    }
    return go(Place::value_of_name);
  }
  void finish_tensor() {
    for (std::size_t k = 0; k < kFields.size(); ++k) {
      if (!seen_[k]) refuse(concat(in_quotes(tensor_.name), " has no ", kFields[k]));
    }
    const std::int64_t count = value_count(tensor_);
    const std::int64_t each = element_bytes(tensor_.type);
    if (begin_ > end_) refuse(concat(in_quotes(tensor_.name), " ends before it begins"));
    if (count != (end_ - begin_) / each || (end_ - begin_) % each != 0) {
      refuse(concat(in_quotes(tensor_.name), " has ", end_ - begin_, " bytes, but its shape and type take ", count,
                    " times ", each));
    }
    tensor_.offset = begin_;
    tensor_.size_bytes = end_ - begin_;
    header_.tensors.push_back(std::move(tensor_));
  }

  SafetensorsHeader& header_;
  Place place_ = Place::start;
  TensorInfo tensor_;
  std::unordered_set<std::string> names_;
  std::array<bool, kFields.size()> seen_{};
  std::ptrdiff_t field_ = 0;
  std::vector<std::int64_t> numbers_;
  std::int64_t begin_ = 0;
  std::int64_t end_ = 0;
  std::string key_;
  bool in_metadata_ = false;
  bool has_metadata_ = false;
};

/// That the tensors, offsets counted from the header's end, fill `data_bytes` without gap or overlap.
void check_layout(std::vector<TensorInfo>& tensors, std::int64_t data_bytes) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorInfo& a, const TensorInfo& b) {
    return std::pair(a.offset, a.size_bytes) < std::pair(b.offset, b.size_bytes);
  });
  std::int64_t end = 0;
  for (const auto& tensor : tensors) {
    if (tensor.offset != end) {
      refuse(concat(in_quotes(tensor.name), " begins at byte ", tensor.offset, " of the data, where ", end,
                    tensor.offset < end ? " bytes are another's" : " is expected: a gap"));
    }
    end += tensor.size_bytes;
    if (end > data_bytes) {
      refuse(concat(in_quotes(tensor.name), " ends at byte ", end, " of the data, which has ", data_bytes,
                    " (cut short?)"));
    }
  }
  if (end != data_bytes) refuse(concat(data_bytes - end, " bytes follow the last tensor"));
}

}  // namespace

std::string_view to_string(TensorType type) { return entry(type).name; }

std::int64_t element_bytes(TensorType type) { return entry(type).bytes; }

SafetensorsHeader parse_safetensors_header(std::span<const std::uint8_t> start, std::int64_t file_bytes) {
  if (std::ssize(start) < kLengthBytes || file_bytes < kLengthBytes) refuse("it is shorter than 8 bytes");
  std::uint64_t length = 0;
  std::memcpy(&length, start.data(), kLengthBytes);
  if (length > static_cast<std::uint64_t>(kMaxSafetensorsHeaderBytes)) {
    refuse(concat("its header would have ", length, " bytes, more than the allowed ", kMaxSafetensorsHeaderBytes));
  }
  const auto header_bytes = static_cast<std::int64_t>(length);
  if (header_bytes > file_bytes - kLengthBytes || header_bytes > std::ssize(start) - kLengthBytes) {
    refuse(concat("its header would have ", header_bytes, " bytes, but the file has ", file_bytes, " (cut short?)"));
  }
  const auto text = start.subspan(kLengthBytes, length);
  if (text.empty() || text[0] != '{') refuse("its header does not begin with '{'");
  // The JSON library takes a zero byte for the end of its input.
  if (std::find(text.begin(), text.end(), 0) != text.end()) refuse("its header has a zero byte");
  SafetensorsHeader header;
  HeaderReader reader(header);
  nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  const std::int64_t data_offset = kLengthBytes + header_bytes;
  check_layout(header.tensors, file_bytes - data_offset);
  for (auto& tensor : header.tensors) tensor.offset += data_offset;
  std::sort(header.tensors.begin(), header.tensors.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return header;
}

}  // namespace simile
