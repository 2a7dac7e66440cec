import java.time.Duration;
import java.util.*;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.*;

/** kafka-clients through the proxy. Arguments: BOOTSTRAP TOPIC. See README.md. */
public class Matrix {
  static final int PARTITIONS = 12;
  static final int PER_PARTITION = 40;
  static String bootstrap;
  static String topic;

  record Seen(int partition, long offset) {}

  public static void main(String[] args) throws Exception {
    bootstrap = args[0];
    topic = args[1];
    for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
      for (String mode : List.of("idempotent", "plain", "transactional")) roundTrip(mode, codec);
    }
    for (String protocol : List.of("classic", "consumer")) {
      group(protocol);
      exactlyOnce(protocol);
    }
  }

  static void check(boolean ok, String what) {
    if (ok) return;
    System.out.println("FAIL " + what);
    System.exit(1);
  }

  static KafkaProducer<String, String> producer(String mode, String codec, String id) {
    Properties p = new Properties();
    p.put("bootstrap.servers", bootstrap);
    p.put("compression.type", codec);
    p.put("linger.ms", "5");
    p.put("enable.idempotence", String.valueOf(!mode.equals("plain")));
    if (mode.equals("transactional")) p.put("transactional.id", id);
    return new KafkaProducer<>(p, new StringSerializer(), new StringSerializer());
  }

  static KafkaConsumer<String, String> consumer(String group, String protocol) {
    Properties p = new Properties();
    p.put("bootstrap.servers", bootstrap);
    p.put("isolation.level", "read_committed");
    p.put("auto.offset.reset", "earliest");
    p.put("enable.auto.commit", "false");
    if (group != null) p.put("group.id", group);
    if (protocol != null) p.put("group.protocol", protocol);
    return new KafkaConsumer<>(p, new StringDeserializer(), new StringDeserializer());
  }

  /** Sends values "run/v/i" to all partitions; what was acknowledged, by value. */
  static Map<String, Seen> send(
      KafkaProducer<String, String> producer, String run, int from, int to) throws Exception {
    Map<String, Future<RecordMetadata>> sent = new LinkedHashMap<>();
    for (int i = from; i < to; i++) {
      for (int v = 0; v < PARTITIONS; v++) {
        String value = run + "/" + v + "/" + i;
        sent.put(value, producer.send(new ProducerRecord<>(topic, v, "key", value)));
      }
    }
    producer.flush();
    Map<String, Seen> acked = new HashMap<>();
    for (var entry : sent.entrySet()) {
      RecordMetadata m = entry.getValue().get();
      acked.put(entry.getKey(), new Seen(m.partition(), m.offset()));
    }
    return acked;
  }

  static void roundTrip(String mode, String codec) throws Exception {
    String run = mode + "-" + codec + "-" + UUID.randomUUID();
    Map<String, Seen> expected = new HashMap<>();
    try (var producer = producer(mode, codec, run)) {
      if (mode.equals("transactional")) {
        producer.initTransactions();
        for (int round = 0; round < 4; round++) {
          producer.beginTransaction();
          var acked = send(producer, run, round * 10, round * 10 + 10);
          if (round == 2) producer.abortTransaction();
          else producer.commitTransaction();
          if (round != 2) expected.putAll(acked);
        }
      } else {
        expected.putAll(send(producer, run, 0, PER_PARTITION));
      }
    }
    verify(run, expected);
    System.out.println("ok java " + mode + " " + codec + " " + expected.size());
  }

  static void verify(String run, Map<String, Seen> expected) {
    try (var consumer = consumer(null, null)) {
      List<TopicPartition> all = new ArrayList<>();
      for (int v = 0; v < PARTITIONS; v++) all.add(new TopicPartition(topic, v));
      consumer.assign(all);
      consumer.seekToBeginning(all);
      Map<TopicPartition, Long> ends = consumer.endOffsets(all);
      Map<Integer, Integer> last = new HashMap<>();
      Map<String, Seen> seen = new HashMap<>();
      long deadline = System.currentTimeMillis() + 60000;
      while (all.stream().anyMatch(tp -> consumer.position(tp) < ends.get(tp))) {
        check(System.currentTimeMillis() < deadline, "end not reached: " + run);
        for (var record : consumer.poll(Duration.ofMillis(200))) {
          if (!record.value().startsWith(run)) continue;
          String[] parts = record.value().split("/");
          int v = Integer.parseInt(parts[1]);
          int i = Integer.parseInt(parts[2]);
          check(record.partition() == v, record.value() + " on partition " + record.partition());
          check(last.getOrDefault(v, -1) < i, record.value() + " out of order");
          last.put(v, i);
          Seen before = seen.put(record.value(), new Seen(v, record.offset()));
          check(before == null, record.value() + " twice");
        }
      }
      check(seen.equals(expected), run + ": read " + seen.size() + " of " + expected.size());
    }
  }

  /** Two members share the partitions, read everything once, and commit to lag 0. */
  static void group(String protocol) throws Exception {
    String run = "group-" + protocol + "-" + UUID.randomUUID();
    Map<String, Seen> expected;
    try (var producer = producer("idempotent", "none", null)) {
      expected = send(producer, run, 0, PER_PARTITION);
    }
    try (var a = consumer(run, protocol); var b = consumer(run, protocol)) {
      a.subscribe(List.of(topic));
      b.subscribe(List.of(topic));
      Set<String> seen = new HashSet<>();
      long deadline = System.currentTimeMillis() + 90000;
      while (seen.size() < expected.size()
          || a.assignment().size() + b.assignment().size() != PARTITIONS
          || a.assignment().isEmpty() || b.assignment().isEmpty()) {
        check(System.currentTimeMillis() < deadline, "group " + protocol + ": " + seen.size()
            + " of " + expected.size() + ", " + a.assignment() + b.assignment());
        for (var consumer : List.of(a, b)) {
          for (var record : consumer.poll(Duration.ofMillis(100))) {
            if (record.value().startsWith(run)) seen.add(record.value());
          }
          try {
            consumer.commitSync();
          } catch (CommitFailedException e) {
            continue;  // the group moved on meanwhile; the next round commits
          }
        }
      }
      check(Collections.disjoint(a.assignment(), b.assignment()), "assignments overlap");
      for (var consumer : List.of(a, b)) {
        consumer.poll(Duration.ofMillis(100));
        consumer.commitSync();
        var committed = consumer.committed(consumer.assignment());
        var ends = consumer.endOffsets(consumer.assignment());
        for (var tp : consumer.assignment()) {
          check(committed.get(tp) != null && committed.get(tp).offset() == ends.get(tp),
              "lag of " + tp + ": " + committed.get(tp) + " of " + ends.get(tp));
        }
      }
    }
    System.out.println("ok java group " + protocol + " " + expected.size());
  }

  /** Reads, writes and commits in transactions; each input has one output. */
  static void exactlyOnce(String protocol) throws Exception {
    String run = "eos-" + protocol + "-" + UUID.randomUUID();
    Map<String, Seen> inputs;
    try (var producer = producer("idempotent", "none", null)) {
      inputs = send(producer, run, 0, 10);
    }
    Map<String, Seen> outputs = new HashMap<>();
    try (var consumer = consumer(run, protocol);
        var producer = producer("transactional", "lz4", run)) {
      consumer.subscribe(List.of(topic));
      producer.initTransactions();
      long deadline = System.currentTimeMillis() + 90000;
      int round = 0;
      while (outputs.size() < inputs.size()) {
        check(System.currentTimeMillis() < deadline, run + ": " + outputs.size() + " outputs");
        var records = consumer.poll(Duration.ofMillis(200));
        if (records.isEmpty()) continue;
        producer.beginTransaction();
        Map<String, Future<RecordMetadata>> sent = new HashMap<>();
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        for (var record : records) {
          offsets.put(new TopicPartition(topic, record.partition()),
              new OffsetAndMetadata(record.offset() + 1));
          if (!record.value().startsWith(run)) continue;
          String value = "out-" + record.value();
          sent.put(value,
              producer.send(new ProducerRecord<>(topic, record.partition(), "key", value)));
        }
        producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
        if (round++ % 3 == 1) {
          producer.abortTransaction();
          for (var entry : consumer.committed(consumer.assignment()).entrySet()) {
            if (entry.getValue() == null) consumer.seekToBeginning(List.of(entry.getKey()));
            else consumer.seek(entry.getKey(), entry.getValue());
          }
          continue;
        }
        producer.commitTransaction();
        for (var entry : sent.entrySet()) {
          RecordMetadata m = entry.getValue().get();
          check(outputs.put(entry.getKey(), new Seen(m.partition(), m.offset())) == null,
              entry.getKey() + " written twice");
        }
      }
    }
    verify("out-" + run, outputs);
    System.out.println("ok java exactly-once " + protocol + " " + outputs.size());
  }
}
