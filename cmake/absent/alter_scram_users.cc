#include "odradek/admin.h"

namespace odradek::kafka {

Op<std::vector<Outcome>> Admin::alter_scram_users(ScramChanges /*changes*/, Wait /*wait*/) {
  return Op<std::vector<Outcome>>::ready(
      KafkaError(ErrorKind::unsupported, "this libodradek was built without SASL SCRAM"));
}

}  // namespace odradek::kafka
