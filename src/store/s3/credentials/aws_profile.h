#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace odradek::store::s3 {

using AwsProfile = std::map<std::string, std::string>;          // settings by their names
using AwsProfiles = std::map<std::string, AwsProfile>;          // by profile name

// Which of the two files a text is from: in `config` sections are called "profile NAME".
enum class AwsFile : uint8_t { kConfig, kCredentials };

// Reads the INI of ~/.aws/config and ~/.aws/credentials. Sections for other things (sso-session,
// services) and nested settings are passed over. Errors: kMalformed, with the line's number and
// none of its words.
Result<AwsProfiles> parse_aws_profiles(std::string_view text, AwsFile file);

// Adds to `profiles`; what is there already is replaced.
void merge_aws_profiles(AwsProfiles& profiles, const AwsProfiles& stronger);

// Empty when it is not there.
std::string profile_value(const AwsProfile& profile, const std::string& name);

}  // namespace odradek::store::s3
