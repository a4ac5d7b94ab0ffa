package wisp.drivers.tun;

import static wisp.drivers.linux.ClassicBpf.FROM_NETWORK_HEADER;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.drivers.linux.BpfCalls;
import wisp.drivers.linux.EbpfAssembler;
import wisp.drivers.linux.Libc;

/**
 * Has the kernel choose the queue of a packet by its {@link wisp.drivers.steering.FlowNumber},
 * which it then takes modulo the number of queues. (TUNSETSTEERINGEBPF, Linux 4.16)
 *
 * <p>Without it a flow goes to the queue on which we last sent, if that is one of the 4,096 flows
 * of the last three seconds, else anywhere; and what the kernel answers at once, while it takes a
 * packet, still goes to the former queue, so that the next may overtake it.
 */
final class QueueProgram {
  private static final long TUNSETSTEERINGEBPF = 0x800454e0L;
  private static final int NET = FROM_NETWORK_HEADER;
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int SCRAMBLER = 0x9E3779B1;
  private static final int OFFSET_OR_MORE = 0x3FFF;

  // Registers.
  private static final int RESULT = 0;
  private static final int ARGUMENT = 1;
  private static final int PACKET = 6; // where loads of packets want it
  private static final int FLOW = 7;
  private static final int HEADER = 8;

  private QueueProgram() {}

  /**
   * Gives the device the program, which stays until the device goes.
   *
   * @param device descriptor of one of its queues
   * @return false: the kernel can't or we mayn't
   */
  static boolean attach(int device, Libc libc) {
    try (Arena arena = Arena.ofConfined()) {
      int program =
          new BpfCalls(arena).loadSocketFilter(instructions().build(arena), "wisp_queues");
      if (program < 0) {
        return false;
      }
      MemorySegment descriptor = arena.allocate(ValueLayout.JAVA_INT);
      descriptor.set(ValueLayout.JAVA_INT, 0, program);
      int result = libc.ioctl(device, TUNSETSTEERINGEBPF, descriptor.address());
      libc.close(program);
      return result >= 0;
    }
  }

  private static EbpfAssembler instructions() {
    var program = new EbpfAssembler();
    program.move(PACKET, ARGUMENT);
    program.loadPacket(1, NET).shiftRight(RESULT, 4);
    program.jumpIfEqual(RESULT, 4, "ipv4").jumpIfEqual(RESULT, 6, "ipv6").jump("other");

    program.label("ipv4").loadPacket(4, NET + 12).move(FLOW, RESULT);
    program.loadPacket(4, NET + 16).xor(FLOW, RESULT);
    program.loadPacket(2, NET + 6).jumpIfBits(RESULT, OFFSET_OR_MORE, "number");
    program.loadPacket(1, NET).andNumber(RESULT, 0xF).shiftLeft(RESULT, 2).move(HEADER, RESULT);
    program.loadPacket(1, NET + 9);
    program.jumpIfEqual(RESULT, TCP, "ports").jumpIfEqual(RESULT, UDP, "ports").jump("number");

    program.label("ipv6").set(FLOW, 0);
    for (int at = 8; at < 40; at += 4) {
      program.loadPacket(4, NET + at).xor(FLOW, RESULT);
    }
    program.set(HEADER, 40);
    program.loadPacket(1, NET + 6);
    program.jumpIfEqual(RESULT, TCP, "ports").jumpIfEqual(RESULT, UDP, "ports").jump("number");

    program.label("ports");
    program.loadPacketHalfAt(HEADER, NET).xor(FLOW, RESULT);
    program.loadPacketHalfAt(HEADER, NET + 2).xor(FLOW, RESULT);
    program.label("number").multiply(FLOW, SCRAMBLER).move(RESULT, FLOW).shiftRight(RESULT, 15);
    program.xor(FLOW, RESULT).multiply(FLOW, SCRAMBLER).shiftRight(FLOW, 16);
    program.move(RESULT, FLOW).exit();
    return program.label("other").set(RESULT, 0).exit();
  }
}
