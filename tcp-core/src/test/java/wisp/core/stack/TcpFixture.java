package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;

import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters.Event;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.RecordStore;
import wisp.core.spi.TestMemory;
import wisp.core.tcp.State;
import wisp.core.tcp.Tcb;

/**
 * One connection of a context at 10.0.0.1 against a scripted peer at 10.0.0.2, in virtual time.
 * Sequence numbers are relative (see {@link Seg}); what is sent is parsed and checked by {@link
 * Sent}, and its payload compared with the stream that the application was given to send.
 *
 * <pre>
 *   var tcp = TcpFixture.established();
 *   tcp.receives(data(100));
 *   tcp.advance(40).sends(ACK).ack(101);
 *   tcp.sendsNothing().isIn(ESTABLISHED);
 * </pre>
 */
final class TcpFixture {
  static final long MS = 1_000_000L;
  static final int HOST = 0x0A00_0001;
  static final int PEER = 0x0A00_0002;
  static final int SERVICE = 7;
  static final IpAddress HOST_IPV6 = IpAddress.parse("2001:db8::1");
  static final IpAddress PEER_IPV6 = IpAddress.parse("2001:db8::2");

  /** How the connection comes about. */
  static final class Setup {
    ContextConfig config = ContextConfig.of(IpPrefix.parse("10.0.0.1/32")).withMinRto(1_000 * MS);
    ConnectionProfile profile = ConnectionProfile.DEFAULT;
    ListenConfig listenConfig = ListenConfig.DEFAULT;
    TestMemory memory = new TestMemory();
    byte[] options = Seg.mss(1_460);
    boolean active;
    boolean silent;
    boolean ipv6;
    int mtu = 1_500;
    int segmentationBytes;
    int window = 65_535;
    int irs = 1_000_000;
    long seed = 42;
    long startNanos = 1_000_000 * MS;

    /** No text has come yet: the first is acknowledged at once. */
    Setup silent() {
      silent = true;
      return this;
    }

    Setup actively() {
      active = true;
      return this;
    }

    /** At 2001:db8::1 against 2001:db8::2, without any IPv4 address. */
    Setup ipv6() {
      ipv6 = true;
      options = Seg.mss(1_440);
      config = ContextConfig.of(IpPrefix.of(HOST_IPV6)).withMinRto(1_000 * MS);
      return this;
    }

    /** The peer speaks IPv6; the configuration stays as it is. */
    Setup ipv6Only() {
      ipv6 = true;
      options = Seg.mss(1_440);
      return this;
    }

    Setup ipv6(boolean yes) {
      return yes ? ipv6() : this;
    }

    /** The link cuts packets of so many bytes itself. */
    Setup segmentation(int bytes) {
      segmentationBytes = bytes;
      return this;
    }

    Setup actively(boolean yes) {
      active = yes;
      return this;
    }

    Setup config(ContextConfig c) {
      config = c.withMinRto(Math.max(c.minRtoNanos(), 1_000 * MS));
      return this;
    }

    Setup receiveWindow(int bytes) {
      config = config.withReceiveWindow(bytes);
      return this;
    }

    /** How the listener takes SYNs in. */
    Setup listen(Consumer<ListenConfig.Builder> change) {
      listenConfig = listenConfig.with(change);
      return this;
    }

    Setup profile(ConnectionProfile p) {
      profile = p;
      return this;
    }

    Setup memory(TestMemory m) {
      memory = m;
      return this;
    }

    /** Options of the peer's SYN. */
    Setup options(byte[]... parts) {
      options = Seg.flags(0).options(parts).options;
      return this;
    }

    Setup mtu(int bytes) {
      mtu = bytes;
      return this;
    }

    /** The peer's window field. */
    Setup window(int field) {
      window = field;
      return this;
    }

    Setup irs(int absolute) {
      irs = absolute;
      return this;
    }

    /** Our ISN: found by choosing the time, since it is a clock plus a hash that stays the same. */
    Setup iss(int absolute) {
      TestMemory mine = memory;
      memory = new TestMemory();
      TcpFixture probe = synReceivedOrSent();
      long ticks = absolute - probe.iss & 0xFFFF_FFFFL;
      startNanos += ticks * 4_000;
      memory = mine;
      return this;
    }

    private TcpFixture synReceivedOrSent() {
      return active ? synSent() : in(State.SYN_RECEIVED);
    }

    TcpFixture listening() {
      return new TcpFixture(new FixtureHost(this), this, 5_000).listen();
    }

    /** Nobody listens. */
    TcpFixture closed() {
      return new TcpFixture(new FixtureHost(this), this, 5_000);
    }

    TcpFixture synSent() {
      var tcp = new TcpFixture(new FixtureHost(this), this, SERVICE);
      tcp.connect();
      tcp.sends(SYN);
      return tcp;
    }

    TcpFixture established() {
      return in(State.ESTABLISHED);
    }

    /** A connection in this state, all that led to it taken from the lists. */
    TcpFixture in(State state) {
      TcpFixture tcp =
          switch (state) {
            case CLOSED -> closed();
            case LISTEN -> listening();
            case SYN_SENT -> synSent();
            default -> active ? synSent() : listening();
          };
      if (state.ordinal() > State.SYN_SENT.ordinal()) {
        tcp.reach(state);
      }
      tcp.out.clear();
      tcp.events.clear();
      if (!silent && state.isSynchronized()) {
        tcp.hasHeardText();
      }
      return tcp.isIn(state);
    }
  }

  final FixtureHost host;
  final Context context;
  final ArrayDeque<Sent> out = new ArrayDeque<>();
  final List<String> events = new ArrayList<>();
  final Map<String, LongConsumer> hooks = new HashMap<>();
  long connection = -1;
  @Nullable CloseReason reason;
  int iss;
  int irs;
  int peerWindow;

  /** What the peer sends next, relative. */
  int peerNxt = 1;

  /** What we would send next: one past the highest seen, relative. */
  int ourNxt;

  /** Bytes delivered, all compared with the peer's stream. */
  int delivered;

  boolean exact = true;
  int peerTs = 5_000;
  final Setup setup;
  final int remotePort;
  int localPort = SERVICE;
  private IpAddress peer;
  private boolean issKnown;
  boolean timestamps;
  int lastTsVal;
  private int given;

  private TcpFixture(FixtureHost host, Setup setup, int remotePort) {
    this.host = host;
    this.context = host.context;
    this.setup = setup;
    this.remotePort = remotePort;
    this.irs = setup.irs;
    this.peerWindow = setup.window;
    this.peer = setup.ipv6 ? PEER_IPV6 : IpAddress.ofIpv4(PEER);
    host.fixtures.add(this);
  }

  static Setup with() {
    return new Setup();
  }

  static TcpFixture established() {
    return with().established();
  }

  static TcpFixture listening() {
    return with().listening();
  }

  static TcpFixture in(State state) {
    return with().in(state);
  }

  /**
   * Another peer of the same context, with a port of its own; its connection does not exist yet.
   */
  TcpFixture another(int port) {
    return new TcpFixture(host, setup, port);
  }

  /** Another peer with an address of its own, too: 10.0.0.n, or 2001:db8:n::2. */
  TcpFixture anotherHost(int n, int port) {
    TcpFixture other = another(port);
    other.peer = IpAddress.parse(setup.ipv6 ? "2001:db8:" + n + "::2" : "10.0.0." + n);
    return other;
  }

  // ---- Opening ---------------------------------------------------------------------------------

  TcpFixture listen() {
    context.listen(
        Endpoint.any(SERVICE), setup.profile, new FixtureListener(host), setup.listenConfig);
    return this;
  }

  TcpFixture connect() {
    assertTrue(tryConnect(), "connect was refused");
    return this;
  }

  /** Opens with the first bytes of our stream in a frame. */
  TcpFixture connect(int bytes) {
    assertTrue(tryConnect(bytes), "connect was refused");
    return this;
  }

  boolean tryConnect() {
    return tryConnect(0);
  }

  boolean tryConnect(int bytes) {
    int frame = bytes == 0 ? Context.NO_FRAME : frame(bytes);
    Endpoint remote = new Endpoint(peer(), remotePort);
    long handle = context.connect(null, remote, setup.profile, new FixtureHandler(this), frame);
    if (bytes > 0) {
      context.release(frame);
    }
    if (handle < 0) {
      return false;
    }
    given += bytes;
    connection = handle;
    host.byHandle.put(handle, this);
    localPort = ByteBuffer.wrap(host.link.outgoing.getLast()).getShort(ipHeader()) & 0xFFFF;
    host.collect();
    return true;
  }

  /** SYN, SYN-ACK, ACK with the peer's usual options. */
  TcpFixture handshake() {
    if (connection < 0) {
      receives(Seg.flags(SYN).seq(0).options(setup.options));
      sends(SYN | ACK);
      receives(Seg.ack());
    } else {
      receives(Seg.flags(SYN | ACK).seq(0).options(setup.options));
      sends(ACK);
    }
    return this;
  }

  private void reach(State state) {
    if (state == State.SYN_RECEIVED) {
      receives(Seg.flags(SYN).seq(0).options(setup.options));
      return;
    }
    handshake();
    switch (state) {
      case ESTABLISHED -> {}
      case FIN_WAIT_1 -> close();
      case FIN_WAIT_2 -> {
        shutdown();
        receives(Seg.ack());
      }
      case CLOSE_WAIT -> receives(Seg.fin());
      case CLOSING -> {
        shutdown();
        receives(Seg.fin().ack(1));
      }
      case LAST_ACK -> {
        receives(Seg.fin());
        shutdown();
      }
      case TIME_WAIT -> {
        shutdown();
        receives(Seg.fin());
      }
      default -> throw new IllegalArgumentException("reach " + state);
    }
  }

  // ---- The peer --------------------------------------------------------------------------------

  /** One burst of these segments. */
  TcpFixture receives(Seg... segments) {
    for (Seg seg : segments) {
      host.link.incoming.add(packet(seg));
    }
    host.poll();
    return this;
  }

  /** The packet that a segment makes; moves the peer's SND.NXT if it was not told where to be. */
  byte[] packet(Seg seg) {
    return PeerPackets.of(this, seg);
  }

  IpAddress peer() {
    return peer;
  }

  IpAddress own() {
    return setup.ipv6 ? HOST_IPV6 : IpAddress.ofIpv4(HOST);
  }

  int ipHeader() {
    return setup.ipv6 ? 40 : 20;
  }

  int peerTs() {
    return peerTs + (int) ((host.now - setup.startNanos) / MS);
  }

  /** See {@link PeerPackets#sign}. */
  static void sign(byte[] packet) {
    PeerPackets.sign(packet);
  }

  /** See {@link PeerPackets#sum}. */
  static int sum(byte[] b, int from, int length, int initial) {
    return PeerPackets.sum(b, from, length, initial);
  }

  /** The peer's byte at a relative sequence number. */
  static byte peerByte(int relative) {
    return (byte) (relative * 7 + (relative >>> 8) * 13 + 3);
  }

  /** Ours. */
  static byte ourByte(int relative) {
    return (byte) (relative * 11 + (relative >>> 8) * 5 + 1);
  }

  // ---- The application -------------------------------------------------------------------------

  /** Sends so many bytes of our stream in one frame. */
  TcpFixture send(int bytes) {
    assertTrue(trySend(bytes), "send was refused");
    return this;
  }

  boolean trySend(int bytes) {
    boolean queued = trySend(bytes, false);
    host.collect();
    return queued;
  }

  TcpFixture sendUrgent(int bytes) {
    assertTrue(trySend(bytes, true), "send was refused");
    host.collect();
    return this;
  }

  private boolean trySend(int bytes, boolean urgent) {
    int frame = frame(bytes);
    if (frame == Context.NO_FRAME) {
      return false;
    }
    boolean queued =
        urgent ? context.sendUrgent(connection, frame) : context.send(connection, frame);
    context.release(frame);
    given += queued ? bytes : 0;
    return queued;
  }

  /** As {@link #send}, with more to come. */
  TcpFixture sendMore(int bytes) {
    int frame = frame(bytes);
    assertTrue(context.sendMore(connection, frame), "send was refused");
    context.release(frame);
    given += bytes;
    host.collect();
    return this;
  }

  /** As {@link #send}, as the end of a record. */
  TcpFixture sendRecord(int bytes) {
    int frame = frame(bytes);
    assertTrue(context.sendRecord(connection, frame), "send was refused");
    context.release(frame);
    given += bytes;
    host.collect();
    return this;
  }

  TcpFixture push() {
    assertTrue(context.push(connection), "push was refused");
    host.collect();
    return this;
  }

  /** Full close with patience for so long. */
  TcpFixture close(long lingerMillis) {
    assertTrue(context.close(connection, lingerMillis * MS), "close was refused");
    host.collect();
    return this;
  }

  /** A frame with the next bytes of our stream. */
  int frame(int bytes) {
    int frame = context.frame(bytes);
    if (frame != Context.NO_FRAME) {
      for (int i = 0; i < bytes; i++) {
        context
            .memory(frame)
            .set(ValueLayout.JAVA_BYTE, context.start(frame) + i, ourByte(1 + given + i));
      }
    }
    return frame;
  }

  TcpFixture shutdown() {
    assertTrue(context.shutdown(connection), "shutdown was refused");
    host.collect();
    return this;
  }

  TcpFixture close() {
    assertTrue(context.close(connection), "close was refused");
    host.collect();
    return this;
  }

  TcpFixture abort() {
    assertTrue(context.abort(connection), "abort was refused");
    host.collect();
    return this;
  }

  TcpFixture pause() {
    assertTrue(context.pause(connection), "pause was refused");
    host.collect();
    return this;
  }

  TcpFixture resume() {
    assertTrue(context.resume(connection), "resume was refused");
    host.collect();
    return this;
  }

  /** Runs inside a callback: open, data, acked, released, writable, urgent, peerClosed, closed. */
  TcpFixture on(String callback, LongConsumer action) {
    hooks.put(callback, action);
    return this;
  }

  void happened(String what, String detail) {
    events.add(detail.isEmpty() ? what : what + " " + detail);
    LongConsumer hook = hooks.get(what);
    if (hook != null) {
      hook.accept(connection);
    }
  }

  // ---- What was sent ---------------------------------------------------------------------------

  boolean isMine(byte[] packet) {
    ByteBuffer b = ByteBuffer.wrap(packet);
    int ip = ipHeader();
    boolean isToPeer =
        setup.ipv6
            ? packet[0] >>> 4 == 6
                && packet[6] == 6
                && b.getLong(24) == peer.high()
                && b.getLong(32) == peer.low()
            : packet[0] >>> 4 == 4 && packet[9] == 6 && b.getInt(16) == peer.ipv4();
    return isToPeer
        && (b.getShort(ip) & 0xFFFF) == localPort
        && (b.getShort(ip + 2) & 0xFFFF) == remotePort;
  }

  void take(Sent s) {
    if (s.has(SYN) && (!issKnown || !s.has(ACK) || s.seqAbsolute != iss)) {
      iss = s.seqAbsolute;
      issKnown = true;
      ourNxt = 0;
    }
    s.seq = s.seqAbsolute - iss;
    s.ack = s.ackAbsolute - irs;
    if (!s.has(RST) && s.seq + s.seqLength() > ourNxt) {
      ourNxt = s.seq + s.seqLength();
    }
    lastTsVal = s.hasTimestamp ? s.tsVal : lastTsVal;
    int first = s.seq + (s.has(SYN) ? 1 : 0);
    for (int i = 0; i < s.payload.length; i++) {
      assertEquals(ourByte(first + i), s.payload[i], () -> "payload of " + s);
    }
    out.add(s);
  }

  /** The next segment, with exactly these flags; PSH is not looked at. */
  Sent sends(int flags) {
    assertFalse(out.isEmpty(), () -> "nothing was sent, expected " + Seg.name(flags));
    Sent s = out.remove();
    assertEquals(
        Seg.name(flags & ~Seg.PSH), Seg.name(s.flags & ~Seg.PSH), () -> s + ", then " + out);
    return s;
  }

  TcpFixture sendsNothing() {
    assertTrue(out.isEmpty(), () -> "sent " + out);
    return this;
  }

  /** All segments sent and not yet looked at. */
  List<Sent> sent() {
    var all = new ArrayList<>(out);
    out.clear();
    return all;
  }

  // ---- Time and state --------------------------------------------------------------------------

  /** Virtual time passes; every timer on the way fires at its time. */
  TcpFixture advance(long millis) {
    advanceTo(host.now + millis * MS);
    return this;
  }

  private void advanceTo(long end) {
    while (true) {
      long next = context.nextDeadlineNanos();
      if (next > end) {
        break;
      }
      host.now = Math.max(next, host.now);
      host.poll();
      if (context.nextDeadlineNanos() <= host.now) {
        host.now = Math.min(host.now + MS, Math.max(end, host.now));
        if (host.now >= end) {
          break;
        }
      }
    }
    host.now = Math.max(host.now, end);
    host.poll();
  }

  /** Lets time pass until something is sent, at most so long; returns how long it took, in ms. */
  double untilSends(long mostMillis) {
    long begin = host.now;
    long end = begin + mostMillis * MS;
    while (out.isEmpty()) {
      long next = context.nextDeadlineNanos();
      if (next > end) {
        throw new AssertionError("nothing was sent within " + mostMillis + " ms");
      }
      host.now = Math.max(next, host.now + 1_000);
      host.poll();
    }
    return (double) (host.now - begin) / MS;
  }

  /** As {@link #untilSends}, but the connection may end instead. */
  double untilSendsOrEnds() {
    long begin = host.now;
    while (out.isEmpty() && reason == null) {
      host.now = Math.max(context.nextDeadlineNanos(), host.now + 1_000);
      host.poll();
    }
    return (double) (host.now - begin) / MS;
  }

  /** As if text had come before: the ACK of a single segment waits. */
  private void hasHeardText() {
    Machinery m = host.machinery();
    int slot = find(m);
    if (slot != RecordStore.NONE) {
      Tcb tcb = m.desk.open(slot);
      tcb.delaysAck = true;
      m.desk.close(tcb);
    }
  }

  private int find(Machinery m) {
    return m.demultiplexer.find(
        own().high(), own().low(), localPort, peer().high(), peer().low(), remotePort);
  }

  State state() {
    Machinery m = host.machinery();
    int slot = find(m);
    if (slot == RecordStore.NONE) {
      boolean listens = m.listeners.find(own().high(), own().low(), localPort) != null;
      return listens ? State.LISTEN : State.CLOSED;
    }
    Tcb tcb = m.desk.open(slot);
    State state = tcb.state;
    m.desk.close(tcb);
    return state;
  }

  TcpFixture isIn(State expected) {
    assertEquals(expected, state());
    return this;
  }

  /** Of this peer and of all others there is nothing: no connection, no record, no block. */
  TcpFixture keepsNothing() {
    assertEquals(0, context.connections(), "connections");
    assertEquals(0, blocksInUse(), "blocks");
    return this;
  }

  /** No connection, whether or not somebody listens. */
  TcpFixture isGone() {
    State state = state();
    assertTrue(state == State.CLOSED || state == State.LISTEN, () -> "still in " + state);
    return this;
  }

  TcpFixture isEstablished() {
    return isIn(State.ESTABLISHED);
  }

  /** One of the connection's variables. */
  int number(ToIntFunction<Tcb> variable) {
    Machinery m = host.machinery();
    int slot = find(m);
    assertTrue(slot >= 0, "there is no connection");
    Tcb tcb = m.desk.open(slot);
    int value = variable.applyAsInt(tcb);
    m.desk.close(tcb);
    return value;
  }

  /** Whether something is so of the connection's variables. */
  boolean is(Predicate<Tcb> condition) {
    return number(t -> condition.test(t) ? 1 : 0) == 1;
  }

  /** All of the peer's stream so far, exactly so many bytes of it. */
  TcpFixture delivered(int bytes) {
    assertEquals(bytes, delivered, "bytes delivered");
    assertTrue(exact, "bytes delivered differ from those sent");
    return this;
  }

  TcpFixture heard(String... expected) {
    assertEquals(Arrays.asList(expected), events);
    events.clear();
    return this;
  }

  TcpFixture heardNothing() {
    return heard();
  }

  long counted(Event event) {
    return host.counted(event);
  }

  int blocksInUse() {
    return host.memory.blocks().inUse();
  }

  /** Ends the context and asserts that everything came back. */
  void allReturns() {
    context.close();
    host.memory.close();
  }

  /** Throws anything from where only unchecked exceptions may be. */
  @SuppressWarnings("unchecked")
  static <T extends Throwable> void sneak(Throwable t) throws T {
    throw (T) t;
  }
}
