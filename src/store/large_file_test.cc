#include "store/large_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/read_file.h"

namespace odradek::store {
namespace {

// A file of random content and what has been written of it so far.
class Written {
 public:
  explicit Written(std::mt19937& chance)
      : path_(std::filesystem::path(testing::TempDir()) / Uuid::random().to_string()),
        file_(*open_file(path_, O_WRONLY | O_CREAT | O_EXCL), path_) {
    content_.resize(std::uniform_int_distribution<size_t>(0, 5 << 20)(chance));
    for (size_t at = 0; at + sizeof(uint32_t) <= content_.size(); at += sizeof(uint32_t)) {
      const uint32_t word = static_cast<uint32_t>(chance());
      std::memcpy(content_.data() + at, &word, sizeof word);
    }
  }
  ~Written() { std::filesystem::remove(path_); }

  bool is_whole() const { return position_ == content_.size(); }

  Result<void> write_some(std::mt19937& chance) {
    // As many small pieces as large ones.
    const size_t bytes_max = 1ULL << std::uniform_int_distribution<int>(0, 22)(chance);
    const size_t bytes = std::uniform_int_distribution<size_t>(0, bytes_max)(chance);
    const std::string_view piece = std::string_view(content_).substr(position_, bytes);
    position_ += piece.size();
    return file_.write(as_bytes(piece));
  }

  void expect_kept() {
    ASSERT_TRUE(file_.sync());
    const Result<std::string> read = read_file(path_, 64U << 20U);
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_TRUE(*read == content_) << read->size() << " bytes of " << content_.size();
  }

 private:
  std::string path_;
  LargeFile file_;
  std::string content_;
  size_t position_ = 0;
};

TEST(LargeFile, KeepsEveryByteWhateverThePieces) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 chance(seed);
  for (int round = 0; round < 20; ++round) {
    Written file(chance);
    while (!file.is_whole()) ASSERT_TRUE(file.write_some(chance));
    file.expect_kept();
  }
}

TEST(LargeFile, ManyAtATimeDoNotMix) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 chance(seed);
  std::vector<std::unique_ptr<Written>> files;
  for (int number = 0; number < 24; ++number) files.push_back(std::make_unique<Written>(chance));
  std::vector<Written*> open;
  for (const auto& file : files) open.push_back(file.get());
  while (!open.empty()) {
    std::ranges::shuffle(open, chance);
    ASSERT_TRUE(open.back()->write_some(chance));
    std::erase_if(open, [](const Written* file) { return file->is_whole(); });
  }
  for (const auto& file : files) file->expect_kept();
}

TEST(LargeFile, AFullDiskIsAnError) {
  LargeFile file(*open_file("/dev/full", O_WRONLY), "/dev/full");
  const Result<void> written = file.write(as_bytes(std::string(3U << 20U, 'x')));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), Errc::kIo);
  EXPECT_NE(written.error().to_string().find("write /dev/full: No space left on device"),
            std::string::npos)
      << written.error().to_string();
}

}  // namespace
}  // namespace odradek::store
