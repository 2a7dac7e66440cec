#include "config/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <set>
#include <sstream>

#include "base/assert.h"
#include "base/read_file.h"

namespace odradek::config {
namespace {

// Thrown through yaml-cpp to stop it; caught in parse_yaml.
struct StopParsing {
  Error error;
};

// Builds our tree from the parser's events. We use events and not yaml-cpp's own tree, because
// that one expands aliases of aliases without a limit, and loses line numbers of keys.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& name, const Environment& environment, const YamlLimits& limits)
      : where_{name, ""}, environment_(environment), limits_(limits) {}

  ConfigNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    ConfigNode node;
    node.line = line_of(mark);
    add(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop(line_of(mark), "an alias inside of what it stands for");
    const Anchored& anchored = found->second;
    count(anchored.extent, line_of(mark));
    if (static_cast<int>(stack_.size()) + anchored.extent.depth > limits_.max_depth) {
      stop(line_of(mark), "too deeply nested");
    }
    ConfigNode copy = anchored.node;
    copy.line = line_of(mark);
    attach(std::move(copy), anchored.extent);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    ConfigNode node;
    node.kind = ConfigNode::Kind::kScalar;
    node.line = line_of(mark);
    // yaml-cpp tags quoted scalars "!" and plain ones "?".
    node.quoted = tag == "!";
    node.text = is_key() ? value : expanded(value, node.line);
    add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(ConfigNode::Kind::kList, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(ConfigNode::Kind::kMap, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  // How much a node and what is inside it take.
  struct Extent {
    size_t nodes = 1;
    size_t bytes = 0;
    int depth = 1;
  };
  struct Anchored {
    ConfigNode node;
    Extent extent;
  };
  struct Open {
    ConfigNode node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    bool has_key = false;
    std::string key;
    int key_line = 0;
    std::set<std::string, std::less<>> keys;
    Extent extent;
  };

  static int line_of(const YAML::Mark& mark) { return mark.line + 1; }

  [[noreturn]] void stop(int line, std::string_view what) const {
    // NOLINTNEXTLINE(bugprone-std-exception-baseclass): caught in this file, only to end the walk
    throw StopParsing{where_.error(line, what)};
  }

  // Against what is read, what variables expand to, and every copy that an alias makes.
  void count(const Extent& extent, int line) {
    nodes_ += extent.nodes;
    bytes_ += extent.bytes;
    if (nodes_ > limits_.max_nodes || bytes_ > 2 * limits_.max_bytes) stop(line, "too large");
  }

  bool is_key() const {
    return !stack_.empty() && stack_.back().node.is_map() && !stack_.back().has_key;
  }

  std::string expanded(const std::string& value, int line) {
    if (value.find("${") == std::string::npos) return value;
    Result<std::string> result = expand_variables(value, environment_);
    if (!result) stop(line, result.error().message());
    return *std::move(result);
  }

  void open(ConfigNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    const int line = line_of(mark);
    if (is_key()) stop(line, "a key must be a text");
    if (static_cast<int>(stack_.size()) >= limits_.max_depth) stop(line, "too deeply nested");
    Open opened;
    opened.node.kind = kind;
    opened.node.line = line;
    opened.anchor = anchor;
    stack_.push_back(std::move(opened));
  }

  void close() {
    ODK_ASSERT(!stack_.empty());
    Open closed = std::move(stack_.back());
    stack_.pop_back();
    count({}, closed.node.line);
    remember(closed.node, closed.anchor, closed.extent);
    attach(std::move(closed.node), closed.extent);
  }

  void add(ConfigNode node, YAML::anchor_t anchor) {
    const Extent extent{.nodes = 1, .bytes = node.text.size(), .depth = 1};
    count(extent, node.line);
    remember(node, anchor, extent);
    attach(std::move(node), extent);
  }

  void remember(const ConfigNode& node, YAML::anchor_t anchor, const Extent& extent) {
    if (anchor == YAML::NullAnchor) return;
    count(extent, node.line);
    anchors_[anchor] = {node, extent};
  }

  // Puts a finished node where it belongs: into its list, as a key, as that key's value.
  void attach(ConfigNode node, const Extent& extent) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = stack_.back();
    if (parent.node.is_map() && !parent.has_key) {
      if (!node.is_scalar()) stop(node.line, "a key must be a text");
      if (!parent.keys.insert(node.text).second) {
        stop(node.line, fmt::format("the key {} is there twice", node.text));
      }
      parent.key = std::move(node.text);
      parent.key_line = node.line;
      parent.has_key = true;
      return;
    }
    if (parent.node.is_map()) {
      node.key = std::move(parent.key);
      node.key_line = parent.key_line;
      parent.has_key = false;
    }
    parent.extent.nodes += extent.nodes;
    parent.extent.bytes += extent.bytes + node.key.size();
    parent.extent.depth = std::max(parent.extent.depth, extent.depth + 1);
    parent.node.items.push_back(std::move(node));
  }

  Where where_;
  const Environment& environment_;
  const YamlLimits& limits_;
  ConfigNode root_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  size_t nodes_ = 0;
  size_t bytes_ = 0;
};

}  // namespace

Result<ConfigNode> parse_yaml(std::string_view text, const std::string& name,
                              const Environment& environment, const YamlLimits& limits) {
  const Where where{name, ""};
  if (text.size() > limits.max_bytes) {
    return where.error(0, fmt::format("larger than {} bytes", limits.max_bytes));
  }
  TreeBuilder builder(name, environment, limits);
  try {
    std::istringstream input{std::string(text)};
    YAML::Parser parser(input);
    parser.HandleNextDocument(builder);
    TreeBuilder rest(name, environment, limits);
    if (parser.HandleNextDocument(rest)) return where.error(0, "more than one YAML document");
  } catch (const StopParsing& stopped) {
    return stopped.error;
  } catch (const YAML::Exception& exception) {
    return where.error(exception.mark.is_null() ? 0 : exception.mark.line + 1,
                       fmt::format("not YAML: {}", exception.msg));
  }
  ConfigNode root = builder.take();
  if (root.is_null()) root.kind = ConfigNode::Kind::kMap;
  return root;
}

Result<ConfigNode> load_yaml(const std::string& path, const Environment& environment,
                             const YamlLimits& limits) {
  const Result<std::string> text = read_file(path, limits.max_bytes);
  if (!text) {
    return Error(Errc::kConfig, fmt::format("cannot read {}: {}", path, text.error().message()));
  }
  return parse_yaml(*text, path, environment, limits);
}

}  // namespace odradek::config
