package wisp.lab.serve;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.stack.CloseReason;
import wisp.core.stack.Context;

/**
 * A small HTTP/1.1 server: {@code /} says hello, {@code /bytes/N} is N bytes long. All bodies of
 * all connections are references to one frame; a connection between requests holds nothing here.
 */
final class Http implements Service {
  private static final int QUEUED_SENDS = 16;
  private static final int FRAME_BYTES = 16 << 10;

  /**
   * Requests sent ahead of their answers: more than this and the client does not play by the rules.
   */
  private static final int MOST_AHEAD_BYTES = 64 << 10;

  private static final byte[] HELLO = "Hello from Wisp.\n".getBytes(StandardCharsets.US_ASCII);
  private static final long MOST_BODY_BYTES = 1L << 40;
  private final Farewell farewell = new Farewell();
  private final Map<Long, Exchange> exchanges = new HashMap<>();
  private final ArrayDeque<Long> starved = new ArrayDeque<>();
  private byte[] pattern = new byte[0];
  private int frame;

  /** A request on its way in, or its answer on its way out. */
  private static final class Exchange {
    byte[] received = new byte[0];

    /** Text to be sent before the body: the answer's header, with a short body if it has one. */
    byte @Nullable [] text;

    long bodyLeft;
    int unreleased;
    boolean lastOne;
    boolean peerClosed;
    boolean over;
    boolean isStarved;

    boolean isAnswering() {
      return text != null || bodyLeft > 0;
    }
  }

  @Override
  public String name() {
    return "http";
  }

  @Override
  public boolean maySpeakFirst() {
    return false;
  }

  @Override
  public void start(Context context) {
    pattern = SharedFrame.repeated(Chargen.LINE, Math.min(FRAME_BYTES, context.largestFrame()));
    frame = SharedFrame.of(context, pattern);
  }

  /** Between two requests nothing is lost; an answer whose rest nobody knows is. */
  @Override
  public void onRestored(Context context, long connection) {
    var info = context.info(connection);
    if (info != null && info.flightBytes() + info.unsentBytes() > 0) {
      context.abort(connection);
    } else {
      farewell.restored(context, connection);
    }
  }

  @Override
  public void onData(
      Context context, long connection, MemorySegment memory, long offset, int length) {
    Exchange exchange = exchanges.computeIfAbsent(connection, c -> new Exchange());
    if (exchange.over) {
      return; // after the last answer nobody reads
    }
    int had = exchange.received.length;
    if (had + length > MOST_AHEAD_BYTES) {
      context.abort(connection);
      return;
    }
    exchange.received = Arrays.copyOf(exchange.received, had + length);
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, exchange.received, had, length);
    pump(context, connection, exchange);
  }

  /** Sends what may be sent, then looks at the next request, until either runs out. */
  private void pump(Context context, long connection, Exchange exchange) {
    while (!exchange.over && exchange.unreleased < QUEUED_SENDS) {
      if (exchange.isAnswering()) {
        if (!sendPart(context, connection, exchange)) {
          starve(context, connection, exchange);
          return;
        }
      } else if (exchange.lastOne || !nextRequest(exchange)) {
        break;
      }
    }
    if (!exchange.over && !exchange.isAnswering() && (exchange.lastOne || exchange.peerClosed)) {
      exchange.over = true;
      farewell.shutdown(context, connection);
    }
    if (!exchange.over && exchange.unreleased == 0 && exchange.received.length == 0) {
      exchanges.remove(connection, exchange);
    }
  }

  private void starve(Context context, long connection, Exchange exchange) {
    if (context.isOpen(connection) && !exchange.isStarved) {
      exchange.isStarved = true;
      starved.add(connection);
    }
  }

  private static boolean nextRequest(Exchange exchange) {
    var request = HttpRequest.first(exchange.received, exchange.received.length);
    if (request == null) {
      return false;
    }
    exchange.received =
        Arrays.copyOfRange(exchange.received, request.bytes(), exchange.received.length);
    exchange.lastOne = !request.keepAlive();
    answer(exchange, request);
    return true;
  }

  private static void answer(Exchange exchange, HttpRequest request) {
    boolean head = request.method().equals("HEAD");
    if (request.fault() != 0) {
      page(
          exchange,
          request.fault()
              + (request.fault() == 400 ? " Bad Request" : " Request Header Fields Too Large"),
          false);
    } else if (!head && !request.method().equals("GET")) {
      page(exchange, "405 Method Not Allowed\r\nAllow: GET, HEAD", false);
    } else if (request.target().equals("/")) {
      exchange.text = text(exchange, "200 OK", "text/plain", HELLO, HELLO.length, head);
    } else {
      long bytes = bytes(request.target());
      if (bytes < 0) {
        page(exchange, "404 Not Found", head);
      } else {
        exchange.text =
            text(exchange, "200 OK", "application/octet-stream", new byte[0], bytes, head);
        exchange.bodyLeft = head ? 0 : bytes;
      }
    }
  }

  private static void page(Exchange exchange, String status, boolean head) {
    byte[] body =
        (status.lines().findFirst().orElse("") + "\n").getBytes(StandardCharsets.US_ASCII);
    exchange.text = text(exchange, status, "text/plain", body, body.length, head);
  }

  private static byte[] text(
      Exchange exchange, String status, String type, byte[] body, long length, boolean head) {
    String header =
        "HTTP/1.1 "
            + status
            + "\r\nServer: wisp\r\nContent-Type: "
            + type
            + "\r\nContent-Length: "
            + length
            + (exchange.lastOne ? "\r\nConnection: close" : "")
            + "\r\n\r\n";
    byte[] bytes = header.getBytes(StandardCharsets.US_ASCII);
    if (head) {
      return bytes;
    }
    byte[] both = Arrays.copyOf(bytes, bytes.length + body.length);
    System.arraycopy(body, 0, both, bytes.length, body.length);
    return both;
  }

  /** The N of {@code /bytes/N}, or −1. */
  static long bytes(String target) {
    String digits = target.startsWith("/bytes/") ? target.substring("/bytes/".length()) : "";
    if (!digits.matches("\\d{1,13}")) {
      return -1;
    }
    long bytes = Long.parseLong(digits);
    return bytes <= MOST_BODY_BYTES ? bytes : -1;
  }

  private boolean sendPart(Context context, long connection, Exchange exchange) {
    byte[] text = exchange.text;
    if (text != null) {
      exchange.text = null;
      boolean sent = sendCopy(context, connection, exchange, text, text.length);
      if (!sent) {
        exchange.text = text;
      }
      return sent;
    }
    int part = (int) Math.min(exchange.bodyLeft, pattern.length);
    // Counted before it is sent: the call may come back with a release at once.
    exchange.bodyLeft -= part;
    boolean sent =
        part == pattern.length
            ? send(context, connection, exchange, frame)
            : sendCopy(context, connection, exchange, pattern, part);
    if (!sent) {
      exchange.bodyLeft += part;
    }
    return sent;
  }

  private static boolean send(Context context, long connection, Exchange exchange, int frame) {
    exchange.unreleased++;
    boolean sent = context.send(connection, frame);
    if (!sent) {
      exchange.unreleased--;
    }
    return sent;
  }

  private static boolean sendCopy(
      Context context, long connection, Exchange exchange, byte[] bytes, int length) {
    int copy = context.frame(length);
    if (copy == Context.NO_FRAME) {
      return false;
    }
    MemorySegment.copy(
        bytes, 0, context.memory(copy), ValueLayout.JAVA_BYTE, context.start(copy), length);
    boolean sent = send(context, connection, exchange, copy);
    context.release(copy);
    return sent;
  }

  @Override
  public void onReleased(Context context, long connection, int released, int acknowledged) {
    Exchange exchange = exchanges.get(connection);
    if (exchange != null) {
      exchange.unreleased--;
      pump(context, connection, exchange);
    }
  }

  @Override
  public void onWritable(Context context, long connection) {
    Exchange exchange = exchanges.get(connection);
    if (exchange != null) {
      pump(context, connection, exchange);
    }
  }

  @Override
  public void onPeerClosed(Context context, long connection) {
    Exchange exchange = exchanges.computeIfAbsent(connection, c -> new Exchange());
    exchange.peerClosed = true;
    pump(context, connection, exchange);
  }

  @Override
  public void onClosed(Context context, long connection, CloseReason reason) {
    exchanges.remove(connection);
  }

  @Override
  public boolean retry(Context context) {
    for (int left = starved.size(); left > 0; left--) {
      long connection = starved.remove();
      Exchange exchange = exchanges.get(connection);
      if (exchange != null) {
        exchange.isStarved = false;
        pump(context, connection, exchange);
      }
    }
    boolean leaving = farewell.retry(context);
    return leaving || !starved.isEmpty();
  }

  @Override
  public void stop(Context context) {
    context.release(frame);
  }

  @Override
  public long applicationBytes() {
    return exchanges.values().stream().mapToLong(e -> e.received.length).sum();
  }
}
