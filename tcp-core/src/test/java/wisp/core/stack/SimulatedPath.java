package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import wisp.core.Counters.Event;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.TestLink;
import wisp.core.spi.TestMemory;

/**
 * Two contexts with a path between them, 10 ms each way in virtual time, which drops packets above
 * a size: silently, or with a router's word. A client sends a stream, the server compares it.
 */
final class SimulatedPath {
  private static final long MS = 1_000_000L;
  private static final int CHUNK = 16_000;

  /** A packet on its way: those of one moment come in the order in which they left. */
  private record Arrival(long atNanos, long number, byte[] packet) implements Comparable<Arrival> {
    @Override
    public int compareTo(Arrival other) {
      int byTime = Long.compare(atNanos, other.atNanos);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  /** What a path does to packets beside delaying them. */
  interface Mischief {
    /**
     * When copies of this packet arrive, at the earliest {@code usualNanos}; none: it is lost.
     *
     * @param forward from client to server
     */
    long[] arrivals(boolean forward, byte[] packet, long usualNanos);
  }

  /** One end. */
  final class Host {
    final TestLink link;
    final TestMemory memory = new TestMemory();
    final IpAddress address;
    final Context context;
    final PriorityQueue<Arrival> arriving = new PriorityQueue<>();

    Host(String text, int seed, TestLink link) {
      this.link = link;
      address = IpAddress.parse(text);
      context =
          new Context(
              ContextConfig.of(IpPrefix.of(address)),
              memory,
              link,
              new SplittableRandom(seed)::nextLong);
      context.onHandlerFailure(TcpFixture::sneak);
    }
  }

  final Host client;
  final Host server;

  /** Larger packets don't get through. */
  int mtu = 1_500;

  /** Whether a router says so. */
  boolean speaks;

  /** Whether SYNs lose their timestamps option on the way. */
  boolean stripTimestamps;

  /** Largest packet that got through, since somebody set it to 0. */
  int largest;

  Mischief mischief = (forward, packet, usualNanos) -> new long[] {usualNanos};

  long now = 1_000 * MS;
  private long packets;
  private final IpAddress router;
  private long connection;
  private int given;
  private int wanted;
  private int released;
  private int received;

  SimulatedPath(boolean ipv6) {
    this(ipv6, new TestLink(1_500));
  }

  /** Over a link that the client sends by. */
  SimulatedPath(boolean ipv6, TestLink clientLink) {
    client = new Host(ipv6 ? "2001:db8:1::1" : "10.1.0.1", 1, clientLink);
    server = new Host(ipv6 ? "2001:db8:2::1" : "10.2.0.1", 2, new TestLink(1_500));
    router = IpAddress.parse(ipv6 ? "2001:db8:9::9" : "10.9.0.9");
    server.context.listen(Endpoint.any(80), ConnectionProfile.DEFAULT, this::received);
  }

  private static byte at(int i) {
    return (byte) (i * 17 + (i >>> 8) * 3 + (i >>> 16));
  }

  private void received(Context c, long handle, MemorySegment m, long offset, int length) {
    for (int i = 0; i < length; i++) {
      assertEquals(
          at(received + i), m.get(ValueLayout.JAVA_BYTE, offset + i), "byte of the stream");
    }
    received += length;
  }

  /** Connects. */
  SimulatedPath open() {
    connection =
        client.context.connect(
            null,
            new Endpoint(server.address, 80),
            ConnectionProfile.DEFAULT,
            new ConnectionHandler() {
              @Override
              public void onData(Context c, long h, MemorySegment m, long offset, int length) {}

              @Override
              public void onReleased(Context c, long h, int frame, int acknowledged) {
                released += acknowledged;
                fill();
              }
            });
    assertTrue(connection >= 0);
    run(1_000);
    return this;
  }

  private void fill() {
    while (given < wanted && given - released < 20 * CHUNK) {
      int bytes = Math.min(CHUNK, wanted - given);
      int frame = client.context.frame(bytes);
      for (int i = 0; i < bytes; i++) {
        client
            .context
            .memory(frame)
            .set(ValueLayout.JAVA_BYTE, client.context.start(frame) + i, at(given + i));
      }
      boolean queued = client.context.send(connection, frame);
      client.context.release(frame);
      if (!queued) {
        return;
      }
      given += bytes;
    }
  }

  /** Sends so many bytes and waits until they have arrived; gives the milliseconds it took. */
  long transfer(int bytes, long mostMillis) {
    long begin = now;
    wanted += bytes;
    fill();
    while (received < wanted) {
      assertTrue(now - begin < mostMillis * MS, () -> received + " of " + wanted + " arrived");
      step();
    }
    return (now - begin) / MS;
  }

  /** Sends so many bytes, and waits for nothing. */
  void give(int bytes) {
    wanted += bytes;
    fill();
  }

  /** Bytes that have arrived. */
  int received() {
    return received;
  }

  /** Ends the connection at once. */
  void abort() {
    client.context.abort(connection);
  }

  /** Lets time pass. */
  void run(long millis) {
    long end = now + millis * MS;
    while (now < end) {
      step();
    }
  }

  private void step() {
    now += MS;
    carry(client, server);
    carry(server, client);
    poll(client);
    poll(server);
  }

  private void poll(Host host) {
    while (!host.arriving.isEmpty() && host.arriving.peek().atNanos <= now) {
      host.link.incoming.add(host.arriving.remove().packet);
    }
    do {
      host.context.poll(now);
    } while (!host.link.incoming.isEmpty());
  }

  private void carry(Host from, Host to) {
    while (!from.link.outgoing.isEmpty()) {
      byte[] packet = from.link.outgoing.remove();
      if (packet.length <= mtu) {
        largest = Math.max(largest, packet.length);
        arrives(to, stripTimestamps ? stripped(packet) : packet);
      } else if (speaks) {
        boolean ipv6 = packet[0] >>> 4 == 6;
        byte[] quoted = Arrays.copyOf(packet, ipv6 ? Math.min(packet.length, 1_232) : 28);
        byte[] error = Raw.icmp(router, from.address, ipv6 ? 2 : 3, ipv6 ? 0 : 4, mtu, quoted);
        arrives(from, error);
      }
    }
  }

  private void arrives(Host to, byte[] packet) {
    for (long at : mischief.arrivals(to == server, packet, now + 10 * MS)) {
      to.arriving.add(new Arrival(at, packets++, packet));
    }
  }

  private static byte[] stripped(byte[] packet) {
    int tcp = packet[0] >>> 4 == 6 ? 40 : 20;
    if ((packet[tcp + 13] & 2) == 0) {
      return packet;
    }
    byte[] b = packet.clone();
    int end = tcp + (b[tcp + 12] >>> 4 & 15) * 4;
    for (int i = tcp + 20; i < end && b[i] != 0; i += b[i] == 1 ? 1 : b[i + 1]) {
      if (b[i] == 8) {
        Arrays.fill(b, i, i + 10, (byte) 1);
      }
    }
    TcpFixture.sign(b);
    return b;
  }

  /** Ends both sides: whatever they had borrowed has to be back. */
  void end() {
    client.context.close();
    server.context.close();
    client.memory.close();
    server.memory.close();
  }

  long counted(Event event) {
    return client.context.counters().get(event);
  }

  long timeouts() {
    return client.context.counters().get(Event.TIMEOUTS);
  }

  /** What the client takes the path to carry. */
  int known() {
    try {
      var field = Context.class.getDeclaredField("machinery");
      field.setAccessible(true);
      var m = (Machinery) field.get(client.context);
      return m.network.paths.mtu(server.address.high(), server.address.low());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("Context has no machinery", e);
    }
  }
}
