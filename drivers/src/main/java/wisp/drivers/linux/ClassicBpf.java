package wisp.drivers.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Assembles a classic BPF program, which the kernel runs for each packet of a socket: an
 * accumulator A, a register X, sixteen words M. Jumps lead forward, to labels. ({@code
 * Documentation/networking/filter.rst})
 *
 * <pre>
 *   struct sock_filter (8 B)   code 2 │ jump if true 1 │ jump if false 1 │ k 4
 *   struct sock_fprog (16 B)   instructions 2, pad 6 │ address 8
 * </pre>
 */
public final class ClassicBpf {
  /** A = what lies at k of the packet: 4, 2 or 1 bytes, in network order. */
  public static final int LOAD_WORD = 0x20;

  public static final int LOAD_HALF = 0x28;
  public static final int LOAD_BYTE = 0x30;

  /** A = what lies at X + k. */
  public static final int LOAD_HALF_AT_X = 0x48;

  public static final int LOAD_BYTE_AT_X = 0x50;

  /** A = M[k], X = M[k], M[k] = A. */
  public static final int LOAD_M = 0x60;

  public static final int LOAD_X_M = 0x61;
  public static final int STORE_M = 0x02;

  /** X = A. */
  public static final int TAX = 0x07;

  /** A = A op k, or A ^ X. */
  public static final int AND = 0x54;

  public static final int SHIFT_LEFT = 0x64;
  public static final int SHIFT_RIGHT = 0x74;
  public static final int MULTIPLY = 0x24;
  public static final int XOR_X = 0xac;

  /** Jump if A = k, if A &amp; k ≠ 0, always. */
  public static final int IF_EQUAL = 0x15;

  public static final int IF_ANY_BIT = 0x45;
  private static final int GO = 0x05;

  /** The program's result: k, or A. */
  public static final int RETURN = 0x06;

  public static final int RETURN_A = 0x16;

  /** Added to k: counted from the network header, wherever the packet begins. */
  public static final int FROM_NETWORK_HEADER = -0x100000;

  /** As k: what the kernel knows of the packet. */
  public static final int ETHER_TYPE = -0x1000;

  public static final int VLAN_TAG = -0x1000 + 44;
  public static final int HAS_VLAN_TAG = -0x1000 + 48;

  private static final int INSTRUCTION_BYTES = 8;
  private static final int FARTHEST = 255;

  private record Instruction(int code, int k, @Nullable String ifTrue, @Nullable String ifFalse) {}

  private final List<Instruction> instructions = new ArrayList<>();
  private final Map<String, Integer> labels = new HashMap<>();

  /** Adds an instruction that is no jump. */
  public ClassicBpf add(int code, int k) {
    instructions.add(new Instruction(code, k, null, null));
    return this;
  }

  /** Adds a conditional jump; {@code null} as label is the next instruction. */
  public ClassicBpf jump(int code, int k, @Nullable String ifTrue, @Nullable String ifFalse) {
    instructions.add(new Instruction(code, k, ifTrue, ifFalse));
    return this;
  }

  /** Adds a jump. */
  public ClassicBpf go(String label) {
    return jump(GO, 0, label, null);
  }

  /** Names the next instruction. */
  public ClassicBpf label(String label) {
    labels.put(label, instructions.size());
    return this;
  }

  /** The program as a {@code struct sock_fprog}, in memory of the arena. */
  public MemorySegment build(Arena arena) {
    MemorySegment code = arena.allocate((long) instructions.size() * INSTRUCTION_BYTES, 8);
    for (int i = 0; i < instructions.size(); i++) {
      Instruction instruction = instructions.get(i);
      long at = (long) i * INSTRUCTION_BYTES;
      boolean always = instruction.code == GO;
      int ifTrue = distance(i, instruction.ifTrue);
      code.set(ValueLayout.JAVA_SHORT, at, (short) instruction.code);
      code.set(ValueLayout.JAVA_BYTE, at + 2, (byte) (always ? 0 : ifTrue));
      code.set(ValueLayout.JAVA_BYTE, at + 3, (byte) distance(i, instruction.ifFalse));
      code.set(ValueLayout.JAVA_INT, at + 4, always ? ifTrue : instruction.k);
    }
    MemorySegment program = arena.allocate(16, 8);
    program.set(ValueLayout.JAVA_SHORT, 0, (short) instructions.size());
    program.set(ValueLayout.JAVA_LONG, 8, code.address());
    return program;
  }

  private int distance(int from, @Nullable String label) {
    if (label == null) {
      return 0;
    }
    Integer to = labels.get(label);
    if (to == null || to <= from || to - from - 1 > FARTHEST) {
      throw new IllegalStateException("label " + label + " can't be reached from " + from);
    }
    return to - from - 1;
  }
}
