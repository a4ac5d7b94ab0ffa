package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.Seg.timestamp;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wisp.core.spi.BlockPool;
import wisp.core.spi.CongestionState;
import wisp.core.tcp.Tcb;

/** Walks the table of docs/sleeping-state.md. */
@DisplayName("Every variable of a sleeping connection is where its table says")
class SleepingStateTest {
  private static final int WINDOW = 100_000;
  private static final int OUR_SCALE = 1;

  private static final Pattern ROW =
      Pattern.compile("^\\| (`[^|]*`) \\| [^|]+ \\| (\\w[\\w ]*) \\| .+ \\|$", Pattern.MULTILINE);
  private static final Set<String> KEPT = Set.of("key", "profile", "record", "side table");

  /** Objects whose parts are variables; what becomes of them is looked at one by one. */
  private static final Set<String> OBJECTS =
      Set.of("payer", "markedBytes", "queue", "held", "congestion");

  /**
   * Of a segment, an error or a call in hand: nothing that a connection has between two of them.
   */
  private static final Set<String> IN_HAND = Set.of("icmpType", "icmpCode");

  /** Worth nothing unless another variable of the same row says so. */
  private static final Map<String, String> VALID_WHILE =
      Map.ofEntries(
          Map.entry("sndUp", "urgentQueued"),
          Map.entry("rcvUp", "urgentPending"),
          Map.entry("timedSeq", "timing"),
          Map.entry("timedAtNanos", "timing"),
          Map.entry("recover", "fastRecovery"),
          Map.entry("resendNext", "resending"),
          Map.entry("resendEnd", "resending"),
          Map.entry("peerFinSeq", "peerFinHeld"),
          Map.entry("probeSeq", "probeBytes"),
          Map.entry("sizedSeq", "sizedBytes"),
          Map.entry("claimedSeq", "claimedMtu"),
          // In a block only from the next flight on.
          Map.entry("releaseTicks", "block"),
          Map.entry("validatedSeconds", "block"),
          Map.entry("progressNanos", "block"));

  private static final Map<String, ToLongFunction<Tcb>> DERIVED =
      Map.of(
          "sndUna", t -> t.sndNxt,
          "sndWl1", t -> t.rcvNxt,
          "sndWl2", t -> t.sndNxt,
          "maxSndWnd", t -> 65_535L << t.sndScale,
          "rcvScale", t -> t.windowScaling ? OUR_SCALE : 0,
          "rcvAdv", t -> t.rcvNxt + (t.paused ? 0 : WINDOW),
          "lastAckSent", t -> t.ackOwed ? t.rcvNxt - 1 : t.rcvNxt,
          "roundEndSeq", t -> t.sndNxt);

  /** What a connection has gone through before it falls asleep. */
  enum Past {
    NOTHING {
      @Override
      void happen(TcpFixture tcp) {}
    },
    TRANSFERS {
      @Override
      void happen(TcpFixture tcp) {
        tcp.receives(Seg.data(700)).send(100).sent();
        tcp.advance(30).receives(Seg.ack()).advance(5_000);
      }
    },
    LOSS {
      @Override
      void happen(TcpFixture tcp) {
        tcp.send(14_000).advance(4_000).sent();
        tcp.receives(Seg.ack()).sent();
        tcp.advance(10_000);
      }
    },
    PAUSE {
      @Override
      void happen(TcpFixture tcp) {
        tcp.receives(Seg.data(1_000)).advance(100).pause();
        for (int bytes = 0; bytes < WINDOW; bytes += 1_000) {
          tcp.receives(Seg.data(1_000));
        }
        tcp.advance(5_000);
      }
    },
    HALF_CLOSE {
      @Override
      void happen(TcpFixture tcp) {
        tcp.receives(Seg.fin()).advance(5_000);
      }
    };

    abstract void happen(TcpFixture tcp);
  }

  private static Map<String, String> table() throws IOException {
    String text =
        Files.readString(Path.of(System.getProperty("wisp.home"), "docs/sleeping-state.md"));
    var classes = new LinkedHashMap<String, String>();
    var rows = ROW.matcher(text);
    while (rows.find()) {
      for (String name : rows.group(1).replace("`", "").split(", ")) {
        assertEquals(null, classes.put(name, rows.group(2)), name + " is named twice");
      }
    }
    return classes;
  }

  private static List<Field> variables() {
    return Arrays.stream(Tcb.class.getDeclaredFields())
        .filter(f -> !Modifier.isStatic(f.getModifiers()) && !f.isSynthetic())
        .peek(f -> f.setAccessible(true))
        .toList();
  }

  private static Map<String, Object> snapshot(Tcb tcb) {
    var values = new HashMap<String, Object>();
    for (Field field : variables()) {
      try {
        values.put(field.getName(), field.get(tcb));
      } catch (IllegalAccessException e) {
        throw new AssertionError(e);
      }
    }
    return values;
  }

  @Test
  void theTableNamesEachVariableOnce() throws IOException {
    var names = new HashSet<String>();
    variables().forEach(f -> names.add(f.getName()));
    assertEquals(names, table().keySet());
    var known = new HashSet<>(KEPT);
    known.addAll(Set.of("rounded", "derived", "shared", "rest"));
    assertTrue(known.containsAll(table().values()), table().values().toString());
    table()
        .forEach((name, kind) -> assertEquals(kind.equals("derived"), DERIVED.containsKey(name)));
  }

  private static TcpFixture connection() {
    return TcpFixture.with()
        .receiveWindow(WINDOW)
        .window(20_000)
        .options(mss(1_440), scale(3), sackPermitted(), timestamp(5_000, 0))
        .established();
  }

  /** Makes the desk forget what it has laid out, so that the next look reads the record. */
  private static void forget(TcpFixture tcp) {
    var other = tcp.another(9_999);
    other.receives(Seg.flags(Seg.SYN).seq(0).options(mss(1_460)));
    other.receives(Seg.rst().seq(1));
  }

  @ParameterizedTest
  @EnumSource(Past.class)
  void givenAPast_whenAConnectionSleepsAndWakes_thenEachVariableIsWhatItsRowSays(Past past)
      throws IOException {
    var tcp = connection();
    past.happen(tcp);
    assertEquals(0, tcp.blocksInUse(), "asleep");
    var before = new HashMap<String, Object>();
    assertTrue(tcp.is(t -> keep(t, before)));
    forget(tcp);
    var faults = new ArrayList<String>();
    var classes = table();
    assertTrue(
        tcp.is(
            t -> {
              var after = snapshot(t);
              classes.forEach(
                  (name, kind) -> {
                    if (!holds(name, kind, t, before, after)) {
                      faults.add(
                          name + " (" + kind + "): " + before.get(name) + " → " + after.get(name));
                    }
                  });
              return true;
            }));
    assertEquals(List.of(), faults);
  }

  private static boolean keep(Tcb tcb, Map<String, Object> into) {
    into.putAll(snapshot(tcb));
    return true;
  }

  private static boolean holds(
      String name, String kind, Tcb t, Map<String, Object> before, Map<String, Object> after) {
    if (OBJECTS.contains(name) || IN_HAND.contains(name)) {
      return true; // the next test
    }
    return switch (kind) {
      case "key", "profile", "record", "side table" ->
          Objects.equals(before.get(name), after.get(name));
      case "rounded" ->
          t.sndWnd <= (int) before.get(name) && t.sndWnd >= (int) before.get(name) / 32 * 31;
      case "derived" -> number(after.get(name)) == (int) DERIVED.get(name).applyAsLong(t);
      case "shared" -> true; // in the block, once there is one: below
      case "rest" -> {
        String condition = VALID_WHILE.get(name);
        yield condition == null
            ? after.get(name).equals(snapshot(rested(t)).get(name))
            : isOff(after.get(condition));
      }
      default -> false;
    };
  }

  private static boolean isOff(Object condition) {
    return condition instanceof Boolean on ? !on : (int) number(condition) <= 0;
  }

  private static long number(Object value) {
    return ((Number) value).longValue();
  }

  /** A connection to which nothing has happened, with the same send variables. */
  private static Tcb rested(Tcb t) {
    var rested = new Tcb();
    rested.sndUna = t.sndUna;
    rested.resetActivity();
    return rested;
  }

  @Test
  void givenATransferWithALoss_whenAsleepAndAwakeAgain_thenWhatIsSharedIsRecalled() {
    var tcp = connection();
    Past.LOSS.happen(tcp);
    tcp.send(100).sent();
    tcp.advance(40).receives(Seg.ack()).advance(10_000);
    assertEquals(0, tcp.blocksInUse());
    forget(tcp);
    assertTrue(tcp.is(t -> t.queue.isEmpty() && t.held.isEmpty() && t.block == BlockPool.NONE));
    tcp.send(100);
    assertTrue(tcp.is(t -> t.srttMicros > 0 && t.rttvarMicros > 0 && t.minRttMicros > 0));
    assertFalse(tcp.is(t -> t.congestion.ssthreshBytes == CongestionState.UNLIMITED));
  }
}
