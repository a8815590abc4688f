// SPDX-License-Identifier: Apache-2.0
// What a user's folder may hold (bad-input.md, section 2), as far as a run shows it; decoding has its own tests.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "pipeline/runs.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::clusters;
using test::snapshot;
using test::text_of;
using ::testing::HasSubstr;
using Clusters = std::map<std::string, std::string>;

class BadInput : public test::Runs {
 protected:
  std::map<std::string, std::string> unreadable() const {
    std::map<std::string, std::string> all;
    for (const auto& row : read_csv(out_ / "unreadable.csv").rows) all[row[0]] = row[1];
    return all;
  }
};

TEST_F(BadInput, MissingIsNamed) {
  expect_refused({.input = path("no"), .out = out_}, ErrorCode::not_found, "no such file or folder");
  expect_refused({.input = "", .out = out_}, ErrorCode::not_found, "no such file or folder: ''");
  expect_refused({.input = ""}, ErrorCode::not_found, "no such file or folder: ''");
}

TEST_F(BadInput, EmptyFolderHasNothingToRead) {
  fs::create_directories(path("photos/empty"));
  expect_refused({.input = path("photos"), .out = out_}, ErrorCode::not_found, "nothing to read");
}

TEST_F(BadInput, EmptyListHasNothingToRead) {
  expect_refused({.input = folder_.write("list.txt", std::string_view("")), .out = out_}, ErrorCode::not_found,
                 "nothing to read");
  expect_refused({.input = folder_.write("list.csv", std::string_view("path\n")), .out = out_}, ErrorCode::not_found,
                 "nothing to read");
}

TEST_F(BadInput, AllUnreadableSaysHowManyAndTheFirstReason) {
  folder_.write("photos/a.jpg", std::string_view("text"));
  folder_.write("photos/b.jpg", std::string_view(""));
  expect_refused({.input = path("photos"), .out = out_}, ErrorCode::decode,
                 "none of the 2 items could be read; the "
                 "first, 'a.jpg'");
}

TEST_F(BadInput, OutputInsideTheInputIsRefused) {
  const auto input = photos({2});
  for (const auto& out : {input / "out", input / "..out", input, input / "a/b", path("photos/../photos/out")}) {
    expect_refused({.input = input, .out = out}, ErrorCode::invalid_argument, "lies inside the input");
  }
  fs::create_directory_symlink(input, path("link"));
  expect_refused({.input = input, .out = path("link/out")}, ErrorCode::invalid_argument, "lies inside the input");
  expect_refused({.input = path("link"), .out = input / "out"}, ErrorCode::invalid_argument, "lies inside the input");
}

TEST_F(BadInput, OneImageAsTheInputIsNotTakenForAList) {
  expect_refused({.input = photos({2}) / "0.png", .out = out_}, ErrorCode::invalid_argument,
                 "is one image; name the folder");
}

TEST_F(BadInput, OutputWhoseNameStartsAsTheInputIsNotInside) {
  EXPECT_EQ(cluster({.input = photos({2}), .out = path("photos2")}).num_groups, 1);
  EXPECT_EQ(cluster({.input = path("photos"), .out = path("..photos")}).num_groups, 1);
}

TEST_F(BadInput, EarlierResultBelowTheInputIsLeftOut) {
  photos({2});
  cluster({.input = path("photos"), .out = path("photos_clustered"), .transfer = Transfer::copy});
  const auto summary = cluster({.input = folder_.path(), .out = fs::path(folder_.path().native() + "-out")});
  fs::remove_all(folder_.path().native() + "-out");
  EXPECT_EQ(summary.num_groups, 1);
  EXPECT_EQ(summary.num_grouped, 2);
  EXPECT_EQ(summary.num_unreadable, 0);
  EXPECT_EQ(summary.num_earlier_results, 1);
}

TEST_F(BadInput, InputInsideTheResultThatIsReplacedIsRefused) {
  photos({2});
  cluster({.input = path("photos"), .out = path("o"), .transfer = Transfer::copy});
  const auto copies = path("o") / "results" / "cluster_0";
  expect_refused({.input = copies, .out = path("o"), .overwrite = true}, ErrorCode::invalid_argument,
                 "would be replaced");
  const auto list = folder_.write("list.txt", copies.native() + "/0.png\n" + copies.native() + "/1.png\n");
  expect_refused({.input = list, .out = path("o"), .overwrite = true}, ErrorCode::invalid_argument,
                 "would be replaced");
  EXPECT_TRUE(fs::exists(copies / "0.png"));
}

TEST_F(BadInput, SymbolicLinksAreLeftOutAndCounted) {
  const auto input = photos({2});
  fs::create_directory_symlink(".", input / "loop");
  fs::create_directory_symlink("..", input / "up");
  fs::create_symlink("self", input / "self");
  fs::create_symlink("/etc/hostname", input / "outside.png");
  fs::create_symlink("gone.png", input / "broken.png");
  fs::create_symlink("0.png", input / "same.png");
  const auto summary = cluster(input);
  EXPECT_EQ(clusters(out_), (Clusters{{"0.png", "0"}, {"1.png", "0"}}));
  EXPECT_EQ(summary.num_unreadable, 0);
  EXPECT_EQ(summary.num_links, 6);
}

TEST_F(BadInput, PipesSocketsAndDevicesDoNotStopARun) {
  const auto input = photos({2});
  ASSERT_EQ(::mkfifo((input / "pipe.png").c_str(), 0600), 0);
  const int server = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto name = (input / "s.png").native();
  ASSERT_LT(name.size(), sizeof address.sun_path);
  name.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(server, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const auto summary = cluster(input);
  ::close(server);
  EXPECT_EQ(summary.num_groups, 1);
  EXPECT_THAT(unreadable().at("pipe.png"), HasSubstr("named pipe"));
  EXPECT_EQ(unreadable().count("s.png"), 1U);
}

TEST_F(BadInput, PipeOrDeviceAsTheInputIsRefusedAtOnce) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  expect_refused({.input = path("pipe"), .out = out_}, ErrorCode::invalid_argument, "neither a folder nor");
  expect_refused({.input = "/dev/zero", .out = out_}, ErrorCode::invalid_argument, "neither a folder nor");
}

TEST_F(BadInput, NamesOfAnyBytesReachTheTables) {
  const std::vector<std::string> names{"a\nb.png",
                                       "quote\".png",
                                       "comma,.png",
                                       "\xF0\x9F\x90\xB1.png",
                                       "bad\xff\xfe.png",
                                       std::string(251, 'x') + ".png",
                                       "trailing.",
                                       "=cmd|' /C calc'!A0.png",
                                       "<img src=x onerror=alert(1)>.png",
                                       " .png",
                                       "-rf"};
  const auto image = test::png_of(natural_image(64, 64, 1));
  for (const auto& name : names) folder_.write("photos/" + name, image);
  const auto summary = cluster({.input = path("photos"), .out = out_, .transfer = Transfer::copy});
  EXPECT_EQ(summary.num_grouped, static_cast<std::int64_t>(names.size()));
  EXPECT_EQ(summary.num_transfer_errors, 0);
  const auto found = clusters(out_);
  for (const auto& name : names) {
    EXPECT_EQ(found.count(name), 1U) << name;
    EXPECT_TRUE(fs::exists(out_ / "results/cluster_0" / name)) << name;
  }
  EXPECT_THAT(text_of(out_ / "report.html"), ::testing::Not(HasSubstr("<img src=x onerror")));
}

TEST_F(BadInput, OneInodeUnderTwoNamesIsTwoItems) {
  const auto input = photos({1});
  fs::create_hard_link(input / "0.png", input / "same.png");
  EXPECT_EQ(cluster(input).num_grouped, 2);
}

TEST_F(BadInput, BinaryFileIsNoList) {
  expect_refused({.input = folder_.write("x.bin", std::string_view("a\0b", 3)), .out = out_}, ErrorCode::decode,
                 "zero byte");
}

// Taken for a list: its one line names nothing, so there is nothing to cluster.
TEST_F(BadInput, OnePhotoInsteadOfAFolderFailsClearly) {
  photos({1});
  const auto before = snapshot(folder_.path());
  const auto error = test::error_of([&] { cluster({.input = path("photos/0.png"), .out = out_}); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("0.png"));
  EXPECT_EQ(snapshot(folder_.path()), before);
}

struct Broken {
  const char* name;
  test::File bytes;
  const char* text;
};
void PrintTo(const Broken& value, std::ostream* out) { *out << value.name; }
class BrokenArray : public BadInput, public ::testing::WithParamInterface<Broken> {};

test::File npy_header(const std::string& text) {
  test::File file{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  const auto length = text.size() + 1;
  file.push_back(static_cast<std::uint8_t>(length & 0xff));
  file.push_back(static_cast<std::uint8_t>(length >> 8));
  for (const char byte : text + "\n") file.push_back(static_cast<std::uint8_t>(byte));
  return file;
}

TEST_P(BrokenArray, IsRefusedByName) {
  const auto file = folder_.write("x.npy", GetParam().bytes);
  const auto before = snapshot(folder_.path());
  const auto error = test::error_of([&] { cluster({.input = file, .out = out_}); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("x.npy"));
  EXPECT_THAT(error->what(), HasSubstr(GetParam().text));
  EXPECT_EQ(snapshot(folder_.path()), before);
}

INSTANTIATE_TEST_SUITE_P(
    Each, BrokenArray,
    ::testing::Values(
        Broken{"HeaderCutShort", {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 200}, ""},
        Broken{"DataCutShort", npy_header("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 8, 8), }"), "0 bytes"},
        Broken{"HugeShape", npy_header("{'descr': '|u1', 'fortran_order': False, 'shape': (9000000000, 8, 8), }"), ""},
        Broken{"OverflowingShape",
               npy_header("{'descr': '|u1', 'fortran_order': False, 'shape': (4611686018427387904, 8, 8), }"), ""},
        Broken{"NegativeShape", npy_header("{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 8, 8), }"), ""},
        Broken{"Pickle", npy_header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"), "object"},
        Broken{"BigEndian", npy_header("{'descr': '>f4', 'fortran_order': False, 'shape': (0, 2), }"), "'>f4'"},
        Broken{"ManyEmptyRows", npy_header("{'descr': '|u1', 'fortran_order': False, 'shape': (9000000000, 0, 8), }"),
               "empty rows"},
        Broken{"IdxOfManyEmptyRows", {0, 0, 8, 3, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 8}, "empty rows"},
        Broken{"IdxCutShort", {0, 0, 8, 3, 0, 0, 0, 9, 0, 0, 0, 8, 0, 0, 0, 8, 1}, ""},
        Broken{"IdxOfFloats", {0, 0, 13, 1, 0, 0, 0, 0}, ""},
        Broken{"IdxBomb", {0, 0, 8, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, ""},
        Broken{"GzipCutShort", {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3}, ""}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace simile
