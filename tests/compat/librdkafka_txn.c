// Transactions, idempotence and groups as librdkafka does them, with whatever version is installed.
// usage: librdkafka_txn BOOTSTRAP [hang]     hang: leaves a transaction open and prints its place
#include <librdkafka/rdkafka.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS 20000

static const char *bootstrap;
static char suffix[32];  // makes names unique

static void fail(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "FAILED: ");
  vfprintf(stderr, format, args);
  fprintf(stderr, "\n");
  va_end(args);
  exit(1);
}

static void must(rd_kafka_error_t *error, const char *what) {
  if (error != NULL) fail("%s: %s", what, rd_kafka_error_string(error));
}

static const char *unique(const char *stem) {
  static char names[8][64];
  static int next;
  char *name = names[next++ % 8];
  snprintf(name, sizeof names[0], "%s-%s", stem, suffix);
  return name;
}

// A client with the settings given in pairs, ended by NULL.
static rd_kafka_t *make(rd_kafka_type_t type, ...) {
  char why[512];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, why, sizeof why);
  va_list args;
  va_start(args, type);
  for (const char *name; (name = va_arg(args, const char *)) != NULL;) {
    const char *value = va_arg(args, const char *);
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) fail("%s", why);
  }
  va_end(args);
  rd_kafka_t *client = rd_kafka_new(type, conf, why, sizeof why);
  if (client == NULL) fail("%s", why);
  if (type == RD_KAFKA_CONSUMER) rd_kafka_poll_set_consumer(client);
  return client;
}

static rd_kafka_t *transactional(const char *id) {
  rd_kafka_t *producer = make(RD_KAFKA_PRODUCER, "transactional.id", id, NULL);
  must(rd_kafka_init_transactions(producer, WAIT_MS), "init_transactions");
  return producer;
}

// The session is short because a cooperative consumer of 2.0.2 may close without a LeaveGroup:
// then its partitions are free only when its session has ended.
static rd_kafka_t *member(const char *group, const char *topic, const char *strategy) {
  rd_kafka_t *consumer =
      make(RD_KAFKA_CONSUMER, "group.id", group, "auto.offset.reset", "earliest",
           "isolation.level", "read_committed", "partition.assignment.strategy", strategy,
           "enable.auto.commit", "false", "session.timeout.ms", "6000", NULL);
  rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
  if (rd_kafka_subscribe(consumer, topics) != 0) fail("subscribe");
  rd_kafka_topic_partition_list_destroy(topics);
  return consumer;
}

static void send_numbers(rd_kafka_t *producer, const char *topic, int first, int count) {
  for (int n = first; n < first + count; ++n) {
    char value[16];
    const int length = snprintf(value, sizeof value, "%d", n);
    rd_kafka_resp_err_t code;
    while ((code = rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic),
                                     RD_KAFKA_V_VALUE(value, (size_t)length),
                                     RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END)) ==
           RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      rd_kafka_poll(producer, 10);
    }
    if (code != 0) fail("produce: %s", rd_kafka_err2str(code));
  }
  if (rd_kafka_flush(producer, WAIT_MS) != 0) fail("flush: not all was delivered");
}

static rd_kafka_message_t *poll_any(rd_kafka_t **consumers, int count) {
  rd_kafka_message_t *message = NULL;
  for (int i = 0; message == NULL && i < count; ++i) {
    message = rd_kafka_consumer_poll(consumers[i], 0);
  }
  return message != NULL ? message : rd_kafka_consumer_poll(consumers[0], 20);
}

static int assigned(rd_kafka_t *consumer) {
  rd_kafka_topic_partition_list_t *list = NULL;
  const int count = rd_kafka_assignment(consumer, &list) == 0 ? list->cnt : 0;
  if (list != NULL) rd_kafka_topic_partition_list_destroy(list);
  return count;
}

// Until both own two partitions.
static void settle(rd_kafka_t **pair) {
  for (int round = 0; round < 1000; ++round) {
    rd_kafka_message_t *message = poll_any(pair, 2);
    if (message != NULL && message->err == 0) fail("a record before any was sent");
    if (message != NULL) rd_kafka_message_destroy(message);
    if (assigned(pair[0]) == 2 && assigned(pair[1]) == 2) return;
  }
  fail("the group does not settle");
}

// Counts in `seen[number]` what the consumers get until `wanted` different ones came.
static void receive(rd_kafka_t **consumers, int consumer_count, int wanted, int *seen) {
  int got = 0;
  for (int idle_rounds = 0; got < wanted && idle_rounds < 1000;) {
    rd_kafka_message_t *message = poll_any(consumers, consumer_count);
    if (message == NULL) {
      ++idle_rounds;
      continue;
    }
    if (message->err == 0) {
      char text[16] = {0};
      memcpy(text, message->payload, message->len < 15 ? message->len : 15);
      got += seen[atoi(text)]++ == 0;
    }
    rd_kafka_message_destroy(message);
  }
  if (got != wanted) fail("%d of %d different records arrived", got, wanted);
}

static void create_topic(rd_kafka_t *client, const char *topic, int partitions) {
  char why[512];
  rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
  rd_kafka_NewTopic_t *made = rd_kafka_NewTopic_new(topic, partitions, 1, why, sizeof why);
  rd_kafka_CreateTopics(client, &made, 1, NULL, queue);
  rd_kafka_event_t *event = rd_kafka_queue_poll(queue, WAIT_MS);
  if (event == NULL || rd_kafka_event_error(event) != 0) fail("create topic %s", topic);
  rd_kafka_event_destroy(event);
  rd_kafka_NewTopic_destroy(made);
  rd_kafka_queue_destroy(queue);
}

static void expect_once(const int *seen, int first, int end, const char *what) {
  for (int n = first; n < end; ++n) {
    if (seen[n] != 1) fail("%s: record %d came %d times", what, n, seen[n]);
  }
}

static void close_all(rd_kafka_t **clients, int count) {
  for (int i = 0; i < count; ++i) {
    if (rd_kafka_type(clients[i]) == RD_KAFKA_CONSUMER) rd_kafka_consumer_close(clients[i]);
    rd_kafka_destroy(clients[i]);
  }
}

static void committed_is_seen_aborted_is_not(void) {
  const char *topic = unique("rdk-txn");
  rd_kafka_t *producer = transactional(unique("tx"));
  static int seen[1000];
  for (int round = 0; round < 6; ++round) {
    must(rd_kafka_begin_transaction(producer), "begin");
    send_numbers(producer, topic, round * 100, 100);
    if (round % 2 == 0) {
      must(rd_kafka_commit_transaction(producer, WAIT_MS), "commit");
    } else {
      must(rd_kafka_abort_transaction(producer, WAIT_MS), "abort");
    }
  }
  rd_kafka_t *consumer = member(unique("g"), topic, "range");
  receive(&consumer, 1, 300, seen);
  for (int round = 0; round < 6; round += 2) {
    expect_once(seen, round * 100, round * 100 + 100, "transactions");
  }
  close_all((rd_kafka_t *[]){consumer, producer}, 2);
  printf("ok: committed is seen, aborted is not\n");
}

static void offsets_travel_with_the_transaction(void) {
  const char *in = unique("rdk-in"), *out = unique("rdk-out"), *group = unique("copy");
  static int seen[1000], copied[1000];
  rd_kafka_t *plain = make(RD_KAFKA_PRODUCER, "enable.idempotence", "true", NULL);
  send_numbers(plain, in, 0, 500);
  rd_kafka_t *producer = transactional(unique("tx-copy"));
  rd_kafka_t *consumer = member(group, in, "range");
  receive(&consumer, 1, 500, seen);
  must(rd_kafka_begin_transaction(producer), "begin");
  send_numbers(producer, out, 0, 500);
  rd_kafka_topic_partition_list_t *position;
  if (rd_kafka_assignment(consumer, &position) != 0) fail("assignment");
  if (rd_kafka_position(consumer, position) != 0) fail("position");
  rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(consumer);
  must(rd_kafka_send_offsets_to_transaction(producer, position, metadata, WAIT_MS), "offsets");
  must(rd_kafka_commit_transaction(producer, WAIT_MS), "commit");
  rd_kafka_consumer_group_metadata_destroy(metadata);
  if (rd_kafka_committed(consumer, position, WAIT_MS) != 0) fail("committed");
  int64_t sum = 0;
  for (int i = 0; i < position->cnt; ++i) {
    if (position->elems[i].offset > 0) sum += position->elems[i].offset;
  }
  if (sum != 500) fail("committed offsets are %lld, not 500", (long long)sum);
  rd_kafka_topic_partition_list_destroy(position);
  rd_kafka_t *reader = member(unique("g2"), out, "roundrobin");
  receive(&reader, 1, 500, copied);
  expect_once(copied, 0, 500, "copy");
  close_all((rd_kafka_t *[]){consumer, reader, producer, plain}, 4);
  printf("ok: offsets travel with the transaction\n");
}

static void the_second_of_one_id_fences_the_first(void) {
  const char *topic = unique("rdk-fence"), *id = unique("tx-fence");
  rd_kafka_t *first = transactional(id);
  must(rd_kafka_begin_transaction(first), "begin");
  send_numbers(first, topic, 0, 10);
  rd_kafka_t *second = transactional(id);
  rd_kafka_error_t *error = rd_kafka_commit_transaction(first, WAIT_MS);
  if (error == NULL) fail("the fenced producer could commit");
  if (!rd_kafka_error_is_fatal(error)) fail("not fatal: %s", rd_kafka_error_string(error));
  rd_kafka_error_destroy(error);
  must(rd_kafka_begin_transaction(second), "begin");
  send_numbers(second, topic, 10, 10);
  must(rd_kafka_commit_transaction(second, WAIT_MS), "commit");
  static int seen[20];
  rd_kafka_t *consumer = member(unique("g3"), topic, "range");
  receive(&consumer, 1, 10, seen);
  expect_once(seen, 10, 20, "fencing");
  close_all((rd_kafka_t *[]){consumer, second, first}, 3);
  printf("ok: the second of one id fences the first\n");
}

static void groups_share_and_take_over(const char *strategy) {
  static int seen[20000];
  memset(seen, 0, sizeof seen);
  const char *topic = unique(strategy);
  rd_kafka_t *producer =
      make(RD_KAFKA_PRODUCER, "enable.idempotence", "true", "compression.codec", "lz4", NULL);
  create_topic(producer, topic, 4);
  const char *group = unique("g4");
  rd_kafka_t *members[] = {member(group, topic, strategy), member(group, topic, strategy)};
  settle(members);
  send_numbers(producer, topic, 0, 10000);
  receive(members, 2, 10000, seen);
  expect_once(seen, 0, 10000, strategy);
  for (int i = 0; i < 2; ++i) {
    const rd_kafka_resp_err_t code = rd_kafka_commit(members[i], NULL, 0);
    if (code != 0 && code != RD_KAFKA_RESP_ERR__NO_OFFSET) {
      fail("commit: %s", rd_kafka_err2str(code));
    }
  }
  close_all(members, 1);
  send_numbers(producer, topic, 10000, 10000);
  receive(members + 1, 1, 10000, seen);  // at least once is all a group promises
  close_all((rd_kafka_t *[]){members[1], producer}, 2);
  printf("ok: a group with %s shares and takes over\n", strategy);
}

static void leave_open(void) {
  rd_kafka_t *producer = transactional(unique("tx-open"));
  must(rd_kafka_begin_transaction(producer), "begin");
  send_numbers(producer, unique("rdk-open"), 0, 10);
  printf("%s 0\n", unique("rdk-open"));
  fflush(stdout);
  _exit(0);  // no abort, as after a crash
}

int main(int argc, char **argv) {
  if (argc < 2) fail("usage: librdkafka_txn BOOTSTRAP [hang]");
  setvbuf(stdout, NULL, _IOLBF, 0);
  bootstrap = argv[1];
  snprintf(suffix, sizeof suffix, "%d", (int)getpid());
  if (argc > 2) leave_open();
  printf("librdkafka %s\n", rd_kafka_version_str());
  committed_is_seen_aborted_is_not();
  offsets_travel_with_the_transaction();
  the_second_of_one_id_fences_the_first();
  groups_share_and_take_over("range");
  groups_share_and_take_over("cooperative-sticky");
  return 0;
}
