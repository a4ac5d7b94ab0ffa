package wisp.drivers.sockets;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Handles: the least that is free, and closing one asks no other")
class HandlesTest extends SocketPair {
  private static final int MANY = 100_000;
  private final int[] bits = new int[4];
  private final long[] data = new long[4];

  @Test
  @Timeout(20)
  void givenHandlesByTheHundredThousand_whenOpenedAndClosed_thenEachTakesNoLongerThanTheFirst() {
    for (int i = 0; i < MANY; i++) {
      assertEquals(i, client.epoll()); // a minute, when every one was looked at
    }
    for (int i = 0; i < MANY; i++) {
      assertEquals(0, client.close(i));
    }
    assertEquals(-Errno.EBADF, client.close(0));
  }

  @Test
  void givenSomeGivenBack_whenOpened_thenTheLeastComesFirst() {
    for (int i = 0; i < 5; i++) {
      client.socket(Sockets.DATAGRAM);
    }
    for (int handle : List.of(3, 1, 4)) {
      client.close(handle);
    }
    for (int handle : List.of(1, 3, 4, 5)) {
      assertEquals(handle, client.socket(Sockets.DATAGRAM));
    }
  }

  @Test
  void givenASocketInTwoSets_whenItIsClosed_thenBothForgetItAndItsNumberIsWatchedAnew() {
    int first = client.epoll();
    int second = client.epoll();
    int socket = client.socket(Sockets.DATAGRAM);
    for (int epoll : List.of(first, second)) {
      assertEquals(0, client.epollControl(epoll, 1, socket, Ready.OUT, 7));
      assertEquals(1, client.epollTake(epoll, bits, data, 4));
    }
    client.close(socket);
    assertEquals(socket, client.socket(Sockets.DATAGRAM));
    for (int epoll : List.of(first, second)) {
      assertEquals(-Errno.EAGAIN, client.epollTake(epoll, bits, data, 4));
      assertEquals(-Errno.ENOENT, client.epollControl(epoll, 2, socket, 0, 0));
      assertEquals(0, client.epollControl(epoll, 1, socket, Ready.OUT, 8));
    }
  }

  @Test
  void givenASetThatIsClosed_whenItsSocketIsWatchedByAnother_thenThatOneStillTells() {
    int first = client.epoll();
    int second = client.epoll();
    int socket = client.socket(Sockets.DATAGRAM);
    client.epollControl(first, 1, socket, Ready.OUT, 1);
    client.epollControl(second, 1, socket, Ready.OUT, 2);
    client.close(first);
    assertEquals(1, client.epollTake(second, bits, data, 4));
    assertEquals(0, client.epollControl(second, 2, socket, 0, 0));
    client.close(socket);
    assertEquals(-Errno.EAGAIN, client.epollTake(second, bits, data, 4));
  }

  @Test
  void givenSetsThatWouldWatchThemselves_whenAdded_thenTheyAreRefused() {
    int first = client.epoll();
    int second = client.epoll();
    int third = client.epoll();
    assertEquals(-Errno.EINVAL, client.epollControl(first, 1, first, Ready.IN, 0));
    assertEquals(0, client.epollControl(first, 1, second, Ready.IN, 0));
    assertEquals(0, client.epollControl(second, 1, third, Ready.IN, 0));
    assertEquals(-Errno.ELOOP, client.epollControl(second, 1, first, Ready.IN, 0));
    assertEquals(-Errno.ELOOP, client.epollControl(third, 1, first, Ready.IN, 0));
    assertEquals(-Errno.EAGAIN, client.epollTake(first, bits, data, 4));
  }

  @Test
  void givenSetsInSets_whenTheyAreMoreThanFiveDeep_thenTheNextIsRefused() {
    int top = client.epoll();
    for (int i = 0; i < 5; i++) {
      int above = client.epoll();
      assertEquals(0, client.epollControl(above, 1, top, Ready.IN, 0));
      top = above;
    }
    assertEquals(-Errno.ELOOP, client.epollControl(client.epoll(), 1, top, Ready.IN, 0));
  }
}
