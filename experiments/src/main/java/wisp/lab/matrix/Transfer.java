package wisp.lab.matrix;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.lab.path.PathLab;
import wisp.lab.path.PathLab.Left;
import wisp.lab.results.Json;

/**
 * One transfer between the left end and the kernel on the right: bytes each way as the cell wants
 * it, both digests, the options agreed on, and an orderly end of the connection.
 *
 * @param bitsPerSecond of payload, both ways added up, from before the handshake until each end has
 *     the other's FIN; NaN when it failed
 * @param digest the first digits of the SHA-256 of what arrived; of both ways, if there were two
 * @param trouble why it failed, in words; empty when it did not
 */
record Transfer(double bitsPerSecond, String digest, String trouble) {
  static final Transfer NOT_BEGUN = new Transfer(Double.NaN, "", "not begun");

  private static final int DIGITS = 8;

  boolean isGood() {
    return trouble.isEmpty();
  }

  Map<String, @Nullable Object> toJson() {
    return Json.object("rate", bitsPerSecond, "digest", digest, "trouble", trouble);
  }

  /** From {@link #toJson}. */
  static Transfer of(@Nullable Object json) {
    if (json instanceof Map<?, ?> map) {
      return new Transfer(
          Trial.number(map.get("rate")),
          String.valueOf(map.get("digest")),
          String.valueOf(map.get("trouble")));
    }
    throw new IllegalArgumentException(json + " is no transfer");
  }

  static Transfer run(PathLab lab, Conditions conditions, Left who) {
    long start = System.nanoTime();
    try (var pair =
        lab.open(
            who,
            conditions.weOpen(),
            conditions.profile(),
            conditions.leftJob(),
            conditions.rightJob())) {
      String trouble = await(pair, start + conditions.limitNanos(), false);
      double seconds = (System.nanoTime() - start) / 1e9;
      trouble = trouble.isEmpty() ? difference(pair, conditions) : trouble;
      trouble = trouble.isEmpty() ? await(pair, start + conditions.limitNanos(), true) : trouble;
      return new Transfer(
          trouble.isEmpty() ? 8 * conditions.allBytes() / seconds : Double.NaN,
          digests(pair, conditions),
          trouble);
    } finally {
      lab.drain();
    }
  }

  /** Until both have all that they were sent, or until both are done with each other, too. */
  private static String await(PathLab.Pair pair, long end, boolean wholly) {
    while (!isThere(pair, wholly)) {
      if (!pair.trouble().isEmpty()) {
        return pair.trouble();
      }
      if (System.nanoTime() > end) {
        return (wholly ? "the connection does not end; " : "it does not get done; ")
            + pair.left().receivedBytes()
            + " B on the left, "
            + pair.right().receivedBytes()
            + " B on the right";
      }
      PathLab.pause(2);
    }
    return pair.trouble();
  }

  private static boolean isThere(PathLab.Pair pair, boolean wholly) {
    return wholly
        ? pair.left().isDone() && pair.right().isDone()
        : !pair.left().receivedDigest().isEmpty() && !pair.right().receivedDigest().isEmpty();
  }

  private static String difference(PathLab.Pair pair, Conditions conditions) {
    long toLeft = pair.left().receivedBytes();
    long toRight = pair.right().receivedBytes();
    if (toRight != conditions.leftJob().sendBytes()
        || toLeft != conditions.rightJob().sendBytes()) {
      return "of " + conditions.bytes() + " B a way, " + toRight + " and " + toLeft + " arrived";
    }
    if (!pair.right().receivedDigest().equals(pair.left().sentDigest())) {
      return "what the right got is not what the left sent";
    }
    if (!pair.left().receivedDigest().equals(pair.right().sentDigest())) {
      return "what the left got is not what the right sent";
    }
    var info = pair.atOpen();
    return info == null ? "" : conditions.misunderstanding(info);
  }

  private static String digests(PathLab.Pair pair, Conditions conditions) {
    String there = conditions.weSend() ? first(pair.right().receivedDigest()) : "";
    String back = conditions.kernelSends() ? first(pair.left().receivedDigest()) : "";
    return there.isEmpty() || back.isEmpty() ? there + back : there + " " + back;
  }

  private static String first(String digest) {
    return digest.substring(0, Math.min(DIGITS, digest.length()));
  }
}
