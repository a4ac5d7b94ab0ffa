package wisp.drivers.dpdk;

import wisp.core.spi.LinkException;

/**
 * Brings a client back to its server. The driver connects only when it is started; a server's
 * listens for as long as it is open, and takes the next client by itself.
 */
final class MemifWatch implements Watch {
  private final MemifSocket socket;
  private final boolean server;
  private int looksWhileDown;

  MemifWatch(MemifSocket socket, boolean server) {
    this.socket = socket;
    this.server = server;
  }

  @Override
  public boolean look(Port port) throws LinkException {
    if (server || (port.isStarted() && port.isLinkUp())) {
      looksWhileDown = 0;
      return true;
    }
    // One look later: DPDK's own thread may be busy with the connection that has ended, or begins.
    if (++looksWhileDown > 1 && socket.isListenedAt()) {
      looksWhileDown = 0;
      port.stop();
      port.start();
    }
    return true;
  }
}
