package odradek.golden;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.common.record.internal.MemoryRecords;

/**
 * Fills a message with values that depend only on the order of its fields in the schema. The rules
 * are in README.md; the C++ test follows the same ones, so equal bytes prove equal places.
 */
final class Filler {
    enum Kind { DEFAULTS, FULL, NULLS, MIXED, LONG }

    // Lengths that need two bytes as a varint.
    private static final int LONG_TEXT = 200;
    private static final int LONG_ARRAY = 130;

    private final JsonNode schema;
    private final Class<?> root;
    private final Kind kind;
    private final int version;
    private final Map<String, JsonNode> structs = new HashMap<>();
    private long counter = 0;

    Filler(JsonNode schema, Class<?> root, Kind kind, int version) {
        this.schema = schema;
        this.root = root;
        this.kind = kind;
        this.version = version;
        collect(schema.path("fields"));
        for (JsonNode struct : schema.path("commonStructs")) {
            structs.put(struct.get("name").asText(), struct.get("fields"));
            collect(struct.get("fields"));
        }
    }

    Message message() throws Exception {
        Message message = (Message) root.getDeclaredConstructor().newInstance();
        if (kind != Kind.DEFAULTS) {
            fill(message, schema.path("fields"));
        }
        return message;
    }

    private void collect(JsonNode fields) {
        for (JsonNode field : fields) {
            if (field.has("fields")) {
                structs.put(elementType(field), field.get("fields"));
                collect(field.get("fields"));
            }
        }
    }

    private static String elementType(JsonNode field) {
        String type = field.get("type").asText();
        return type.startsWith("[]") ? type.substring(2) : type;
    }

    private void fill(Message target, JsonNode fields) throws Exception {
        for (JsonNode field : fields) {
            Versions versions =
                Versions.of(field, field.has("versions") ? "versions" : "taggedVersions");
            if (versions.contains(version)) {
                Method setter = setter(target, field.get("name").asText());
                setter.invoke(target, value(field, setter.getParameterTypes()[0]));
            }
        }
        if (Versions.of(schema, "flexibleVersions").contains(version)) {
            addUnknownTags(target);
        }
    }

    private static Method setter(Message target, String field) {
        String name = "set" + Character.toUpperCase(field.charAt(0)) + field.substring(1);
        for (Method method : target.getClass().getMethods()) {
            if (method.getName().equals(name) && method.getParameterCount() == 1) {
                return method;
            }
        }
        throw new IllegalStateException(target.getClass() + " has no " + name);
    }

    private void addUnknownTags(Message target) {
        counter++;
        long count = kind == Kind.FULL || kind == Kind.LONG ? 1
            : kind == Kind.MIXED ? counter % 3 : 0;
        for (int i = 0; i < count; i++) {
            byte[] data = new byte[i + 1];
            data[i] = (byte) (counter + i);
            target.unknownTaggedFields().add(new RawTaggedField(100 + 5000 * i, data));
        }
    }

    private Object value(JsonNode field, Class<?> type) throws Exception {
        counter++;
        if (Versions.of(field, "nullableVersions").contains(version)
                && (kind == Kind.NULLS || kind == Kind.MIXED && counter % 2 == 0)) {
            return null;
        }
        if (field.get("type").asText().startsWith("[]")) {
            return array(field, type);
        }
        return single(elementType(field), type);
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private Object array(JsonNode field, Class<?> type) throws Exception {
        Collection items = Collection.class.isAssignableFrom(type) && !type.isInterface()
            ? (Collection) type.getDeclaredConstructor().newInstance() : new ArrayList<>();
        boolean plain = !structs.containsKey(elementType(field));
        long count = switch (kind) {
            case FULL -> 2;
            case MIXED -> counter % 3;
            case LONG -> plain ? LONG_ARRAY : 1;
            default -> 1;
        };
        for (long i = 0; i < count; i++) {
            if (plain) {
                counter++;
            }
            items.add(single(elementType(field), null));
        }
        return items;
    }

    private Object single(String type, Class<?> javaType) throws Exception {
        long sign = counter % 5 == 0 ? -1 : 1;
        switch (type) {
            case "bool": return counter % 2 == 1;
            case "int8": return (byte) (1 + counter % 120);
            case "int16": return (short) (sign * (1000 + counter % 30000));
            case "uint16": return (int) (60000 + counter % 5000);
            case "int32": return (int) (sign * (100000 + counter));
            case "uint32": return 3000000000L + counter;
            case "int64": return sign * ((1L << 40) + counter);
            case "float64": return counter + 0.25;
            case "uuid": return uuid();
            case "string": return new String(text("s"), StandardCharsets.US_ASCII);
            case "bytes": return javaType == ByteBuffer.class
                ? ByteBuffer.wrap(text("b")) : (Object) text("b");
            case "records": return MemoryRecords.readableRecords(ByteBuffer.wrap(text("r")));
            default: return struct(type);
        }
    }

    private Object struct(String type) throws Exception {
        Class<?> nested = Class.forName(root.getName() + "$" + type);
        Message message = (Message) nested.getDeclaredConstructor().newInstance();
        fill(message, structs.get(type));
        return message;
    }

    private Uuid uuid() {
        ByteBuffer bytes = ByteBuffer.allocate(16);
        for (int i = 0; i < 16; i++) {
            bytes.put((byte) (counter + i));
        }
        return new Uuid(bytes.getLong(0), bytes.getLong(8));
    }

    private byte[] text(String prefix) {
        StringBuilder text = new StringBuilder(prefix + counter);
        while (kind == Kind.LONG && text.length() < LONG_TEXT) {
            text.append('x');
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }
}
