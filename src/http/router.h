#pragma once

#include <map>
#include <string>
#include <string_view>

#include "http/message.h"

namespace odradek::http {

// Chooses the handler by path and method. Unknown paths are 404; known ones with another method
// 405 and an Allow header. HEAD is answered by the GET handler (the server drops the body).
// Fill it before the server starts; it must outlive the server. One loop.
class Router {
 public:
  using SimpleHandler = std::function<HttpResponse(const HttpRequest&)>;

  // `path` is exact, or a prefix when it ends with '*': "/api/*". The longest prefix wins.
  void add(const std::string& method, const std::string& path, HttpHandler handler);
  // For answers that need no waiting.
  void get(const std::string& path, SimpleHandler handler);

  io::Task<HttpResponse> handle(HttpRequest request) const;
  // The router as a server's handler.
  HttpHandler handler() const;

 private:
  using Methods = std::map<std::string, HttpHandler, std::less<>>;

  const Methods* find(std::string_view path) const;

  std::map<std::string, Methods, std::less<>> exact_;
  std::map<std::string, Methods, std::less<>> prefixes_;
};

}  // namespace odradek::http
