// The side of Apache Kafka's own client; modes as in client_interop_program.cc.
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

public class Interop {
  static final String STRING = "org.apache.kafka.common.serialization.String";

  static Properties properties(String bootstrap) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    properties.put("key.serializer", STRING + "Serializer");
    properties.put("value.serializer", STRING + "Serializer");
    properties.put("key.deserializer", STRING + "Deserializer");
    properties.put("value.deserializer", STRING + "Deserializer");
    properties.put("auto.offset.reset", "earliest");
    properties.put("isolation.level", "read_committed");
    return properties;
  }

  static String key(int i) {
    StringBuilder key = new StringBuilder(String.valueOf(i * 7919L));
    while (key.length() < i % 64) key.append((char) ('a' + i % 26));
    key.setLength(i % 64);
    return key.toString();
  }

  static void keys(String bootstrap, String topic, int count) {
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(properties(bootstrap))) {
      for (int i = 0; i < count; ++i) {
        producer.send(new ProducerRecord<>(topic, key(i), String.valueOf(i)));
      }
    }
  }

  static void transactions(String bootstrap, String topic, int count) {
    Properties properties = properties(bootstrap);
    properties.put("transactional.id", topic + "-java");
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(properties)) {
      producer.initTransactions();
      for (int i = 0; i < count; ++i) {
        boolean aborts = i % 3 == 2;
        producer.beginTransaction();
        for (int k = 0; k < 5; ++k) {
          String value = (aborts ? "aborted" : "java") + "-" + i + "-" + k;
          producer.send(new ProducerRecord<>(topic, "k", value));
        }
        producer.flush();
        if (aborts) producer.abortTransaction(); else producer.commitTransaction();
      }
    }
  }

  static void read(String bootstrap, String topic) {
    StringBuilder lines = new StringBuilder();
    try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(properties(bootstrap))) {
      int partitions = consumer.partitionsFor(topic).size();
      List<TopicPartition> all =
          IntStream.range(0, partitions).mapToObj(p -> new TopicPartition(topic, p)).toList();
      consumer.assign(all);
      for (int quiet = 0; quiet < 3; ) {
        ConsumerRecords<String, String> records = consumer.poll(Duration.ofSeconds(1));
        quiet = records.isEmpty() ? quiet + 1 : 0;
        for (ConsumerRecord<String, String> record : records) {
          lines.append(record.partition()).append(' ').append(record.key()).append(' ')
              .append(record.value()).append('\n');
        }
      }
    }
    System.out.write(lines.toString().getBytes(StandardCharsets.UTF_8), 0,
        lines.toString().getBytes(StandardCharsets.UTF_8).length);
    System.out.flush();
  }

  public static void main(String[] words) {
    int count = words.length > 3 ? Integer.parseInt(words[3]) : 0;
    switch (words[0]) {
      case "keys" -> keys(words[1], words[2], count);
      case "transactions" -> transactions(words[1], words[2], count);
      default -> read(words[1], words[2]);
    }
  }
}
