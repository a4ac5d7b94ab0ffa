package wisp.lab.links;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import wisp.lab.FailedException;

/**
 * One datagram that is echoed: then both ends know each other's hardware addresses. In a flood the
 * answers of ARP would be lost like everything else that finds a ring full.
 */
final class Greeting {
  private static final int TRIES = 50;
  private static final int WAIT_MILLIS = 100;
  private static final int BYTES = 18;

  private Greeting() {}

  /**
   * Waits for the echo.
   *
   * @throws FailedException when none comes
   */
  static void exchange(Lab lab, String address) throws IOException {
    try (DatagramSocket socket =
        lab.peer().with(() -> new DatagramSocket(new InetSocketAddress(Lab.PEER, 0)))) {
      socket.setSoTimeout(WAIT_MILLIS);
      var to = new InetSocketAddress(InetAddress.getByName(address), Stack.ECHO);
      for (int i = 0; i < TRIES; i++) {
        socket.send(new DatagramPacket(new byte[BYTES], BYTES, to));
        try {
          socket.receive(new DatagramPacket(new byte[BYTES], BYTES));
          return;
        } catch (SocketTimeoutException e) {
          // Once more.
        }
      }
    }
    throw new FailedException("no datagram comes back from " + address);
  }
}
