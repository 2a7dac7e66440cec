#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace odradek::store::cloud {

// Reads a store's answer. No entities are fetched or defined: the parser knows the five of XML
// alone. Errors: kMalformed, also when the root is not called `root` (empty: any name).
Result<void> parse_xml(std::string_view text, std::string_view root, pugi::xml_document& document);

// The text below a child; empty when there is none.
std::string_view child_text(const pugi::xml_node& node, const char* name);

// A number of bytes. Errors: kMalformed.
Result<uint64_t> parse_size_text(std::string_view text);

// Text inside an element.
std::string escape_xml(std::string_view text);

}  // namespace odradek::store::cloud
