// franz-go and sarama through the proxy. See ../README.md.
// Usage: matrix franz|sarama BOOTSTRAP TOPIC
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	partitions   = 12
	perPartition = 40
)

type seen struct {
	partition int32
	offset    int64
}

// What a library does for the matrix.
type library interface {
	// Sends values "run/v/i" to all partitions; what was acknowledged, by value. In a transaction,
	// it ends with the client's end().
	open(mode, codec, run string) (sender, error)
	// Gives every committed record of the topic to take, in the order of its partition.
	read(take func(partition int32, offset int64, value string)) error
}

type sender interface {
	begin() error
	send(run string, from, to int) (map[string]seen, error)
	end(commit bool) error
	close()
}

func check(err error, what string) {
	if err != nil {
		fmt.Println("FAIL", what, err)
		os.Exit(1)
	}
}

func main() {
	name, bootstrap, topic := os.Args[1], os.Args[2], os.Args[3]
	var lib library = &franzLibrary{bootstrap, topic}
	if name == "sarama" {
		lib = &saramaLibrary{bootstrap, topic}
	}
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		for _, mode := range []string{"idempotent", "plain", "transactional"} {
			roundTrip(lib, name, mode, codec)
		}
	}
}

func roundTrip(lib library, name, mode, codec string) {
	run := fmt.Sprintf("%s-%s-%s-%d", name, mode, codec, time.Now().UnixNano())
	client, err := lib.open(mode, codec, run)
	check(err, run)
	expected := map[string]seen{}
	rounds, each := 1, perPartition
	if mode == "transactional" {
		rounds, each = 4, 10
	}
	for round := 0; round < rounds; round++ {
		if mode == "transactional" {
			check(client.begin(), run)
		}
		acked, err := client.send(run, round*each, (round+1)*each)
		check(err, run)
		commit := round != 2
		if mode == "transactional" {
			check(client.end(commit), run)
		}
		for value, at := range acked {
			if commit {
				expected[value] = at
			}
		}
	}
	client.close()
	check(verify(lib, run, expected), run)
	fmt.Println("ok", name, mode, codec, len(expected))
}

func verify(lib library, run string, expected map[string]seen) error {
	found := map[string]seen{}
	last := map[int32]int{}
	var wrong error
	err := lib.read(func(partition int32, offset int64, value string) {
		if !strings.HasPrefix(value, run) {
			return
		}
		parts := strings.Split(value, "/")
		v, _ := strconv.Atoi(parts[1])
		i, _ := strconv.Atoi(parts[2])
		before, known := last[partition]
		switch {
		case int32(v) != partition:
			wrong = fmt.Errorf("%s on partition %d", value, partition)
		case known && before >= i:
			wrong = fmt.Errorf("%s out of order or twice", value)
		}
		last[partition] = i
		found[value] = seen{partition, offset}
	})
	if err != nil || wrong != nil {
		return fmt.Errorf("%v %v", err, wrong)
	}
	if len(found) != len(expected) {
		return fmt.Errorf("read %d of %d", len(found), len(expected))
	}
	for value, at := range expected {
		if found[value] != at {
			return fmt.Errorf("%s acknowledged at %v, read at %v", value, at, found[value])
		}
	}
	return nil
}
