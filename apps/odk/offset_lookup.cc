#include "offset_lookup.h"

#include <algorithm>

#include "commands.h"

namespace odk {

namespace ok = odradek::kafka;

namespace {

Offsets listed(const OffsetLookup& lookup, int64_t timestamp) {
  std::vector<ok::OffsetQuery> queries;
  queries.reserve(lookup.partitions.size());
  for (const ok::TopicPartition& id : lookup.partitions) queries.push_back({id, timestamp});
  const auto found =
      ok::all(lookup.admin->list_offsets(std::move(queries), lookup.isolation, lookup.wait).get());
  if (!found) return found.error();
  std::vector<int64_t> offsets;
  offsets.reserve(found->size());
  for (const ok::ListedOffset& item : *found) offsets.push_back(item.offset);
  return offsets;
}

Offsets offsets_at(const OffsetLookup& lookup, int64_t time_ms) {
  auto offsets = listed(lookup, time_ms);
  if (!offsets) return offsets;
  Offsets last = last_offsets(lookup);
  if (!last) return last;
  for (size_t i = 0; i < offsets->size(); ++i) {
    if ((*offsets)[i] < 0) (*offsets)[i] = (*last)[i];
  }
  return offsets;
}

Offsets offsets_before_end(const OffsetLookup& lookup, int64_t records) {
  Offsets first = first_offsets(lookup);
  if (!first) return first;
  Offsets offsets = last_offsets(lookup);
  if (!offsets) return offsets;
  for (size_t i = 0; i < offsets->size(); ++i) {
    (*offsets)[i] = std::max((*first)[i], (*offsets)[i] - records);
  }
  return offsets;
}

}  // namespace

Offsets first_offsets(const OffsetLookup& lookup) {
  return listed(lookup, static_cast<int64_t>(ok::OffsetSpec::earliest));
}

Offsets last_offsets(const OffsetLookup& lookup) {
  return listed(lookup, static_cast<int64_t>(ok::OffsetSpec::latest));
}

Offsets offsets_of(const OffsetLookup& lookup, const OffsetText& text) {
  using Kind = OffsetText::Kind;
  switch (text.kind) {
    case Kind::kBeginning: return first_offsets(lookup);
    case Kind::kEnd: return last_offsets(lookup);
    case Kind::kAbsolute: return std::vector<int64_t>(lookup.partitions.size(), text.value);
    case Kind::kBeforeEnd: return offsets_before_end(lookup, text.value);
    case Kind::kSince:
    case Kind::kUntil: return offsets_at(lookup, text.value);
    case Kind::kStored: break;
  }
  return wrong("-o stored: not here");
}

}  // namespace odk
