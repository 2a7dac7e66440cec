#pragma once

// Everything of the Kafka client. The parts may be included one by one as well.
#include "odradek/admin.h"     // IWYU pragma: export
#include "odradek/client.h"    // IWYU pragma: export
#include "odradek/consumer.h"  // IWYU pragma: export
#include "odradek/observe.h"   // IWYU pragma: export
#include "odradek/producer.h"  // IWYU pragma: export
#include "odradek/properties.h"  // IWYU pragma: export
#include "odradek/transaction.h"  // IWYU pragma: export
