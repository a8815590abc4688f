// SPDX-License-Identifier: Apache-2.0
#include "simile/report/transfer.hpp"

#include "report/results.hpp"
#include "support/image_errors.hpp"
#include "support/image_files.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::IsError;
using test::ResultMaker;
using test::TemporaryFolder;
using test::text_of;
using test::tree;
using Names = std::set<std::string>;

class TransferFiles : public ::testing::Test {
 protected:
  TransferFiles() { fs::create_directory(out_); }

  /// A result over files of this folder, each holding its own id.
  ResultMaker photos(const std::vector<std::string>& ids, const std::vector<std::int64_t>& labels) const {
    ResultMaker maker(ids, labels);
    maker.catalogue().root = temporary_.path() / "photos/in";
    maker.catalogue().has_files = true;
    fs::create_directories(maker.catalogue().root);
    for (std::int64_t item = 0; item < maker.catalogue().size(); ++item) {
      const auto file = maker.catalogue().file(item);
      fs::create_directories(file.parent_path());
      std::ofstream(file) << maker.catalogue().ids[static_cast<std::size_t>(item)];
    }
    return maker;
  }
  std::vector<ItemError> transfer(const ResultMaker& maker, Transfer how) {
    ThreadPool pool(1);
    const auto progress = make_silent_progress();
    return transfer_files(out_, maker.result(), how, {pool, *progress, cancellation_, 1 << 20, {}});
  }

  TemporaryFolder temporary_;
  fs::path out_ = temporary_.path() / "out";
  Cancellation cancellation_;
};

TEST_F(TransferFiles, CopiesIntoAFolderPerGroupWithRelativePaths) {
  const auto maker = photos({"a/1.jpg", "b/1.jpg", "c.jpg", "d.jpg", "e.jpg"}, {0, 0, 2, 0, 2});
  const auto before = tree(temporary_.path() / "photos");
  EXPECT_TRUE(transfer(maker, Transfer::copy).empty());
  EXPECT_EQ(tree(out_), (Names{"results/", "results/cluster_0/", "results/cluster_0/a/", "results/cluster_0/a/1.jpg",
                               "results/cluster_0/b/", "results/cluster_0/b/1.jpg", "results/cluster_0/d.jpg",
                               "results/cluster_1/", "results/cluster_1/c.jpg", "results/cluster_1/e.jpg"}));
  EXPECT_EQ(text_of(out_ / "results/cluster_0/b/1.jpg"), "b/1.jpg");
  EXPECT_FALSE(fs::is_symlink(out_ / "results/cluster_0/b/1.jpg"));
  EXPECT_EQ(tree(temporary_.path() / "photos"), before);
  EXPECT_EQ(text_of(maker.catalogue_path(0)), "a/1.jpg");
}

TEST_F(TransferFiles, PutsOutliersIntoAFolderOfTheirOwn) {
  const auto maker = photos({"x/1.jpg", "y.jpg"}, {0, 1});
  EXPECT_TRUE(transfer(maker, Transfer::copy).empty());
  EXPECT_EQ(tree(out_), (Names{"results/", "results/outliers/", "results/outliers/x/", "results/outliers/x/1.jpg",
                               "results/outliers/y.jpg"}));
}

TEST_F(TransferFiles, LinksToTheOriginals) {
  const auto maker = photos({"a/1.jpg", "b.jpg"}, {0, 0});
  EXPECT_TRUE(transfer(maker, Transfer::link).empty());
  const auto link = out_ / "results/cluster_0/a/1.jpg";
  ASSERT_TRUE(fs::is_symlink(link));
  EXPECT_TRUE(fs::read_symlink(link).is_absolute());
  EXPECT_TRUE(fs::equivalent(link, maker.catalogue_path(0)));
}

TEST_F(TransferFiles, DoesNothingWhenNotAsked) {
  EXPECT_TRUE(transfer(photos({"a.jpg", "b.jpg"}, {0, 0}), Transfer::none).empty());
  EXPECT_EQ(tree(out_), Names{});
}

TEST_F(TransferFiles, ReportsAnOriginalThatVanishedAndGoesOn) {
  for (const auto how : {Transfer::copy, Transfer::link}) {
    fs::remove_all(out_);
    fs::create_directory(out_);
    const auto maker = photos({"a.jpg", "b.jpg", "c.jpg"}, {0, 0, 0});
    fs::remove(maker.catalogue_path(1));
    const auto errors = transfer(maker, how);
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].item, 1);
    EXPECT_EQ(errors[0].reason, "No such file or directory");
    EXPECT_EQ(tree(out_), (Names{"results/", "results/cluster_0/", "results/cluster_0/a.jpg", "results/cluster_0/c.jpg",
                                 "transfer_errors.csv"}));
    EXPECT_EQ(text_of(out_ / "transfer_errors.csv"), "path,reason\nb.jpg,No such file or directory\n");
  }
}

TEST_F(TransferFiles, StaysInsideItsFolderWhateverTheIds) {
  const auto outside = temporary_.path() / "photos/outside.jpg";
  const auto maker = photos({"../outside.jpg", "./../in/b.jpg", outside.native() + ".2"}, {0, 0, 0});
  const auto before = tree(temporary_.path() / "photos");
  EXPECT_TRUE(transfer(maker, Transfer::copy).empty());
  EXPECT_EQ(tree(temporary_.path() / "photos"), before);
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(out_ / "results/cluster_0")) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_EQ(files, 3U);
  EXPECT_EQ(text_of(out_ / "results/cluster_0/_up/outside.jpg"), "../outside.jpg");
  EXPECT_EQ(text_of(out_ / "results/cluster_0" / (outside.relative_path().native() + ".2")), outside.native() + ".2");
}

// Two ids that come to one name: the second is reported, the first kept.
TEST_F(TransferFiles, NeverOverwritesOneItemByAnother) {
  const auto maker = photos({"../a.jpg", "_up/a.jpg", "b.jpg"}, {0, 0, 0});
  for (const auto how : {Transfer::copy, Transfer::link}) {
    fs::remove_all(out_);
    fs::create_directory(out_);
    const auto errors = transfer(maker, how);
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].item, 1);
    EXPECT_EQ(errors[0].reason, "File exists");
    EXPECT_EQ(text_of(out_ / "results/cluster_0/_up/a.jpg"), "../a.jpg");
    EXPECT_EQ(text_of(maker.catalogue_path(1)), "_up/a.jpg");
  }
}

TEST_F(TransferFiles, TakesNamesOfAnyBytes) {
  const std::vector<std::string> ids{"a,\"b\".jpg", "new\nline.jpg", "\xff.jpg", std::string(251, 'x') + ".jpg",
                                     "trailing."};
  EXPECT_TRUE(transfer(photos(ids, {0, 0, 0, 0, 0}), Transfer::copy).empty());
  for (const auto& id : ids) EXPECT_EQ(text_of(out_ / "results/cluster_0" / id), id);
}

TEST_F(TransferFiles, StopsWhenAsked) {
  cancellation_.request();
  EXPECT_THAT(error_of([&] { transfer(photos({"a.jpg"}, {0}), Transfer::copy); }),
              IsError(ErrorCode::cancelled, "interrupted"));
}

TEST(TransferNames, AreParsed) {
  EXPECT_EQ(parse_transfer("none"), Transfer::none);
  EXPECT_EQ(parse_transfer("copy"), Transfer::copy);
  EXPECT_EQ(parse_transfer("link"), Transfer::link);
  EXPECT_EQ(parse_transfer("move"), Transfer::move);
  for (const char* text : {"", "mv", "COPY", "copy "}) {
    EXPECT_THAT(error_of([&] { parse_transfer(text); }),
                IsError(ErrorCode::invalid_argument, "allowed are none, copy, link, move"));
  }
}

struct PathCase {
  const char* id;
  const char* path;
};
void PrintTo(const PathCase& value, std::ostream* out) { *out << value.id; }
class TransferPath : public ::testing::TestWithParam<PathCase> {};
TEST_P(TransferPath, NeverLeadsUpwards) { EXPECT_EQ(transfer_path(GetParam().id).native(), GetParam().path); }
INSTANTIATE_TEST_SUITE_P(Each, TransferPath,
                         ::testing::Values(PathCase{"a.jpg", "a.jpg"}, PathCase{"a/b.jpg", "a/b.jpg"},
                                           PathCase{"../a.jpg", "_up/a.jpg"}, PathCase{"a/../../b", "a/_up/_up/b"},
                                           PathCase{"..", "_up"}, PathCase{"/etc/passwd", "etc/passwd"},
                                           PathCase{"//host/x", "host/x"}, PathCase{"...", "..."},
                                           PathCase{"a..b/..c", "a..b/..c"}, PathCase{"-rf", "-rf"}));

}  // namespace
}  // namespace simile
