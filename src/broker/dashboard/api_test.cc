#include "broker/dashboard/api.h"

#include <gmock/gmock.h>

#include "broker/dashboard/dashboard_for_tests.h"

namespace odradek::broker::dashboard {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

using DashboardApi = testing::DashboardTest;

TEST_F(DashboardApi, CreatesShowsGrowsAndDeletesATopic) {
  post("/topics", R"({"name":"orders","partitions":2,"configs":{"retention.ms":"1000"}})");
  const Json topic = get("/topics/orders");
  EXPECT_EQ(topic["partitions"], 2);
  EXPECT_EQ(topic["retention_ms"], "1000");
  EXPECT_EQ(topic["overrides"]["retention.ms"], "1000");
  EXPECT_EQ(topic["partition_list"][1]["end_offset"], 0);
  post("/topics/orders/partitions", R"({"total":3})");
  EXPECT_EQ(get("/topics")["topics"][0]["partitions"], 3);
  EXPECT_EQ(ask("POST", "/topics/orders/partitions", R"({"total":3})").code(),
            "INVALID_PARTITIONS");
  EXPECT_EQ(ask("DELETE", "/topics/orders").status, 200);
  EXPECT_EQ(ask("GET", "/topics/orders").status, 404);
}

TEST_F(DashboardApi, AnswersWithKafkasErrors) {
  create_topic("t");
  const Answer twice = ask("POST", "/topics", R"({"name":"t"})");
  EXPECT_EQ(twice.status, 409);
  EXPECT_EQ(twice.code(), "TOPIC_ALREADY_EXISTS");
  EXPECT_EQ(ask("POST", "/topics", R"({"name":"a b"})").code(), "INVALID_TOPIC_EXCEPTION");
  EXPECT_EQ(ask("POST", "/topics", R"({"name":"c","configs":{"no.such":"1"}})").code(),
            "INVALID_CONFIG");
  EXPECT_EQ(ask("DELETE", "/topics/none").code(), "UNKNOWN_TOPIC_OR_PARTITION");
  EXPECT_EQ(ask("GET", "/groups/none").code(), "GROUP_ID_NOT_FOUND");
  EXPECT_EQ(ask("POST", "/topics/t/messages", R"({"partition":1})").status, 404);
}

TEST_F(DashboardApi, OnlyChecksWhenAsked) {
  post("/topics", R"({"name":"t","validate_only":true})");
  EXPECT_EQ(get("/topics")["topics"].size(), 0U);
}

TEST_F(DashboardApi, ProducesAndFindsMessages) {
  create_topic("t", 3);
  const Json sent = post("/topics/t/messages",
                         R"({"key":{"text":"k{{n}}"},"value":{"text":"v{{n}}"},"numbered":true,
                             "repeat":30,"headers":[{"key":"h","value":{"text":"1"}},
                             {"key":"h","value":null}],"compression":"zstd"})");
  EXPECT_EQ(sent["count"], 30);
  const Json all = get("/topics/t/messages?from=oldest&limit=100");
  EXPECT_EQ(all["messages"].size(), 30U);
  EXPECT_EQ(all["cursor"], nullptr);
  EXPECT_EQ(all["scanned"], 30);
  const Json found = get("/topics/t/messages?key=K17");
  ASSERT_EQ(found["messages"].size(), 1U);
  const Json& message = found["messages"][0];
  EXPECT_EQ(message["value"]["text"], "v17");
  EXPECT_EQ(message["compression"], "zstd");
  EXPECT_EQ(message["header_count"], 2);
  EXPECT_EQ(message["headers"][0]["value"]["text"], "1");
  EXPECT_EQ(message["headers"][1]["value"], nullptr);
  EXPECT_EQ(get("/topics/t/messages?header=h=1")["messages"].size(), 30U);
  EXPECT_EQ(get("/topics/t/messages?header=h=2")["messages"].size(), 0U);
}

TEST_F(DashboardApi, TellsNullEmptyTextAndBytesApart) {
  create_topic("t");
  post("/topics/t/messages", R"({"key":null,"value":{"text":""}})");
  post("/topics/t/messages", R"({"key":{"hex":"00 ff"},"value":null})");
  post("/topics/t/messages", R"({"key":{"base64":"w7bDtg=="},"value":{"text":"line\nline"}})");
  const Json messages = get("/topics/t/messages?from=oldest")["messages"];
  EXPECT_EQ(messages[0]["key"], nullptr);
  EXPECT_EQ(messages[0]["value"], (Json{{"size", 0}, {"text", ""}}));
  EXPECT_EQ(messages[1]["key"], (Json{{"size", 2}, {"base64", "AP8="}}));
  EXPECT_EQ(messages[1]["value"], nullptr);
  EXPECT_EQ(messages[2]["key"]["text"], "öö");
  EXPECT_EQ(messages[2]["value"]["text"], "line\nline");
}

TEST_F(DashboardApi, CutsLongValuesInListsAndGivesThemWhole) {
  create_topic("t");
  post("/topics/t/messages", Json{{"value", {{"text", std::string(9'999, 'x') + "ö"}}}}.dump());
  const Json cut = get("/topics/t/messages")["messages"][0]["value"];
  EXPECT_EQ(cut["truncated"], true);
  EXPECT_EQ(cut["size"], 10'001);
  EXPECT_EQ(cut["text"].get<std::string>().size(), 4096U);
  const Json whole = get("/topics/t/messages/0/0");
  EXPECT_EQ(whole["value"]["text"].get<std::string>().size(), 10'001U);
  EXPECT_EQ(ask("GET", "/topics/t/messages/0/1").status, 404);
  EXPECT_EQ(ask("GET", "/topics/t/messages/0/x").status, 400);
}

TEST_F(DashboardApi, GoesThroughATopicInPiecesWithoutLosingOrRepeatingAny) {
  create_topic("t", 3);
  for (int i = 0; i < 20; ++i) {
    post("/topics/t/messages", R"({"key":{"text":"k{{n}}"},"repeat":7,"numbered":true})");
    clock_.advance(seconds(1));
  }
  for (const std::string from : {"newest", "oldest"}) {
    std::set<std::pair<int, int>> seen;
    int64_t last_ms = -1;
    std::string cursor;
    do {
      const Json page = get("/topics/t/messages?limit=11&from=" + from + "&cursor=" + cursor);
      for (const Json& message : page["messages"]) {
        EXPECT_TRUE(seen.emplace(message["partition"], message["offset"]).second);
        const int64_t at_ms = message["timestamp_ms"];
        if (last_ms >= 0) {
          EXPECT_TRUE(from == "newest" ? at_ms <= last_ms : at_ms >= last_ms);
        }
        last_ms = at_ms;
      }
      cursor = page["cursor"].is_null() ? "" : page["cursor"].get<std::string>();
    } while (!cursor.empty() && seen.size() < 1000);
    EXPECT_EQ(seen.size(), 140U) << from;
  }
}

TEST_F(DashboardApi, BeginsAtAnOffsetOrATime) {
  create_topic("t");
  const int64_t start_ms = clock_.wall_ms();
  for (int i = 0; i < 5; ++i) {
    post("/topics/t/messages", R"({"value":{"text":"x"}})");
    clock_.advance(seconds(1));
  }
  EXPECT_EQ(get("/topics/t/messages?from=offset&offset=3")["messages"][0]["offset"], 3);
  const std::string at = std::to_string(start_ms + 1500);
  EXPECT_EQ(get("/topics/t/messages?from=time&time=" + at)["messages"][0]["offset"], 2);
  const std::string later = std::to_string(start_ms + 60'000);
  EXPECT_EQ(get("/topics/t/messages?from=time&time=" + later)["messages"].size(), 0U);
}

TEST_F(DashboardApi, StopsALongSearchAndSaysWhereToGoOn) {
  create_topic("t");
  post("/topics/t/messages", R"({"value":{"text":"x"},"repeat":2000})");
  const Json page = get("/topics/t/messages?value=none&scan_max=500");
  EXPECT_EQ(page["messages"].size(), 0U);
  EXPECT_EQ(page["cut_short"], true);
  EXPECT_LT(page["scanned"], 2000);
  EXPECT_THAT(page["cursor"].get<std::string>(), HasSubstr("b;0:0:"));
  for (const char* cursor : {"x", "f;", "f;0:1", "f;9:0:1", "b;0:-1:5", "f;0:0:9,"}) {
    const int status = ask("GET", std::string("/topics/t/messages?cursor=") + cursor).status;
    EXPECT_TRUE(status == 200 || status == 400) << cursor;
  }
}

TEST_F(DashboardApi, DeletesMessages) {
  create_topic("t", 2);
  post("/topics/t/messages", R"({"partition":0,"repeat":10})");
  post("/topics/t/truncate", R"({"partitions":[{"partition":0,"before_offset":4}]})");
  EXPECT_EQ(get("/topics/t")["partition_list"][0]["start_offset"], 4);
  EXPECT_EQ(
      ask("POST", "/topics/t/truncate", R"({"partitions":[{"partition":0,"before_offset":99}]})")
          .code(),
      "OFFSET_OUT_OF_RANGE");
  post("/topics/t/truncate", "{}");
  EXPECT_EQ(get("/topics/t")["offsets"], 0);
}

TEST_F(DashboardApi, ChangesConfigurations) {
  create_topic("t");
  const auto value = [&](const std::string& path, const std::string& name) {
    for (const Json& config : get(path)["configs"]) {
      if (config["name"] == name) return config;
    }
    return Json();
  };
  EXPECT_EQ(ask("PATCH", "/topics/t/configs", R"({"set":{"retention.ms":"5"}})").status, 200);
  Json config = value("/topics/t/configs", "retention.ms");
  EXPECT_EQ(config["value"], "5");
  EXPECT_EQ(config["source"], "DYNAMIC_TOPIC_CONFIG");
  EXPECT_FALSE(config["documentation"].get<std::string>().empty());
  EXPECT_EQ(ask("PATCH", "/topics/t/configs", R"({"reset":["retention.ms"]})").status, 200);
  EXPECT_EQ(value("/topics/t/configs", "retention.ms")["source"], "DEFAULT_CONFIG");
  EXPECT_EQ(ask("PATCH", "/topics/t/configs", R"({"set":{"retention.ms":"x"}})").code(),
            "INVALID_CONFIG");
  EXPECT_EQ(ask("PATCH", "/topics/t/configs", "{}").status, 400);
  EXPECT_EQ(ask("PATCH", "/configs", R"({"set":{"log.retention.ms":"7"}})").status, 200);
  EXPECT_EQ(value("/configs", "log.retention.ms")["source"], "DYNAMIC_BROKER_CONFIG");
}

TEST_F(DashboardApi, EscapesNamesInPaths) {
  post("/topics", R"({"name":"a.b"})");
  EXPECT_EQ(get("/topics/a%2Eb")["name"], "a.b");
  const Answer answer = ask("GET", "/groups/%3Cb%3E%2F..%2Fx");
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(answer.json["error"]["message"].get<std::string>(), HasSubstr("<b>/../x"));
}

TEST_F(DashboardApi, SamplesEachSecondForThePlots) {
  create_topic("t");
  pass(seconds(1));
  produce("t", {"a", "b", "c"});
  pass(seconds(1));
  const Json samples = get("/history")["samples"];
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0]["records_in"], 0.0);
  EXPECT_EQ(samples[1]["records_in"], 3.0);
  EXPECT_GT(samples[1]["bytes_in"], 100.0);
  EXPECT_EQ(samples[1]["connections"], 1);
}

TEST_F(DashboardApi, CountsNoRequestOfItsOwn) {
  create_topic("t");
  get("/topics/t/messages");
  get("/connections");
  const Json overview = get("/overview");
  EXPECT_EQ(overview["connections"]["accepted"], 0);
  EXPECT_EQ(overview["requests"], Json::object());
  EXPECT_EQ(overview["version"], "test 1");
}

TEST_F(DashboardApi, ShowsConnections) {
  create_topic("t");
  produce("t", {"a"});
  FetchSpec spec;
  spec.offset = 1;
  spec.wait_ms = 10'000;
  const auto waiting = fetch(client(), spec);
  const Json connection = get("/connections")["connections"][0];
  EXPECT_EQ(connection["client_id"], "test");
  EXPECT_EQ(connection["software_name"], "odradek");
  EXPECT_EQ(connection["last_api"], "Fetch");
  EXPECT_EQ(connection["waiting"], 1);
  EXPECT_FALSE(waiting.done());
}

}  // namespace
}  // namespace odradek::broker::dashboard
