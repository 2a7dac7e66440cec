package example;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(KafkaForTests.class)
class OrdersTest {

  @ParameterizedTest
  @ValueSource(strings = {"classic", "consumer"})
  void whatIsProducedIsConsumed(String protocol, KafkaForTests.Broker broker) throws Exception {
    Map<String, Object> config = Map.of("bootstrap.servers", broker.bootstrap());
    String topic = "test-" + UUID.randomUUID();
    try (Admin admin = Admin.create(config)) {
      admin.createTopics(List.of(new NewTopic(topic, 3, (short) 1))).all().get();
    }
    StringSerializer text = new StringSerializer();
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(config, text, text)) {
      for (int number = 0; number < 10; number++) {
        producer.send(new ProducerRecord<>(topic, "order " + number)).get();
      }
    }
    Map<String, Object> reading = Map.of(
        "bootstrap.servers", broker.bootstrap(),
        "group.id", topic,
        "group.protocol", protocol,
        "auto.offset.reset", "earliest");
    StringDeserializer back = new StringDeserializer();
    try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(reading, back, back)) {
      consumer.subscribe(List.of(topic));
      Set<String> values = new HashSet<>();
      while (values.size() < 10) {
        ConsumerRecords<String, String> records = consumer.poll(Duration.ofSeconds(10));
        assertFalse(records.isEmpty(), "no record within 10 s");
        records.forEach(record -> values.add(record.value()));
      }
    }
  }
}
