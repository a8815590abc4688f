// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "simile/model/safetensors.hpp"
#include "simile/train/training_loop.hpp"

namespace simile {

/// What a training goes on from: a `.safetensors` file of AutoencoderTrainer::state(), whose metadata hold the key, the
/// epochs so far and a checksum of the tensors.
class TrainingState {
 public:
  /// Reads and checks all of it. Throws decode naming the file and what is wrong, not_found and io.
  explicit TrainingState(const std::filesystem::path& file);

  /// Of the run that it belongs to.
  const std::string& key() const { return key_; }
  const TrainingHistory& history() const { return history_; }
  const SafetensorsFile& tensors() const { return file_; }

 private:
  SafetensorsFile file_;
  std::string key_;
  TrainingHistory history_;
};

/// Writes it: the file appears whole or not at all. Throws io (disk full); an earlier one is then as it was.
void save_training_state(const std::filesystem::path& file, const std::string& key, const TrainingHistory& history,
                         const AutoencoderTrainer& trainer);

/// Writes tensors as a `.safetensors` file, which appears whole or not at all.
void write_tensors(const std::filesystem::path& file, const std::vector<HostTensor>& tensors,
                   const std::map<std::string, std::string>& metadata = {});

}  // namespace simile
