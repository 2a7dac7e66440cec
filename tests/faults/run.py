"""Exactly once under faults, against a cluster of three brokers; see README.md."""

import argparse
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from fault_proxy import FaultProxy

ROOT = Path(__file__).resolve().parents[2]
PARTITIONS = 6


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario", choices=["produce", "transform"])
    parser.add_argument("--proxy", action="append", required=True, metavar="LISTEN=TARGET",
                        help="one for each broker, which advertises LISTEN")
    parser.add_argument("--kill", required=True, help="command that kills broker {n}, from 1 on")
    parser.add_argument("--restart", required=True, help="command that starts it again")
    parser.add_argument("--bin", default=str(ROOT / "build/dev/bin"))
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--per-second", type=int, default=4000)
    parser.add_argument("--faults", type=int, default=50)
    parser.add_argument("--kills", type=int, default=8, help="of the faults: whole brokers")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    return parser.parse_args()


class Run:
    def __init__(self, options):
        self.options = options
        self.routes = dict(tuple(map(int, pair.split("="))) for pair in options.proxy)
        self.proxies = [FaultProxy({a: b}).start() for a, b in self.routes.items()]
        self.bootstrap = ",".join(f"127.0.0.1:{port}" for port in self.routes)
        self.topic = f"faults-{options.scenario}-{options.seed}"
        self.done = []

    def program(self, name, *words):
        command = [f"{self.options.bin}/{name}", *map(str, words)]
        return subprocess.Popen(command)

    def exactly_once(self, mode, *words):
        return self.program("exactly_once", mode, self.bootstrap, *words)

    def create(self, *topics):
        for topic in topics:
            odk = [f"{self.options.bin}/odk", "-b", self.bootstrap, "topics", "create", topic,
                   "-p", str(PARTITIONS), "-r", "3"]
            subprocess.run(odk, check=True, stdout=subprocess.DEVNULL)

    # --- faults

    def kill_a_broker(self):
        number = random.randrange(len(self.proxies)) + 1
        subprocess.run(self.options.kill.format(n=number), shell=True, check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run(self.options.restart.format(n=number), shell=True, check=True,
                       stdout=subprocess.DEVNULL)
        return f"broker {number} killed and restarted"

    def cut(self):
        proxy = random.choice(self.proxies)
        return f"{proxy.cut()} connections cut"

    def half_close(self):
        proxy = random.choice(self.proxies)
        return f"{proxy.half_close()} connections closed by halves"

    def stall(self):
        seconds = random.uniform(1, 8)  # around the request timeout
        random.choice(self.proxies).stall(seconds)
        return f"a broker stalled for {seconds:.1f} s"

    def delay(self):
        proxy = random.choice(self.proxies)
        proxy.delay(random.choice([0, 0.02, 0.1]))
        return f"a broker delayed by {proxy.delay_s * 1000:.0f} ms"

    def reorder(self):
        """A new connection may get through before what an old one sent is answered."""
        proxy = random.choice(self.proxies)
        proxy.stall(0.5)
        return f"{proxy.cut(share=0.5)} connections cut while data was held up"

    def trouble(self, is_over):
        """Spreads the faults over the time the load takes. The kills are among them."""
        options = self.options
        soft = [self.cut, self.cut, self.half_close, self.stall, self.delay, self.reorder]
        plan = [self.kill_a_broker] * min(options.kills, options.faults)
        plan += [random.choice(soft) for _ in range(options.faults - len(plan))]
        random.shuffle(plan)
        began = time.monotonic()
        pause = 0.9 * options.records / options.per_second / options.faults
        for number, fault in enumerate(plan, 1):
            due = began + pause * (number - random.uniform(0.2, 0.8))
            time.sleep(max(0.2, due - time.monotonic()))
            if is_over():
                print("the load was over too early", flush=True)
                break
            self.done.append(fault())
            print(f"fault {number}: {self.done[-1]}", flush=True)
        for proxy in self.proxies:
            proxy.delay(0)

    # --- scenarios

    def produce(self):
        options = self.options
        self.create(self.topic)
        producer = self.exactly_once("produce", self.topic, PARTITIONS, options.records,
                                     options.per_second)
        self.trouble(lambda: producer.poll() is not None)
        is_sent = producer.wait() == 0
        return is_sent and self.verify(self.topic)

    def transform(self):
        options = self.options
        source, target = self.topic + "-in", self.topic + "-out"
        self.create(source, target)
        words = [source, target, self.topic, self.topic + "-id"]
        transformer = self.exactly_once("transform", *words)
        producer = self.exactly_once("produce", source, PARTITIONS, options.records,
                                     options.per_second)
        self.trouble(lambda: producer.poll() is not None)
        is_sent = producer.wait() == 0
        # Left alone, it has to come to the end by itself.
        is_done = False
        deadline = time.monotonic() + 180
        while not is_done and time.monotonic() < deadline:
            time.sleep(5)
            is_done = self.verify(target)
        transformer.send_signal(signal.SIGTERM)
        transformer.wait(60)
        return is_sent and is_done and self.verify(target)

    def verify(self, topic):
        words = [topic, PARTITIONS, self.options.records]
        return self.exactly_once("verify", *words).wait() == 0


def main():
    options = arguments()
    random.seed(options.seed)
    run = Run(options)
    began = time.monotonic()
    is_good = run.produce() if options.scenario == "produce" else run.transform()
    cuts = sum(proxy.cuts for proxy in run.proxies)
    print(f"{'PASS' if is_good else 'FAIL'} {options.scenario}: seed {options.seed}, "
          f"{options.records} records, {len(run.done)} faults ({cuts} connections ended), "
          f"{time.monotonic() - began:.0f} s", flush=True)
    sys.exit(0 if is_good else 1)


main()
