#include "base/nearest_name.h"

#include <algorithm>

namespace odradek {
namespace {

constexpr size_t kMaxComparedBytes = 64;

// How many letters to insert, remove, replace or swap with their neighbour (optimal string
// alignment). O(length^2), so only for short words.
size_t edit_distance(std::string_view left, std::string_view right) {
  const size_t width = right.size() + 1;
  std::vector<size_t> before_last(width);
  std::vector<size_t> last(width);
  std::vector<size_t> row(width);
  for (size_t j = 0; j < width; ++j) last[j] = j;
  for (size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j < width; ++j) {
      const size_t replace = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
      const bool swapped =
          i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[right.size()];
}

// Case and separators do not count: maxConnections is near max_connections.
std::string simplified(std::string_view word) {
  std::string result;
  for (const char c : word) {
    if (c == '_' || c == '-') continue;
    result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return result;
}

}  // namespace

std::string nearest_name(std::string_view word, const std::vector<std::string>& names) {
  if (word.size() > kMaxComparedBytes) return {};
  const std::string wanted = simplified(word);
  size_t allowed = std::max<size_t>(2, wanted.size() / 3) + 1;
  if (wanted.size() < 4) allowed = 2;
  std::string nearest;
  for (const std::string& name : names) {
    const size_t distance = edit_distance(wanted, simplified(name));
    if (distance < allowed) {
      allowed = distance;
      nearest = name;
    }
  }
  return nearest;
}

}  // namespace odradek
