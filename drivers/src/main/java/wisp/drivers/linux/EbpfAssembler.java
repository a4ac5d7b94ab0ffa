package wisp.drivers.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Assembles an eBPF program: the few instructions that a packet filter needs. Registers are 0 … 9;
 * 0 has results, 1 the argument, 1 … 5 do not survive a call. Jumps lead forward, to labels. (RFC
 * 9669)
 *
 * <pre>
 *   instruction (8 B)   operation 1 │ source 4 bits, destination 4 bits │ offset 2 │ immediate 4, least byte first
 * </pre>
 */
public final class EbpfAssembler {
  /** Widths of loads, in bytes, as operations. */
  private static final int LOAD_1 = 0x71;

  private static final int LOAD_2 = 0x69;
  private static final int LOAD_4 = 0x61;
  private static final int LOAD_8 = 0x79;
  private static final int LOAD_PACKET_1 = 0x30;
  private static final int LOAD_PACKET_2 = 0x28;
  private static final int LOAD_PACKET_4 = 0x20;
  private static final int LOAD_PACKET_2_AT = 0x48;
  private static final int MOVE = 0xBF;
  private static final int SET = 0xB7;
  private static final int SET_WIDE = 0x18;
  private static final int ADD_NUMBER = 0x07;
  private static final int AND = 0x5F;
  private static final int AND_NUMBER_4 = 0x54;
  private static final int XOR_4 = 0xAC;
  private static final int MULTIPLY_NUMBER_4 = 0x24;
  private static final int SHIFT_LEFT_4 = 0x64;
  private static final int SHIFT_RIGHT_4 = 0x74;
  private static final int TO_BIG_ENDIAN = 0xDC;
  private static final int JUMP = 0x05;
  private static final int JUMP_IF_GREATER = 0x2D;
  private static final int JUMP_IF_SAME = 0x1D;
  private static final int JUMP_IF_DIFFERENT = 0x5D;
  private static final int JUMP_IF_BITS = 0x45;
  private static final int JUMP_IF_EQUAL_4 = 0x16;
  private static final int JUMP_IF_UNEQUAL_4 = 0x56;
  private static final int CALL = 0x85;
  private static final int EXIT = 0x95;
  private static final int MAP_DESCRIPTOR = 1; // as source of SET_WIDE
  private static final int LONGEST_JUMP = Short.MAX_VALUE;

  private long[] code = new long[64];
  private int size;
  private final Map<Integer, String> jumps = new HashMap<>(); // from where to which label
  private final Map<String, Integer> labels = new HashMap<>();

  /**
   * {@code to = what lies at offset from a pointer}, in the machine's order: 1, 2, 4 or 8 bytes.
   */
  public EbpfAssembler load(int to, int bytes, int pointer, int offset) {
    int operation =
        switch (bytes) {
          case 1 -> LOAD_1;
          case 2 -> LOAD_2;
          case 4 -> LOAD_4;
          case 8 -> LOAD_8;
          default -> throw new IllegalArgumentException(bytes + " bytes");
        };
    return add(operation, to, pointer, offset, 0);
  }

  /**
   * {@code 0 = what lies at offset of the packet}, 1, 2 or 4 bytes in network order made the
   * machine's; where there is nothing the program ends with 0. For programs of sockets: register 6
   * must hold their argument, 1 … 5 do not survive. An offset from {@link
   * ClassicBpf#FROM_NETWORK_HEADER} on counts from there.
   */
  public EbpfAssembler loadPacket(int bytes, int offset) {
    int operation =
        switch (bytes) {
          case 1 -> LOAD_PACKET_1;
          case 2 -> LOAD_PACKET_2;
          case 4 -> LOAD_PACKET_4;
          default -> throw new IllegalArgumentException(bytes + " bytes");
        };
    return add(operation, 0, 0, 0, offset);
  }

  /** As {@link #loadPacket}, 2 bytes at an offset beyond what a register holds. */
  public EbpfAssembler loadPacketHalfAt(int register, int offset) {
    return add(LOAD_PACKET_2_AT, 0, register, 0, offset);
  }

  /** On the lower 32 bits, as are the next three; the upper ones become zero. */
  public EbpfAssembler xor(int to, int from) {
    return add(XOR_4, to, from, 0, 0);
  }

  public EbpfAssembler multiply(int to, int number) {
    return add(MULTIPLY_NUMBER_4, to, 0, 0, number);
  }

  public EbpfAssembler shiftLeft(int to, int bits) {
    return add(SHIFT_LEFT_4, to, 0, 0, bits);
  }

  public EbpfAssembler shiftRight(int to, int bits) {
    return add(SHIFT_RIGHT_4, to, 0, 0, bits);
  }

  public EbpfAssembler move(int to, int from) {
    return add(MOVE, to, from, 0, 0);
  }

  public EbpfAssembler set(int to, int number) {
    return add(SET, to, 0, 0, number);
  }

  public EbpfAssembler setWide(int to, long number) {
    return wide(to, 0, number);
  }

  /** {@code to = a map}, by its descriptor. */
  public EbpfAssembler setMap(int to, int descriptor) {
    return wide(to, MAP_DESCRIPTOR, descriptor & 0xFFFF_FFFFL);
  }

  public EbpfAssembler add(int to, int number) {
    return add(ADD_NUMBER, to, 0, 0, number);
  }

  public EbpfAssembler and(int to, int from) {
    return add(AND, to, from, 0, 0);
  }

  /** On the lower 32 bits; the upper ones become zero. */
  public EbpfAssembler andNumber(int to, int number) {
    return add(AND_NUMBER_4, to, 0, 0, number);
  }

  /** Between the machine's and the network's order: the lower 32 bits alone, or all 64. */
  public EbpfAssembler networkOrder(int register, int bits) {
    return add(TO_BIG_ENDIAN, register, 0, 0, bits);
  }

  public EbpfAssembler jump(String label) {
    return jump(JUMP, 0, 0, 0, label);
  }

  /** Unsigned. */
  public EbpfAssembler jumpIfGreater(int a, int b, String label) {
    return jump(JUMP_IF_GREATER, a, b, 0, label);
  }

  public EbpfAssembler jumpIfSame(int a, int b, String label) {
    return jump(JUMP_IF_SAME, a, b, 0, label);
  }

  public EbpfAssembler jumpIfDifferent(int a, int b, String label) {
    return jump(JUMP_IF_DIFFERENT, a, b, 0, label);
  }

  /** When any of these bits is set. */
  public EbpfAssembler jumpIfBits(int a, int bits, String label) {
    return jump(JUMP_IF_BITS, a, 0, bits, label);
  }

  /** Looks at the lower 32 bits. */
  public EbpfAssembler jumpIfEqual(int a, int number, String label) {
    return jump(JUMP_IF_EQUAL_4, a, 0, number, label);
  }

  /** Looks at the lower 32 bits. */
  public EbpfAssembler jumpIfUnequal(int a, int number, String label) {
    return jump(JUMP_IF_UNEQUAL_4, a, 0, number, label);
  }

  /** Calls a helper of the kernel's, by number. */
  public EbpfAssembler call(int helper) {
    return add(CALL, 0, 0, 0, helper);
  }

  /** Ends; the result is in register 0. */
  public EbpfAssembler exit() {
    return add(EXIT, 0, 0, 0, 0);
  }

  /** The next instruction is where jumps to that label lead. */
  public EbpfAssembler label(String name) {
    if (labels.put(name, size) != null) {
      throw new IllegalStateException("label " + name + " is there twice");
    }
    return this;
  }

  /** Instructions so far. */
  public int size() {
    return size;
  }

  /** The program, as the kernel takes it. */
  public MemorySegment build(Arena arena) {
    jumps.forEach(this::resolve);
    MemorySegment program = arena.allocate((long) size * BpfCalls.INSTRUCTION_BYTES, 8);
    for (int i = 0; i < size; i++) {
      program.set(JAVA_LONG_UNALIGNED, (long) i * BpfCalls.INSTRUCTION_BYTES, code[i]);
    }
    return program;
  }

  private void resolve(int from, String label) {
    Integer to = labels.get(label);
    if (to == null || to <= from || to - from - 1 > LONGEST_JUMP) {
      throw new IllegalStateException("no way from instruction " + from + " to label " + label);
    }
    code[from] = code[from] & ~0xFFFF_0000L | (long) (to - from - 1) << 16;
  }

  private EbpfAssembler jump(int operation, int a, int b, int number, String label) {
    jumps.put(size, label);
    return add(operation, a, b, 0, number);
  }

  /** The only instruction of twice the length. */
  private EbpfAssembler wide(int to, int source, long number) {
    add(SET_WIDE, to, source, 0, (int) number);
    return add(0, 0, 0, 0, (int) (number >>> 32));
  }

  private EbpfAssembler add(int operation, int to, int from, int offset, int number) {
    if (size == code.length) {
      code = Arrays.copyOf(code, 2 * size);
    }
    code[size++] =
        operation | (long) (from << 4 | to) << 8 | (offset & 0xFFFFL) << 16 | (long) number << 32;
    return this;
  }
}
