#pragma once

namespace odradek::rpc {
class Server;
}

namespace odradek::broker {

class Dispatcher;
class Node;

// The insides of a started broker, for what is served beside Kafka's protocol. Valid until the
// broker stops; used on its loop.
struct BrokerParts {
  Node& node;
  Dispatcher& dispatcher;
  rpc::Server& clients;  // the connections of Kafka's clients
};

}  // namespace odradek::broker
