// A consumer of Apache Kafka's own client that says what happens to it; see README.md:
// Member BOOTSTRAP GROUP TOPIC KIND
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;

public class Member {
  static synchronized void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  static void say(String letter, Collection<TopicPartition> partitions) {
    Instant now = Instant.now();
    long nanoseconds = now.getEpochSecond() * 1_000_000_000L + now.getNano();
    say(letter + " " + nanoseconds + " " + partitions.stream()
        .map(p -> String.valueOf(p.partition())).collect(Collectors.joining(",")));
  }

  static Properties properties(String bootstrap, String group, String kind) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    properties.put("group.id", group);
    properties.put("auto.offset.reset", "earliest");
    properties.put("auto.commit.interval.ms", "500");
    properties.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
    properties.put("value.deserializer",
        "org.apache.kafka.common.serialization.StringDeserializer");
    if (kind.equals("consumer")) {
      properties.put("group.protocol", "consumer");
      return properties;
    }
    String assignor = switch (kind) {
      case "cooperative" -> "CooperativeStickyAssignor";
      case "roundrobin" -> "RoundRobinAssignor";
      case "sticky" -> "StickyAssignor";
      default -> "RangeAssignor";
    };
    properties.put("partition.assignment.strategy",
        "org.apache.kafka.clients.consumer." + assignor);
    properties.put("session.timeout.ms", "6000");
    properties.put("heartbeat.interval.ms", "1000");
    return properties;
  }

  public static void main(String[] words) throws Exception {
    KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(properties(words[0], words[1], words[3]));
    CountDownLatch closed = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      consumer.wakeup();
      try {
        closed.await();
      } catch (InterruptedException ignored) {
        Thread.currentThread().interrupt();
      }
    }));
    consumer.subscribe(List.of(words[2]), new ConsumerRebalanceListener() {
      @Override public void onPartitionsAssigned(Collection<TopicPartition> p) { say("A", p); }
      @Override public void onPartitionsRevoked(Collection<TopicPartition> p) { say("R", p); }
      @Override public void onPartitionsLost(Collection<TopicPartition> p) { say("L", p); }
    });
    try {
      while (true) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
          say("C " + record.partition() + " " + record.offset());
        }
      }
    } catch (WakeupException ended) {
      consumer.close();
    }
    closed.countDown();
  }
}
