// odk as users of kcat know such a tool.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "process.h"

namespace odradek {
namespace {

class Odk : public testing::Test {
 protected:
  Odk()
      : broker_("odradek-broker", {"--listen", "127.0.0.1:0", "--http", "off", "--log-level", "off",
                                   "--acl", "--super-user", "User:ANONYMOUS"}),
        address_("127.0.0.1:" + std::to_string(port_of(broker_.line()))) {}

  struct Ended {
    std::string output;
    std::string errors;
    int code = -1;
  };
  Ended run(std::vector<std::string> arguments, const std::string& input = {}) const {
    arguments.insert(arguments.begin(), {"-b", address_});
    Process process("odk", std::move(arguments), input);
    Ended ended;
    ended.output = process.output();
    ended.errors = process.errors();
    ended.code = process.wait();
    return ended;
  }
  // What it prints, when all is well.
  std::string out(std::vector<std::string> arguments, const std::string& input = {}) const {
    const Ended ended = run(std::move(arguments), input);
    EXPECT_EQ(ended.code, 0) << ended.errors;
    return ended.output;
  }
  std::string address() const { return address_; }
  // The exit code of a command of the shell, in which `odk` stands for the program.
  int shell(const std::string& command) const {
    const std::string odk = "odk() { " ODK_BINARY_DIR "/odk -b " + address_ + " \"$@\"; }\n";
    const int status = std::system((odk + command).c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  Process broker_;
  std::string address_;
};

std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream input(text);
  for (std::string line; std::getline(input, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST_F(Odk, CarriesKeysValuesHeadersAndTombstones) {
  out({"topics", "create", "t", "-p", "1"});
  out({"produce", "t", "-K", ":", "-Z", "-H", "a=1", "-H", "b"}, "k1:v1\n:v2\nk3:\n");
  EXPECT_EQ(out({"consume", "t", "-e", "-f", "%t %p %o %k/%K %s/%S %h%%\\n"}),
            "t 0 0 k1/2 v1/2 a=1,b=NULL%\n"
            "t 0 1 /-1 v2/2 a=1,b=NULL%\n"
            "t 0 2 k3/2 /-1 a=1,b=NULL%\n");
  EXPECT_EQ(out({"consume", "t", "-e", "-K", "="}), "k1=v1\n=v2\nk3=\n");
  EXPECT_EQ(out({"consume", "t", "-e", "-c", "1", "-f", "%R|"}), std::string("\0\0\0\2|", 5));
}

TEST_F(Odk, PrintsRecordsAsJson) {
  out({"topics", "create", "t", "-p", "1"});
  out({"produce", "t", "-k", "key", "-H", "h=x"}, "with \"quotes\"\n\xff\xfe\n");
  const auto lines = json_lines(out({"-J", "consume", "t", "-e"}));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["topic"], "t");
  EXPECT_EQ(lines[0]["offset"], 0);
  EXPECT_EQ(lines[0]["key"], "key");
  EXPECT_EQ(lines[0]["payload"], "with \"quotes\"");
  EXPECT_EQ(lines[0]["headers"], nlohmann::json({"h", "x"}));
  EXPECT_GT(lines[0]["ts"].get<int64_t>(), 1'600'000'000'000);
  EXPECT_EQ(lines[1]["payload"], "\ufffd\ufffd");
}

TEST_F(Odk, BeginsAndEndsWhereItIsTold) {
  out({"topics", "create", "t", "-p", "2"});
  out({"produce", "t", "-p", "0"}, "a0\na1\na2\na3\n");
  out({"produce", "t", "-p", "1"}, "b0\nb1\n");
  EXPECT_EQ(out({"consume", "t", "-p", "0", "-o", "2", "-e"}), "a2\na3\n");
  EXPECT_EQ(out({"consume", "t", "-p", "0", "-o", "-1", "-e"}), "a3\n");
  EXPECT_EQ(out({"consume", "t", "-p", "1", "-o", "-9", "-e"}), "b0\nb1\n");
  EXPECT_EQ(out({"consume", "t", "-o", "end", "-e"}), "");
  EXPECT_EQ(out({"consume", "t", "-p", "1", "-o", "beginning", "-n", "1"}), "b0\n");
  EXPECT_EQ(out({"consume", "t", "-p", "1", "-o", "s@0", "-e"}), "b0\nb1\n");
  EXPECT_EQ(out({"consume", "t", "-o", "s@32503680000000", "-e"}), "");
  EXPECT_EQ(out({"consume", "t", "-p", "0", "-o", "e@0"}), "");
  EXPECT_EQ(out({"consume", "t", "-p", "0", "-o", "e@32503680000000"}), "a0\na1\na2\na3\n");
  EXPECT_EQ(out({"offsets", "t"}), "t [0] offset 4\nt [1] offset 2\n");
  EXPECT_EQ(out({"offsets", "t", "-p", "1", "-o", "beginning"}), "t [1] offset 0\n");
}

TEST_F(Odk, SplitsInputByAnyDelimiterAndReadsFiles) {
  out({"topics", "create", "t", "-p", "1"});
  out({"produce", "t", "-D", "--"}, "one--two\nlines--three");
  EXPECT_EQ(out({"consume", "t", "-e", "-D", ";"}), "one;two\nlines;three;");
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("odk-" + std::to_string(getpid()));
  std::ofstream(file) << "x\ny\n";
  out({"produce", "t", file.string()});
  out({"produce", "t", "-l", file.string()});
  out({"produce", "t", file.string(), file.string(), "-n", "1"});
  EXPECT_EQ(out({"consume", "t", "-e", "-o", "3", "-D", ";"}), "x\ny\n;x;y;x\ny\n;");
  std::filesystem::remove(file);
}

TEST_F(Odk, LooksAfterTopics) {
  out({"topics", "create", "t", "-p", "2", "-c", "retention.ms=60000"});
  EXPECT_NE(out({"list"}).find("  t with 2 partitions"), std::string::npos);
  out({"topics", "grow", "t", "-p", "3"});
  const auto described = json_lines(out({"-J", "topics", "describe", "t"}));
  ASSERT_EQ(described.size(), 1U);
  EXPECT_EQ(described[0]["partitions"].size(), 3U);
  EXPECT_EQ(json_lines(out({"-J", "list"}))[0]["topics"][0]["topic"], "t");
  EXPECT_NE(out({"configs", "describe", "t", "--changed"}).find("retention.ms=60000\ttopic"),
            std::string::npos);
  out({"configs", "alter", "t", "retention.ms", "cleanup.policy+=compact"});
  const std::string changed = out({"configs", "describe", "t", "--changed"});
  EXPECT_EQ(changed.find("retention.ms"), std::string::npos);
  EXPECT_NE(changed.find("compact"), std::string::npos);
  out({"topics", "delete", "t"});
  EXPECT_EQ(run({"topics", "describe", "t"}).code, 3);
}

TEST_F(Odk, ReadsAsAGroupAndMovesIt) {
  out({"topics", "create", "t", "-p", "1"});
  out({"produce", "t"}, "1\n2\n3\n");
  EXPECT_EQ(out({"consume", "t", "-g", "g", "-e"}), "1\n2\n3\n");
  EXPECT_EQ(out({"groups", "list", "--state", "Empty"}), "g\tEmpty\tClassic\n");
  const auto group = json_lines(out({"-J", "groups", "describe", "g"}))[0];
  EXPECT_EQ(group["state"], "Empty");
  EXPECT_EQ(group["partitions"][0]["committed"], 3);
  EXPECT_EQ(group["partitions"][0]["lag"], 0);
  EXPECT_EQ(out({"groups", "reset", "g", "t", "-o", "-2"}), "t-0\t1\n");
  EXPECT_EQ(out({"consume", "t", "-g", "g", "-o", "stored", "-n", "2"}), "2\n3\n");
  out({"groups", "delete", "g"});
  EXPECT_EQ(run({"groups", "describe", "g"}).code, 3);
}

TEST_F(Odk, CommitsOnlyWhatItPrinted) {
  out({"topics", "create", "t", "-p", "1"});
  out({"produce", "t"}, "1\n2\n3\n");
  EXPECT_EQ(out({"consume", "t", "-g", "g", "-n", "1"}), "1\n");
  EXPECT_EQ(out({"consume", "t", "-g", "g", "-n", "1"}), "2\n");
  EXPECT_EQ(out({"consume", "t", "-g", "g", "-e"}), "3\n");
  EXPECT_NE(shell("odk consume t -g full -e >/dev/full 2>/dev/null"), 0);
  EXPECT_EQ(out({"consume", "t", "-g", "full", "-e"}), "1\n2\n3\n");
}

TEST_F(Odk, ReadsToTheEndsOfItsShareOfAGroup) {
  out({"topics", "create", "t", "-p", "2"});
  out({"produce", "t", "-p", "0"}, "a\n");
  out({"produce", "t", "-p", "1"}, "b\n");
  Process other("odk", {"-b", address(), "consume", "t", "-g", "g"});
  const std::string first = other.line();
  const std::string second = other.line();
  EXPECT_EQ(std::set<std::string>({first, second}), (std::set<std::string>{"a", "b"}));
  out({"produce", "t", "-p", "0"}, "c\n");
  out({"produce", "t", "-p", "1"}, "d\n");
  // Which of them each gets depends on when the other one gave its partitions up.
  EXPECT_EQ(run({"consume", "t", "-e", "-X", "group.id=g"}).code, 0);
}

TEST_F(Odk, GrantsAndTakesAccess) {
  out({"acls", "add", "-t", "topic", "-n", "t", "-u", "User:alice", "--operation", "read"});
  EXPECT_EQ(out({"acls", "list"}), "topic t (literal)\tUser:alice\tread\tfrom *\tallow\n");
  EXPECT_EQ(out({"acls", "list", "-t", "group"}), "");
  EXPECT_EQ(json_lines(out({"-J", "acls", "list"}))[0]["principal"], "User:alice");
  EXPECT_EQ(run({"acls", "remove"}).code, 2);
  EXPECT_EQ(run({"acls", "remove", "--all", "-u", "User:alice"}).code, 2);
  EXPECT_EQ(json_lines(out({"-J", "acls", "list"})).size(), 1U);
  out({"acls", "remove", "-u", "User:alice"});
  EXPECT_EQ(out({"acls", "list"}), "");
  out({"acls", "add", "-t", "topic", "-n", "t", "-u", "User:bob", "--operation", "read"});
  out({"acls", "remove", "--all"});
  EXPECT_EQ(out({"acls", "list"}), "");
}

TEST_F(Odk, TakesPropertiesOfOtherClients) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("odk-properties-" + std::to_string(getpid()));
  std::ofstream(file) << "# as kcat reads it\nmetadata.broker.list = " << address()
                      << "\ncompression.type=lz4\n";
  Process process("odk", {"-F", file.string(), "-X", "client.id=me", "list"});
  EXPECT_NE(process.output().find("0 topics"), std::string::npos);
  EXPECT_EQ(process.wait(), 0) << process.errors();
  std::filesystem::remove(file);
  const Ended wrong = run({"-X", "compresion.type=lz4", "list"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_NE(wrong.errors.find("compression.type"), std::string::npos) << wrong.errors;
}

TEST_F(Odk, TakesWhatIsTypedBeforeProperties) {
  out({"topics", "create", "t", "-p", "1"});
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("odk-typed-" + std::to_string(getpid()));
  std::ofstream(file) << "bootstrap.servers=127.0.0.1:1\nrequest.timeout.ms=20000\n";
  const std::string config = " -F " + file.string();
  EXPECT_NE(out({"-F", file.string(), "list"}).find("t with 1"), std::string::npos);
  const std::string plain = ODK_BINARY_DIR "/odk";
  EXPECT_EQ(shell("ODK_BOOTSTRAP=" + address() + " " + plain + config + " list >/dev/null"), 0);
  EXPECT_EQ(shell("ODK_BOOTSTRAP=127.0.0.1:1 " + plain + " -X bootstrap.servers=" + address() +
                  " list >/dev/null"),
            0);
  // A property that cannot be met, and the option that takes it back.
  const std::vector<std::string> send = {"-X", "acks=0", "-X", "enable.idempotence=true"};
  auto refused = send;
  refused.insert(refused.end(), {"produce", "t"});
  EXPECT_EQ(run(refused, "x\n").code, 2);
  auto taken = refused;
  taken.insert(taken.end(), {"--acks", "all"});
  EXPECT_EQ(run(taken, "x\n").code, 0);
  out({"topics", "create", "narrow", "-p", "1", "-c", "max.message.bytes=300"});
  const std::string big(1'000, 'x');
  out({"-X", "compression.type=gzip", "produce", "narrow"}, big + "\n");
  EXPECT_EQ(run({"-X", "compression.type=gzip", "produce", "narrow", "-z", "none"}, big).code, 3);
  EXPECT_EQ(out({"-X", "auto.offset.reset=latest", "consume", "t", "-e"}), "");
  EXPECT_EQ(out({"-X", "auto.offset.reset=latest", "consume", "t", "-o", "beginning", "-n", "1"}),
            "x\n");
  std::filesystem::remove(file);
}

TEST_F(Odk, SaysThatItsOutputCannotBeWritten) {
  out({"topics", "create", "t", "-p", "1"});
  out({"produce", "t"}, "1\n2\n3\n");
  for (const char* command : {"-J list", "list", "consume t -e", "offsets t", "configs describe t",
                              "topics describe t"}) {
    EXPECT_EQ(shell("odk " + std::string(command) + " >/dev/full 2>/dev/null"), 4) << command;
  }
  constexpr int kPipe = 141;
  const int code = shell(  // the reader is gone before the first word
      "mkfifo /tmp/odk-fifo-$$; (exec 3</tmp/odk-fifo-$$) & "
      "exec 4>/tmp/odk-fifo-$$; wait; rm /tmp/odk-fifo-$$; odk consume t -e >&4 2>/dev/null");
  EXPECT_EQ(code, kPipe);
}

TEST_F(Odk, ShowsNoSecrets) {
  const Ended typed = run({"-X", "sasl.password:hunter2", "list"});
  EXPECT_EQ(typed.code, 2);
  EXPECT_EQ(typed.errors.find("hunter2"), std::string::npos) << typed.errors;
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("odk-secret-" + std::to_string(getpid()));
  std::ofstream(file) << "acks=all\nhunter2\n";
  const Ended read = run({"-F", file.string(), "list"});
  EXPECT_EQ(read.code, 2);
  EXPECT_EQ(read.errors.find("hunter2"), std::string::npos) << read.errors;
  EXPECT_NE(read.errors.find("line 2"), std::string::npos) << read.errors;
  std::filesystem::remove(file);
}

TEST_F(Odk, SaysWhatIsWrong) {
  EXPECT_EQ(run({"consume", "t", "-o", "somewhere"}).code, 2);
  EXPECT_EQ(run({"consume", "t", "-g", "g", "-o", "7"}).code, 2);
  EXPECT_EQ(run({"consume", "t", "-o", "stored"}).code, 2);
  EXPECT_EQ(run({"no-such-command"}).code, 2);
  EXPECT_EQ(run({}).code, 2);
  EXPECT_EQ(run({"acls", "add", "-t", "topic"}).code, 2);
  const Ended unknown = run({"consume", "no-such-topic", "-e"});
  EXPECT_EQ(unknown.code, 3);
  EXPECT_NE(unknown.errors.find("no-such-topic"), std::string::npos);
  EXPECT_EQ(run({"produce", "t", "/no/such/file"}).code, 2);
  out({"topics", "create", "two", "-p", "2"});
  out({"topics", "create", "one", "-p", "1"});
  EXPECT_EQ(run({"offsets", "two", "one", "-p", "0", "-p", "9"}).code, 2);
  const Ended help = run({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* part : {"produce", "consume", "groups", "topics", "configs", "acls", "perf",
                           "Examples", "Exit codes"}) {
    EXPECT_NE(help.output.find(part), std::string::npos) << part;
  }
}

TEST_F(Odk, MeasuresItself) {
  out({"topics", "create", "t", "-p", "1"});
  EXPECT_NE(out({"perf", "produce", "t", "-n", "1000", "-s", "100"}).find("ok=1000"),
            std::string::npos);
  EXPECT_NE(out({"perf", "consume", "t", "-n", "1000"}).find("mode=consume"), std::string::npos);
}

}  // namespace
}  // namespace odradek
