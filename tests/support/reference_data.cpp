// SPDX-License-Identifier: Apache-2.0
#include "support/reference_data.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <utility>

#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"
#include "simile/core/npy.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

std::filesystem::path data_file(std::string_view name) { return std::filesystem::path(SIMILE_TEST_DATA) / name; }

template <class Number>
Number parse_number(std::string_view text, int base = 10) {
  Number value{};
  std::from_chars_result result{};
  if constexpr (std::is_floating_point_v<Number>) {
    result = std::from_chars(text.data(), text.data() + text.size(), value);
  } else {
    result = std::from_chars(text.data(), text.data() + text.size(), value, base);
  }
  if (result.ec != std::errc() || result.ptr != text.data() + text.size() || text.empty()) {
    throw Error(ErrorCode::decode, concat("reference table: not a number: ", in_quotes(text)));
  }
  return value;
}

/// Arrays of several shapes: their elements in `stem`.npy, image name, height and width in `stem`.csv.
template <class T = std::uint8_t>
std::vector<std::pair<std::string, Array<T, 2>>> read_arrays(const std::string& stem) {
  const NpyFile file(data_file(stem + ".npy"));
  Array<T, 1> elements({file.header().shape[0]});
  file.read(std::is_same_v<T, float> ? NpyType::float32 : NpyType::uint8, elements.data());
  const auto table = read_csv(data_file(stem + ".csv"));
  std::vector<std::pair<std::string, Array<T, 2>>> arrays;
  std::int64_t offset = 0;
  for (const auto& row : table.rows) {
    Array<T, 2> array({parse_number<std::int64_t>(row[table.column("height")]),
                       parse_number<std::int64_t>(row[table.column("width")])});
    ensure(offset + array.size() <= elements.size(),
           "reference table: the .csv names more elements than the .npy holds");
    std::copy_n(elements.data() + offset, array.size(), array.data());
    offset += array.size();
    arrays.emplace_back(row[table.column("image")], std::move(array));
  }
  ensure(offset == elements.size(), "reference table: the .npy holds more elements than the .csv names");
  return arrays;
}

}  // namespace

std::vector<std::uint8_t> parse_hex(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t k = 0; k < text.size(); k += 2) {
    bytes.push_back(parse_number<std::uint8_t>(text.size() - k < 2 ? "" : text.substr(k, 2), 16));
  }
  return bytes;
}

std::map<std::string, Array<std::uint8_t, 2>> reference_images() {
  std::map<std::string, Array<std::uint8_t, 2>> images;
  for (auto& [name, image] : read_arrays("reference_images")) images.emplace(name, std::move(image));
  return images;
}

std::vector<SsimReference> ssim_references() {
  const auto images = reference_images();
  const auto table = read_csv(data_file("ssim_reference.csv"));
  std::vector<SsimReference> references;
  for (const auto& row : table.rows) {
    const auto& first = row[table.column("first")];
    const auto& second = row[table.column("second")];
    references.push_back({concat(first, " and ", second), images.at(first).clone(), images.at(second).clone(),
                          parse_number<double>(row[table.column("ssim")])});
  }
  return references;
}

std::vector<SsimReference> ssim_gaussian_references() {
  const auto images = reference_images();
  const auto table = read_csv(data_file("ssim_gaussian_reference.csv"));
  std::vector<SsimReference> references;
  for (const auto& row : table.rows) {
    const auto height = parse_number<std::int64_t>(row[table.column("height")]);
    const auto width = parse_number<std::int64_t>(row[table.column("width")]);
    const auto corner = [&](const std::string& name) {
      Array<std::uint8_t, 2> image({height, width});
      for (std::int64_t y = 0; y < height; ++y)
        std::copy_n(images.at(name).view()[y].data, width, image.view()[y].data);
      return image;
    };
    const auto& first = row[table.column("first")];
    const auto& second = row[table.column("second")];
    references.push_back({concat(first, " and ", second, ", ", width, "x", height), corner(first), corner(second),
                          parse_number<double>(row[table.column("ssim")])});
  }
  return references;
}

std::vector<TemplateReference> template_references() {
  const auto images = reference_images();
  const auto table = read_csv(data_file("template_reference.csv"));
  std::vector<TemplateReference> references;
  for (const auto& row : table.rows) {
    const std::array names{row[table.column("first")], row[table.column("second")]};
    const auto& shape = images.at(names[0].substr(0, names[0].find(' '))).shape();
    Array<std::uint8_t, 4> pair({2, shape[0], shape[1], 3});
    for (std::int64_t item = 0; item < 2; ++item) {
      std::int64_t channel = 0;
      for_each_part(names[static_cast<std::size_t>(item)], ' ', [&](std::string_view name) {
        const auto& plane = images.at(std::string(name));
        ensure(plane.shape() == shape && channel < 3, "reference table: channels that do not fit");
        for (std::int64_t k = 0; k < plane.size(); ++k) {
          pair.data()[(item * plane.size() + k) * 3 + channel] = plane.data()[k];
        }
        ++channel;
      });
    }
    references.push_back({concat(names[0], " and ", names[1]), std::move(pair),
                          parse_number<double>(row[table.column("sqdiff_normed")])});
  }
  return references;
}

std::vector<ResizeReference> resize_references() {
  std::vector<ResizeReference> references;
  for (auto& [name, resized] : read_arrays("lanczos_reference")) references.push_back({name, std::move(resized)});
  return references;
}

std::vector<HashReference> hash_references() {
  const auto table = read_csv(data_file("hash_reference.csv"));
  std::vector<HashReference> references;
  references.reserve(table.rows.size());
  for (const auto& row : table.rows) {
    references.push_back({row[table.column("image")], row[table.column("kind")],
                          parse_number<int>(row[table.column("hash_size")]), parse_hex(row[table.column("hash")]),
                          parse_number<std::int64_t>(row[table.column("undecided")])});
  }
  return references;
}

std::vector<HarrisReference> harris_references() {
  const auto images = reference_images();
  std::vector<HarrisReference> references;
  for (auto& [name, response] : read_arrays<float>("harris_reference")) {
    references.push_back({name, images.at(name).clone(), std::move(response)});
  }
  return references;
}

std::vector<OrbReference> orb_references() {
  auto images = reference_images();
  for (auto& [name, image] : read_arrays("orb_images")) images.emplace(name, std::move(image));
  const auto table = read_csv(data_file("orb_reference.csv"));
  std::vector<OrbReference> references;
  for (const auto& row : table.rows) {
    const auto& name = row[table.column("image")];
    references.push_back({name, images.at(name).clone(), parse_hex(row[table.column("descriptors")])});
  }
  return references;
}

std::vector<OrbMatchReference> orb_match_references() {
  constexpr std::int64_t kDescriptorBytes = 32;
  const auto descriptors = [](std::string_view hex) {
    const auto bytes = parse_hex(hex);
    Array<std::uint8_t, 2> rows({static_cast<std::int64_t>(bytes.size()) / kDescriptorBytes, kDescriptorBytes});
    ensure(rows.size() == static_cast<std::int64_t>(bytes.size()), "reference table: half a descriptor");
    std::copy(bytes.begin(), bytes.end(), rows.data());
    return rows;
  };
  const auto table = read_csv(data_file("orb_matches.csv"));
  std::vector<OrbMatchReference> references;
  for (const auto& row : table.rows) {
    OrbMatchReference reference{row[table.column("case")],
                                descriptors(row[table.column("left")]),
                                descriptors(row[table.column("right")]),
                                {},
                                parse_number<double>(row[table.column("similarity")])};
    // "left right distance" of every match, one after the other
    std::vector<std::int64_t> numbers;
    std::string_view text = row[table.column("matches")];
    while (!text.empty()) {
      const auto end = std::min(text.find(' '), text.size());
      numbers.push_back(parse_number<std::int64_t>(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    ensure(numbers.size() % 3 == 0, "reference table: half a match");
    for (std::size_t k = 0; k < numbers.size(); k += 3) {
      reference.matches.push_back({numbers[k], numbers[k + 1], numbers[k + 2]});
    }
    references.push_back(std::move(reference));
  }
  return references;
}

}  // namespace simile
