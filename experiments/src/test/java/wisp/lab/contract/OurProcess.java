package wisp.lab.contract;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Tells {@link OurSide} what to do. */
final class OurProcess implements AutoCloseable {
  private static final int SECONDS = OurSide.PATIENCE_SECONDS + 10;
  private final ChildProcess process;

  /**
   * Starts it; nothing is open yet.
   *
   * @param sourceBytes what its source sends
   */
  OurProcess(Path folder, String link, long sourceBytes, List<String> own) {
    var arguments = new ArrayList<>(List.of(link, String.valueOf(sourceBytes)));
    arguments.addAll(own);
    process =
        new ChildProcess(
            folder, List.of("-XX:NativeMemoryTracking=summary"), OurSide.class, arguments);
  }

  /** Its answer to an order. */
  String ask(String order) {
    process.say(order);
    return answer(order);
  }

  /** Gives an order whose answer is waited for later. */
  void begin(String order) {
    process.say(order);
  }

  /** The answer to what was begun. */
  String answer(String order) {
    String answer = process.await(OurSide.ANSWER, SECONDS).substring(OurSide.ANSWER.length());
    if (answer.startsWith("failed")) {
      throw new AssertionError(order + " " + answer);
    }
    return answer;
  }

  /** All that it counts. */
  Map<String, Long> state() {
    var all = new TreeMap<String, Long>();
    for (String item : ask("state").split(" ")) {
      int equals = item.indexOf('=');
      all.put(item.substring(0, equals), Long.valueOf(item.substring(equals + 1)));
    }
    return all;
  }

  @Override
  public void close() {
    process.close();
  }
}
