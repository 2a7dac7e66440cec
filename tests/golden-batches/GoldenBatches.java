import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.Utils;

/**
 * Prints record batches made by kafka-clients, what kafka-clients reads in them, and murmur2
 * hashes, in the format of README.md. With "read FILE" it prints what it reads in the batches of
 * FILE, one in hexadecimal a line: to check batches that someone else wrote.
 */
public final class GoldenBatches {
    private static final long BASE_TIME = 1_700_000_000_000L;
    private static final PrintStream OUT =
        new PrintStream(System.out, false, StandardCharsets.UTF_8);

    public static void main(String[] args) throws Exception {
        if (args.length == 2 && args[0].equals("read")) {
            for (String line : Files.readAllLines(Path.of(args[1]))) {
                if (!line.isBlank())
                    print(
                        "read", MemoryRecords.readableRecords(ByteBuffer.wrap(bytes(line.trim()))));
            }
        } else {
            plainBatches();
            compressedBatches();
            producerBatches();
            controlBatches();
            compactedBatches();
            hashes();
        }
        OUT.flush();
    }

    private static void plainBatches() {
        for (Compression codec : codecs()) {
            print(
                "mixed-" + codec.type().name, mixed(builder(codec, TimestampType.CREATE_TIME, 0)));
            print("long-" + codec.type().name,
                longValues(builder(codec, TimestampType.CREATE_TIME, 5_000_000_000L)));
        }
        MemoryRecordsBuilder one = builder(Compression.NONE, TimestampType.CREATE_TIME, 42);
        one.append(0L, (byte[]) null, (byte[]) null);
        print("one-null-record", one.build());
        print(
            "log-append-time", mixed(builder(Compression.NONE, TimestampType.LOG_APPEND_TIME, 7)));
        print("log-append-time-lz4",
            mixed(builder(Compression.lz4().build(), TimestampType.LOG_APPEND_TIME, 7)));
    }

    private static void compressedBatches() {
        print("level-gzip-9",
            longValues(builder(Compression.gzip().level(9).build(), TimestampType.CREATE_TIME, 0)));
        print("level-lz4-17",
            longValues(builder(Compression.lz4().level(17).build(), TimestampType.CREATE_TIME, 0)));
        print("level-zstd-22",
            longValues(
                builder(Compression.zstd().level(22).build(), TimestampType.CREATE_TIME, 0)));
        print("level-zstd--5",
            longValues(
                builder(Compression.zstd().level(-5).build(), TimestampType.CREATE_TIME, 0)));
    }

    private static void producerBatches() {
        print("idempotent", mixed(producer(TimestampType.CREATE_TIME, false, 1000)));
        print("transactional",
            mixed(producer(TimestampType.CREATE_TIME, true, Integer.MAX_VALUE - 2)));
    }

    private static void controlBatches() {
        for (ControlRecordType type : List.of(ControlRecordType.COMMIT, ControlRecordType.ABORT)) {
            EndTransactionMarker marker = new EndTransactionMarker(type, 17);
            print("control-" + type.name().toLowerCase(),
                MemoryRecords.withEndTransactionMarker(900, BASE_TIME, 3, 4001, (short) 2, marker));
        }
    }

    /**
     * Offsets with holes, and a last offset behind the last record, as the log cleaner leaves
     * them.
     */
    private static void compactedBatches() {
        MemoryRecordsBuilder holes = builder(Compression.NONE, TimestampType.CREATE_TIME, 100);
        holes.appendWithOffset(103, BASE_TIME, utf8("a"), utf8("1"));
        holes.appendWithOffset(110, BASE_TIME + 5, utf8("b"), utf8("2"));
        holes.overrideLastOffset(120);
        print("holes", holes.build());

        MemoryRecordsBuilder horizon = new MemoryRecordsBuilder(
            new org.apache.kafka.common.utils.internals.ByteBufferOutputStream(1024),
            RecordBatch.CURRENT_MAGIC_VALUE, Compression.NONE, TimestampType.CREATE_TIME, 0,
            RecordBatch.NO_TIMESTAMP, RecordBatch.NO_PRODUCER_ID, RecordBatch.NO_PRODUCER_EPOCH,
            RecordBatch.NO_SEQUENCE, false, false, 9, 4096, BASE_TIME + 86_400_000);
        horizon.append(BASE_TIME, utf8("gone"), null);
        print("delete-horizon", horizon.build());
    }

    private static void hashes() {
        String[] keys = {"", "a", "ab", "abc", "abcd", "key", "user-1", "order:1001", "ключ",
            "0123456789abcdef"};
        for (String key : keys) {
            byte[] bytes = utf8(key);
            OUT.println("murmur2 " + hex(bytes) + " " + Utils.murmur2(bytes) + " "
                + Utils.toPositive(Utils.murmur2(bytes)) % 12);
        }
        OUT.println("murmur2 ff80007f " + Utils.murmur2(bytes("ff80007f")) + " "
            + Utils.toPositive(Utils.murmur2(bytes("ff80007f"))) % 12);
    }

    private static List<Compression> codecs() {
        return List.of(Compression.NONE, Compression.gzip().build(), Compression.snappy().build(),
            Compression.lz4().build(), Compression.zstd().build());
    }

    private static MemoryRecordsBuilder builder(
        Compression codec, TimestampType type, long baseOffset) {
        long now =
            type == TimestampType.LOG_APPEND_TIME ? BASE_TIME + 12_345 : RecordBatch.NO_TIMESTAMP;
        return new MemoryRecordsBuilder(ByteBuffer.allocate(1024), RecordBatch.CURRENT_MAGIC_VALUE,
            codec, type, baseOffset, now, RecordBatch.NO_PRODUCER_ID, RecordBatch.NO_PRODUCER_EPOCH,
            RecordBatch.NO_SEQUENCE, false, false, 9, 1024);
    }

    private static MemoryRecordsBuilder producer(
        TimestampType type, boolean transactional, int sequence) {
        return new MemoryRecordsBuilder(ByteBuffer.allocate(1024), RecordBatch.CURRENT_MAGIC_VALUE,
            Compression.NONE, type, 0, RecordBatch.NO_TIMESTAMP, 4001, (short) 2, sequence,
            transactional, false, RecordBatch.NO_PARTITION_LEADER_EPOCH, 1024);
    }

    /** Nulls, empties, tombstones, repeated and null headers, times that go back, long varints. */
    private static MemoryRecords mixed(MemoryRecordsBuilder builder) {
        Header[] none = {};
        builder.append(BASE_TIME, utf8("key"), utf8("value"), none);
        builder.append(BASE_TIME + 70_000, null, utf8("no key"), none);
        builder.append(BASE_TIME - 1000, utf8("tombstone"), null, none);
        builder.append(BASE_TIME, new byte[0], new byte[0], none);
        builder.append(BASE_TIME + 86_400_000L * 400, utf8("ключ"), utf8("значение"),
            new Header[] {new RecordHeader("trace", utf8("abc")),
                new RecordHeader("trace", utf8("again")), new RecordHeader("null", (byte[]) null),
                new RecordHeader("", new byte[0]),
                new RecordHeader("long", bytes("00ff".repeat(100)))});
        return builder.build();
    }

    /** More than one block of every codec. */
    private static MemoryRecords longValues(MemoryRecordsBuilder builder) {
        for (int i = 0; i < 3; ++i) {
            builder.append(BASE_TIME + i, utf8("row-" + i),
                utf8(("odradek-" + i + ";").repeat(i == 0 ? 1 : size(builder))));
        }
        return builder.build();
    }

    private static int size(MemoryRecordsBuilder builder) {
        return builder.compression().type().id == 0 ? 20 : 15_000;
    }

    private static void print(String name, MemoryRecords records) {
        for (MutableRecordBatch batch : records.batches()) {
            batch.ensureValid();
            OUT.println("batch " + name);
            OUT.println("  header " + batch.baseOffset() + " " + batch.lastOffset() + " "
                + batch.partitionLeaderEpoch() + " " + batch.compressionType().name + " "
                + batch.timestampType().name + " " + batch.maxTimestamp() + " "
                + batch.isTransactional() + " " + batch.isControlBatch() + " " + batch.producerId()
                + " " + batch.producerEpoch() + " " + batch.baseSequence() + " "
                + batch.lastSequence() + " " + batch.countOrNull() + " "
                + batch.deleteHorizonMs().orElse(-1));
            for (Record record : batch) {
                OUT.println("  record " + record.offset() + " " + record.timestamp() + " "
                    + data(record.key()) + " " + data(record.value()) + headers(record));
            }
        }
        ByteBuffer all = records.buffer().duplicate();
        byte[] raw = new byte[all.remaining()];
        all.get(raw);
        OUT.println("  bytes " + hex(raw));
    }

    private static String headers(Record record) {
        List<String> parts = new ArrayList<>();
        for (Header header : record.headers()) {
            parts.add(" " + hex(utf8(header.key())) + "="
                + (header.value() == null ? "null" : hex(header.value())));
        }
        return String.join("", parts);
    }

    private static String data(ByteBuffer buffer) {
        if (buffer == null)
            return "null";
        byte[] raw = new byte[buffer.remaining()];
        buffer.duplicate().get(raw);
        return raw.length <= 1000 ? "x" + hex(raw) : repeated(raw);
    }

    /** "15000*hex" for a piece of 10 bytes that is repeated. */
    private static String repeated(byte[] raw) {
        int piece = 10;
        return raw.length / piece + "*" + hex(java.util.Arrays.copyOf(raw, piece));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String hex(byte[] raw) {
        return java.util.HexFormat.of().formatHex(raw);
    }

    private static byte[] bytes(String hex) {
        return java.util.HexFormat.of().parseHex(hex);
    }
}
