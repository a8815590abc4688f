// SPDX-License-Identifier: Apache-2.0
#include "simile/train/training_state.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "simile/core/error.hpp"
#include "simile/core/sha256.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

using nlohmann::ordered_json;

constexpr const char* kMetadataName = "simile_training";
constexpr int kFormat = 1;

/// By name, so that the order in a file does not matter.
class TensorDigest {
 public:
  void add(const std::string& name, std::span<const std::uint8_t> bytes) {
    Sha256 hash;
    hash.add(bytes.data(), bytes.size());
    parts_.emplace_back(name, to_hex(hash.digest()));
  }
  std::string text() {
    std::sort(parts_.begin(), parts_.end());
    Sha256 hash;
    for (const auto& [name, digest] : parts_) hash.add(concat(name, " ", digest, "\n"));
    return to_hex(hash.digest());
  }

 private:
  std::vector<std::pair<std::string, std::string>> parts_;
};

ordered_json to_json(const EpochRecord& epoch) {
  return {{"epoch", epoch.epoch},
          {"learning_rate", epoch.learning_rate},
          {"train_loss", epoch.train_loss},
          {"validation_loss", epoch.validation_loss},
          {"best", epoch.best},
          {"seconds", epoch.seconds},
          {"images_per_second", epoch.images_per_second}};
}

EpochRecord to_epoch(const ordered_json& json) {
  EpochRecord epoch;
  epoch.epoch = json.at("epoch").get<std::int64_t>();
  epoch.learning_rate = json.at("learning_rate").get<double>();
  epoch.train_loss = json.at("train_loss").get<double>();
  epoch.validation_loss = json.at("validation_loss").get<double>();
  epoch.best = json.at("best").get<bool>();
  epoch.seconds = json.at("seconds").get<double>();
  epoch.images_per_second = json.at("images_per_second").get<double>();
  return epoch;
}

std::string digest_of(const SafetensorsFile& file) {
  TensorDigest digest;
  std::vector<std::uint8_t> bytes;
  for (const auto& tensor : file.tensors()) {
    bytes.resize(static_cast<std::size_t>(tensor.size_bytes));
    file.read(tensor, bytes.data());
    digest.add(tensor.name, bytes);
  }
  return digest.text();
}

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& reason) {
  throw Error(ErrorCode::decode, concat("the training cannot go on from ", in_quotes(file.native()), ": ", reason,
                                        " (--overwrite starts anew)"));
}

}  // namespace

TrainingState::TrainingState(const std::filesystem::path& file) : file_(file) {
  const auto found = file_.metadata().find(kMetadataName);
  if (found == file_.metadata().end()) refuse(file, "it is not the state of a training");
  try {
    const auto json = ordered_json::parse(found->second);
    if (json.at("format").get<int>() != kFormat) refuse(file, "it is of another version of simile");
    key_ = json.at("key").get<std::string>();
    for (const auto& each : json.at("epochs")) {
      history_.epochs.push_back(to_epoch(each));
      if (history_.epochs.back().epoch != history_.num_epochs()) refuse(file, "its epochs are not in order");
    }
    if (json.at("sha256").get<std::string>() != digest_of(file_)) refuse(file, "its checksum is wrong");
  } catch (const nlohmann::json::exception& error) {
    refuse(file, error.what());
  }
}

void write_tensors(const std::filesystem::path& file, const std::vector<HostTensor>& tensors,
                   const std::map<std::string, std::string>& metadata) {
  std::vector<TensorBytes> views;
  views.reserve(tensors.size());
  for (const auto& tensor : tensors) views.push_back({tensor.name, tensor.type, tensor.shape, tensor.bytes});
  write_safetensors(file, views, metadata);
}

void save_training_state(const std::filesystem::path& file, const std::string& key, const TrainingHistory& history,
                         const AutoencoderTrainer& trainer) {
  const auto tensors = trainer.state();
  TensorDigest digest;
  for (const auto& tensor : tensors) digest.add(tensor.name, tensor.bytes);
  ordered_json json{{"format", kFormat}, {"key", key}, {"sha256", digest.text()}, {"epochs", ordered_json::array()}};
  for (const auto& epoch : history.epochs) json["epochs"].push_back(to_json(epoch));
  write_tensors(file, tensors, {{kMetadataName, json.dump()}});
}

}  // namespace simile
