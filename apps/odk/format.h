#pragma once

#include <string>
#include <string_view>

#include "odradek/kafka.h"

// How records are printed and delimiters typed, as users of kcat know it.
namespace odk {

// \n, \t, \r, \0, \\ and \xHH as the characters they stand for; anything else as it is.
std::string unescape(std::string_view text);

// Appends the record as the format says; unknown letters stand for themselves:
//   %t topic  %p partition  %o offset  %T timestamp in ms  %h headers as name=value,name=value
//   %k key  %K its length, -1 for none  %v or %s value  %S its length, -1 for none
//   %R the length as four bytes, the first the highest  %% a percent sign
void append_formatted(std::string_view format, const odradek::kafka::RecordBatch& batch,
                      const odradek::kafka::RecordView& record, std::string& out);

// Appends the record as one line of JSON, with the names that kcat uses.
void append_json(const odradek::kafka::RecordBatch& batch, const odradek::kafka::RecordView& record,
                 std::string& out);

}  // namespace odk
