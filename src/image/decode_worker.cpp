// SPDX-License-Identifier: Apache-2.0
#include "image/decode_worker.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image/decode_protocol.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/image/decode_service.hpp"

namespace simile {
namespace {

using Clock = std::chrono::steady_clock;

/// What the process may take of addresses beside what the image needs and the stacks of the decoders' threads: tables
/// of the decoders, libraries that are loaded late.
constexpr std::int64_t kAddressAllowance = 256LL << 20;
constexpr std::chrono::seconds kStartTime{30};
/// A file of 100 kB with as many scans as decode_jpeg() allows, 500, takes 3 s of computing for so many pixels; below,
/// JPEGs are the common case, which costs nothing more.
constexpr std::int64_t kQuickJpegPixels = 32'000'000;

/// The process failed, perhaps for what it went through before.
struct Lost : Error {
  using Error::Error;
};

/// Arguments of posix_spawn().
class Spawn {
 public:
  /// `descriptor` becomes standard input, output goes nowhere, and nothing else is handed on.
  explicit Spawn(int descriptor) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, descriptor, STDIN_FILENO);
    ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    ::posix_spawnattr_init(&attributes_);
    // A group of its own: Ctrl-C is for the parent, to which a decoder that dies of it would seem to have crashed.
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    ::sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
  }
  ~Spawn() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  /// Gives an error's number, or 0.
  int run(const std::string& program, pid_t& process) const {
    std::string argument(kDecodeWorkerArgument);
    std::array<char*, 3> words{const_cast<char*>(program.c_str()), argument.data(), nullptr};
    return ::posix_spawn(&process, program.c_str(), &actions_, &attributes_, words.data(), environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// Beyond what the process holds when idle. dav1d starts a thread for every processor.
std::int64_t process_bytes(std::int64_t num_bytes, const ImageHeader& header, const DecodeOptions& options) {
  return 2 * num_bytes + decode_bytes(header, options) + kAddressAllowance +
         ThreadPool::hardware_threads() * kDecoderStackBytes;
}

PixelSize upright_size(const ImageHeader& header, const DecodeOptions& options) {
  auto size = reduced_size(header, options);
  if (header.orientation >= 5) std::swap(size.width_px, size.height_px);
  return size;
}

/// As waitpid().
pid_t wait_for_end(pid_t process, int& status, int flags) {
  for (;;) {
    const pid_t ended = ::waitpid(process, &status, flags);
    if (ended >= 0 || errno != EINTR) return ended;
  }
}

std::string escaped(const std::string& text) {
  const auto quoted = in_quotes(text);
  return quoted.substr(1, quoted.size() - 2);
}

[[noreturn]] void throw_nonsense() { throw Lost(ErrorCode::decode, "the decoder's process answered nonsense"); }

[[noreturn]] void throw_not_started(const Context& context, int error) {
  throw Error(ErrorCode::io, concat("is decoded in a process of its own, but ", in_quotes(context.decode_worker),
                                    " cannot be started: ", std::generic_category().message(error),
                                    " (--max-decode-time 0 goes without)"));
}

}  // namespace

struct DecodeWorker::Task {
  const Context& context;
  Bytes bytes;
  DecodeRequest request;
  PixelSize size;  ///< of the upright image
  std::int64_t max_seconds;
};

/// How long something is waited for.
struct DecodeWorker::Watch {
  const Cancellation& cancellation;
  Clock::time_point end;
  std::string late;  ///< the reason when it takes longer
};

bool is_unbounded(const ImageHeader& header) {
  switch (header.format) {
    case ImageFormat::heic:
    case ImageFormat::avif:
    case ImageFormat::tiff:
      return true;
    case ImageFormat::jpeg:
      return header.buffered && header.width_px * header.height_px > kQuickJpegPixels;
    default:
      return false;
  }
}

Image DecodeWorker::decode(const Context& context, Bytes bytes, const ImageHeader& header,
                           const DecodeOptions& options) {
  const auto num_bytes = static_cast<std::int64_t>(bytes.size());
  const auto max_seconds = options.limits.max_decode_seconds;
  const Task task{.context = context,
                  .bytes = bytes,
                  .request = {.num_bytes = num_bytes,
                              .max_pixels = options.limits.max_pixels,
                              .reduce_for = options.reduce_for.value_or(PixelSize{}),
                              .memory_bytes = process_bytes(num_bytes, header, options),
                              .cpu_seconds = (max_seconds + 1) * ThreadPool::hardware_threads()},
                  .size = upright_size(header, options),
                  .max_seconds = max_seconds};
  const bool fresh = process_ < 0;
  try {
    return ask(task);
  } catch (const Lost&) {
    // Earlier images may have damaged the process, or somebody killed it while it waited: a fresh one decides.
    if (fresh) throw;
  }
  return ask(task);
}

Image DecodeWorker::ask(const Task& task) {
  std::string refusal;
  try {
    if (process_ < 0) start(task.context);
    Image image = exchange(task, refusal);
    if (refusal.empty()) return image;
  } catch (...) {
    stop();
    throw;
  }
  throw_decode(refusal);
}

Image DecodeWorker::exchange(const Task& task, std::string& refusal) {
  const std::chrono::seconds limit(task.max_seconds);
  Watch watch{task.context.cancellation, Clock::now() + limit,
              concat("decoding takes longer than --max-decode-time ", task.max_seconds)};
  send(watch, &task.request, sizeof task.request);
  send(watch, task.bytes.data(), task.request.num_bytes);
  DecodeReply reply;
  receive(watch, &reply, sizeof reply);
  watch.end = Clock::now() + limit;  // it is decoded: what follows waits for copying alone
  if (reply.out_of_memory != 0) {
    throw Lost(ErrorCode::out_of_memory, concat("decoding takes more than ", format_bytes(task.request.memory_bytes),
                                                " of memory, too much for an image of this size"));
  }
  if (reply.size == PixelSize{}) {
    if (reply.text_bytes < 1 || reply.text_bytes > kMaxReplyText) throw_nonsense();
    refusal.resize(static_cast<std::size_t>(reply.text_bytes));
    receive(watch, refusal.data(), reply.text_bytes);
    refusal = escaped(refusal);  // what a damaged process says may be meant for the terminal
    return {};
  }
  if (reply.size != task.size || reply.text_bytes != 0) throw_nonsense();
  Image image({task.size.height_px, task.size.width_px, 3});
  receive(watch, image.data(), image.size());
  return image;
}

void DecodeWorker::start(const Context& context) {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw_not_started(context, errno);
  socket_ = ends[0];
  const int error = Spawn(ends[1]).run(context.decode_worker, process_);
  ::close(ends[1]);
  if (error != 0) {
    ::close(std::exchange(socket_, -1));
    process_ = -1;
    throw_not_started(context, error);
  }
  std::uint64_t hello = 0;
  receive({context.cancellation, Clock::now() + kStartTime,
           concat(in_quotes(context.decode_worker), " does not start decoding (--max-decode-time 0 goes without)")},
          &hello, sizeof hello);
  if (hello != kDecodeHello) throw_nonsense();
}

std::optional<int> DecodeWorker::stop() noexcept {
  if (process_ < 0) return std::nullopt;
  ::close(std::exchange(socket_, -1));
  const pid_t process = std::exchange(process_, -1);
  int status = 0;
  auto ended = wait_for_end(process, status, WNOHANG);
  if (ended == 0) {  // still ours: a number that was given back may be another's by now
    ::kill(process, SIGKILL);
    ended = wait_for_end(process, status, 0);
  }
  return ended == process ? std::optional(status) : std::nullopt;
}

void DecodeWorker::send(const Watch& watch, const void* source, std::int64_t count) {
  const auto* in = static_cast<const char*>(source);
  while (count > 0) {
    const auto put = ::send(socket_, in, static_cast<std::size_t>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put < 0 && (errno == EAGAIN || errno == EINTR)) {
      wait_for(watch, POLLOUT);
    } else if (put < 0) {
      throw_ended(watch);
    } else {
      in += put;
      count -= put;
    }
  }
}

void DecodeWorker::receive(const Watch& watch, void* target, std::int64_t count) {
  auto* out = static_cast<char*>(target);
  while (count > 0) {
    const auto got = ::recv(socket_, out, static_cast<std::size_t>(count), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      wait_for(watch, POLLIN);
    } else if (got <= 0) {
      throw_ended(watch);
    } else {
      out += got;
      count -= got;
    }
  }
}

void DecodeWorker::wait_for(const Watch& watch, short event) {
  constexpr std::chrono::milliseconds kBetweenLooks{100};  // at the cancellation
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(watch.end - Clock::now());
    pollfd watched{socket_, event, 0};
    // Once more also when time is up: this process may have been stopped, and the answer may be there.
    const auto wait = std::clamp(left, std::chrono::milliseconds(0), kBetweenLooks);
    const int ready = ::poll(&watched, 1, static_cast<int>(wait.count()));
    if (ready > 0) return;
    watch.cancellation.check();
    if (left.count() <= 0) throw Error(ErrorCode::decode, watch.late);
  }
}

void DecodeWorker::throw_ended(const Watch& watch) {
  const auto status = stop();
  if (!status) throw Lost(ErrorCode::decode, "the decoder ended (why is not known: SIGCHLD is ignored)");
  if (!WIFSIGNALED(*status)) {
    throw Lost(ErrorCode::decode, concat("the decoder ended (exit code ", WEXITSTATUS(*status), ")"));
  }
  const int signal = WTERMSIG(*status);
  if (signal == SIGXCPU) throw Error(ErrorCode::decode, watch.late);
  const char* const description = ::sigdescr_np(signal);
  throw Lost(ErrorCode::decode, concat("the decoder crashed (signal ", signal, ", ",
                                       description == nullptr ? "unknown" : description, ")"));
}

}  // namespace simile
