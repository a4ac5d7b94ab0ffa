package wisp.lab.serve;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A request as far as a server of fixed pages needs it (RFC 9112).
 *
 * @param keepAlive whether the client wants the connection to stay
 * @param bytes how long the request was, its empty line included
 * @param fault the status that it deserves at once, or 0
 */
record HttpRequest(String method, String target, boolean keepAlive, int bytes, int fault) {
  /** Longer requests are refused. */
  static final int MOST_BYTES = 8 << 10;

  private static final int BAD_REQUEST = 400;
  private static final int TOO_LARGE = 431;

  /** The first request in {@code bytes}, or {@code null}: not all of it has come. */
  static @Nullable HttpRequest first(byte[] bytes, int length) {
    int end = end(bytes, length);
    if (end < 0) {
      return length > MOST_BYTES ? new HttpRequest("", "", false, length, TOO_LARGE) : null;
    }
    if (end > MOST_BYTES) {
      return new HttpRequest("", "", false, end, TOO_LARGE);
    }
    String[] lines = new String(bytes, 0, end, StandardCharsets.ISO_8859_1).split("\r?\n", -1);
    String[] words = lines[0].split(" ", -1);
    if (words.length != 3
        || words[0].isEmpty()
        || !words[1].startsWith("/")
        || !words[2].startsWith("HTTP/1.")) {
      return new HttpRequest("", "", false, end, BAD_REQUEST);
    }
    boolean keepAlive = !words[2].equals("HTTP/1.0");
    boolean body = false;
    for (int i = 1; i < lines.length; i++) {
      String line = lines[i].toLowerCase(Locale.ROOT);
      if (line.startsWith("connection:")) {
        String value = line.substring("connection:".length());
        keepAlive = !value.contains("close") && (keepAlive || value.contains("keep-alive"));
      }
      body |= line.startsWith("transfer-encoding:") || line.matches("content-length:\\s*0*[1-9].*");
    }
    // A body would have to be read past before the next request; nobody sends one with GET.
    return new HttpRequest(words[0], words[1], keepAlive && !body, end, 0);
  }

  private static int end(byte[] bytes, int length) {
    for (int i = 0; i + 1 < length; i++) {
      if (bytes[i] == '\n' && bytes[i + 1] == '\n') {
        return i + 2;
      }
      if (i + 2 < length && bytes[i] == '\n' && bytes[i + 1] == '\r' && bytes[i + 2] == '\n') {
        return i + 3;
      }
    }
    return -1;
  }
}
