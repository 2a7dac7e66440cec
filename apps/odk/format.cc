#include "format.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <nlohmann/json.hpp>

namespace odk {

namespace ok = odradek::kafka;

namespace {

int64_t length_of(bool is_there, std::string_view bytes) {
  return is_there ? static_cast<int64_t>(bytes.size()) : -1;
}

void append_big_endian(int32_t number, std::string& out) {
  const auto bits = static_cast<uint32_t>(number);
  for (unsigned shift = 32; shift > 0;) {
    shift -= 8;
    out += static_cast<char>(bits >> shift);
  }
}

void append_headers(const ok::RecordView& record, std::string& out) {
  bool is_first = true;
  for (const ok::Header& header : record.headers()) {
    if (!is_first) out += ',';
    is_first = false;
    out.append(header.key).append("=").append(header.value.value_or("NULL"));
  }
}

void append_letter(char letter, const ok::RecordBatch& batch, const ok::RecordView& record,
                   std::string& out) {
  const auto into = std::back_inserter(out);
  switch (letter) {
    case 't': out += batch.topic(); break;
    case 'p': fmt::format_to(into, "{}", batch.partition()); break;
    case 'o': fmt::format_to(into, "{}", record.offset()); break;
    case 'T': fmt::format_to(into, "{}", record.timestamp_ms()); break;
    case 'h': append_headers(record, out); break;
    case 'k': out += record.key(); break;
    case 'K': fmt::format_to(into, "{}", length_of(record.has_key(), record.key())); break;
    case 'v':
    case 's': out += record.value(); break;
    case 'S': fmt::format_to(into, "{}", length_of(!record.is_tombstone(), record.value())); break;
    case 'R':
      append_big_endian(static_cast<int32_t>(length_of(!record.is_tombstone(), record.value())),
                        out);
      break;
    default: out += letter;
  }
}

}  // namespace

std::string unescape(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] != '\\' || next == '\0') {
      result += text[i];
      continue;
    }
    ++i;
    switch (next) {
      case 'n': result += '\n'; break;
      case 't': result += '\t'; break;
      case 'r': result += '\r'; break;
      case '0': result += '\0'; break;
      case '\\': result += '\\'; break;
      case 'x': {
        constexpr int kHex = 16;
        unsigned value = 0;
        const std::string_view digits = text.substr(i + 1, 2);
        const auto [end, failure] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value, kHex);
        if (failure == std::errc()) {
          result += static_cast<char>(value);
          i += static_cast<size_t>(end - digits.data());
        }
        break;
      }
      default: result.append("\\").push_back(next);
    }
  }
  return result;
}

void append_formatted(std::string_view format, const ok::RecordBatch& batch,
                      const ok::RecordView& record, std::string& out) {
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%' && i + 1 < format.size()) {
      append_letter(format[++i], batch, record, out);
    } else {
      out += format[i];
    }
  }
}

void append_json(const ok::RecordBatch& batch, const ok::RecordView& record, std::string& out) {
  using Json = nlohmann::ordered_json;
  Json line;
  line["topic"] = batch.topic();
  line["partition"] = batch.partition();
  line["offset"] = record.offset();
  line["ts"] = record.timestamp_ms();
  if (!record.headers().empty()) {
    Json& headers = line["headers"] = Json::array();
    for (const ok::Header& header : record.headers()) {
      headers.push_back(header.key);
      headers.push_back(header.value ? Json(*header.value) : Json());
    }
  }
  line["key"] = record.has_key() ? Json(record.key()) : Json();
  line["payload"] = record.is_tombstone() ? Json() : Json(record.value());
  // Bytes that are no UTF-8 become U+FFFD: JSON has no other place for them.
  out += line.dump(-1, ' ', false, Json::error_handler_t::replace);
  out += '\n';
}

}  // namespace odk
