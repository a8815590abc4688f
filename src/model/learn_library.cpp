// SPDX-License-Identifier: Apache-2.0
#include "model/learn_library.hpp"

#include <mutex>

#include "core/optional_library.hpp"

#include "simile/core/error.hpp"

namespace simile {
namespace {

/// The library as it was opened, once for the process.
struct Opened {
  std::mutex mutex;
  OptionalLibrary library{
      {"libsimile_learn.so", "SIMILE_LEARN_LIBRARY", "SIMILE_WITH_LEARN", "simile_learn_version", ErrorCode::model}};
  bool with_cuda = false;
  std::string cuda_problem = "networks were first opened for the CPU";

  /// LibTorch's CUDA half registers itself, but only before the first tensor is made.
  void open(bool cuda) {
    if (library.opened()) return;
    library.open();
    if (!cuda) return;
    const char* const problem = library.function<const char*()>("simile_learn_open_cuda")();
    with_cuda = problem == nullptr;
    cuda_problem = with_cuda ? "" : problem;
  }
};

Opened& opened() {
  static Opened state;
  return state;
}

}  // namespace

bool has_learn_library() { return opened().library.present(); }

const void* learn_part(const std::string& part, const Device& device) {
  Opened& state = opened();
  const std::lock_guard lock(state.mutex);
  state.open(device.kind == Device::Kind::cuda);
  if (device.kind == Device::Kind::cuda && !state.with_cuda) throw Error(ErrorCode::cuda, state.cuda_problem);
  return state.library.function<const void*()>("simile_" + part)();
}

int num_network_gpus(std::string& problem) {
  Opened& state = opened();
  const std::lock_guard lock(state.mutex);
  if (!has_nvidia_driver()) {
    problem = "there is no NVIDIA driver here";
    return 0;
  }
  state.open(/*cuda=*/true);
  problem = state.with_cuda ? "LibTorch finds no GPU" : state.cuda_problem;
  if (!state.with_cuda) return 0;
  return state.library.function<int()>("simile_learn_num_gpus")();
}

}  // namespace simile
