package wisp.drivers.afxdp;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.wire.EthernetHeader;
import wisp.core.wire.Icmpv6Header;
import wisp.drivers.Framing;
import wisp.drivers.linux.WakeEvent;

/**
 * What a link and the others of its interface tell each other. A card gives a frame to one queue,
 * but some frames concern every context behind them: ARP and neighbour discovery, for each has
 * neighbours of its own, and errors, for nobody knows at once whose packet they speak of.
 */
final class Siblings {
  /** Frames of others that a burst gets. */
  private static final int MOST = 16;

  private static final int ICMP = 1;
  private static final int ICMPV6 = 58;
  private static final int IPV4_PROTOCOL = 9;
  private static final int IPV6_NEXT_HEADER = 6;
  private static final int IPV6_BYTES = 40;
  private static final int UNREACHABLE = 3;
  private static final int TIME_EXCEEDED = 11;
  private static final int PARAMETER_PROBLEM = 12;

  private final XdpProgram program;
  private final SignalBox own;
  private final SignalBox[] known = new SignalBox[XdpProgram.MOST_QUEUES];
  private final long[] read = new long[XdpProgram.MOST_QUEUES];
  private final MemorySegment inbox;

  /**
   * Joins those who use the program.
   *
   * @param arena where frames of others are copied to
   */
  Siblings(XdpProgram program, int queue, WakeEvent wakeEvent, Arena arena) {
    this.program = program;
    own = new SignalBox(queue, wakeEvent);
    inbox = arena.allocate((long) MOST * SignalBox.PLACE_BYTES, 64);
    program.join(own);
  }

  /**
   * Tells the others what came with a burst and concerns them, and adds what they have told.
   *
   * @param first of the frames that are new in it
   */
  void exchange(Burst burst, int first) {
    SignalBox[] all = program.boxes();
    if (all.length > 1) {
      tell(burst, first, all);
      listen(burst, all);
    }
  }

  private void tell(Burst burst, int first, SignalBox[] all) {
    boolean told = false;
    for (int i = first; i < burst.size(); i++) {
      if (concernsAll(burst.memory(i), burst.start(i), burst.length(i))) {
        told |= own.post(burst, i);
      }
    }
    for (int i = 0; told && i < all.length; i++) {
      if (all[i] != own) {
        all[i].wake();
      }
    }
  }

  private void listen(Burst burst, SignalBox[] all) {
    int room = MOST;
    for (SignalBox box : all) {
      int queue = box.queue();
      if (box == own) {
        continue;
      }
      long told = box.told();
      if (known[queue] != box) {
        known[queue] = box;
        read[queue] = told; // what was told before we knew it concerns others
      }
      long next = Math.max(read[queue], SignalBox.oldest(told));
      for (; next < told && room > 0 && !burst.isFull(); next++) {
        room--;
        box.read(next, inbox, (long) room * SignalBox.PLACE_BYTES, burst);
      }
      read[queue] = next;
    }
  }

  /** Whether it is ARP, neighbour discovery or an error. */
  static boolean concernsAll(MemorySegment memory, long start, int length) {
    int offset = Framing.ipOffset(Link.Kind.ETHERNET, memory, start, length);
    if (offset < 0) {
      return length > EthernetHeader.LENGTH
          && octet(memory, start + 12) == EthernetHeader.TYPE_ARP >>> 8
          && octet(memory, start + 13) == (EthernetHeader.TYPE_ARP & 0xFF);
    }
    long ip = start + offset;
    boolean ipv4 = octet(memory, ip) >>> 4 == 4;
    int protocol = octet(memory, ip + (ipv4 ? IPV4_PROTOCOL : IPV6_NEXT_HEADER));
    int headerBytes = ipv4 ? (octet(memory, ip) & 0xF) * 4 : IPV6_BYTES;
    if (protocol != (ipv4 ? ICMP : ICMPV6) || offset + headerBytes >= length) {
      return false;
    }
    int type = octet(memory, ip + headerBytes);
    return ipv4
        ? type == UNREACHABLE || type == TIME_EXCEEDED || type == PARAMETER_PROBLEM
        : type <= Icmpv6Header.PARAMETER_PROBLEM
            || (type >= Icmpv6Header.ROUTER_SOLICITATION && type <= Icmpv6Header.REDIRECT);
  }

  private static int octet(MemorySegment memory, long at) {
    return memory.get(JAVA_BYTE, at) & 0xFF;
  }

  /** Others are told no more. */
  void leave() {
    program.leave(own);
  }
}
