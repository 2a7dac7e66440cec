package odradek.golden;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/** The message schemas inside Kafka's own jars, by message name. */
final class Schemas {
    private final Map<String, JsonNode> messages = new TreeMap<>();
    private final Map<String, String> packages = new HashMap<>();

    /** Adds the schemas of the jar of {@code anchor}; {@code javaPackage} has the classes. */
    void addJarOf(Class<?> anchor, String javaPackage) throws Exception {
        ObjectMapper mapper = new ObjectMapper().enable(JsonParser.Feature.ALLOW_COMMENTS);
        String path = anchor.getProtectionDomain().getCodeSource().getLocation().getPath();
        try (JarFile jar = new JarFile(path)) {
            for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements();) {
                JarEntry entry = entries.nextElement();
                if (!entry.getName().matches("common/(message|metadata)/.*\\.json")) {
                    continue;
                }
                try (InputStream in = jar.getInputStream(entry)) {
                    JsonNode message = mapper.readTree(in);
                    messages.put(message.get("name").asText(), message);
                    packages.put(message.get("name").asText(), javaPackage);
                }
            }
        }
    }

    Map<String, JsonNode> messages() {
        return messages;
    }

    /** The generated class; those of requests, responses and headers end in "Data". */
    Class<?> javaClass(String message) throws ClassNotFoundException {
        String type = messages.get(message).get("type").asText();
        boolean data = type.equals("request") || type.equals("response") || type.equals("header");
        return Class.forName(packages.get(message) + "." + message + (data ? "Data" : ""));
    }

    /** The stable versions of the message; a response follows its request. */
    Versions stableVersions(JsonNode message) {
        Versions versions = Versions.parse(message.get("validVersions").asText());
        String type = message.get("type").asText();
        if (!type.equals("request") && !type.equals("response")) {
            return versions;
        }
        for (JsonNode other : messages.values()) {
            if (other.get("type").asText().equals("request")
                    && other.get("apiKey").asInt() == message.get("apiKey").asInt()
                    && other.path("latestVersionUnstable").asBoolean(false)) {
                int stable = Versions.parse(other.get("validVersions").asText()).high() - 1;
                return new Versions(versions.low(), Math.min(versions.high(), stable));
            }
        }
        return versions;
    }
}
