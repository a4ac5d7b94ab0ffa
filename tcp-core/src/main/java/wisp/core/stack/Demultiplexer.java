package wisp.core.stack;

import java.lang.foreign.MemorySegment;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.ip.Icmp;
import wisp.core.ip.Ipv4Input;
import wisp.core.spi.Burst;
import wisp.core.spi.RecordStore;
import wisp.core.tcp.SegmentArrives;
import wisp.core.tcp.State;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpEnvironment;
import wisp.core.tcp.TcpOutput;
import wisp.core.wire.Checksum;
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
  private final RecordStore records;
  private final Bindings bindings;
  private final TcbDesk desk;
  private final Ipv4Input input;
  private final Icmp icmp;
  private final SegmentArrives segmentArrives;
  private final TcpOutput output;
  private final PassiveOpens passiveOpens;

  private final Ipv4Header ip = new Ipv4Header();
  private final TcpHeader tcp = new TcpHeader();
  private final TcpOptions options = new TcpOptions();
  private final long[] keys = new long[Burst.CAPACITY];
  private final int[] slots = new int[Burst.CAPACITY];

  Demultiplexer(
      TcpEnvironment env,
      RecordStore records,
      Bindings bindings,
      TcbDesk desk,
      Ipv4Input input,
      Icmp icmp,
      SegmentArrives segmentArrives,
      TcpOutput output,
      PassiveOpens passiveOpens) {
    this.env = env;
    this.records = records;
    this.bindings = bindings;
    this.desk = desk;
    this.input = input;
    this.icmp = icmp;
    this.segmentArrives = segmentArrives;
    this.output = output;
    this.passiveOpens = passiveOpens;
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
      boolean isTcp =
          ip.wrap(burst.memory(i), burst.start(i), burst.length(i))
              && ip.protocol() == Ipv4Header.PROTOCOL_TCP
              && tcp.wrap(ip.memory(), ip.payloadStart(), ip.payloadLength());
      if (isTcp) {
        int binding = bindings.first(false, ip.destination(), tcp.destinationPort());
        boolean active = binding == Bindings.NONE;
        if (active) {
          binding = bindings.first(true, ip.source(), tcp.sourcePort());
        }
        if (binding != Bindings.NONE) {
          keys[i] =
              active
                  ? Bindings.key(ip.destination(), tcp.destinationPort(), binding)
                  : Bindings.key(ip.source(), tcp.sourcePort(), binding);
          slots[i] = RecordStore.NONE;
          records.prefetchIndex(0, Bindings.keyLow(keys[i]), (int) keys[i]);
        }
      }
    }
    for (int i = 0; i < n; i++) {
      if (slots[i] != SKIP) {
        slots[i] = find(keys[i]);
      }
    }
  }

  // ---- Pass 3: the protocol --------------------------------------------------------------------

  private void packet(MemorySegment memory, long start, int length, int flags, int hint) {
    if (!input.accept(ip, memory, start, length)) {
      return;
    }
    switch (ip.protocol()) {
      case Ipv4Header.PROTOCOL_TCP -> segment((flags & Burst.CHECKSUM_TRUSTED) != 0, hint);
      case Ipv4Header.PROTOCOL_ICMP -> icmp.receive(ip);
      case Ipv4Header.PROTOCOL_UDP -> {
        env.counters.add(Event.DROP_UDP);
        icmp.portUnreachable(ip, env.nowNanos);
      }
      default -> {
        env.counters.add(Event.DROP_IP_PROTOCOL);
        icmp.protocolUnreachable(ip, env.nowNanos);
      }
    }
  }

  private void segment(boolean checksumTrusted, int hint) {
    Counters counters = env.counters;
    int length = ip.payloadLength();
    if (!tcp.wrap(ip.memory(), ip.payloadStart(), length)) {
      counters.add(Event.DROP_TCP_LENGTH);
      return;
    }
    if (!checksumTrusted
        && !tcp.checksumOk(
            Checksum.pseudoHeaderIpv4(
                ip.source(), ip.destination(), Ipv4Header.PROTOCOL_TCP, length))) {
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
    if (slot == RecordStore.NONE) {
      slot = find(ip.destination(), tcp.destinationPort(), ip.source(), tcp.sourcePort());
    }
    if (slot == RecordStore.NONE) {
      forNoConnection(PassiveOpens.NO_FORMER);
    } else {
      forConnection(slot);
    }
  }

  /** The slot that pass 2 found, if the record there is still the one of this packet. */
  private int slotHinted(int hint) {
    if (hint == SKIP) {
      return RecordStore.NONE;
    }
    int slot = slots[hint];
    return slot >= 0 && records.isLive(slot) && Bindings.keyOf(records, slot) == keys[hint]
        ? slot
        : RecordStore.NONE;
  }

  /** The record of a four-tuple, whoever opened it. */
  int find(int localAddress, int localPort, int remoteAddress, int remotePort) {
    int b = bindings.first(false, localAddress, localPort);
    for (; b != Bindings.NONE; b = bindings.next(b)) {
      int slot = find(Bindings.key(remoteAddress, remotePort, b));
      if (slot != RecordStore.NONE) {
        return slot;
      }
    }
    b = bindings.first(true, remoteAddress, remotePort);
    for (; b != Bindings.NONE; b = bindings.next(b)) {
      int slot = find(Bindings.key(localAddress, localPort, b));
      if (slot != RecordStore.NONE) {
        return slot;
      }
    }
    return RecordStore.NONE;
  }

  private int find(long key) {
    return records.find(0, Bindings.keyLow(key), (int) key);
  }

  private void forConnection(int slot) {
    Tcb tcb = desk.open(slot);
    long former = tcb.state == State.TIME_WAIT ? tcb.sndNxt : PassiveOpens.NO_FORMER;
    boolean isForWhoFollows;
    try {
      isForWhoFollows = segmentArrives.segmentArrives(tcb, tcp, options);
    } finally {
      desk.close(tcb);
    }
    if (isForWhoFollows) {
      desk.removeNow(slot);
      forNoConnection(former);
    }
  }

  /** LISTEN (§3.10.7.2) or CLOSED (§3.10.7.1). */
  private void forNoConnection(long former) {
    if (tcp.has(TcpHeader.RST)) {
      env.counters.add(Event.DROP_NO_CONNECTION);
      return;
    }
    if (!tcp.has(TcpHeader.ACK) && passiveOpens.offer(ip, tcp, options, former)) {
      return;
    }
    env.counters.add(Event.DROP_NO_CONNECTION);
    boolean hasAck = tcp.has(TcpHeader.ACK);
    output.sendReset(
        ip.destination(),
        tcp.destinationPort(),
        ip.source(),
        tcp.sourcePort(),
        hasAck ? tcp.ackNo() : 0,
        hasAck ? 0 : tcp.seq() + tcp.seqLength(),
        !hasAck);
  }
}
