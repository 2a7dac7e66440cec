// A consumer by franz-go that says what happens to it: member BOOTSTRAP GROUP TOPIC KIND.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func event(letter string) func(context.Context, *kgo.Client, map[string][]int32) {
	return func(_ context.Context, _ *kgo.Client, topics map[string][]int32) {
		var words []string
		for _, partitions := range topics {
			for _, partition := range partitions {
				words = append(words, strconv.Itoa(int(partition)))
			}
		}
		fmt.Println(letter, time.Now().UnixNano(), strings.Join(words, ","))
	}
}

func main() {
	bootstrap, group, topic, kind := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	options := []kgo.Opt{
		kgo.SeedBrokers(bootstrap),
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.AutoCommitMarks(),
		kgo.AutoCommitInterval(500 * time.Millisecond),
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(event("A")),
		kgo.OnPartitionsLost(event("L")),
		kgo.OnPartitionsRevoked(func(ctx context.Context, c *kgo.Client, topics map[string][]int32) {
			event("R")(ctx, c, topics)
			_ = c.CommitMarkedOffsets(ctx)
		}),
	}
	switch kind {
	case "eager":
		options = append(options, kgo.Balancers(kgo.RangeBalancer()))
	case "cooperative":
		options = append(options, kgo.Balancers(kgo.CooperativeStickyBalancer()))
	case "consumer":
		options = append(options, kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer()))
	}
	if kind != "consumer" {
		options = append(options, kgo.SessionTimeout(6*time.Second), kgo.HeartbeatInterval(time.Second))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		fetches.EachRecord(func(record *kgo.Record) {
			fmt.Println("C", record.Partition, record.Offset)
			client.MarkCommitRecords(record)
		})
		client.AllowRebalance()
	}
	client.CloseAllowingRebalance()
}
