package wisp.drivers.sockets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The error queue: memory that is free again, and times of what was written")
class SendNoticesTest extends SocketPair {
  private static final int SOFTWARE = 1 << 1;
  private static final int NUMBERED = 1 << 7;
  private static final int SCHEDULED = 1 << 8;
  private static final int ACKNOWLEDGED = 1 << 9;

  private static Notice copied(int first, int last) {
    return new Notice(Notice.ZERO_COPY, Notice.COPIED, first, last, 0);
  }

  private static Notice time(int kind, int number, long atNanos) {
    return new Notice(Notice.SEND_TIME, 0, kind, number, atNanos);
  }

  private List<Notice> notices(int handle) {
    var all = new ArrayList<Notice>();
    for (Notice n = client.notice(handle); n != null; n = client.notice(handle)) {
      all.add(n);
    }
    return all;
  }

  /** So many milliseconds, the stamps being asked for as a driver of the context has to. */
  private void runWithStamps(int millis) {
    for (int i = 0; i < millis; i++) {
      long at = now;
      run(0);
      client.polled(at);
    }
  }

  // ---- Zero copy -------------------------------------------------------------------------------

  @Test
  void givenZeroCopyWrites_whenConfirmed_thenOneNoticeTellsOfThoseInARow() {
    int[] pair = pair();
    client.setOption(pair[0], Option.SO_ZEROCOPY, 1);
    write(pair[0], 100, Message.ZERO_COPY);
    write(pair[0], 100, 0);
    write(pair[0], 100, Message.ZERO_COPY);
    assertEquals(0, client.ready(pair[0]) & Ready.ERR);
    assertEquals(List.of(), notices(pair[0]));
    run(100);
    assertEquals(Ready.ERR, client.ready(pair[0]) & Ready.ERR);
    assertEquals(List.of(copied(0, 1)), notices(pair[0]));
    assertEquals(0, client.ready(pair[0]) & Ready.ERR);
    write(pair[0], 100, Message.ZERO_COPY);
    run(100);
    assertEquals(List.of(copied(2, 2)), notices(pair[0]));
  }

  @Test
  void givenNoPermission_whenWrittenSo_thenNothingIsTold() {
    int[] pair = pair();
    write(pair[0], 100, Message.ZERO_COPY);
    run(100);
    assertNull(client.notice(pair[0]));
  }

  @Test
  void givenAnEdge_whenANoticeComes_thenItIsToldOnce() {
    int[] pair = pair();
    client.setOption(pair[0], Option.SO_ZEROCOPY, 1);
    int epoll = client.epoll();
    int[] bits = new int[1];
    client.epollControl(epoll, 1, pair[0], Ready.EDGE, 7);
    assertEquals(-Errno.EAGAIN, client.epollTake(epoll, bits, new long[1], 1));
    write(pair[0], 100, Message.ZERO_COPY);
    run(100);
    assertEquals(1, client.epollTake(epoll, bits, new long[1], 1));
    assertEquals(Ready.ERR, bits[0]);
    assertEquals(-Errno.EAGAIN, client.epollTake(epoll, bits, new long[1], 1));
  }

  @Test
  void givenAConnectionThatIsReset_thenTheMemoryIsToldAllTheSame() {
    int[] pair = pair();
    client.setOption(pair[0], Option.SO_ZEROCOPY, 1);
    client.setOption(pair[0], Option.TCP_CORK, 1);
    write(pair[0], 100, Message.ZERO_COPY);
    server.setOption(pair[1], Option.SO_LINGER, 0);
    server.close(pair[1]);
    run(1);
    assertEquals(List.of(copied(0, 0)), notices(pair[0]));
    assertEquals(Errno.ECONNRESET, client.option(pair[0], Option.SO_ERROR));
  }

  // ---- Times -----------------------------------------------------------------------------------

  @Test
  void givenStamps_whenWritten_thenTheLastByteLeavesAndIsConfirmedAtItsTimes() {
    int[] pair = pair();
    client.setOption(
        pair[0], Option.SO_TIMESTAMPING, SOFTWARE | SCHEDULED | ACKNOWLEDGED | NUMBERED);
    long begin = now;
    write(pair[0], 100, Message.MORE);
    runWithStamps(5);
    assertEquals(List.of(), notices(pair[0]));
    write(pair[0], 20, 0);
    runWithStamps(60);
    long sent = begin + 5 * MS;
    List<Notice> all = notices(pair[0]);
    var expected = new ArrayList<Notice>();
    for (int number : new int[] {99, 119}) {
      expected.add(time(Notice.LEFT_SOCKET, number, sent));
      expected.add(time(Notice.LEFT_HOST, number, sent));
    }
    assertEquals(expected, all.subList(0, 4));
    long confirmed = all.get(4).atNanos();
    assertEquals(
        List.of(time(Notice.CONFIRMED, 99, confirmed), time(Notice.CONFIRMED, 119, confirmed)),
        all.subList(4, 6));
    assertEquals(sent, confirmed, 1.0 * MS); // the first text after a silence is not delayed
    assertEquals(Errno.ENOMSG, all.get(5).errno());
    assertEquals(6, all.size());
  }

  @Test
  void givenOneKindWithoutNumbers_whenWritten_thenOnlyThatIsTold() {
    int[] pair = pair();
    client.setOption(pair[0], Option.SO_TIMESTAMPING, ACKNOWLEDGED);
    write(pair[0], 100, 0);
    client.setOption(pair[0], Option.SO_TIMESTAMPING, 0);
    write(pair[0], 100, 0);
    long begin = now;
    runWithStamps(60);
    List<Notice> all = notices(pair[0]);
    assertEquals(1, all.size());
    assertEquals(time(Notice.CONFIRMED, 0, all.get(0).atNanos()), all.get(0));
    assertEquals(begin, all.get(0).atNanos(), 1.0 * MS);
  }

  @Test
  void givenNobodyReadsTheNotices_thenTheirNumberIsBounded() {
    int[] count = {0};
    var queue = new ErrorQueue(() -> count[0]++);
    for (int i = 0; i < 5_000; i++) {
      queue.sendTime(Notice.CONFIRMED, i, i);
    }
    int n = 0;
    while (queue.poll() != null) {
      n++;
    }
    assertEquals(1_024, n);
    assertEquals(5_000, count[0]);
  }
}
