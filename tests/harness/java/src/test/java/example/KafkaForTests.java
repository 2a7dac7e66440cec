package example;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** One broker for the whole run; tests take {@code KafkaForTests.Broker} as a parameter. */
public class KafkaForTests implements ParameterResolver {

  /** A broker process; JUnit closes it in the end. */
  public static class Broker implements AutoCloseable {
    private static final Pattern BOOTSTRAP = Pattern.compile("\"bootstrap\":\"([^\"]+)\"");
    private final Process process;
    private final String bootstrap;

    Broker() {
      String program = System.getenv().getOrDefault("ODRADEK_BROKER", "odradek-broker");
      try {
        process = new ProcessBuilder(program, "--listen", "127.0.0.1:0", "--http", "off")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
        String ready =
            new BufferedReader(new InputStreamReader(process.getInputStream())).readLine();
        Matcher matcher = BOOTSTRAP.matcher(String.valueOf(ready));
        if (!matcher.find()) {
          throw new IllegalStateException("the broker did not start");
        }
        bootstrap = matcher.group(1);
      } catch (IOException error) {
        throw new IllegalStateException(error);
      }
    }

    public String bootstrap() {
      return bootstrap;
    }

    @Override
    public void close() {
      process.destroy();
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Broker.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context.getRoot().getStore(Namespace.GLOBAL)
        .getOrComputeIfAbsent(Broker.class, key -> new Broker(), Broker.class);
  }
}
