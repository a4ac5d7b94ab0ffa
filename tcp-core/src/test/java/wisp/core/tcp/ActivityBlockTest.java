package wisp.core.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import wisp.core.Counters;
import wisp.core.memory.Blocks;
import wisp.core.spi.BlockPool;

/**
 * Walks the table of docs/activity-block.md: what it says of a bit is so, and no bit is missing.
 */
@DisplayName("The activity block is what its table says, bit by bit")
class ActivityBlockTest {
  private static final int BLOCK = 0;
  private static final int BITS = BlockPool.ACTIVITY * 8;
  private static final Pattern ROW =
      Pattern.compile("\\| (\\d+) \\| (\\d+)(?:–(\\d+))? \\| (`.*?`) \\| (.+?) \\| (.+?) \\|");

  /** What must hold besides, so that a variable is in the block at all. */
  private static final Map<String, Consumer<Tcb>> WHERE =
      Map.of("resendNext", t -> t.resending = true, "resendEnd", t -> t.resending = true);

  /** One line: bits [from, to] of the block. */
  private record Row(int from, int to, List<String> variables) {
    @Override
    public String toString() {
      return from / 8 + ": " + variables;
    }

    BitSet bits() {
      var bits = new BitSet();
      bits.set(from, to + 1);
      return bits;
    }
  }

  private final MemorySegment memory = Arena.ofAuto().allocate(BlockPool.ACTIVITY, 8);

  @SuppressWarnings("NullAway") // the codec itself needs none of them
  private final Activity activity =
      new Activity(
          new TcpEnvironment(null, new Counters(), null, null, null),
          Blocks.plain(new OneBlock(memory)),
          null,
          null,
          null);

  private static Stream<Row> rows() throws IOException {
    String text =
        Files.readString(Path.of(System.getProperty("wisp.home"), "docs/activity-block.md"));
    var rows = new ArrayList<Row>();
    Matcher m = ROW.matcher(text);
    while (m.find()) {
      int from = Integer.parseInt(m.group(1)) * 8 + Integer.parseInt(m.group(2));
      int to =
          m.group(3) == null
              ? from
              : Integer.parseInt(m.group(1)) * 8 + Integer.parseInt(m.group(3));
      rows.add(new Row(from, to, List.of(m.group(4).replace("`", "").split(", "))));
    }
    return rows.stream();
  }

  private static Stream<Row> variableRows() throws IOException {
    return rows().filter(row -> row.from >= 32 * 8);
  }

  @Test
  void theLinesLieSideBySideAndFillTheBlock() throws IOException {
    int next = 0;
    for (Row row : rows().toList()) {
      assertEquals(next, row.from, row.toString());
      next = row.to + 1;
    }
    assertEquals(BITS, next);
  }

  @Test
  void theFirst32BytesAreWhereTheWheelAndTheListReachThem() throws Exception {
    for (Row row : rows().filter(row -> row.from < 32 * 8).toList()) {
      Field constant = Activity.class.getDeclaredField(row.variables.getFirst());
      assertEquals(row.from / 8, constant.getInt(null), row.toString());
    }
  }

  /** Each value of one bit changes one bit; a flag one; together they change all of the line. */
  @ParameterizedTest
  @MethodSource("variableRows")
  void aVariableIsInItsLineAndFillsItAndComesBack(Row row) throws Exception {
    var changed = new BitSet();
    for (String name : row.variables) {
      for (long value : values(name, row.to - row.from + 1)) {
        BitSet before = saved(atRest(name));
        Tcb tcb = atRest(name);
        set(tcb, name, value);
        BitSet difference = saved(tcb);
        difference.xor(before);
        var outside = (BitSet) difference.clone();
        outside.andNot(row.bits());
        assertTrue(outside.isEmpty(), () -> name + " = " + value + " changes bits " + outside);
        if (!row.variables.contains("accurateEcn")) {
          assertEquals(1, difference.cardinality(), name + " = " + value);
        }
        changed.or(difference);
        Tcb back = atRest(name);
        activity.load(back, BLOCK);
        if (!row.variables.contains("askedFast") || name.equals("askedFast")) {
          assertEquals(get(tcb, name), get(back, name), name);
        }
      }
    }
    assertEquals(row.bits(), changed, "bits of the line that no variable changes");
  }

  /**
   * Every variable that the codec lays out is in some line: what it writes, it writes in a line.
   */
  @Test
  void noVariableSharesItsBitsWithAnotherLine() throws IOException {
    List<String> all = rows().flatMap(row -> row.variables.stream()).toList();
    assertEquals(all.size(), all.stream().distinct().count());
    assertNotEquals(0, all.size());
  }

  private static long[] values(String name, int bits) throws Exception {
    Class<?> type = field(name).getType();
    if (type == boolean.class) {
      return new long[] {1};
    }
    int count =
        switch (name) {
          case "marksSeen", "marksTold" -> 3;
          case "marksUntold", "handshakeEcn" -> 2;
          default -> bits;
        };
    long[] values = new long[count];
    for (int i = 0; i < count; i++) {
      values[i] = 1L << i;
    }
    return values;
  }

  // ---- The variables by their names ------------------------------------------------------------

  private static Tcb atRest(String name) throws Exception {
    var tcb = new Tcb();
    tcb.block = BLOCK;
    WHERE.getOrDefault(name, t -> {}).accept(tcb);
    tcb.ecn = name.equals("eceOwed");
    if (field(name).getType() != boolean.class) {
      set(tcb, name, 0);
    }
    return tcb;
  }

  private BitSet saved(Tcb tcb) {
    memory.fill((byte) 0);
    activity.save(tcb);
    return BitSet.valueOf(memory.toArray(ValueLayout.JAVA_LONG_UNALIGNED));
  }

  private static Object owner(Tcb tcb, String name) {
    if (name.startsWith("queue.")) {
      return tcb.queue;
    }
    if (name.startsWith("held.")) {
      return tcb.held;
    }
    return name.startsWith("congestion.") ? tcb.congestion : tcb;
  }

  private static Field field(String name) throws Exception {
    String last = name.substring(name.indexOf('.') + 1).replaceAll("\\[.*", "");
    Field field = owner(new Tcb(), name).getClass().getDeclaredField(last);
    field.setAccessible(true);
    return field;
  }

  private static int index(String name) {
    return Integer.parseInt(name.substring(name.indexOf('[') + 1, name.indexOf(']')));
  }

  private static void set(Tcb tcb, String name, long value) throws Exception {
    Object owner = owner(tcb, name);
    Field field = field(name);
    switch (field.getType().getSimpleName()) {
      case "boolean" -> field.setBoolean(owner, value != 0);
      case "int" -> field.setInt(owner, (int) value);
      case "long" -> field.setLong(owner, value);
      case "int[]" -> ((int[]) field.get(owner))[index(name)] = (int) value;
      default -> field.set(owner, field.getType().getEnumConstants()[(int) value]);
    }
  }

  private static Object get(Tcb tcb, String name) throws Exception {
    Object value = field(name).get(owner(tcb, name));
    return value instanceof int[] words ? words[index(name)] : value;
  }

  /** A pool of one block, which is always taken. */
  private record OneBlock(MemorySegment memory) implements BlockPool {
    @Override
    public int acquire(int bytes) {
      return NONE;
    }

    @Override
    public void release(int handle) {}

    @Override
    public MemorySegment memory(int handle) {
      return memory;
    }

    @Override
    public long start(int handle) {
      return 0;
    }

    @Override
    public int capacity(int handle) {
      return BlockPool.ACTIVITY;
    }

    @Override
    public long availableBytes() {
      return 0;
    }

    @Override
    public int inUse() {
      return 1;
    }
  }
}
