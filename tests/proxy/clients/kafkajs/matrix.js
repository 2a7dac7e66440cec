// kafkajs through the proxy. Usage: node matrix.js BOOTSTRAP TOPIC. See ../README.md.
// Its codecs beyond gzip are packages of others.
const { Kafka, CompressionTypes, logLevel } = require("kafkajs");

const [bootstrap, topic] = process.argv.slice(2);
const PARTITIONS = 12;
const PER_PARTITION = 40;
const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.ERROR });

function check(ok, what) {
  if (ok) return;
  console.log("FAIL", what);
  process.exit(1);
}

// Sends values "run/v/i" to all partitions, a partition at a time, so that each answer has one
// base offset; what was acknowledged, by value.
async function send(sender, run, from, to, compression) {
  const acked = new Map();
  for (let v = 0; v < PARTITIONS; v++) {
    const values = [];
    for (let i = from; i < to; i++) values.push(`${run}/${v}/${i}`);
    const messages = values.map((value) => ({ key: "key", value, partition: v }));
    const [answer] = await sender.send({ topic, compression, messages, acks: -1 });
    check(answer.errorCode === 0, `${run}: error ${answer.errorCode}`);
    values.forEach((value, i) => acked.set(value, `${v}@${BigInt(answer.baseOffset) + BigInt(i)}`));
  }
  return acked;
}

async function verify(run, expected) {
  const consumer = kafka.consumer({ groupId: run, readUncommitted: false });
  const admin = kafka.admin();
  await admin.connect();
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const found = new Map();
  const last = new Map();
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      const value = message.value.toString();
      if (!value.startsWith(run)) return;
      const [, v, i] = value.split("/");
      check(Number(v) === partition, `${value} on partition ${partition}`);
      check((last.get(partition) ?? -1) < Number(i), `${value} out of order or twice`);
      last.set(partition, Number(i));
      found.set(value, `${partition}@${message.offset}`);
    },
  });
  const deadline = Date.now() + 60000;
  while (found.size < expected.size) {
    check(Date.now() < deadline, `${run}: read ${found.size} of ${expected.size}`);
    await new Promise((done) => setTimeout(done, 100));
  }
  await new Promise((done) => setTimeout(done, 500)); // nothing more may come
  await consumer.disconnect();
  await admin.disconnect();
  check(found.size === expected.size, `${run}: read ${found.size} of ${expected.size}`);
  for (const [value, at] of expected) {
    check(found.get(value) === at, `${value} acknowledged at ${at}, read at ${found.get(value)}`);
  }
}

async function roundTrip(mode, codec) {
  const run = `kafkajs-${mode}-${codec}-${Date.now()}`;
  const compression = codec === "gzip" ? CompressionTypes.GZIP : CompressionTypes.None;
  const producer = kafka.producer({
    idempotent: mode !== "plain",
    maxInFlightRequests: 1,
    transactionalId: mode === "transactional" ? run : undefined,
  });
  await producer.connect();
  const expected = new Map();
  if (mode === "transactional") {
    for (let round = 0; round < 4; round++) {
      const transaction = await producer.transaction();
      const acked = await send(transaction, run, round * 10, round * 10 + 10, compression);
      if (round === 2) {
        await transaction.abort();
      } else {
        await transaction.commit();
        acked.forEach((at, value) => expected.set(value, at));
      }
    }
  } else {
    (await send(producer, run, 0, PER_PARTITION, compression)).forEach((at, value) =>
      expected.set(value, at));
  }
  await producer.disconnect();
  await verify(run, expected);
  console.log("ok kafkajs", mode, codec, expected.size);
}

(async () => {
  for (const codec of ["none", "gzip"]) {
    for (const mode of ["idempotent", "plain", "transactional"]) await roundTrip(mode, codec);
  }
  process.exit(0);
})().catch((error) => check(false, error.stack));
