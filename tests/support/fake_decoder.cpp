// SPDX-License-Identifier: Apache-2.0
#include "support/fake_decoder.hpp"

#include <barrier>
#include <csignal>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "image/decode_protocol.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/thread_pool.hpp"

namespace simile::test {
namespace {

constexpr std::string_view kMark = "an order to the fake decoder: ";

std::string order_in(std::span<const std::uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto mark = text.rfind(kMark);
  return mark == std::string_view::npos ? std::string() : std::string(text.substr(mark + kMark.size()));
}

[[noreturn]] void hang() {
  for (;;) ::pause();
}

[[noreturn]] void die_of(int signal) {
  std::signal(signal, SIG_DFL);  // sanitizers have a handler of their own
  std::raise(signal);
  std::abort();
}

[[noreturn]] void eat() {
  constexpr std::size_t kBite = 16 << 20;
  // A limit that does not hold must not bring the machine down.
  const auto enough = (1LL << 30) + ThreadPool::hardware_threads() * 2 * kDecoderStackBytes;
  std::vector<std::vector<char>> eaten;
  while (std::ssize(eaten) * static_cast<std::int64_t>(kBite) < enough) eaten.emplace_back(kBite, 'x');
  throw Error(ErrorCode::decode, "ate all it wanted");
}

void use_threads() {
  constexpr std::size_t kTables = 252 << 20;
  void* const tables = ::mmap(nullptr, kTables, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (tables == MAP_FAILED) throw std::bad_alloc();
  const int count = ThreadPool::hardware_threads();
  std::barrier all(count);  // none ends before the last has started
  std::vector<std::jthread> threads;
  for (int k = 0; k < count; ++k) threads.emplace_back([&] { all.arrive_and_wait(); });
  threads.clear();
  ::munmap(tables, kTables);
}

[[noreturn]] void say(const DecodeReply& reply) {
  const bool said = ::write(STDIN_FILENO, &reply, sizeof reply) == sizeof reply;
  if (!said) ::_exit(1);
  hang();
}

std::int64_t soft_limit(int resource) {
  rlimit limit{};
  ::getrlimit(resource, &limit);
  return limit.rlim_cur == RLIM_INFINITY ? -1 : static_cast<std::int64_t>(limit.rlim_cur);
}

std::string surroundings() {
  std::string open;
  for (int descriptor = 0; descriptor < 1000; ++descriptor) {
    char target[256];
    const auto length = ::readlink(concat("/proc/self/fd/", descriptor).c_str(), target, sizeof target);
    if (length > 0) open += concat(descriptor, "=", std::string(target, static_cast<std::size_t>(length)), " ");
  }
  return concat(open, "core ", soft_limit(RLIMIT_CORE), " cpu ", soft_limit(RLIMIT_CPU) > 0 ? "limited" : "free",
                " memory ", soft_limit(RLIMIT_AS) > 0 ? "limited" : "free", " group ",
                ::getpgrp() == ::getpid() ? "own" : "other");
}

Image obey(const std::string& order, std::span<const std::uint8_t> bytes, const DecodeOptions& options) {
  static int images = 0;
  ++images;
  if (order.starts_with("hang:")) {
    const std::string file = order.substr(5);
    std::ofstream(file + ".new") << ::getpid();
    std::filesystem::rename(file + ".new", file);
  }
  if (order.starts_with("hang")) hang();
  if (order == "crash" || (order == "crash-if-used" && images > 1)) die_of(SIGSEGV);
  if (order == "abort") die_of(SIGABRT);
  if (order == "exit") ::_exit(3);
  if (order == "threads") use_threads();
  if (order == "eat") eat();
  if (order == "other-size") return Image({2, 1, 3});
  if (order == "negative-size") say({.size = {-1, -1}});
  if (order == "bytes-without-sense") say({.size = {1LL << 62, 1LL << 62}, .text_bytes = 7});
  if (order == "endless-text") say({.text_bytes = 1LL << 60});
  if (order == "long-text") throw Error(ErrorCode::decode, std::string(100'000, 'x'));
  if (order == "rude-text") throw Error(ErrorCode::decode, "bad \x1b[2J\xc2\x9b \xff \u00e9");
  if (order == "surroundings") throw Error(ErrorCode::decode, surroundings());
  return decode_image(bytes, options);
}

}  // namespace

File with_order(File file, const std::string& order) {
  const std::string text = std::string(kMark) + order;
  file.insert(file.end(), text.begin(), text.end());
  return file;
}

int serve_fake_decoding() {
  return serve_decoding([](std::span<const std::uint8_t> bytes, const DecodeOptions& options) {
    return obey(order_in(bytes), bytes, options);
  });
}

}  // namespace simile::test
