#include "arguments.h"

namespace odk {
namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  odk list                                       brokers and topics\n"
    "  odk topics create orders -p 3 -c retention.ms=-1\n"
    "  printf 'k1:v1\\nk2:v2\\n' | odk produce orders -K :\n"
    "  odk consume orders -e -f '%p %o %k=%s\\n'        all there is, then stop\n"
    "  odk consume orders -o -10 -e -J                the last ten of each partition, as JSON\n"
    "  odk groups describe billing                    members, offsets, lag\n"
    "Exit codes: 0 done, 2 usage, 3 the cluster refuses or cannot be reached, 4 the output cannot "
    "be\n"
    "written, 5 corrupt data.";

void add_connection(CLI::App& app, Settings& settings) {
  app.add_option("-b,--bootstrap", settings.bootstrap,
                 "host:port,host:port (default: ODK_BOOTSTRAP, else localhost:9092)");
  add_repeated(app, "-X,--property", settings.properties,
               "name=value, as for the Java client and librdkafka; may be repeated");
  app.add_option("-F,--config", settings.property_file, "file of such properties, one a line")
      ->envname("ODK_CONFIG");
  app.add_option("--timeout-ms", settings.timeout_ms,
                 "how long a broker may take to answer (default 30000)")
      ->check(CLI::PositiveNumber);
  app.add_option("--ca", settings.ca_file, "PEM file of trusted certificates; turns TLS on");
  app.add_flag("--tls", settings.tls, "TLS with the system's certificates");
  app.add_option("--mechanism", settings.mechanism, "SASL")
      ->check(CLI::IsMember({"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}));
  app.add_option("--user", settings.user, "SASL; the password is in ODK_PASSWORD");
  app.add_flag("-J,--json", settings.json, "one JSON object a line");
}

}  // namespace

void add_arguments(CLI::App& app, Settings& settings, Command& command) {
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
  add_connection(app, settings);
  add_record_arguments(app, settings, command);
  add_admin_arguments(app, settings, command);
}

}  // namespace odk
