// SPDX-License-Identifier: Apache-2.0
#include "simile/core/state_file.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::uint64_t kMagic = 0x0a65'6c69'6d69'73ef;  // "\xefsimile\n": no text begins so
constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kWord = 8;
constexpr std::size_t kPieceWords = 1 << 13;

/// One step for each word; a bijection of the state for every word, so that one wrong word is never missed.
std::uint64_t update(std::uint64_t checksum, std::uint64_t word) {
  checksum = (checksum ^ word) * 0x9e37'79b9'7f4a'7c15U;
  return checksum ^ checksum >> 29;
}

std::uint64_t update(std::uint64_t checksum, const void* data, std::size_t words) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  for (std::size_t k = 0; k < words; ++k) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + k * kWord, sizeof word);
    checksum = update(checksum, word);
  }
  return checksum;
}

}  // namespace

void throw_bad_state(std::string_view what) {
  throw Error(ErrorCode::decode, concat("cannot be continued from: ", what));
}

StateWriter::StateWriter(std::string_view kind, std::function<void(std::string_view)> write)
    : write_(std::move(write)) {
  words(&kMagic, 1);
  integer(kVersion);
  text(kind);
}

void StateWriter::words(const void* data, std::size_t count) {
  checksum_ = update(checksum_, data, count);
  write_({static_cast<const char*>(data), count * kWord});
}

void StateWriter::text(std::string_view value) {
  integer(static_cast<std::int64_t>(value.size()));
  std::string padded(value);
  padded.resize((value.size() + kWord - 1) / kWord * kWord);
  words(padded.data(), padded.size() / kWord);
}

void StateWriter::finish() {
  const std::uint64_t checksum = checksum_;
  words(&checksum, 1);
}

StateReader::StateReader(std::string_view kind, std::int64_t size_bytes, Read read)
    : read_(std::move(read)), end_(size_bytes - kWord) {
  if (size_bytes < 4 * kWord || size_bytes % kWord != 0) throw_bad_state("it is too short");
  std::uint64_t magic = 0;
  words(&magic, 1);
  if (magic != kMagic) throw_bad_state("it is not a state file of simile");
  const std::int64_t version = integer();
  if (version != kVersion) throw_bad_state(concat("its format is ", version, ", not ", kVersion));
  std::array<std::uint64_t, kPieceWords> piece{};
  std::uint64_t checksum = 0;
  for (std::int64_t offset = 0; offset < end_;) {
    const std::int64_t count = std::min<std::int64_t>(end_ - offset, sizeof piece);
    read_(offset, piece.data(), count);
    checksum = update(checksum, piece.data(), static_cast<std::size_t>(count / kWord));
    offset += count;
  }
  std::uint64_t expected = 0;
  read_(end_, &expected, kWord);
  if (checksum != expected) throw_bad_state("its checksum is wrong: it is truncated or damaged");
  const std::string found = text();
  if (found != kind) throw_bad_state(concat("it holds ", in_quotes(found), ", not ", in_quotes(kind)));
}

StateReader::StateReader(std::string_view kind, std::span<const std::uint8_t> bytes)
    : StateReader(kind, static_cast<std::int64_t>(bytes.size()),
                  [bytes](std::int64_t offset, void* target, std::int64_t count) {
                    std::memcpy(target, bytes.data() + offset, static_cast<std::size_t>(count));
                  }) {}

StateReader::StateReader(std::string_view kind, const InputFile& file)
    : StateReader(kind, file.size_bytes(), [&file](std::int64_t offset, void* target, std::int64_t count) {
        file.read_at(offset, target, count);
      }) {}

void StateReader::words(void* data, std::size_t count) {
  if (static_cast<std::int64_t>(count) > bytes_left() / kWord) throw_bad_state("it ends early");
  if (count == 0) return;
  const std::int64_t bytes = static_cast<std::int64_t>(count) * kWord;
  read_(offset_, data, bytes);
  offset_ += bytes;
}

std::int64_t StateReader::integer() {
  std::int64_t value = 0;
  words(&value, 1);
  return value;
}

std::int64_t StateReader::integer(std::string_view name, std::int64_t low, std::int64_t high) {
  const std::int64_t value = integer();
  if (value < low || value > high) throw_bad_state(concat(name, " is ", value));
  return value;
}

double StateReader::number() {
  double value = 0;
  words(&value, 1);
  return value;
}

std::string StateReader::text() {
  const std::int64_t size = integer("a length", 0, bytes_left());
  std::string padded(static_cast<std::size_t>((size + kWord - 1) / kWord * kWord), '\0');
  words(padded.data(), padded.size() / kWord);
  padded.resize(static_cast<std::size_t>(size));
  return padded;
}

std::int64_t StateReader::count(std::size_t element_bytes) {
  const std::int64_t behind = bytes_left() - kWord;
  return integer("a count", 0, behind / static_cast<std::int64_t>(element_bytes));
}

void StateReader::finish() const {
  if (bytes_left() != 0) throw_bad_state("there is more in it than belongs there");
}

}  // namespace simile
