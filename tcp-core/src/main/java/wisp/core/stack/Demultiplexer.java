package wisp.core.stack;

import java.lang.foreign.MemorySegment;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.ip.DrawnLimit;
import wisp.core.ip.IpPacket;
import wisp.core.ip.Loopback;
import wisp.core.spi.Burst;
import wisp.core.tcp.SegmentArrives;
import wisp.core.tcp.Seq;
import wisp.core.tcp.State;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpEnvironment;
import wisp.core.tcp.TcpOutput;
import wisp.core.wire.Ipv4Header;
import wisp.core.wire.TcpHeader;
import wisp.core.wire.TcpOptions;

/**
 * From packets to connections, a burst in three passes: headers, keys and index lines; then
 * records; then the protocol. The first two only look and warm the cache, so that with millions of
 * connections the misses of a burst overlap; the third looks again when something has changed in
 * between.
 */
final class Demultiplexer {
  private static final int SKIP = -2;

  private final TcpEnvironment env;
  private final Records records;
  private final Bindings bindings;
  private final TcbDesk desk;
  private final Network network;
  private final IpPacket packet;
  private final int frameBytes;
  private final SegmentArrives segmentArrives;
  private final TcpOutput output;
  private final PassiveOpens passiveOpens;
  private final CookieOpens cookieOpens;
  private final DrawnLimit strayResets;

  private final LookAhead ahead = new LookAhead();
  private final TcpHeader tcp = new TcpHeader();
  private final TcpOptions options = new TcpOptions();
  private final long[] highs = new long[Burst.CAPACITY];
  private final long[] lows = new long[Burst.CAPACITY];
  private final int[] tails = new int[Burst.CAPACITY];
  private final int[] slots = new int[Burst.CAPACITY];

  Demultiplexer(
      TcpEnvironment env,
      Records records,
      Bindings bindings,
      TcbDesk desk,
      Network network,
      SegmentArrives segmentArrives,
      TcpOutput output,
      PassiveOpens passiveOpens,
      CookieOpens cookieOpens,
      DrawnLimit strayResets) {
    this.env = env;
    this.records = records;
    this.bindings = bindings;
    this.desk = desk;
    this.network = network;
    this.packet = network.input.packet();
    this.frameBytes = network.frameBytes();
    this.segmentArrives = segmentArrives;
    this.output = output;
    this.passiveOpens = passiveOpens;
    this.cookieOpens = cookieOpens;
    this.strayResets = strayResets;
  }

  /** All packets of a burst, in order. */
  void process(Burst burst) {
    int n = burst.size();
    env.counters.add(Event.PACKETS_RECEIVED, n);
    if (n > 1) {
      lookAhead(burst, n);
    }
    for (int i = 0; i < n; i++) {
      packet(burst.memory(i), burst.start(i), burst.length(i), burst.flags(i), n > 1 ? i : SKIP);
    }
  }

  // ---- Passes 1 and 2: hints -------------------------------------------------------------------

  private void lookAhead(Burst burst, int n) {
    for (int i = 0; i < n; i++) {
      slots[i] = SKIP;
      int skip = (burst.flags(i) & Loopback.LOOPED) != 0 ? 0 : frameBytes;
      if (!ahead.look(burst.memory(i), burst.start(i) + skip, burst.length(i) - skip)) {
        continue;
      }
      int binding =
          bindings.first(false, ahead.destinationHigh, ahead.destinationLow, ahead.destinationPort);
      boolean active = binding == Bindings.NONE;
      if (active) {
        binding = bindings.first(true, ahead.sourceHigh, ahead.sourceLow, ahead.sourcePort);
      }
      if (binding != Bindings.NONE) {
        highs[i] = active ? ahead.destinationHigh : ahead.sourceHigh;
        lows[i] = active ? ahead.destinationLow : ahead.sourceLow;
        tails[i] = Bindings.tail(active ? ahead.destinationPort : ahead.sourcePort, binding);
        slots[i] = Records.NONE;
        records.prefetchIndex(highs[i], lows[i], tails[i]);
      }
    }
    for (int i = 0; i < n; i++) {
      if (slots[i] != SKIP) {
        slots[i] = records.find(highs[i], lows[i], tails[i]);
      }
    }
  }

  // ---- Pass 3: the protocol --------------------------------------------------------------------

  private void packet(MemorySegment memory, long start, int length, int flags, int hint) {
    boolean looped = (flags & Loopback.LOOPED) != 0;
    if (!network.accept(memory, start, length, looped)) {
      return;
    }
    boolean checksumTrusted = (flags & Burst.CHECKSUM_TRUSTED) != 0 && !packet.wasFragmented;
    switch (packet.protocol) {
      case Ipv4Header.PROTOCOL_TCP -> segment(checksumTrusted, packet.wasFragmented ? SKIP : hint);
      case Ipv4Header.PROTOCOL_UDP -> network.udp.receive(packet, checksumTrusted, env.nowNanos);
      default -> network.icmp.receive(packet, env.nowNanos);
    }
  }

  private void segment(boolean checksumTrusted, int hint) {
    Counters counters = env.counters;
    if (packet.toGroup) {
      counters.add(Event.DROP_IP_DESTINATION);
      return;
    }
    int length = packet.payloadLength;
    if (!tcp.wrap(packet.memory, packet.payloadStart, length)) {
      counters.add(Event.DROP_TCP_LENGTH);
      return;
    }
    if (!checksumTrusted && !tcp.checksumOk(packet.pseudoHeader(length))) {
      counters.add(Event.DROP_TCP_CHECKSUM);
      return;
    }
    if (tcp.sourcePort() == 0 || tcp.destinationPort() == 0) {
      counters.add(Event.DROP_TCP_PORT);
      return;
    }
    counters.add(Event.SEGMENTS_RECEIVED);
    options.parse(tcp);
    int slot = slotHinted(hint);
    if (slot == Records.NONE) {
      slot =
          find(
              packet.destinationHigh,
              packet.destinationLow,
              tcp.destinationPort(),
              packet.sourceHigh,
              packet.sourceLow,
              tcp.sourcePort());
    }
    if (slot == Records.NONE) {
      forNoConnection(PassiveOpens.NO_FORMER);
    } else {
      forConnection(slot);
    }
  }

  /** The slot that pass 2 found, if the record there is still the one of this packet. */
  private int slotHinted(int hint) {
    if (hint == SKIP) {
      return Records.NONE;
    }
    int slot = slots[hint];
    return slot >= 0
            && records.isLive(slot)
            && records.hasKey(slot, highs[hint], lows[hint], tails[hint])
        ? slot
        : Records.NONE;
  }

  /** The record of a four-tuple, whoever opened it. */
  int find(
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort) {
    int b = bindings.first(false, localHigh, localLow, localPort);
    for (; b != Bindings.NONE; b = bindings.next(b)) {
      int slot = records.find(remoteHigh, remoteLow, Bindings.tail(remotePort, b));
      if (slot != Records.NONE) {
        return slot;
      }
    }
    b = bindings.first(true, remoteHigh, remoteLow, remotePort);
    for (; b != Bindings.NONE; b = bindings.next(b)) {
      int slot = records.find(localHigh, localLow, Bindings.tail(localPort, b));
      if (slot != Records.NONE) {
        return slot;
      }
    }
    return Records.NONE;
  }

  private void forConnection(int slot) {
    Tcb tcb = desk.open(slot);
    long former = tcb.state == State.TIME_WAIT ? tcb.sndNxt : PassiveOpens.NO_FORMER;
    // Only what follows exactly may change the way: anybody can name a route.
    boolean changesRoute = packet.routeBytes > 0 && tcp.seq() == tcb.rcvNxt;
    boolean isForWhoFollows;
    try {
      if (changesRoute && isConfirmedBy(tcb)) {
        desk.routeReceived(tcb, packet);
      }
      isForWhoFollows = segmentArrives.segmentArrives(tcb, tcp, options, packet.ecn());
    } finally {
      desk.close(tcb);
    }
    if (isForWhoFollows) {
      desk.removeNow(slot);
      forNoConnection(former);
    }
  }

  /** Whether the segment in hand acknowledges what we have sent, and no more. */
  private boolean isConfirmedBy(Tcb tcb) {
    return tcb.state.isSynchronized()
        && tcb.state != State.TIME_WAIT
        && tcp.has(TcpHeader.ACK)
        && Seq.atOrAfter(tcp.ackNo(), tcb.sndUna)
        && Seq.atOrBefore(tcp.ackNo(), tcb.sndNxt);
  }

  /** Whether it is not of a connection that another context on the same device may have. */
  private boolean isForUs() {
    return network.link.brings(
        packet.destinationHigh,
        packet.destinationLow,
        tcp.destinationPort(),
        packet.sourceHigh,
        packet.sourceLow,
        tcp.sourcePort());
  }

  /** LISTEN (§3.10.7.2) or CLOSED (§3.10.7.1). */
  private void forNoConnection(long former) {
    if (!isForUs()) {
      env.counters.add(Event.DROP_OTHER_CONTEXT);
      return;
    }
    if (tcp.has(TcpHeader.RST)) {
      env.counters.add(Event.DROP_NO_CONNECTION);
      return;
    }
    if (!tcp.has(TcpHeader.ACK) && passiveOpens.offer(packet, tcp, options, former)) {
      return;
    }
    boolean mayBeCookie = tcp.has(TcpHeader.ACK) && !tcp.has(TcpHeader.SYN);
    if (mayBeCookie && cookieOpens.offer(packet, tcp, options)) {
      return;
    }
    env.counters.add(Event.DROP_NO_CONNECTION);
    if (strayResets.permits(env.nowNanos)) {
      output.sendReset(packet, tcp);
    } else {
      env.counters.add(Event.RESETS_WITHHELD);
    }
  }
}
