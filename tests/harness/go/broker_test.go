package orders

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Where the broker of this test run is.
var bootstrap string

// One broker for all tests of the package.
func TestMain(m *testing.M) {
	os.Exit(withBroker(m.Run))
}

func withBroker(run func() int) int {
	program := os.Getenv("ODRADEK_BROKER")
	if program == "" {
		program = "odradek-broker"
	}
	broker := exec.Command(program, "--listen", "127.0.0.1:0", "--http", "off")
	output, err := broker.StdoutPipe()
	if err == nil {
		err = broker.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		_ = broker.Process.Signal(os.Interrupt)
		_ = broker.Wait()
	}()
	var ready struct{ Bootstrap string }
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the broker did not start:", err)
		return 1
	}
	bootstrap = ready.Bootstrap
	return run()
}
