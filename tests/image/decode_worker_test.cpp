// SPDX-License-Identifier: Apache-2.0
// Decoding in a process of its own: the same pixels, and nothing that it does harms the run.
#include "image/decode_worker.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image/decode_protocol.hpp"
#include "image/pictures.hpp"
#include "support/coded_files.hpp"
#include "support/fake_decoder.hpp"
#include "support/image_errors.hpp"
#include "support/tiff_files.hpp"

#include "simile/image/image_set.hpp"

namespace simile {
namespace {

using namespace simile::test;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

bool has_children() { return ::waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD; }

/// The number in a file that a hanging decoder writes; 0 when it does not come.
pid_t wait_for_process(const fs::path& file) {
  for (int k = 0; k < 20'000 && !fs::exists(file); ++k) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  pid_t process = 0;
  std::ifstream(file) >> process;
  return process;
}

class Decoding : public ::testing::Test {
 protected:
  Decoding() { context_.decode_worker = SIMILE_FAKE_DECODE_WORKER; }
  ~Decoding() override { EXPECT_FALSE(has_children()); }

  Image decode(DecodeWorker& worker, const File& file, const DecodeOptions& options = {}) {
    return worker.decode(context_, file, read_image_header(file), options);
  }
  std::optional<Error> error(DecodeWorker& worker, const File& file, const DecodeOptions& options = {}) {
    return error_of([&] { decode(worker, file, options); });
  }
  void expect_same(DecodeWorker& worker, const File& file, const DecodeOptions& options = {}) {
    const auto expected = decode_image(file, options);
    const auto image = decode(worker, file, options);
    ASSERT_EQ(image.shape(), expected.shape());
    EXPECT_TRUE(std::equal(image.data(), image.data() + image.size(), expected.data()));
  }
  void expect_fine(DecodeWorker& worker) { expect_same(worker, tiff()); }
  static File tiff(int width = 37, int height = 29) { return write_tiff(photo(width, height)); }

  std::vector<ItemError> visit_all(const DecodeOptions& options = {}) {
    const ImageSet set{list_folder(folder_.path(), {}, cancellation_), {}};
    return for_each_image(set, options, context_, [](int, std::int64_t, View<const std::uint8_t, 3>) {});
  }

  const DecodeOptions one_second_{.limits = {.max_decode_seconds = 1}};
  TemporaryFolder folder_;
  ThreadPool pool_{1};
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
  Context context_{pool_, *progress_, cancellation_, 1LL << 30};
};

TEST_F(Decoding, InAProcessGivesTheSamePixelsOfEveryFormat) {
  DecodeWorker worker;
  for (const std::string extension : {".jpg", ".png", ".webp", ".bmp", ".gif", ".tif", ".ppm", ".heic", ".avif"}) {
    if ((extension == ".heic" || extension == ".avif") && !can_write_heif(extension == ".avif")) continue;
    SCOPED_TRACE(extension);
    expect_same(worker, encode_any(extension, photo(1, 1)));
    expect_same(worker, encode_any(extension, photo(65, 43)));
    expect_same(worker, encode_any(extension, photo(700, 500)));  // more than a socket holds at once
  }
}

TEST_F(Decoding, InAProcessTurnsEveryOrientation) {
  DecodeWorker worker;
  const auto picture = photo(40, 24);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    expect_same(worker, write_tiff(picture, {.orientation = orientation}));
    expect_same(worker, jpeg_with_exif(encode(".jpg", picture), tiff_with_orientation(orientation, false)),
                {.reduce_for = PixelSize{5, 4}});
    for (const bool avif : {false, true}) {
      if (can_write_heif(avif)) expect_same(worker, write_heif(picture, {.avif = avif, .orientation = orientation}));
    }
  }
}

TEST_F(Decoding, InAProcessGivesTheSameReasons) {
  DecodeWorker worker;
  const auto file = encode_any(".tif", photo(300, 200));
  for (const std::size_t length : {file.size() / 3, file.size() / 2}) {
    auto cut = file;
    std::fill(cut.begin() + static_cast<std::ptrdiff_t>(length), cut.begin() + static_cast<std::ptrdiff_t>(length) + 99,
              0xff);
    const auto expected = error_of([&] { decode_image(cut, {}); });
    ASSERT_TRUE(expected);
    EXPECT_THAT(error(worker, cut), IsError(expected->code(), expected->what()));
  }
  EXPECT_THAT(error(worker, with_order(tiff(), "long-text")), IsError(ErrorCode::decode, std::string(4096, 'x')));
  expect_fine(worker);
}

TEST_F(Decoding, SaysNothingThatATerminalWouldObey) {
  DecodeWorker worker;
  const auto found = error(worker, with_order(tiff(), "rude-text"));
  ASSERT_TRUE(found);
  EXPECT_STREQ(found->what(), R"(bad \x1B[2J\xC2\x9B \xFF é)");
}

TEST_F(Decoding, EndsWhenItTakesTooLong) {
  DecodeWorker worker;
  const auto file = folder_ / "process";
  EXPECT_THAT(error(worker, with_order(tiff(), "hang:" + file.native()), one_second_),
              IsError(ErrorCode::decode, "decoding takes longer than --max-decode-time 1"));
  EXPECT_EQ(::kill(wait_for_process(file), 0), -1);
  EXPECT_FALSE(has_children());
  expect_fine(worker);
}

struct Failure {
  std::string order;
  std::string reason;
};
std::ostream& operator<<(std::ostream& out, const Failure& value) { return out << value.order; }

class FailingDecoding : public Decoding, public ::testing::WithParamInterface<Failure> {};
INSTANTIATE_TEST_SUITE_P(Each, FailingDecoding,
                         ::testing::Values(Failure{"crash", "the decoder crashed (signal 11, Segmentation fault)"},
                                           Failure{"abort", "the decoder crashed (signal 6, Aborted)"},
                                           Failure{"exit", "the decoder ended (exit code 3)"},
                                           Failure{"other-size", "the decoder's process answered nonsense"},
                                           Failure{"negative-size", "the decoder's process answered nonsense"},
                                           Failure{"bytes-without-sense", "the decoder's process answered nonsense"},
                                           Failure{"endless-text", "the decoder's process answered nonsense"}));

TEST_P(FailingDecoding, IsAReasonAndTheNextImageIsDecoded) {
  DecodeWorker worker;
  const auto file = with_order(tiff(), GetParam().order);
  EXPECT_THAT(error(worker, file), IsError(ErrorCode::decode, GetParam().reason));
  EXPECT_FALSE(has_children());
  expect_fine(worker);
  EXPECT_THAT(error(worker, file), IsError(ErrorCode::decode, GetParam().reason));
  expect_fine(worker);
}

TEST_F(Decoding, EndsWhenItTakesTooMuchMemory) {
  if (kSanitized) GTEST_SKIP() << "sanitizers reserve terabytes of addresses: there is no limit";
  DecodeWorker worker;
  EXPECT_THAT(error(worker, with_order(tiff(), "eat")),
              IsError(ErrorCode::out_of_memory, " of memory, too much for an image of this size"));
  EXPECT_FALSE(has_children());
  expect_fine(worker);
}

TEST_F(Decoding, HasAThreadForEachProcessorBesideItsTables) {
  DecodeWorker worker;
  expect_same(worker, with_order(tiff(), "threads"));
}

TEST_F(Decoding, HasThreadsWhateverStackTheyWouldHave) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_STACK, &before), 0);
  const rlimit large{512 << 20, before.rlim_max};
  if (::setrlimit(RLIMIT_STACK, &large) != 0) GTEST_SKIP() << "larger stacks are not allowed here";
  DecodeWorker worker;
  expect_same(worker, with_order(tiff(), "threads"));
  ::setrlimit(RLIMIT_STACK, &before);
}

/// Serves the other end of a socket in a process of its own.
pid_t fork_service(int& socket) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) return -1;
  socket = ends[0];
  const pid_t process = ::fork();
  if (process == 0) {
    ::dup2(ends[1], STDIN_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    ::_exit(serve_decoding(Decoder(decode_image)));
  }
  ::close(ends[1]);
  return process;
}

bool send_all(int socket, const void* data, std::size_t count) {
  return ::send(socket, data, count, MSG_NOSIGNAL) == static_cast<ssize_t>(count);
}

TEST_F(Decoding, AnswersWhenTheFileItselfIsTooMuch) {
  if (kSanitized) GTEST_SKIP() << "sanitizers reserve terabytes of addresses: there is no limit";
  int socket = -1;
  const pid_t process = fork_service(socket);
  ASSERT_GT(process, 0);
  const std::vector<std::uint8_t> file(100 << 20);
  const DecodeRequest request{.num_bytes = std::ssize(file), .memory_bytes = 1 << 20, .cpu_seconds = 60};
  EXPECT_TRUE(send_all(socket, &request, sizeof request));
  EXPECT_TRUE(send_all(socket, file.data(), file.size()));
  std::uint64_t hello = 0;
  DecodeReply reply;
  EXPECT_EQ(::recv(socket, &hello, sizeof hello, MSG_WAITALL), static_cast<ssize_t>(sizeof hello));
  EXPECT_EQ(::recv(socket, &reply, sizeof reply, MSG_WAITALL), static_cast<ssize_t>(sizeof reply));
  EXPECT_EQ(reply.out_of_memory, 1);
  ::close(socket);
  int status = -1;
  EXPECT_EQ(::waitpid(process, &status, 0), process);
  EXPECT_EQ(status, 0);
}

TEST_F(Decoding, OfAnImageDoesNotDependOnThoseBefore) {
  DecodeWorker worker;
  const auto file = with_order(tiff(), "crash-if-used");
  for (int k = 0; k < 3; ++k) expect_same(worker, file);
}

TEST_F(Decoding, GoesOnWhenTheIdleProcessIsKilled) {
  DecodeWorker worker;
  expect_fine(worker);
  // The only child there is.
  siginfo_t child{};
  const auto children = fs::path("/proc/self/task") / std::to_string(::gettid()) / "children";
  pid_t process = 0;
  if (!(std::ifstream(children) >> process)) GTEST_SKIP() << "this system does not list children";
  ASSERT_EQ(::kill(process, SIGKILL), 0);
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(process), &child, WEXITED | WNOWAIT), 0);
  expect_fine(worker);
}

TEST_F(Decoding, GoesOnWhenTheBusyProcessIsKilled) {
  DecodeWorker worker;
  const auto file = folder_ / "process";
  std::jthread killer([&] { ::kill(wait_for_process(file), SIGKILL); });
  EXPECT_THAT(error(worker, with_order(tiff(), "hang:" + file.native())),
              IsError(ErrorCode::decode, "the decoder crashed (signal 9, Killed)"));
  expect_fine(worker);
}

/// Ignored while it lives: the system keeps no status of children then.
class IgnoredChildren {
 public:
  IgnoredChildren() { std::signal(SIGCHLD, SIG_IGN); }
  ~IgnoredChildren() { std::signal(SIGCHLD, SIG_DFL); }
  IgnoredChildren(const IgnoredChildren&) = delete;
  IgnoredChildren& operator=(const IgnoredChildren&) = delete;
};

TEST_F(Decoding, ThatEndedSaysNothingWrongWhereChildrenAreIgnored) {
  const IgnoredChildren ignored;
  DecodeWorker worker;
  for (const auto* order : {"crash", "exit"}) {
    EXPECT_THAT(error(worker, with_order(tiff(), order)),
                IsError(ErrorCode::decode, "the decoder ended (why is not known: SIGCHLD is ignored)"));
    expect_fine(worker);
  }
}

TEST_F(Decoding, IsGivenUpWhenTheRunIsCancelled) {
  DecodeWorker worker;
  const auto file = folder_ / "process";
  std::jthread user([&] {
    wait_for_process(file);
    cancellation_.request();
  });
  EXPECT_THAT(error(worker, with_order(tiff(), "hang:" + file.native())), IsError(ErrorCode::cancelled, "interrupted"));
  EXPECT_FALSE(has_children());
}

TEST_F(Decoding, EndsWithTheParent) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // the orphan becomes ours
  const auto file = folder_ / "process";
  const pid_t parent = ::fork();
  if (parent == 0) {
    DecodeWorker worker;
    error(worker, with_order(tiff(), "hang:" + file.native()));
    ::_exit(0);
  }
  const pid_t process = wait_for_process(file);
  ASSERT_GT(process, 0);
  ::kill(parent, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(parent, &status, 0), parent);
  ASSERT_EQ(::waitpid(process, &status, 0), process);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(Decoding, HandsNothingOnButTheSocket) {
  DecodeWorker worker;
  const int inherited = ::dup2(STDERR_FILENO, 500);  // without O_CLOEXEC
  const auto found = error(worker, with_order(tiff(), "surroundings"));
  ::close(inherited);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->what(), AllOf(HasSubstr("0=socket:"), HasSubstr("1=/dev/null 2=/dev/null core 0 cpu limited"),
                                   HasSubstr("group own"), HasSubstr(kSanitized ? "memory free" : "memory limited")));
}

TEST_F(Decoding, WithoutAProgramSaysSoAndHowToGoWithout) {
  folder_.write("0.tif", tiff());
  folder_.write("1.jpg", encode(".jpg", photo(9, 9)));
  context_.decode_worker = (folder_ / "nothing").native();
  const auto errors = visit_all();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_THAT(errors[0].reason, AllOf(HasSubstr("nothing' cannot be started: No such file or directory"),
                                      HasSubstr("(--max-decode-time 0 goes without)")));
  EXPECT_TRUE(visit_all({.limits = {.max_decode_seconds = 0}}).empty());
  context_.decode_worker.clear();
  EXPECT_TRUE(visit_all().empty());
  context_.decode_worker = "/bin/true";
  EXPECT_EQ(visit_all().at(0).reason, "the decoder ended (exit code 0)");
  context_.decode_worker = "/bin/echo";  // its output goes nowhere
  EXPECT_EQ(visit_all().at(0).reason, "the decoder ended (exit code 0)");
}

TEST_F(Decoding, IsOfWhatHasNoBoundsOnly) {
  folder_.write("process.tif", with_order(tiff(), "surroundings"));
  for (const auto* extension : {".jpg", ".png", ".webp", ".bmp", ".gif", ".ppm"}) {
    folder_.write(std::string("picture") + extension, with_order(encode_any(extension, photo(9, 9)), "surroundings"));
  }
  const auto errors = visit_all();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_THAT(errors[0].reason, HasSubstr("0=socket:"));
  ImageHeader jpeg{.format = ImageFormat::jpeg, .width_px = 8000, .height_px = 4000, .buffered = true};
  EXPECT_FALSE(is_unbounded(jpeg));
  jpeg.width_px = 8001;
  EXPECT_TRUE(is_unbounded(jpeg));
  jpeg.buffered = false;
  EXPECT_FALSE(is_unbounded(jpeg));
}

TEST_F(Decoding, ByManyThreadsGivesEachImageItsOwnPixels) {
  constexpr int kImages = 120;
  ThreadPool pool(4);
  const Context context{pool, *progress_, cancellation_, 64LL << 20, {}, context_.decode_worker};
  for (int k = 0; k < kImages; ++k) {
    auto file = write_tiff(cv::Mat(20 + k, 30, CV_8UC3, cv::Scalar(k, 2 * k % 256, 7)));
    if (k % 10 == 3) file = with_order(std::move(file), k % 20 == 3 ? "crash" : "exit");
    if (k == 57) file = with_order(std::move(file), "hang");
    folder_.write(std::to_string(1000 + k), file);
  }
  const ImageSet set{list_folder(folder_.path(), {}, cancellation_), {}};
  const auto errors =
      for_each_image(set, one_second_, context, [&](int, std::int64_t item, View<const std::uint8_t, 3> image) {
        EXPECT_EQ(image.shape[0], 20 + item);
        EXPECT_EQ(image(19 + item, 29, 2), item);
      });
  ASSERT_EQ(errors.size(), 13u);
  for (const auto& each : errors) {
    EXPECT_EQ(each.reason, each.item == 57       ? "decoding takes longer than --max-decode-time 1"
                           : each.item % 20 == 3 ? "the decoder crashed (signal 11, Segmentation fault)"
                                                 : "the decoder ended (exit code 3)");
  }
}

}  // namespace
}  // namespace simile
