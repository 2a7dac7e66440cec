package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

type franzLibrary struct{ bootstrap, topic string }

type franzSender struct {
	client *kgo.Client
	topic  string
}

func franzCodec(name string) kgo.CompressionCodec {
	switch name {
	case "gzip":
		return kgo.GzipCompression()
	case "snappy":
		return kgo.SnappyCompression()
	case "lz4":
		return kgo.Lz4Compression()
	case "zstd":
		return kgo.ZstdCompression()
	}
	return kgo.NoCompression()
}

func (l *franzLibrary) open(mode, codec, run string) (sender, error) {
	options := []kgo.Opt{
		kgo.SeedBrokers(l.bootstrap),
		kgo.AllowAutoTopicCreation(),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(franzCodec(codec)),
	}
	switch mode {
	case "plain":
		options = append(options, kgo.DisableIdempotentWrite(),
			kgo.MaxProduceRequestsInflightPerBroker(1))
	case "transactional":
		options = append(options, kgo.TransactionalID(run))
	}
	client, err := kgo.NewClient(options...)
	return &franzSender{client, l.topic}, err
}

func (s *franzSender) begin() error { return s.client.BeginTransaction() }
func (s *franzSender) close()       { s.client.Close() }
func (s *franzSender) end(commit bool) error {
	return s.client.EndTransaction(context.Background(), kgo.TransactionEndTry(commit))
}

func (s *franzSender) send(run string, from, to int) (map[string]seen, error) {
	acked := map[string]seen{}
	var records []*kgo.Record
	for i := from; i < to; i++ {
		for v := int32(0); v < partitions; v++ {
			value := fmt.Sprintf("%s/%d/%d", run, v, i)
			records = append(records, &kgo.Record{
				Topic: s.topic, Partition: v, Key: []byte("key"), Value: []byte(value),
			})
		}
	}
	for _, result := range s.client.ProduceSync(context.Background(), records...) {
		if result.Err != nil {
			return nil, result.Err
		}
		acked[string(result.Record.Value)] = seen{result.Record.Partition, result.Record.Offset}
	}
	return acked, nil
}

func (l *franzLibrary) ends(client *kgo.Client) (map[int32]int64, error) {
	request := kmsg.NewPtrListOffsetsRequest()
	request.IsolationLevel = 1
	topic := kmsg.NewListOffsetsRequestTopic()
	topic.Topic = l.topic
	for v := int32(0); v < partitions; v++ {
		partition := kmsg.NewListOffsetsRequestTopicPartition()
		partition.Partition = v
		partition.Timestamp = -1
		topic.Partitions = append(topic.Partitions, partition)
	}
	request.Topics = append(request.Topics, topic)
	ends := map[int32]int64{}
	for _, shard := range client.RequestSharded(context.Background(), request) {
		if shard.Err != nil {
			return nil, shard.Err
		}
		for _, t := range shard.Resp.(*kmsg.ListOffsetsResponse).Topics {
			for _, p := range t.Partitions {
				ends[p.Partition] = p.Offset
			}
		}
	}
	return ends, nil
}

func (l *franzLibrary) read(take func(int32, int64, string)) error {
	starts := map[int32]kgo.Offset{}
	for v := int32(0); v < partitions; v++ {
		starts[v] = kgo.NewOffset().AtStart()
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(l.bootstrap),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), // also fillers: they show how far we are
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{l.topic: starts}),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	ends, err := l.ends(client)
	if err != nil {
		return err
	}
	positions := map[int32]int64{}
	deadline := time.Now().Add(60 * time.Second)
	for {
		isDone := true
		for v, end := range ends {
			isDone = isDone && positions[v] >= end
		}
		if isDone {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("end not reached: %v of %v", positions, ends)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		fetches := client.PollFetches(ctx)
		cancel()
		fetches.EachRecord(func(r *kgo.Record) {
			positions[r.Partition] = r.Offset + 1
			if !r.Attrs.IsControl() {
				take(r.Partition, r.Offset, string(r.Value))
			}
		})
	}
}
