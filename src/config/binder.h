#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/setting.h"
#include "config/yaml.h"

namespace odradek::config {

// A value given outside of the file: a command line flag.
struct Override {
  std::string origin;  // "--listen", for errors
  std::string key;     // "listen.address"
  std::string text;
};

struct Sources {
  std::string file;                   // empty: none
  std::string environment_prefix;     // "KAFKA_PROXY_": KAFKA_PROXY_LISTEN_ADDRESS; empty: none
  Environment environment;            // also for ${NAME} in the file; empty: the process's
  std::vector<Override> overrides;    // in order, the last one wins
};

// The table of a product's settings: each is declared once, with its key, the variable it fills,
// and what it means; the variable's value at that time is the default. From the table come
// reading (file, then environment, then flags: later ones win), the errors, and the
// documentation.
//
//   ProxyConfig config;
//   Binder binder;
//   binder.add("listen.address", config.listen_address, "where clients connect").required();
//   binder.add("kafka.request_timeout_ms", config.request_timeout, "for one request")
//       .range(1ms, 10min);
//   ODK_TRY_VOID(binder.load(sources));
//
// Keys are lower_snake_case paths with dots; a file may nest sections or write "a.b: value". A
// duration whose key does not name its unit needs one in the value. Errors are kConfig, one
// sentence with place and key: "broker.yaml:12: listeners.tls.certfile: unknown key, did you mean
// cert_file?". The variables must outlive the binder. One thread; a reload is a new binder over a
// new struct.
class Binder {
 public:
  Binder() = default;
  Binder(const Binder&) = delete;
  Binder& operator=(const Binder&) = delete;

  // bool, integers, double, std::string, Secret, ByteSize, std::chrono durations, lists and maps
  // of texts, maps of names to secrets, std::optional of any of them.
  template <class T>
  TypedSetting<T>& add(std::string key, T& target, std::string doc) {
    return insert(std::make_unique<TypedSetting<T>>(std::move(key), std::move(doc), target));
  }

  // One of several words, each standing for a value.
  template <class T>
  Setting& choice(std::string key, T& target, std::vector<std::pair<std::string, T>> words,
                  std::string doc) {
    return insert(std::make_unique<ChoiceSetting<T>>(std::move(key), std::move(doc), target,
                                                     std::move(words)));
  }

  // A section whose keys are free names and whose values are sections with settings of their own
  // (topics, listeners). `declare` binds one such section to its struct.
  template <class T>
  Setting& map_of(std::string key, std::map<std::string, T>& target,
                  std::function<void(Binder&, T&)> declare, std::string doc);
  // A list of sections (rules).
  template <class T>
  Setting& list_of(std::string key, std::vector<T>& target,
                   std::function<void(Binder&, T&)> declare, std::string doc);

  // A shape none of the others fit: `read` gets the node and makes its own errors with `where`.
  using ReadNode = std::function<Result<void>(const ConfigNode&, const Where&)>;
  Setting& custom(std::string key, std::string type, ReadNode read, std::string doc);

  // Reads everything and checks that what is required is there.
  Result<void> load(const Sources& sources);
  // The steps of load(), for tests and nested use.
  Result<void> read(const ConfigNode& root, const Where& where);
  Result<void> read_environment(const std::string& prefix, const Environment& environment);
  Result<void> read_override(const Override& given);
  Result<void> check_required(const Where& where) const;

  // An error about a value that is fine by itself but not beside others; placed where it was set.
  Error error_at(std::string_view key, std::string_view what) const;
  bool is_set(std::string_view key) const;

  const std::vector<std::unique_ptr<Setting>>& settings() const { return settings_; }

 private:
  template <class S>
  S& insert(std::unique_ptr<S> setting) {
    S& result = *setting;
    add_setting(std::move(setting));
    return result;
  }
  void add_setting(std::unique_ptr<Setting> setting);
  Setting* find(std::string_view key) const;
  bool is_section(std::string_view key) const;
  Result<void> read_section(const ConfigNode& section, const std::string& prefix,
                            const Where& where);
  Error unknown_key(const ConfigNode& item, const std::string& prefix, const Where& where) const;
  Result<void> set(Setting& setting, const ConfigNode& node, const Where& where);

  std::vector<std::unique_ptr<Setting>> settings_;
};

// The table in Markdown: key, type, default, meaning; with a prefix also the variables' names.
std::string describe_settings(const Binder& binder, std::string_view environment_prefix = "");

// "KAFKA_PROXY_" and "listen.address" give "KAFKA_PROXY_LISTEN_ADDRESS".
std::string environment_name(std::string_view prefix, std::string_view key);

// Reads one section into `target` by its own binder; the two below read many.
template <class T>
Result<T> read_struct(const ConfigNode& node, const Where& where,
                      const std::function<void(Binder&, T&)>& declare) {
  T value{};
  Binder binder;
  declare(binder, value);
  ODK_TRY_VOID(binder.read(node, where));
  ODK_TRY_VOID(binder.check_required(where));
  return value;
}

template <class T>
class MapSetting final : public Setting {
 public:
  MapSetting(std::string key, std::string doc, std::map<std::string, T>& target,
             std::function<void(Binder&, T&)> declare)
      : Setting(std::move(key), std::move(doc)), target_(target), declare_(std::move(declare)) {}

  std::string type_name() const override { return "section of sections"; }
  std::string show() const override { return {}; }
  bool is_text() const override { return false; }
  void describe_inner(Binder& binder) override { declare_(binder, example_); }

 private:
  Result<void> read(const ConfigNode& node, const Where& where) override {
    if (!node.is_map()) return where.error(node, "expected a section");
    std::map<std::string, T> values;
    for (const ConfigNode& item : node.items) {
      ODK_TRY(values[item.key], read_struct<T>(item, where.child(item.key), declare_));
    }
    target_ = std::move(values);
    return {};
  }

  std::map<std::string, T>& target_;
  std::function<void(Binder&, T&)> declare_;
  T example_{};
};

template <class T>
class ListSetting final : public Setting {
 public:
  ListSetting(std::string key, std::string doc, std::vector<T>& target,
              std::function<void(Binder&, T&)> declare)
      : Setting(std::move(key), std::move(doc)), target_(target), declare_(std::move(declare)) {}

  std::string type_name() const override { return "list of sections"; }
  std::string show() const override { return {}; }
  bool is_text() const override { return false; }
  void describe_inner(Binder& binder) override { declare_(binder, example_); }

 private:
  Result<void> read(const ConfigNode& node, const Where& where) override {
    if (!node.is_list()) return where.error(node, "expected a list");
    std::vector<T> values;
    for (const ConfigNode& item : node.items) {
      ODK_TRY(T value, read_struct<T>(item, where.element(values.size()), declare_));
      values.push_back(std::move(value));
    }
    target_ = std::move(values);
    return {};
  }

  std::vector<T>& target_;
  std::function<void(Binder&, T&)> declare_;
  T example_{};
};

template <class T>
Setting& Binder::map_of(std::string key, std::map<std::string, T>& target,
                        std::function<void(Binder&, T&)> declare, std::string doc) {
  return insert(
      std::make_unique<MapSetting<T>>(std::move(key), std::move(doc), target, std::move(declare)));
}

template <class T>
Setting& Binder::list_of(std::string key, std::vector<T>& target,
                         std::function<void(Binder&, T&)> declare, std::string doc) {
  return insert(
      std::make_unique<ListSetting<T>>(std::move(key), std::move(doc), target, std::move(declare)));
}

}  // namespace odradek::config
