package odradek.golden;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.DataOutputStream;
import java.io.FileOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/** Writes every message in every stable version, filled in four ways. Format: README.md. */
public final class GoldenBytes {
    private GoldenBytes() {
    }

    public static void main(String[] args) throws Exception {
        if (args.length != 1) {
            System.err.println("usage: GoldenBytes OUT.gz");
            System.exit(2);
        }
        Schemas schemas = new Schemas();
        schemas.addJarOf(ProducerRecord.class, "org.apache.kafka.common.message");
        schemas.addJarOf(
            org.apache.kafka.coordinator.group.generated.GroupMetadataKey.class,
            "org.apache.kafka.coordinator.group.generated");
        schemas.addJarOf(
            org.apache.kafka.coordinator.transaction.generated.TransactionLogKey.class,
            "org.apache.kafka.coordinator.transaction.generated");
        schemas.addJarOf(
            org.apache.kafka.common.metadata.TopicRecord.class,
            "org.apache.kafka.common.metadata");
        int count = 0;
        try (DataOutputStream out =
                 new DataOutputStream(new GZIPOutputStream(new FileOutputStream(args[0])))) {
            out.writeBytes("ODKGOLD1");
            for (JsonNode schema : schemas.messages().values()) {
                count += writeMessage(out, schemas, schema);
            }
        }
        System.out.println(count + " samples");
    }

    private static int writeMessage(DataOutputStream out, Schemas schemas, JsonNode schema)
            throws Exception {
        String name = schema.get("name").asText();
        Versions versions = schemas.stableVersions(schema);
        int count = 0;
        for (int version = versions.low(); version <= versions.high(); version++) {
            for (Filler.Kind kind : Filler.Kind.values()) {
                Message message =
                    new Filler(schema, schemas.javaClass(name), kind, version).message();
                writeSample(out, name, version, kind, serialize(message, (short) version));
                count++;
            }
        }
        return count;
    }

    private static byte[] serialize(Message message, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(buffer), cache, version);
        if (buffer.hasRemaining()) {
            throw new IllegalStateException(message + " did not fill its size");
        }
        return buffer.array();
    }

    private static void writeSample(DataOutputStream out, String name, int version,
                                    Filler.Kind kind, byte[] bytes) throws Exception {
        byte[] text = name.getBytes(StandardCharsets.US_ASCII);
        out.writeByte(text.length);
        out.write(text);
        out.writeShort(version);
        out.writeByte(kind.ordinal());
        out.writeInt(bytes.length);
        out.write(bytes);
    }
}
