// SPDX-License-Identifier: Apache-2.0
// Our side of the side-by-side runs: stays alive, reads one command a line (a word, then name=value parts, separated by
// tabs) and answers each with one line of JSON, so that its runs can take turns with another program's.
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "work.hpp"

#include "simile/core/error.hpp"
#include "simile/core/simd.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/core/version.hpp"
#include "simile/similarity/compare.hpp"

namespace simile::bench {
namespace {

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char character : to_valid_utf8(text)) {
    if (character == '"' || character == '\\') out += '\\';
    out += static_cast<unsigned char>(character) < 0x20 ? ' ' : character;
  }
  return out + '"';
}

/// Most memory that the process has held at one time.
std::int64_t peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  }
  return 0;
}

std::unique_ptr<Work> prepare(const Arguments& arguments) {
  const std::string& kind = arguments.text("kind");
  if (kind == "comparison") return prepare_comparison(arguments);
  if (kind == "search") return prepare_search(arguments);
  if (kind == "connected") return prepare_connected(arguments);
  if (kind == "decoding") return prepare_decoding(arguments);
  throw Error(ErrorCode::invalid_argument, concat("kind=", in_quotes(kind), " is not known"));
}

/// What is known of a device that resolve_device() gave.
DeviceInfo info_of(const Device& device) {
  for (const Backend* backend : backends()) {
    for (auto& info : backend->devices()) {
      if (info.device == device) return info;
    }
  }
  throw Error(ErrorCode::internal, concat("no backend lists ", to_string(device)));
}

/// The works that were prepared, the threads they share and the device they run on.
class Session {
 public:
  Session(int num_threads, std::string_view device) : pool_(num_threads), device_(info_of(resolve_device(device))) {}

  std::string answer(std::string_view line) {
    const auto tab = line.find('\t');
    const std::string_view command = line.substr(0, tab);
    if (command == "info") return info();
    const Arguments arguments(tab == std::string_view::npos ? std::string_view("name=") : line.substr(tab + 1));
    const std::string name = arguments.text("name", "");
    if (command == "prepare") {
      works_[name].reset();  // before the next one takes memory
      works_[name] = prepare(arguments);
      return "{}";
    }
    if (command == "drop") {
      works_.erase(name);
      return "{}";
    }
    if (command == "memory") return concat("{\"peak_bytes\": ", peak_bytes(), "}");
    const auto work = works_.find(name);
    if (work == works_.end()) {
      throw Error(ErrorCode::invalid_argument, concat(in_quotes(line), ": no such command, or nothing is prepared"));
    }
    if (command == "run") return run(*work->second);
    if (command == "write") return write(*work->second, arguments.text("path"));
    throw Error(ErrorCode::invalid_argument, concat("no command ", in_quotes(command)));
  }

 private:
  std::string info() const {
    return concat("{\"version\": ", json_string(kVersion), ", \"simd\": ", json_string(to_string(simd_level())),
                  ", \"device\": ", json_string(device_.description), ", \"threads\": ", pool_.num_threads(), "}");
  }

  std::string run(Work& work) {
    const Context context{pool_, *progress_, cancellation_, available_memory_bytes(), device_.device};
    const Report report = work.run(context);
    return concat("{\"seconds\": ", report.seconds, ", \"pairs\": ", report.pairs,
                  ", \"pairs_skipped\": ", report.pairs_skipped, ", \"exact_evaluations\": ", report.exact_evaluations,
                  "}");
  }

  static std::string write(const Work& work, const std::string& path) {
    std::ofstream out(path, std::ios::binary);
    work.write(out);
    out.close();
    if (!out) throw Error(ErrorCode::io, concat(in_quotes(path), " cannot be written"));
    return "{}";
  }

  ThreadPool pool_;
  DeviceInfo device_;
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
  std::map<std::string, std::unique_ptr<Work>> works_;
};

int serve(const char* threads, std::string_view device) {
  std::optional<Session> session;
  try {
    session.emplace(std::stoi(threads), device);
  } catch (const std::exception& error) {
    std::cerr << "simile_bench_engine: " << error.what() << '\n';
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    try {
      std::cout << session->answer(line) << std::endl;
    } catch (const std::exception& error) {
      std::cout << "{\"error\": " << json_string(error.what()) << "}" << std::endl;
    }
  }
  return 0;
}

}  // namespace
}  // namespace simile::bench

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::cerr << "usage: simile_bench_engine THREADS [DEVICE] (cpu, or cuda:0; commands on standard input: "
                 "benchmarks/peers/engine/work.hpp)\n";
    return 2;
  }
  return simile::bench::serve(argv[1], argc == 3 ? argv[2] : "cpu");
}
