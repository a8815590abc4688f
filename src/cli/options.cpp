// SPDX-License-Identifier: Apache-2.0
#include "cli/options.hpp"

#include <charconv>
#include <cmath>

#include "cli/completion.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/thread_pool.hpp"
#include "simile/core/units.hpp"
#include "simile/similarity/compare.hpp"

namespace simile::cli {
namespace {

template <class Number>
Number parse_number(const std::string& flag, const std::string& text, Number min, Number max, const char* kind) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= min && value <= max)) {
    throw Error(ErrorCode::invalid_argument,
                concat(flag, " ", in_quotes(text), ": allowed are ", kind, " from ", min, " to ", max));
  }
  return value;
}

double parse_scale(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(ErrorCode::invalid_argument, concat("--scale ", in_quotes(text), ": allowed are numbers above 0"));
  }
  return value;  // whether it is one of these is checked by the pipeline
}

/// The flag without short forms: "--out" of "-o,--out".
std::string long_name(const std::string& flag) { return flag.substr(flag.find("--")); }

std::string glob_problem(const std::string& glob) {
  try {
    glob_match(glob, "");
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

CLI::Option* add_integer(CLI::App& app, const std::string& flag, std::int64_t& target, std::int64_t min,
                         std::int64_t max, const std::string& help) {
  const auto parse = [&target, flag, min, max](const std::string& text) {
    target = parse_number(long_name(flag), text, min, max, "whole numbers");
  };
  return app.add_option_function<std::string>(flag, parse, help)
      ->type_name("N")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

CLI::Option* add_threshold(CLI::App& app, std::optional<double>& target, const std::string& help) {
  const auto parse = [&target](const std::string& text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
      throw Error(ErrorCode::invalid_argument,
                  concat("--threshold ", in_quotes(text), ": allowed are numbers from -1 to 1"));
    }
    target = value;
  };
  return app.add_option_function<std::string>("-t,--threshold", parse, help)
      ->type_name("T")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

CLI::Option* add_bytes(CLI::App& app, const std::string& flag, std::int64_t& target, const std::string& help,
                       const std::string& shown_default) {
  const auto parse = [&target, flag](const std::string& text) {
    try {
      target = parse_bytes(text);
    } catch (const Error& error) {
      throw Error(ErrorCode::invalid_argument, concat(flag, " ", error.what()));
    }
    if (target < 1)
      throw Error(ErrorCode::invalid_argument, concat(flag, " ", in_quotes(text), ": allowed is 1 byte or more"));
  };
  return app.add_option_function<std::string>(flag, parse, help)
      ->type_name("SIZE")
      ->default_str(shown_default)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void add_run_options(CLI::App& app, RunOptions& options) {
  add_integer(app, "--threads", options.threads, 1, 1024, "Threads to work with")->default_str("all cores");
  add_bytes(app, "--memory", options.memory_bytes, "Memory that the run may take, e.g. 4GiB", "half of the machine's");
  add_watch_options(app, options);
}

void add_watch_options(CLI::App& app, RunOptions& options) {
  app.add_flag("-q,--quiet", options.quiet, "No progress, only results and errors");
  app.add_flag("-v,--verbose", options.verbose, "Say more about what is done and why");
}

void add_device_option(CLI::App& app, RunOptions& options) {
  CLI::Option* const device = app.add_option("--device", options.device, "Where to compare: auto, cpu, cuda or cuda:N")
                                  ->type_name("DEVICE")
                                  ->default_str("auto")
                                  ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  std::vector<std::string> names{"auto"};
  for (const Backend* backend : backends()) names.emplace_back(backend->name());
  offer_words(device, names);
  add_bytes(app, "--gpu-memory", options.gpu_memory_bytes, "GPU memory that comparing may take, e.g. 16GiB",
            "most of what is free");
}

void add_network_device_option(CLI::App& app, RunOptions& options) {
  options.for_networks = true;
  CLI::Option* const device =
      app.add_option("--device", options.device, "Where the network runs: auto, cpu, cuda or cuda:N")
          ->type_name("DEVICE")
          ->default_str("auto")
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  offer_words(device, {"auto", "cpu", "cuda"});
}

CLI::Option* add_decode_time(CLI::App& app, std::int64_t& seconds) {
  return add_integer(app, "--max-decode-time", seconds, 0, kMaxDecodeSeconds,
                     "Give up on an image that takes more seconds to decode; 0: never give up");
}

void add_cache_options(CLI::App& app, CacheOptions& cache) {
  cache.folder = default_cache_folder();
  app.add_option("--cache", cache.folder, "Where what is read of files is kept for the next run")
      ->type_name("DIR")
      ->default_str("~/.cache/simile")
      ->check([](const std::string& text) { return text.empty() ? "'' names no folder" : ""; })
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  // After --cache, which may come from the settings: callbacks run in this order.
  app.add_flag_callback("--no-cache", [&cache] { cache.folder.clear(); }, "Read every file, keep nothing");
  add_bytes(app, "--cache-size", cache.max_bytes, "Size of all that is kept there", "2GiB");
}

PixelSize parse_size(const std::string& text) {
  const auto side = [&](std::string_view part) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || end != part.data() + part.size()) {
      throw Error(ErrorCode::invalid_argument,
                  concat("--size ", in_quotes(text), ": allowed are N or WIDTHxHEIGHT, in pixels, ", kMinSidePx, " to ",
                         kMaxSidePx, " a side"));
    }
    return value;
  };
  const auto cross = text.find('x');
  if (cross == std::string::npos) return {side(text), side(text)};
  return {side(std::string_view(text).substr(0, cross)), side(std::string_view(text).substr(cross + 1))};
}

void add_input_options(CLI::App& app, ListingOptions& listing, FeatureOptions& features) {
  std::vector<std::string> offered;
  for (const auto& method : methods()) offered.emplace_back(method.name);
  const std::string names = joined(offered, ", ");
  CLI::Option* const chosen =
      app.add_option_function<std::string>(
             "-m,--method", [&features](const std::string& text) { features.method = parse_method(text); },
             concat("What alike means: ", names))
          ->type_name("METHOD")
          ->default_str("ssim for images")
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  offer_words(chosen, offered);
  app.add_option_function<std::string>(
         "--size", [&features](const std::string& text) { features.size = parse_size(text); },
         "ssim, template, minhash, orb: pixels to which images are resized before comparing, N or WIDTHxHEIGHT")
      ->type_name("N")
      ->default_str("64, orb 256; arrays keep their size")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option_function<std::string>(
         "--scale", [&features](const std::string& text) { features.scale = parse_scale(text); },
         "ssim, template: resize images of one size by this factor, instead of --size")
      ->type_name("F")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option_function<std::string>(
         "--hash-size",
         [&features](const std::string& text) {
           features.hash_size = parse_number("--hash-size", text, kMinHashSize, kMaxHashSize, "whole numbers");
         },
         "phash, dhash, ahash: side of the square of bits, 8 to 64")
      ->type_name("N")
      ->default_str("8")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  add_network_options(app, features.network);
  add_reading_options(app, listing, features);
}

void add_reading_options(CLI::App& app, ListingOptions& listing, FeatureOptions& features) {
  app.add_flag("--full-decode", features.full_decode,
               "Decode JPEGs at full size even where a smaller one would do; hashes always do");
  app.add_option("--include", listing.include, "Take only files that match this glob (may be repeated)")
      ->type_name("GLOB")
      ->allow_extra_args(false)  // one glob a flag: the next word may be PHOTOS
      ->check(glob_problem);
  app.add_option("--exclude", listing.exclude, "Leave out files that match this glob (may be repeated)")
      ->type_name("GLOB")
      ->allow_extra_args(false)  // one glob a flag: the next word may be PHOTOS
      ->check(glob_problem);
  add_integer(app, "--max-pixels", features.limits.max_pixels, 1, 1LL << 32, "Refuse larger images")
      ->default_str("200000000");
  add_bytes(app, "--max-file-size", features.limits.max_file_bytes, "Refuse larger files", "512MiB");
  add_decode_time(app, features.limits.max_decode_seconds)->default_str("60");
  add_cache_options(app, features.cache);
}

CLI::Option* add_number(CLI::App& app, const std::string& flag, double& target, const std::string& help) {
  const auto parse = [&target, flag](const std::string& text) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), target);
    if (error != std::errc() || end != text.data() + text.size()) {
      throw Error(ErrorCode::invalid_argument, concat(flag, " ", in_quotes(text), ": allowed are numbers"));
    }
  };
  return app.add_option_function<std::string>(flag, parse, help)
      ->type_name("X")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void add_model_options(CLI::App& app, NetworkChoice& network) {
  app.add_option("--model", network.model,
                 "Network: a name (simile model list), weights (.safetensors), a card.json or a folder of training")
      ->type_name("NAME|FILE|DIR")
      ->default_str("tf_efficientnet_lite0")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--arch", network.architecture, "Architecture of weights that have no card, e.g. resnet50")
      ->type_name("NAME")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void add_network_options(CLI::App& app, NetworkChoice& network) {
  add_model_options(app, network);
  CLI::Option* const precision = app.add_option("--precision", network.precision,
                                                "Arithmetic of the network: fp32, bf16 (CPUs that have it, GPUs) or "
                                                "fp16 (GPUs)")
                                     ->type_name("PRECISION")
                                     ->default_str("fp32")
                                     ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  offer_words(precision, {"fp32", "bf16", "fp16"});
  app.add_option("--torchscript", network.torchscript,
                 "A TorchScript module as the network. Such a file is a program: only from who you trust")
      ->type_name("FILE")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void add_window(CLI::App& app, std::optional<SsimWindow>& target) {
  CLI::Option* const window = app.add_option_function<std::string>(
                                     "--window", [&target](const std::string& text) { target = parse_window(text); },
                                     "ssim: weights of its windows: uniform (7x7) or gaussian (11x11, sigma 1.5)")
                                  ->type_name("WINDOW")
                                  ->default_str("uniform")
                                  ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  offer_words(window, {std::string(to_string(SsimWindow::uniform)), std::string(to_string(SsimWindow::gaussian))});
}

}  // namespace simile::cli
