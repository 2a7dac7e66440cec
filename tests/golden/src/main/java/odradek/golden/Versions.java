package odradek.golden;

import com.fasterxml.jackson.databind.JsonNode;

/** A range of versions as schemas write it: "0", "3+", "1-4", "none". */
record Versions(int low, int high) {
    static final Versions NONE = new Versions(1, 0);

    static Versions parse(String text) {
        if (text.isEmpty() || text.equals("none")) {
            return NONE;
        }
        if (text.endsWith("+")) {
            return new Versions(Integer.parseInt(text.substring(0, text.length() - 1)),
                Short.MAX_VALUE);
        }
        String[] ends = text.split("-");
        return new Versions(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]));
    }

    /** The range named {@code key} of a field; none where it is absent. */
    static Versions of(JsonNode field, String key) {
        return parse(field.path(key).asText(""));
    }

    boolean contains(int version) {
        return low <= version && version <= high;
    }
}
