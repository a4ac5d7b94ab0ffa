package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import wisp.core.Counters.Event;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;

@DisplayName("mapped: numbers that the records leave to notes mean the same in every later process")
class RestartNumbersTest {
  private static final int WINDOW = 1 << 20;
  private static final int ANOTHER_WINDOW = 20_000;
  private static final int UNUSUAL_MSS = 777;
  @TempDir private Path folder;
  private Generations all;
  private long lastHeard;

  private final class Sink implements ConnectionHandler {
    @Override
    public String name() {
      return "sink";
    }

    @Override
    public void onData(Context context, long connection, MemorySegment m, long at, int length) {
      lastHeard = connection;
    }
  }

  @BeforeEach
  void begin() {
    all = new Generations(folder);
    all.begin(new Sink(), WINDOW, Map.of());
  }

  @AfterEach
  void end() {
    all.close();
  }

  private void restart(int window) {
    all.handOver();
    all.begin(new Sink(), window, Map.of());
    all.run(1_000);
  }

  private void say(long connection) {
    all.say(connection, 1);
    all.run(1_000);
  }

  private long connect(ConnectionProfile profile) {
    long connection = all.connect(profile, new Sink());
    say(connection);
    return connection;
  }

  @Test
  void givenLaterProcessesWithAnotherWindow_whenRestartedAgain_thenTheWindowAgreedOnIsOffered() {
    long connection = connect(ConnectionProfile.DEFAULT);
    int agreed = all.seenByClient(connection).sendWindowBytes();
    for (int generation = 1; generation <= 3; generation++) {
      restart(ANOTHER_WINDOW);
      say(connection);
      int offered = all.seenByClient(connection).sendWindowBytes();
      assertEquals(agreed, offered, "after " + generation + " restarts");
    }
    assertEquals(1, all.count(Event.RECORDS_RESTORED));
  }

  @Test
  void givenAnUnusualMss_whenRestartedTwice_thenItIsKept() {
    long connection = connect(ConnectionProfile.DEFAULT.with(p -> p.mssLimit = UNUSUAL_MSS));
    int mss = all.server.info(lastHeard).mssBytes();
    for (int generation = 0; generation < 2; generation++) {
      restart(WINDOW);
      say(connection);
      assertEquals(mss, all.server.info(lastHeard).mssBytes());
    }
  }
}
