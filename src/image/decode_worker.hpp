// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

#include "image/formats.hpp"

#include "simile/core/context.hpp"

namespace simile {

/// Whether a decoder may take far more time or memory than the header tells: HEIC, AVIF and TIFF, whose libraries call
/// further ones for what is inside, and large JPEGs of several scans. The other formats take time linear in the sizes
/// of file and image.
bool is_unbounded(const ImageHeader& header);

/// Decodes in a process of its own (serve_decoding()), which is started for the first image, kept for the next ones,
/// and replaced when an image has brought it down. For one thread that lives as long as the worker: the process is
/// killed when the thread that started it ends.
class DecodeWorker {
 public:
  DecodeWorker() = default;
  ~DecodeWorker() { stop(); }
  DecodeWorker(const DecodeWorker&) = delete;
  DecodeWorker& operator=(const DecodeWorker&) = delete;

  /// As decode_image(), with the same pixels. Throws also decode for a decoder that crashed or took longer than the
  /// limits allow, out_of_memory, io when the process cannot be started, and cancelled.
  Image decode(const Context& context, Bytes bytes, const ImageHeader& header, const DecodeOptions& options);

 private:
  struct Task;
  struct Watch;

  Image ask(const Task& task);
  Image exchange(const Task& task, std::string& refusal);
  void start(const Context& context);
  /// Ends the process unless it has ended; gives its status as waitpid() does, or nothing where that is not known: the
  /// system keeps none where this program ignores SIGCHLD.
  std::optional<int> stop() noexcept;

  void send(const Watch& watch, const void* source, std::int64_t count);
  void receive(const Watch& watch, void* target, std::int64_t count);
  void wait_for(const Watch& watch, short event);
  [[noreturn]] void throw_ended(const Watch& watch);

  int socket_ = -1;
  pid_t process_ = -1;
};

}  // namespace simile
