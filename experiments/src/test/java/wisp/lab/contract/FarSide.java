package wisp.lab.contract;

import java.io.IOException;

/** Who talks to us through a link: the kernel where that is possible. */
interface FarSide extends AutoCloseable {
  /** How a connection ended about which nobody told its peer. */
  String SILENCE = "silence";

  /** How long to wait for a word. */
  int END_SECONDS = 15;

  /** Connects to {@link OurSide#SINK}, sends so many bytes; {@code bytes:digest} of them. */
  String send(String host, long bytes) throws IOException;

  /** Connects to {@link OurSide#SOURCE}; {@code bytes:digest} of all that came. */
  String receive(String host) throws IOException;

  /**
   * Opens so many connections to {@link OurSide#ANSWERS}, each with a request and its answer, and
   * closes them.
   *
   * @param atOnce so many of them open at the same time; 1: one after the other
   */
  void ask(String host, int connections, int atOnce) throws IOException;

  /** Connects to each of these ports; traffic goes on there, and is under way on return. */
  void hold(String host, int... ports) throws IOException;

  /** How those connections ended, one after the other: {@code FIN}, {@code RST} or else. */
  String ended();

  @Override
  void close();
}
