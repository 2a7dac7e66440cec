package main

import (
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

type saramaLibrary struct{ bootstrap, topic string }

type saramaSender struct {
	producer sarama.SyncProducer
	topic    string
}

var saramaCodecs = map[string]sarama.CompressionCodec{
	"none": sarama.CompressionNone, "gzip": sarama.CompressionGZIP, "snappy": sarama.CompressionSnappy,
	"lz4": sarama.CompressionLZ4, "zstd": sarama.CompressionZSTD,
}

func (l *saramaLibrary) open(mode, codec, run string) (sender, error) {
	config := sarama.NewConfig()
	config.Version = sarama.V3_6_0_0
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Return.Successes = true
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Producer.Compression = saramaCodecs[codec]
	config.Net.MaxOpenRequests = 1
	config.Producer.Idempotent = mode != "plain"
	if mode == "transactional" {
		config.Producer.Transaction.ID = run
	}
	producer, err := sarama.NewSyncProducer([]string{l.bootstrap}, config)
	return &saramaSender{producer, l.topic}, err
}

func (s *saramaSender) begin() error { return s.producer.BeginTxn() }
func (s *saramaSender) close()       { _ = s.producer.Close() }
func (s *saramaSender) end(commit bool) error {
	if commit {
		return s.producer.CommitTxn()
	}
	return s.producer.AbortTxn()
}

func (s *saramaSender) send(run string, from, to int) (map[string]seen, error) {
	var messages []*sarama.ProducerMessage
	for i := from; i < to; i++ {
		for v := int32(0); v < partitions; v++ {
			value := fmt.Sprintf("%s/%d/%d", run, v, i)
			messages = append(messages, &sarama.ProducerMessage{
				Topic: s.topic, Partition: v,
				Key: sarama.StringEncoder("key"), Value: sarama.StringEncoder(value),
			})
		}
	}
	if err := s.producer.SendMessages(messages); err != nil {
		return nil, err
	}
	acked := map[string]seen{}
	for _, message := range messages {
		value, _ := message.Value.Encode()
		acked[string(value)] = seen{message.Partition, message.Offset}
	}
	return acked, nil
}

func (l *saramaLibrary) read(take func(int32, int64, string)) error {
	config := sarama.NewConfig()
	config.Version = sarama.V3_6_0_0
	config.Consumer.IsolationLevel = sarama.ReadCommitted
	config.Consumer.MaxWaitTime = 100 * time.Millisecond
	client, err := sarama.NewClient([]string{l.bootstrap}, config)
	if err != nil {
		return err
	}
	defer client.Close()
	consumer, err := sarama.NewConsumerFromClient(client)
	if err != nil {
		return err
	}
	defer consumer.Close()
	for v := int32(0); v < partitions; v++ {
		reader, err := consumer.ConsumePartition(l.topic, v, sarama.OffsetOldest)
		if err != nil {
			return err
		}
		// Quiet for so long is the end: sarama does not tell how far it has read.
		for quiet := false; !quiet; {
			select {
			case message := <-reader.Messages():
				take(message.Partition, message.Offset, string(message.Value))
			case <-time.After(500 * time.Millisecond):
				quiet = true
			}
		}
		reader.Close()
	}
	return nil
}
