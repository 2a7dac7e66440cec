// odk: look at a Kafka cluster and move records from and to the terminal.

#include <csignal>

#include "arguments.h"

int main(int argc, char** argv) {
  constexpr int kUsage = 2;
  std::signal(SIGPIPE, SIG_IGN);
  odk::Settings settings;
  odk::Command command = nullptr;
  CLI::App app{"Look at a Kafka cluster and move records from and to the terminal.", "odk"};
  odk::add_arguments(app, settings, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  return odk::run(settings, command);
}
