package wisp.lab.restart;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Kernel connections to an echo, in a process of its own: {@code SERVER PORT FROM SEED}. Each
 * connection's stream can be checked by offset, so that one wrong, missing or doubled byte shows.
 * Reads commands from standard input and answers each with one line:
 *
 * <pre>
 *   open N        opens N more                        open 1000
 *   ask SECONDS   a message on each, and its echo     whole 1000 reset 0 wrong 0 silent 0
 *   run           every connection echoes without pause, those that were reset are opened anew
 *   rest SECONDS  no more messages; awaits echoes     whole 990 reset 10 wrong 0 silent 0
 * </pre>
 *
 * Ends when its input does.
 */
public final class EchoPeers {
  private static final int LARGEST_MESSAGE = 2_000;
  private static final int MOST_WAITING = 200;
  private static final int FIRST_PORT = 2_000;
  private static final int LAST_PORT = 65_535;
  private static final long SECOND = 1_000_000_000L;
  private static final long CONNECT_SECONDS = 20;
  private final InetSocketAddress server;
  private final String from;
  private final SplittableRandom random;
  private final Selector selector;
  private final List<Peer> peers = new ArrayList<>();
  private final ConcurrentLinkedQueue<String> commands = new ConcurrentLinkedQueue<>();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
  private boolean running;
  private int resets;
  private int wrongs;
  private int nextPort = FIRST_PORT;
  private volatile boolean over;

  private static final class Peer {
    final int number;
    SocketChannel channel;
    long sent;
    long got;
    boolean dead;

    Peer(int number, SocketChannel channel) {
      this.number = number;
      this.channel = channel;
    }
  }

  private EchoPeers(String[] args) throws IOException {
    server = new InetSocketAddress(args[0], Integer.parseInt(args[1]));
    from = args[2];
    random = new SplittableRandom(Long.parseLong(args[3]));
    selector = Selector.open();
  }

  /** See the class comment. */
  public static void main(String[] args) {
    try {
      var peers = new EchoPeers(args);
      Thread.ofPlatform().daemon().name("parent").start(peers::hear);
      System.out.println("ready");
      peers.work();
    } catch (IOException e) {
      System.err.println("Error: " + e.getMessage());
      Runtime.getRuntime().halt(1);
    }
    Runtime.getRuntime().halt(0);
  }

  private void hear() {
    try {
      var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        commands.add(line);
        selector.wakeup();
      }
    } catch (IOException e) {
      // as good as the end
    }
    over = true;
    selector.wakeup();
  }

  private void work() throws IOException {
    while (!over) {
      for (String command = commands.poll(); command != null; command = commands.poll()) {
        obey(command.split(" "));
      }
      turn(50);
    }
  }

  private void obey(String[] words) throws IOException {
    switch (words[0]) {
      case "open" -> {
        int count = Integer.parseInt(words[1]);
        for (int i = 0; i < count; i++) {
          peers.add(new Peer(peers.size(), connect()));
          register(peers.getLast());
        }
        System.out.println("open " + peers.size());
      }
      case "ask" -> {
        clear();
        askAll(Long.parseLong(words[1]));
        report();
      }
      case "run" -> {
        clear();
        running = true;
        peers.forEach(this::say);
        System.out.println("running");
      }
      case "rest" -> {
        running = false;
        await(Long.parseLong(words[1]));
        report();
        for (Peer peer : peers) {
          if (peer.dead) {
            reopen(peer);
          }
        }
      }
      default -> throw new IOException("unknown command " + words[0]);
    }
  }

  private void clear() {
    resets = 0;
    wrongs = 0;
  }

  private SocketChannel connect() throws IOException {
    long end = System.nanoTime() + CONNECT_SECONDS * SECOND;
    while (true) {
      var channel = SocketChannel.open();
      try {
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.bind(new InetSocketAddress(from, port()));
        channel.connect(server);
        return channel;
      } catch (IOException e) {
        channel.close(); // there may be no server at this moment
        if (System.nanoTime() > end || over) {
          throw e;
        }
        turn(20);
      }
    }
  }

  /**
   * One after the other: the kernel looks longer for a free one the fewer are left, and no
   * connection of a run has the same as another.
   */
  private int port() {
    int port = nextPort++;
    if (nextPort > LAST_PORT) {
      nextPort = FIRST_PORT;
    }
    return port;
  }

  private void register(Peer peer) throws IOException {
    peer.channel.configureBlocking(false);
    peer.channel.register(selector, SelectionKey.OP_READ, peer);
  }

  private void reopen(Peer peer) throws IOException {
    peer.channel = connect();
    peer.sent = 0;
    peer.got = 0;
    peer.dead = false;
    register(peer);
  }

  private static byte at(int number, long offset) {
    return (byte) (offset * 31 + (offset >> 8) * 7 + number * 13L + 1);
  }

  /** A message, unless one is under way; small enough for any socket buffer. */
  private void say(Peer peer) {
    if (peer.dead || peer.got != peer.sent) {
      return;
    }
    int length = 1 + random.nextInt(LARGEST_MESSAGE);
    buffer.clear();
    for (int i = 0; i < length; i++) {
      buffer.put(at(peer.number, peer.sent + i));
    }
    buffer.flip();
    try {
      int written = peer.channel.write(buffer);
      peer.sent += written;
    } catch (IOException e) {
      died(peer);
    }
  }

  private void turn(long millis) throws IOException {
    selector.select(millis);
    var keys = selector.selectedKeys();
    for (SelectionKey key : keys) {
      if (key.isValid() && key.attachment() instanceof Peer peer) {
        hear(peer);
      }
    }
    keys.clear();
  }

  private void hear(Peer peer) {
    buffer.clear();
    int n;
    try {
      n = peer.channel.read(buffer);
    } catch (IOException e) {
      died(peer);
      return;
    }
    if (n < 0) {
      died(peer);
      return;
    }
    for (int i = 0; i < n; i++) {
      if (buffer.get(i) != at(peer.number, peer.got + i)) {
        wrongs++;
        died(peer);
        return;
      }
    }
    peer.got += n;
    if (peer.got > peer.sent) {
      wrongs++;
      died(peer);
    } else if (running) {
      say(peer);
    }
  }

  private void died(Peer peer) {
    if (peer.dead) {
      return;
    }
    peer.dead = true;
    resets++;
    try {
      peer.channel.close();
    } catch (IOException e) {
      // It is gone.
    }
  }

  /**
   * Asks some hundred at a time, so that no queue on the way is what is measured; gives up when
   * nobody has answered for so long.
   */
  private void askAll(long seconds) throws IOException {
    int asked = 0;
    long waiting = 0;
    long lastAnswer = System.nanoTime();
    while (!over && System.nanoTime() - lastAnswer < seconds * SECOND) {
      while (asked < peers.size() && waiting < MOST_WAITING) {
        say(peers.get(asked++));
        waiting++;
      }
      turn(20);
      long silent = silent();
      if (silent != waiting) {
        lastAnswer = System.nanoTime();
      }
      waiting = silent;
      if (waiting == 0 && asked == peers.size()) {
        return;
      }
    }
  }

  private void await(long seconds) throws IOException {
    long end = System.nanoTime() + seconds * SECOND;
    while (System.nanoTime() < end && !over && silent() > 0) {
      turn(20);
    }
  }

  private long silent() {
    return peers.stream().filter(p -> !p.dead && p.got != p.sent).count();
  }

  private void report() {
    long silent = silent();
    long whole = peers.stream().filter(p -> !p.dead && p.got == p.sent).count();
    System.out.println(
        "whole "
            + whole
            + " reset "
            + (resets - wrongs)
            + " wrong "
            + wrongs
            + " silent "
            + silent);
  }
}
