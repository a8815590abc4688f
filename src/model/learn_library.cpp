// SPDX-License-Identifier: Apache-2.0
// The one place where libraries are opened at run time.
#include "model/learn_library.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <vector>

#include <dlfcn.h>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/version.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFileName = "libsimile_learn.so";

std::vector<fs::path> candidates() {
  const char* const named = std::getenv("SIMILE_LEARN_LIBRARY");  // NOLINT(concurrency-mt-unsafe)
  if (named != nullptr && *named != '\0') return {named};
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  return {folder / kFileName, folder.parent_path() / "lib" / "simile" / kFileName};
}

std::string loader_reason() {
  const char* const text = ::dlerror();  // NOLINT(concurrency-mt-unsafe): under the lock of learn_part()
  return text == nullptr ? "no reason given" : text;
}

void* open_library() {
  const auto files = candidates();
  for (const auto& file : files) {
    std::error_code error;
    if (!fs::exists(file, error)) continue;
    // Local: what LibTorch brings must not take the place of the program's own libraries. Never closed.
    if (void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    throw Error(ErrorCode::model, concat(in_quotes(file.native()), " cannot be opened: ", loader_reason()));
  }
  throw Error(ErrorCode::model,
              concat("this needs ", kFileName, ", which is not at ", in_quotes(files.front().native()),
                     ": build with -DSIMILE_WITH_LEARN=ON, as ./dev does (SIMILE_LEARN_LIBRARY names another place)"));
}

void* function(void* library, const std::string& name) {
  void* const address = ::dlsym(library, name.c_str());
  if (address == nullptr) throw Error(ErrorCode::model, concat(kFileName, " has no ", name, ": ", loader_reason()));
  return address;
}

void check_version(void* library) {
  const auto version = reinterpret_cast<const char* (*)()>(function(library, "simile_learn_version"));
  if (version() != kVersion) {
    throw Error(ErrorCode::model, concat(kFileName, " is of version ", version(), ", this program of ", kVersion));
  }
}

/// The library as it was opened, once for the process.
struct Opened {
  std::mutex mutex;
  void* library = nullptr;
  bool with_cuda = false;
  std::string cuda_problem = "networks were first opened for the CPU";

  /// LibTorch's CUDA half registers itself, but only before the first tensor is made.
  void open(bool cuda) {
    if (library != nullptr) return;
    void* const opened = open_library();
    check_version(opened);
    if (cuda) {
      const auto open_cuda = reinterpret_cast<const char* (*)()>(function(opened, "simile_learn_open_cuda"));
      const char* const problem = open_cuda();
      with_cuda = problem == nullptr;
      cuda_problem = with_cuda ? "" : problem;
    }
    library = opened;
  }
};

Opened& opened() {
  static Opened state;
  return state;
}

bool has_driver() { return ::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL) != nullptr; }

}  // namespace

bool has_learn_library() {
  const auto files = candidates();
  std::error_code error;
  return std::any_of(files.begin(), files.end(), [&](const fs::path& file) { return fs::exists(file, error); });
}

const void* learn_part(const std::string& part, const Device& device) {
  Opened& state = opened();
  const std::lock_guard lock(state.mutex);
  state.open(device.kind == Device::Kind::cuda);
  if (device.kind == Device::Kind::cuda && !state.with_cuda) throw Error(ErrorCode::cuda, state.cuda_problem);
  return reinterpret_cast<const void* (*)()>(function(state.library, "simile_" + part))();
}

int num_network_gpus(std::string& problem) {
  Opened& state = opened();
  const std::lock_guard lock(state.mutex);
  if (!has_driver()) {
    problem = "there is no NVIDIA driver here";
    return 0;
  }
  state.open(/*cuda=*/true);
  problem = state.with_cuda ? "LibTorch finds no GPU" : state.cuda_problem;
  if (!state.with_cuda) return 0;
  return reinterpret_cast<int (*)()>(function(state.library, "simile_learn_num_gpus"))();
}

}  // namespace simile
