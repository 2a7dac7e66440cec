#include "broker/security/security_records.h"

#include <gtest/gtest.h>

#include "broker/settings.h"

namespace odradek::broker {
namespace {

class SecurityRecords : public ::testing::Test {
 protected:
  ManualClock clock_;
  Settings settings_;
  std::unique_ptr<Security> security_ = *Security::create(clock_, settings_, {});
};

TEST_F(SecurityRecords, BringAclsBack) {
  const Acl acl{
      ResourceType::kTopic, "t", PatternType::kPrefixed, "User:a", "*", AclOperation::kRead,
      AclPermission::kDeny};
  const Uuid id = Uuid::random();
  ASSERT_TRUE(apply(*security_, record_of(id, acl)));
  EXPECT_EQ(security_->acls().at(id), acl);
  ASSERT_TRUE(apply(*security_, removal_of(id)));
  EXPECT_EQ(security_->acls().size(), 0U);
}

TEST_F(SecurityRecords, BringUsersBack) {
  const auto hash = auth::Hash::kSha512;
  const auth::ScramCredential credential = auth::make_scram_credential(hash, "secret", 4096);
  ASSERT_TRUE(apply(*security_, record_of("alice", hash, credential)));
  const auto found = security_->scram().find_scram(hash, "alice");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->salt, credential.salt);
  EXPECT_TRUE(auth::constant_time_equal(found->stored_key.bytes(), credential.stored_key.bytes()));
  EXPECT_FALSE(security_->scram().find_scram(auth::Hash::kSha256, "alice"));
  ASSERT_TRUE(apply(*security_, removal_of("alice", hash)));
  EXPECT_TRUE(security_->scram().all().empty());
}

TEST_F(SecurityRecords, BringQuotasBack) {
  const QuotaEntity entity{{"client-id", std::nullopt}, {"user", "alice"}};
  ASSERT_TRUE(apply(*security_, record_of(entity, "producer_byte_rate", 1024.0).record));
  EXPECT_EQ(security_->quotas().store().find(entity, QuotaKey::kProducerByteRate), 1024.0);
  ASSERT_TRUE(apply(*security_, record_of(entity, "producer_byte_rate", std::nullopt).record));
  EXPECT_TRUE(security_->quotas().store().all().empty());
}

TEST_F(SecurityRecords, OfOtherKindsAreRefused) {
  proto::UserScramCredentialRecord user;
  user.mechanism = 9;
  EXPECT_FALSE(apply(*security_, user));
  EXPECT_FALSE(apply(*security_, record_of(QuotaEntity{}, "unknown", 1.0).record));
  EXPECT_FALSE(apply(*security_, proto::AccessControlEntryRecord{}));
}

}  // namespace
}  // namespace odradek::broker
