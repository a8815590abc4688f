// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::simile_run;
using ::testing::HasSubstr;

/// Values of a flag that are refused, and what the message must say is allowed.
struct Refused {
  const char* flag;
  const char* allowed;
  std::vector<std::string> values;
  std::vector<std::string> with{};  ///< other arguments
};
void PrintTo(const Refused& value, std::ostream* out) { *out << value.flag; }
std::string flag_name(const ::testing::TestParamInfo<Refused>& info) {
  std::string name;
  for (const char character : std::string(info.param.flag) + std::to_string(info.index)) {
    if (character != '-') name += character;
  }
  return name;
}

class RefusedValues : public ::testing::TestWithParam<Refused> {
 protected:
  void check(const std::vector<std::string>& command) {
    const test::TemporaryFolder folder;
    folder.write("photos/0.png", test::png_of(natural_image(64, 64, 1)));
    const auto before = test::snapshot(folder.path());
    for (const auto& value : GetParam().values) {
      for (const bool joined : {false, true}) {
        std::vector<std::string> arguments{command.front(), (folder.path() / "photos").native()};
        arguments.insert(arguments.end(), command.begin() + 1, command.end());
        arguments.insert(arguments.end(), GetParam().with.begin(), GetParam().with.end());
        if (joined) {
          arguments.push_back(std::string(GetParam().flag) + "=" + value);
        } else {
          arguments.insert(arguments.end(), {GetParam().flag, value});
        }
        const auto outcome = simile_run(arguments);
        EXPECT_EQ(outcome.code, kExitUsage) << value;
        EXPECT_EQ(outcome.out, "") << value;
        EXPECT_THAT(outcome.err, HasSubstr(GetParam().flag)) << value;
        // An empty value after '=' is none.
        if (!value.empty()) {
          EXPECT_THAT(outcome.err, HasSubstr(value));
          EXPECT_THAT(outcome.err, HasSubstr(GetParam().allowed)) << value;
        }
        EXPECT_EQ(test::snapshot(folder.path()), before) << value;
      }
    }
  }
};

const std::vector<std::string> kNoIntegers{
    "", "x", "1.5", "1e3", "0x10", " 1", "1 ", "+1", "1,000", "--1", "nan", "9223372036854775808", "\xff"};

std::vector<std::string> besides(std::vector<std::string> values) {
  for (const auto& value : kNoIntegers) {
    if (value != "\xff" && value != "--1") values.push_back(value);
  }
  return values;
}

using CommonValues = RefusedValues;
TEST_P(CommonValues, AreNamedWithWhatIsAllowed) {
  check({"cluster"});
  check({"features", "--out", "features.npy"});
}

INSTANTIATE_TEST_SUITE_P(
    Each, CommonValues,
    ::testing::Values(
        Refused{"--threads", "whole numbers from 1 to 1024", besides({"0", "-1", "1025"})},
        Refused{"--memory", "", {"", "x", "0", "-1", "4XB", "1e30", "nan", "inf", "4 4", "GiB", "99999999TiB"}},
        Refused{"--max-file-size", "", {"", "x", "0", "-1GiB", "4XB", "1e30", "nan"}},
        Refused{"--cache-size", "", {"", "x", "0", "-1GiB", "4XB"}}, Refused{"--cache", "", {""}},
        Refused{"--max-decode-time", "whole numbers from 0 to 86400", besides({"-1", "86401"})},
        Refused{"--max-pixels", "whole numbers from 1 to 4294967296", besides({"0", "-1", "4294967297"})},
        Refused{"--method", "ssim, phash, dhash, ahash", {"x", "SSIM", "md5", "ssim,phash"}},
        Refused{
            "--size",
            "7 to 4096",
            {"x", "64x", "x64", "64x64x64", "64X64", "-64", "6", "64x6", "4097", "0", "1.5", "99999999999999999999"}},
        Refused{"--scale", "numbers above 0", {"", "x", "0", "-1", "nan", "inf", "50%", "1e999", "0,5"}},
        Refused{"--hash-size", "whole numbers from 8 to 64", besides({"7", "65", "0", "-8"}), {"--method=phash"}},
        Refused{"--include", "", {"[", "a[", "[]"}}, Refused{"--exclude", "", {"["}}),
    flag_name);

using ClusterValues = RefusedValues;
TEST_P(ClusterValues, AreNamedWithWhatIsAllowed) { check({"cluster"}); }

INSTANTIATE_TEST_SUITE_P(
    Each, ClusterValues,
    ::testing::Values(
        Refused{"--threshold", "numbers from -1 to 1", {"x", "nan", "inf", "-inf", "1e999", "0,8", "80%"}},
        Refused{"--threshold", "allowed for ssim are -1 to 1", {"1.01", "-1.01"}},
        Refused{"--window", "uniform, gaussian", {"x", "Gaussian", "gauss", "7"}},
        Refused{"--device", "cpu", {"x", "CPU", "cuda:", "cuda:-1", "cuda:x", "cuda:99", "gpu"}},
        Refused{"--threshold", "allowed for phash are 0 to 1", {"-0.5", "-1"}, {"--method=phash"}},
        Refused{"--min-size", "whole numbers from 1", besides({"0", "-2"})},
        Refused{"--max-edges", "whole numbers from 1", besides({"0", "-2"}), {"--similarities"}},
        Refused{"--seed", "whole numbers from 0", besides({"-1"})},
        Refused{"--transfer", "none, copy, link, move", {"x", "mv", "Copy", "copy,link"}}, Refused{"--out", "", {""}}),
    flag_name);

TEST(FeaturesValues, NeedANameThatEndsInNpy) {
  EXPECT_THAT(simile_run({"features", "photos", "--out", "x.csv"}),
              test::Fails(kExitUsage, "--out 'x.csv': the name must end in .npy"));
}

struct Accepted {
  std::vector<std::string> arguments;
};
void PrintTo(const Accepted& value, std::ostream* out) { *out << ::testing::PrintToString(value.arguments); }
class AcceptedValues : public ::testing::TestWithParam<Accepted> {};

TEST_P(AcceptedValues, MakeAPlan) {
  const test::TemporaryFolder folder;
  folder.write("photos/0.png", test::png_of(natural_image(64, 64, 1)));
  std::vector<std::string> arguments{"cluster", (folder.path() / "photos").native(), "--dry-run"};
  arguments.insert(arguments.end(), GetParam().arguments.begin(), GetParam().arguments.end());
  const auto outcome = simile_run(arguments);
  EXPECT_EQ(outcome.code, kExitDone) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("1 item"));
}

INSTANTIATE_TEST_SUITE_P(Each, AcceptedValues,
                         ::testing::Values(Accepted{{"--threads", "1"}}, Accepted{{"--threads", "1024"}},
                                           Accepted{{"--memory", "1.5 GB"}}, Accepted{{"--memory=512mib"}},
                                           Accepted{{"--threshold", "-1"}}, Accepted{{"-t", "1"}}, Accepted{{"-t.5"}},
                                           Accepted{{"--threshold=-0.25"}}, Accepted{{"--size", "7x4096"}},
                                           Accepted{{"--method", "phash", "--hash-size", "64", "-t0"}},
                                           Accepted{{"--device", "cpu"}}, Accepted{{"--seed", "9223372036854775807"}},
                                           Accepted{{"--max-pixels", "4294967296"}},
                                           Accepted{{"--max-decode-time", "0"}}, Accepted{{"--min-size", "1"}},
                                           Accepted{{"--threads", "0", "--threads", "2"}}, Accepted{{"-q", "-v"}},
                                           Accepted{{"--transfer", "none"}}, Accepted{{"--window", "uniform"}},
                                           Accepted{{"--window", "gaussian", "--size", "11"}},
                                           Accepted{{"--method", "orb", "--size", "300x200"}}));

// A flag that takes one glob must not swallow the photos that follow it.
TEST(Globs, AreOneAFlag) {
  const test::TemporaryFolder folder;
  folder.write("photos/0.png", test::png_of(natural_image(64, 64, 1)));
  folder.write("photos/1.jpg", std::string_view("x"));
  folder.write("photos/2.gif", std::string_view("x"));
  const auto photos = (folder.path() / "photos").native();
  EXPECT_THAT(simile_run({"cluster", "--dry-run", "--include", "*.png", photos}).out, HasSubstr("1 item"));
  EXPECT_THAT(simile_run({"cluster", "--dry-run", "--include", "*.png", "--include", "*.jpg", photos}).out,
              HasSubstr("2 items"));
  EXPECT_THAT(simile_run({"cluster", "--dry-run", "--exclude", "*.png", photos}).out, HasSubstr("2 items"));
}

}  // namespace
}  // namespace simile
