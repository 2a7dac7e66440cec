from confluent_kafka import Consumer, Producer


def test_what_is_produced_is_consumed(kafka, topic):
    producer = Producer({"bootstrap.servers": kafka})
    for number in range(10):
        producer.produce(topic, key=str(number), value=f"order {number}")
    assert producer.flush(10) == 0

    consumer = Consumer(
        {"bootstrap.servers": kafka, "group.id": topic, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    values = set()
    while len(values) < 10:
        message = consumer.poll(10)
        assert message is not None, "no record within 10 s"
        assert message.error() is None
        values.add(message.value().decode())
    consumer.close()
    assert values == {f"order {number}" for number in range(10)}
