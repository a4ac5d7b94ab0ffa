package wisp.core.ip;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import wisp.core.Counters;
import wisp.core.ip.ndp.AddressListener;
import wisp.core.memory.Blocks;
import wisp.core.spi.KeyedHash;
import wisp.core.spi.TestEthernet;
import wisp.core.spi.TestMemory;
import wisp.core.wire.EthernetHeader;
import wisp.core.wire.HardwareAddress;
import wisp.core.wire.Icmpv6Header;
import wisp.core.wire.Ipv4Header;
import wisp.core.wire.Ipv6Header;

/** A host with a neighbourhood and just enough IP to try it. */
public final class Host implements AddressListener {
  public static final long FE80 = 0xFE80_0000_0000_0000L;
  static final int NO_NEXT_HEADER = 59;

  public final long hardware;
  public final int ipv4;
  public final long linkLocal;
  public final TestEthernet link;
  public final TestMemory memory = new TestMemory(1 << 20);
  public final Counters counters = new Counters();
  public final EthernetNeighbourhood hood;
  public final List<String> events = new ArrayList<>();
  public final List<Integer> delivered = new ArrayList<>();
  public final List<Integer> unreachable = new ArrayList<>();

  private final Lan lan;
  private final Ipv6Header ipv6 = new Ipv6Header();

  Host(Lan lan, int number) {
    this.lan = lan;
    hardware = 0x0200_0000_0000L | number;
    ipv4 = 0x0A00_0000 | number;
    linkLocal = HardwareAddress.interfaceIdentifier(hardware);
    link = new TestEthernet(hardware);
    long[] seed = {number};
    hood =
        new EthernetNeighbourhood(
            link,
            Blocks.plain(memory.blocks()),
            () -> new KeyedHash(seed[0]++, 7).hash(1),
            (high, low) -> high == 0 && (int) low == ipv4,
            1_024,
            this,
            (six, m, start, bytes) -> unreachable.add(bytes),
            counters);
  }

  public Host start() {
    hood.start(ipv4, true, true, lan.now);
    return this;
  }

  public static long mapped(int ipv4) {
    return 0xFFFF_0000_0000L | ipv4 & 0xFFFF_FFFFL;
  }

  /** A frame from the wire. */
  public void receiveFrame(byte[] frame) {
    var m = MemorySegment.ofArray(frame);
    int type = hood.receive(m, 0, frame.length, lan.now);
    long at = hood.frame().payloadStart();
    if (type == EthernetHeader.TYPE_IPV4) {
      delivered.add(frame.length - 14);
    } else if (type == EthernetHeader.TYPE_IPV6
        && ipv6.wrap(m, at, hood.frame().payloadLength())
        && isOurs(ipv6.destinationHigh(), ipv6.destinationLow())) {
      receiveIpv6(m, ipv6.nextHeader(), at + 40, ipv6.payloadLength());
    }
  }

  private boolean isOurs(long high, long low) {
    return hood.ndp().isOwn(high, low) || hood.ndp().groups().isMember(high, low);
  }

  private void receiveIpv6(MemorySegment m, int first, long start, int length) {
    int next = first;
    long at = start;
    int left = length;
    boolean alert = false;
    boolean fragmented = false;
    while (next == 0 || next == 44) {
      alert |= next == 0;
      fragmented |= next == 44;
      next = m.get(java.lang.foreign.ValueLayout.JAVA_BYTE, at) & 0xFF;
      at += 8;
      left -= 8;
    }
    if (next != 58) {
      delivered.add(length + 40);
      return;
    }
    int type = m.get(java.lang.foreign.ValueLayout.JAVA_BYTE, at) & 0xFF;
    if (type >= Icmpv6Header.ROUTER_SOLICITATION && type <= Icmpv6Header.REDIRECT) {
      hood.ndp().receive(ipv6, m, at, left, fragmented, lan.now);
    } else {
      hood.ndp().groups().receive(ipv6, m, at, left, alert, lan.now);
    }
  }

  /** Sends a packet of {@code bytes} bytes to an address on the link. */
  public void send(long high, long low, int bytes) {
    var m = MemorySegment.ofArray(new byte[Math.max(bytes, 40)]);
    boolean four = high == 0 && low >>> 32 == 0xFFFF;
    if (four) {
      Ipv4Header.write(m, 0, bytes, 17, ipv4, (int) low, 64, 0);
    } else {
      Ipv6Header.write(m, 0, bytes - 40, NO_NEXT_HEADER, FE80, linkLocal, high, low, 64, 0, 0);
    }
    long station = hood.cache().resolve(high, low, lan.now);
    if (station == HardwareAddress.UNKNOWN) {
      hood.cache().hold(high, low, m, 0, bytes);
    } else {
      hood.output().sendCopy(station, four ? 0x0800 : 0x86DD, m, 0, bytes);
    }
  }

  @Override
  public void preferred(long high, long low, int prefixBits) {
    events.add("preferred " + text(high, low) + "/" + prefixBits);
  }

  @Override
  public void deprecated(long high, long low) {
    events.add("deprecated " + text(high, low));
  }

  @Override
  public void removed(long high, long low) {
    events.add("removed " + text(high, low));
  }

  @Override
  public void duplicate(long high, long low) {
    events.add("duplicate " + text(high, low));
  }

  public static String text(long high, long low) {
    return Long.toHexString(high) + ":" + Long.toHexString(low);
  }
}
