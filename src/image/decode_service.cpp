// SPDX-License-Identifier: Apache-2.0
#include "simile/image/decode_service.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <new>
#include <optional>
#include <string>

#include <malloc.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "image/decode_protocol.hpp"

#include "simile/core/error.hpp"

namespace simile {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

/// False when the other side is gone.
bool read_all(void* target, std::int64_t count) {
  auto* out = static_cast<char*>(target);
  while (count > 0) {
    const auto got = ::read(STDIN_FILENO, out, static_cast<std::size_t>(count));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    out += got;
    count -= got;
  }
  return true;
}

/// Reads what there is no room for; false when the other side is gone.
bool skip_all(std::int64_t count) {
  std::array<char, 1 << 16> piece;
  for (; count > 0; count -= std::ssize(piece)) {
    if (!read_all(piece.data(), std::min(count, std::ssize(piece)))) return false;
  }
  return true;
}

bool write_all(const void* source, std::int64_t count) {
  const auto* in = static_cast<const char*>(source);
  while (count > 0) {
    const auto put = ::write(STDIN_FILENO, in, static_cast<std::size_t>(count));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    in += put;
    count -= put;
  }
  return true;
}

void set_soft_limit(int resource, std::int64_t value) {
  rlimit limit{};
  ::getrlimit(resource, &limit);
  limit.rlim_cur = std::min(static_cast<rlim_t>(value), limit.rlim_max);
  ::setrlimit(resource, &limit);
}

/// The default is RLIMIT_STACK, read when the process started, and may be more than all that an image may take: no
/// thread could be started then, and libde265 waits for one for ever.
void limit_stacks() {
  pthread_attr_t attributes;
  if (::pthread_getattr_default_np(&attributes) != 0) return;
  std::size_t stack_bytes = 0;
  ::pthread_attr_getstacksize(&attributes, &stack_bytes);
  ::pthread_attr_setstacksize(&attributes, std::min<std::size_t>(stack_bytes, kDecoderStackBytes));
  ::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
}

/// Addresses that this process has in use; 0 where the system does not say.
std::int64_t address_bytes() {
  std::int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * ::sysconf(_SC_PAGESIZE);
}

std::int64_t used_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + 1;
}

/// `idle_bytes` is of the process when it started, not of now: what the libraries leak then ends with a process that is
/// replaced, not with all of the machine's memory.
void limit_to(const DecodeRequest& request, std::int64_t idle_bytes) {
  set_soft_limit(RLIMIT_CPU, used_cpu_seconds() + request.cpu_seconds);
  // The sanitizers reserve terabytes of addresses for their shadow.
  if (!kSanitized && idle_bytes > 0) set_soft_limit(RLIMIT_AS, idle_bytes + request.memory_bytes);
}

struct Outcome {
  Image image;
  DecodeReply reply;
  std::string text;
};

Outcome attempt(const Decoder& decode, std::span<const std::uint8_t> bytes, const DecodeRequest& request) {
  DecodeOptions options{.limits = {.max_pixels = request.max_pixels, .max_file_bytes = request.num_bytes}};
  if (request.reduce_for != PixelSize{}) options.reduce_for = request.reduce_for;
  Outcome outcome;
  // Any other exception is a decoder's fault that ends this process, which is what it is for.
  try {
    outcome.image = decode(bytes, options);
    outcome.reply.size = {outcome.image.shape(1), outcome.image.shape(0)};
  } catch (const Error& error) {
    outcome.text = std::string(error.what()).substr(0, kMaxReplyText);
    outcome.reply.out_of_memory = error.code() == ErrorCode::out_of_memory ? 1 : 0;
  } catch (const std::bad_alloc&) {
    outcome.reply.out_of_memory = 1;
  }
  outcome.reply.text_bytes = std::ssize(outcome.text);
  return outcome;
}

bool answer(const Outcome& outcome) {
  return write_all(&outcome.reply, sizeof outcome.reply) && write_all(outcome.text.data(), outcome.reply.text_bytes) &&
         write_all(outcome.image.data(), outcome.image.size());
}

/// Nothing where it cannot be had.
std::optional<Array<std::uint8_t, 1>> room_for(std::int64_t num_bytes) {
  try {
    return Array<std::uint8_t, 1>({num_bytes});
  } catch (const Error& error) {
    if (error.code() != ErrorCode::out_of_memory) throw;
    return std::nullopt;
  }
}

/// Does one piece of work; false when there is no more.
bool serve_one(const Decoder& decode, std::int64_t idle_bytes) {
  DecodeRequest request;
  if (!read_all(&request, sizeof request)) return false;
  limit_to(request, idle_bytes);
  auto bytes = room_for(request.num_bytes);
  if (!bytes)
    return skip_all(request.num_bytes) &&
           answer({.image = {}, .reply = {.size = {}, .out_of_memory = 1, .text_bytes = 0}, .text = {}});
  if (!read_all(bytes->data(), bytes->size())) return false;
  return answer(attempt(decode, {bytes->data(), static_cast<std::size_t>(bytes->size())}, request));
}

}  // namespace

int serve_decoding(const Decoder& decode) {
  // Should the parent die while a decoder is busy; an idle process sees the end of the socket.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  set_soft_limit(RLIMIT_CORE, 0);
  limit_stacks();
  // A heap for every thread of a decoder would reserve 64 MiB of addresses each, which count as memory.
  ::mallopt(M_ARENA_MAX, 1);
  const auto idle_bytes = address_bytes();
  if (!write_all(&kDecodeHello, sizeof kDecodeHello)) return 0;
  while (serve_one(decode, idle_bytes)) {
  }
  return 0;
}

int serve_decoding() { return serve_decoding(decode_image); }

}  // namespace simile
