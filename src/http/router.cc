#include "http/router.h"

namespace odradek::http {
namespace {

io::Task<HttpResponse> ready(HttpResponse response) { co_return response; }

HttpResponse method_not_allowed(const std::string& allowed) {
  HttpResponse response = plain_response(405);
  response.headers.emplace_back("Allow", allowed);
  return response;
}

}  // namespace

void Router::add(const std::string& method, const std::string& path, HttpHandler handler) {
  if (path.ends_with('*')) {
    prefixes_[path.substr(0, path.size() - 1)][method] = std::move(handler);
  } else {
    exact_[path][method] = std::move(handler);
  }
}

void Router::get(const std::string& path, SimpleHandler handler) {
  // Not a coroutine itself: it calls one, which takes what it needs by value.
  add("GET", path, [handler = std::move(handler)](const HttpRequest& request) {
    return ready(handler(request));
  });
}

const Router::Methods* Router::find(std::string_view path) const {
  if (const auto found = exact_.find(path); found != exact_.end()) return &found->second;
  const Methods* longest = nullptr;
  for (const auto& [prefix, methods] : prefixes_) {
    // In order, so that a longer fitting prefix comes after a shorter one.
    if (path.starts_with(prefix)) longest = &methods;
  }
  return longest;
}

io::Task<HttpResponse> Router::handle(HttpRequest request) const {
  const Methods* const methods = find(request.path);
  if (methods == nullptr) return ready(plain_response(404));
  auto found = methods->find(request.method);
  if (found == methods->end() && request.method == "HEAD") found = methods->find("GET");
  if (found != methods->end()) return found->second(std::move(request));
  std::string allowed;
  for (const auto& [method, handler] : *methods) {
    allowed += (allowed.empty() ? "" : ", ") + method;
    if (method == "GET") allowed += ", HEAD";
  }
  return ready(method_not_allowed(allowed));
}

HttpHandler Router::handler() const {
  return [this](HttpRequest request) { return handle(std::move(request)); };
}

}  // namespace odradek::http
