#include "store/s3/credentials/aws_profile.h"

#include <fmt/format.h>

#include "store/cloud/text.h"

namespace odradek::store::s3 {
namespace {

// The profile that a section's name stands for; nothing for sections that are no profiles.
std::optional<std::string> profile_of_section(std::string_view name, AwsFile file) {
  constexpr std::string_view kProfile = "profile ";
  name = cloud::trim(name);
  if (file == AwsFile::kCredentials || name == "default") return std::string(name);
  if (!name.starts_with(kProfile)) return std::nullopt;
  return std::string(cloud::trim(name.substr(kProfile.size())));
}

}  // namespace

Result<AwsProfiles> parse_aws_profiles(std::string_view text, AwsFile file) {
  AwsProfiles profiles;
  AwsProfile* current = nullptr;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::string_view words = cloud::trim(line);
    if (words.empty() || words.front() == '#' || words.front() == ';') continue;
    if (words.front() == '[') {
      const size_t end = words.find(']');
      if (end == words.npos) {
        return Error(Errc::kMalformed, fmt::format("line {}: a section without its end", number));
      }
      const std::optional<std::string> name = profile_of_section(words.substr(1, end - 1), file);
      current = name ? &profiles[*name] : nullptr;
      continue;
    }
    if (line.front() == ' ' || line.front() == '\t') continue;  // below a nested setting
    const size_t equal = words.find('=');
    if (equal == words.npos) {
      return Error(Errc::kMalformed, fmt::format("line {}: neither section nor setting", number));
    }
    if (current == nullptr) continue;
    const std::string_view name = cloud::trim(words.substr(0, equal));
    (*current)[std::string(name)] = std::string(cloud::trim(words.substr(equal + 1)));
  }
  return profiles;
}

void merge_aws_profiles(AwsProfiles& profiles, const AwsProfiles& stronger) {
  for (const auto& [name, settings] : stronger) {
    for (const auto& [key, value] : settings) profiles[name][key] = value;
  }
}

std::string profile_value(const AwsProfile& profile, const std::string& name) {
  const auto found = profile.find(name);
  return found == profile.end() ? std::string() : found->second;
}

}  // namespace odradek::store::s3
