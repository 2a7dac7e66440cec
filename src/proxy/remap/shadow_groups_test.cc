#include "proxy/remap/shadow_groups.h"

#include <gtest/gtest.h>

namespace odradek::proxy {
namespace {

TEST(ShadowGroups, NamesTheGroupItselfAndItsShadows) {
  const ShadowGroups groups;
  EXPECT_EQ(groups.name("billing", GroupIndex(0)), "billing");
  EXPECT_EQ(groups.name("billing", GroupIndex(3)), "billing~vp3");
  EXPECT_FALSE(groups.is_reserved("billing"));
  EXPECT_FALSE(groups.is_reserved("billing~v3"));
  EXPECT_TRUE(groups.is_reserved("billing~vp3"));
  EXPECT_TRUE(groups.is_reserved("~vp"));
  EXPECT_TRUE(ShadowGroups("--shadow").is_reserved("g--shadow1"));
}

TEST(ShadowGroups, FindsTheGroupOfAShadow) {
  const ShadowGroups groups;
  EXPECT_EQ(groups.main_of("billing~vp3"), "billing");
  EXPECT_EQ(groups.main_of("billing~vp255"), "billing");
  EXPECT_FALSE(groups.main_of("billing"));
  EXPECT_FALSE(groups.main_of("billing~vp"));
  EXPECT_FALSE(groups.main_of("billing~vpx"));
}

TEST(CommitNote, KeepsEpochAndMetadata) {
  for (const int32_t epoch : {-1, 0, 7, 2147483647}) {
    for (const std::string_view metadata : {"", "plain", "with;semicolon", "\x01",
                                            "\x01"
                                            "5;x"}) {
      std::string scratch;
      const CommitNote note = unpack_commit_note(pack_commit_note({epoch, metadata}, scratch));
      EXPECT_EQ(note.leader_epoch, epoch);
      EXPECT_EQ(note.metadata, metadata);
    }
  }
}

TEST(CommitNote, LeavesPlainMetadataAsItIs) {
  std::string scratch;
  EXPECT_EQ(pack_commit_note({-1, "plain"}, scratch), "plain");
  EXPECT_TRUE(scratch.empty());
  EXPECT_EQ(unpack_commit_note("\x01no number;").metadata, "\x01no number;");
  EXPECT_EQ(unpack_commit_note("\x01"
                               "12")
                .metadata,
            "\x01"
            "12");
  EXPECT_EQ(unpack_commit_note("\x01"
                               "12")
                .leader_epoch,
            -1);
}

}  // namespace
}  // namespace odradek::proxy
