package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import wisp.core.Counters.Event;
import wisp.core.spi.BlockPool;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.lab.serve.Service;
import wisp.lab.serve.Services;

@DisplayName("mapped: what was in hand at a kill is marked, and what only the process had is reset")
class RestartMarksTest {
  private static final int WINDOW = 1 << 20;
  @TempDir private Path folder;
  private Generations all;
  private final Client client = new Client();
  private @Nullable Runnable inCallback;
  private long lastHeard;

  private static final class Client implements ConnectionHandler {
    @Nullable CloseReason reason;
    long heard;

    @Override
    public void onData(Context context, long connection, MemorySegment m, long at, int length) {
      heard += length;
    }

    @Override
    public void onClosed(Context context, long connection, CloseReason why) {
      reason = why;
    }
  }

  /** Answers each word with one byte, and is killed now and then while it does. */
  private final class Server implements ConnectionHandler {
    @Override
    public String name() {
      return "server";
    }

    @Override
    public void onData(Context context, long connection, MemorySegment m, long at, int length) {
      lastHeard = connection;
      int frame = context.frame(1);
      context.send(connection, frame);
      context.release(frame);
      if (inCallback != null) {
        inCallback.run();
        inCallback = null;
      }
    }
  }

  @BeforeEach
  void begin() {
    all = new Generations(folder);
  }

  @AfterEach
  void end() {
    all.close();
  }

  private void next(ConnectionHandler handler) {
    all.handOver(); // its file is not the next one's any more
    all.begin(handler, WINDOW, Map.of());
    all.run(2_000);
  }

  // ---- In hand ---------------------------------------------------------------------------------

  @Test
  void givenAnAwakeConnectionInHand_whenKilled_thenItIsReset() {
    all.begin(new Server(), WINDOW, Map.of());
    long connection = all.connect(ConnectionProfile.NO_DELAY, client);
    all.say(connection, 1);
    all.pollServer(); // its answer is not acknowledged yet: awake from now on
    inCallback = all::kill;
    all.say(connection, 1);
    all.pollServer();
    assertNull(inCallback, "in hand, and awake");
    next(new Server());

    assertEquals(1, all.count(Event.RECORDS_RESET));
    assertEquals(0, all.count(Event.RECORDS_RESTORED));
    assertInstanceOf(CloseReason.ResetByPeer.class, client.reason);
  }

  @Test
  void givenASleepingConnectionInHand_whenKilledBeforeAnythingLeft_thenItGoesOn() {
    all.begin(new Server(), WINDOW, Map.of());
    long connection = all.connect(ConnectionProfile.NO_DELAY, client);
    all.run(3_000);
    inCallback = all::kill;
    all.say(connection, 1);
    all.pollServer();
    next(new Server());

    assertEquals(0, all.count(Event.RECORDS_RESET));
    assertEquals(1, all.count(Event.RECORDS_RESTORED));
    assertNull(client.reason);
    all.say(connection, 1);
    all.run(2_000);
    assertTrue(client.heard >= 2, "answers: " + client.heard);
  }

  // ---- Outside of a poll, and in the midst of a segment: what has left is ahead of the record
  // ----

  private void assertReset() {
    assertEquals(1, all.count(Event.RECORDS_RESET));
    assertEquals(0, all.count(Event.RECORDS_RESTORED));
  }

  /** A connection that sleeps, as the server calls it. */
  private long asleep() {
    all.begin(new Server(), WINDOW, Map.of());
    long connection = all.connect(ConnectionProfile.NO_DELAY, client);
    all.say(connection, 1);
    all.run(3_000);
    assertFalse(all.server.info(lastHeard).awake());
    return connection;
  }

  private void sendOutsidePoll() {
    int frame = all.server.frame(1);
    assertTrue(all.server.send(lastHeard, frame));
    all.server.release(frame);
  }

  @Test
  void givenItSlept_whenKilledAfterASendOutsideAPoll_thenItIsResetAndItsPeerHearsOfIt() {
    asleep();
    all.killWhenSomethingHasLeft(this::sendOutsidePoll);
    next(new Server());
    assertReset();
    // The record does not know of the byte: the number of its RST is not the one expected, but the
    // keep-alive with it, timestamps and all, draws the one that is.
    assertInstanceOf(CloseReason.ResetByPeer.class, client.reason);
  }

  @Test
  void givenItSlept_whenKilledAfterAnAbort_thenItDoesNotComeBack() {
    asleep();
    all.killWhenSomethingHasLeft(() -> all.server.abort(lastHeard));
    next(new Server());
    assertReset();
    assertInstanceOf(CloseReason.ResetByPeer.class, client.reason);
  }

  @Test
  void givenFinWait2_whenKilledAfterTheLastAck_thenItDoesNotWaitForAnotherFin() {
    long connection = asleep();
    all.server.shutdown(lastHeard);
    all.run(3_000);
    all.client.shutdown(connection);
    all.killWhenSomethingHasLeft(all::pollServer);
    next(new Server());
    assertReset();
  }

  // ---- What only the process had ---------------------------------------------------------------

  /** All blocks that there are, so that not even a pause can be noted. */
  private List<Integer> takeAllBlocks() {
    BlockPool blocks = all.serverMemory.blocks();
    var taken = new ArrayList<Integer>();
    for (int size : new int[] {BlockPool.LARGEST, BlockPool.ACTIVITY, BlockPool.HALF_OPEN}) {
      for (int b = blocks.acquire(size); b != BlockPool.NONE; b = blocks.acquire(size)) {
        taken.add(b);
      }
    }
    assertNotEquals(0, taken.size());
    return taken;
  }

  @Test
  void givenEchoOwesFromTheHeapAndCouldNotPause_whenKilled_thenNothingIsLostUnnoticed() {
    Service echo = Services.named("echo");
    all.begin(echo, WINDOW, Map.of("frames", "0", "blocks", "128Ki"));
    long connection = all.connect(ConnectionProfile.NO_DELAY, client);
    all.run(3_000);
    var taken = takeAllBlocks();
    all.say(connection, 100); // no frame, no block: where does it go?
    all.run(1_000);
    taken.forEach(all.serverMemory.blocks()::release);
    all.kill();
    all.handOver();
    all.begin(Services.named("echo"), WINDOW, Map.of());
    all.run(2_000);

    assertEquals(0, client.heard);
    assertInstanceOf(CloseReason.ResetByPeer.class, client.reason, "100 bytes are missing");
  }

  @Test
  void givenEchoOwesFromTheHeapAndHasPaused_whenKilled_thenNothingIsLostUnnoticed() {
    all.begin(Services.named("echo"), WINDOW, Map.of("frames", "0"));
    long connection = all.connect(ConnectionProfile.NO_DELAY, client);
    all.say(connection, 100);
    all.run(1_000);
    assertNull(client.reason);
    all.kill();
    all.handOver();
    all.begin(Services.named("echo"), WINDOW, Map.of());
    all.run(2_000);

    assertInstanceOf(CloseReason.ResetByPeer.class, client.reason, "100 bytes are missing");
  }
}
