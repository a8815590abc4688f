// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/temporary_folder.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/thread_pool.hpp"

namespace simile {
namespace {

using test::TemporaryFolder;

// The umask belongs to the whole process: a thread that changes it, if only to read it, changes other threads' files.
TEST(AtomicFileThreads, LeaveTheUmaskAloneAndKeepTheirPermissions) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(027);
  ThreadPool pool(4);
  const Cancellation cancellation;
  pool.parallel_for(1000, cancellation, [&](int, std::int64_t item) {
    AtomicFile file(folder / std::to_string(item));
    file.write(std::to_string(item));
    if (item % 2 == 0) file.commit();
  });
  EXPECT_EQ(::umask(before), 027U);
  EXPECT_EQ(folder.size(), 500);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    struct stat status{};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    ASSERT_EQ(status.st_mode & 0777U, 0640U) << entry.path();
    ASSERT_EQ(read_file(entry.path(), 100), entry.path().filename());
  }
}

}  // namespace
}  // namespace simile
