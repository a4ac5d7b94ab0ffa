package wisp.drivers.sockets;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.Counters.Event;

@DisplayName("TCP_SYNCNT: how often a SYN is resent that nobody answers")
class SynCountTest extends SocketPair {
  private static final long SECOND = 1_000 * MS;

  /** The server is not there. */
  private long secondsUntilItEnds(int socket) {
    long begin = now;
    for (int i = 0; i < 300_000 && client.isConnecting(socket); i++, now += MS) {
      a.poll(now);
    }
    return Math.round((now - begin) / (double) SECOND);
  }

  private long resent() {
    return a.counters().get(Event.SEGMENTS_RETRANSMITTED);
  }

  private int connecting(int count) {
    int socket = client.socket(Sockets.STREAM);
    assertEquals(0, client.setOption(socket, Option.TCP_SYNCNT, count));
    assertEquals(-Errno.EINPROGRESS, client.connect(socket, SERVER));
    return socket;
  }

  @ParameterizedTest(name = "{0} copies: given up after {1} s")
  @CsvSource({"1,3", "2,7", "3,15", "5,63"})
  void givenACount_whenNobodyAnswers_thenSoManyCopiesAndTheirTime(int count, int seconds) {
    int socket = connecting(count);
    assertEquals(count, client.option(socket, Option.TCP_SYNCNT));
    assertEquals(seconds, secondsUntilItEnds(socket));
    assertEquals(count, resent());
    assertEquals(-Errno.ETIMEDOUT, client.connectResult(socket));
  }

  @Test
  void givenItIsSetWhileConnecting_thenItCountsFromTheFirstSyn() {
    int socket = connecting(6);
    for (int i = 0; i < 2_000; i++, now += MS) {
      a.poll(now);
    }
    assertEquals(0, client.setOption(socket, Option.TCP_SYNCNT, 2));
    assertEquals(5, secondsUntilItEnds(socket));
    assertEquals(2, resent());
  }

  @Test
  void givenTheServerAnswersInTime_thenTheConnectionLivesOn() {
    listener();
    int socket = connecting(1);
    for (int i = 0; i < 2_500; i++, now += MS) {
      a.poll(now);
    }
    run(10_000);
    assertEquals(0, client.connectResult(socket));
    write(socket, 10, 0);
    run(100);
    assertEquals(0, client.unacknowledgedBytes(socket));
  }
}
