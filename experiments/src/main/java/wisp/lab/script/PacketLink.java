package wisp.lab.script;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;

/** A link whose other end is a script: packets are put in and taken out one by one. */
final class PacketLink implements Link {
  /** One that left the stack. */
  record Packet(long micros, byte[] bytes) {}

  private final int mtu;
  private final LongSupplier clockMicros;
  private final ArrayDeque<byte[]> incoming = new ArrayDeque<>();
  private final ArrayDeque<Packet> outgoing = new ArrayDeque<>();
  private final MemorySegment transmit = MemorySegment.ofArray(new byte[65_536]);

  /** Packets carry the time of this clock. */
  PacketLink(int mtu, LongSupplier clockMicros) {
    this.mtu = mtu;
    this.clockMicros = clockMicros;
  }

  void put(byte[] packet) {
    incoming.add(packet);
  }

  @Nullable Packet take() {
    return outgoing.poll();
  }

  boolean hasIncoming() {
    return !incoming.isEmpty();
  }

  @Override
  public String name() {
    return "script";
  }

  @Override
  public Kind kind() {
    return Kind.IP;
  }

  @Override
  public int mtu() {
    return mtu;
  }

  @Override
  public LinkOffloads offloads() {
    return LinkOffloads.NONE;
  }

  @Override
  public int receive(Burst burst) {
    byte[] packet = incoming.poll();
    if (packet == null || burst.isFull()) {
      return 0;
    }
    burst.add(MemorySegment.ofArray(packet), 0, packet.length, 0);
    return 1;
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    packet.lend(transmit, 0);
    return bytes <= mtu;
  }

  @Override
  public void commit(TransmitPacket packet) {
    byte[] bytes =
        packet.memory.asSlice(packet.start, packet.length).toArray(ValueLayout.JAVA_BYTE);
    outgoing.add(new Packet(clockMicros.getAsLong(), bytes));
  }

  @Override
  public void cancel(TransmitPacket packet) {}

  @Override
  public void flush() {}

  @Override
  public void awaitReadable(long timeoutNanos) {}

  @Override
  public void wake() {}

  @Override
  public void close() {}
}
