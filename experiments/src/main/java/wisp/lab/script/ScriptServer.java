package wisp.lab.script;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.drivers.sockets.Errno;
import wisp.lab.UsageException;

/**
 * The script port: takes connections on a UNIX socket and answers frames, all on one thread. A
 * session that plays the control role speaks of the script's session that is open at the time.
 */
public final class ScriptServer implements AutoCloseable {
  private static final int VERSION = 1;
  private static final int LONGEST_FRAME = 1 << 20;
  private static final int FILE_TYPE = 0xF000;
  private static final int SOCKET = 0xC000;

  private final Path path;
  private final boolean once;
  private final Selector selector;
  private final ServerSocketChannel server;
  private @Nullable Peer script;
  private boolean over;

  /**
   * Listens at once.
   *
   * @param path of the UNIX socket; one that is left over is replaced, anything else refused
   * @param once whether the first script is the last
   */
  public ScriptServer(Path path, boolean once) throws IOException {
    this.path = path;
    this.once = once;
    deleteLeftOver(path);
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(path));
    server.configureBlocking(false);
    selector = Selector.open();
    server.register(selector, SelectionKey.OP_ACCEPT);
  }

  private static void deleteLeftOver(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if ((mode & FILE_TYPE) != SOCKET) {
      throw new UsageException("--sock " + path + ": there is something else of that name");
    }
    Files.delete(path);
  }

  /** Serves until {@link #stop}, or until the only script is over. */
  public void run() throws IOException {
    while (!over) {
      long wait = waitMillis();
      if (wait == 0) {
        selector.select(this::handle);
      } else {
        selector.select(this::handle, wait);
      }
      Session session = script == null ? null : script.session;
      if (session != null && !session.isVirtual()) {
        session.settle();
      }
    }
  }

  /** 0: until something comes. */
  private long waitMillis() {
    Session session = script == null ? null : script.session;
    return session == null || session.isVirtual() ? 0 : session.idleMillis();
  }

  /** Ends {@link #run}. From any thread. */
  public void stop() {
    over = true;
    selector.wakeup();
  }

  private void handle(SelectionKey key) {
    try {
      if (key.isAcceptable()) {
        SocketChannel channel = server.accept();
        if (channel != null) {
          channel.configureBlocking(false);
          channel.register(selector, SelectionKey.OP_READ, new Peer(channel));
        }
      } else if (key.attachment() instanceof Peer peer) {
        peer.readable();
      }
    } catch (IOException e) {
      if (key.attachment() instanceof Peer peer) {
        peer.end(); // it went away: so does its session
      }
    }
  }

  @Override
  public void close() throws IOException {
    if (script != null) {
      script.end();
    }
    server.close();
    selector.close();
    Files.deleteIfExists(path);
  }

  /** One connection to the port. */
  private final class Peer {
    private final SocketChannel channel;
    private ByteBuffer in = ByteBuffer.allocate(1 << 16);
    private @Nullable Session session;
    private @Nullable Verbs verbs;
    private boolean greeted;

    Peer(SocketChannel channel) {
      this.channel = channel;
    }

    void readable() throws IOException {
      if (!in.hasRemaining()) {
        in = ByteBuffer.allocate(2 * in.capacity()).put(in.flip());
      }
      if (channel.read(in) < 0) {
        end();
        return;
      }
      in.flip();
      while (channel.isOpen() && in.remaining() >= 4) {
        int length = in.getInt(in.position());
        if (length < Request.HEAD_BYTES || length > LONGEST_FRAME) {
          end();
          return;
        }
        if (in.remaining() < 4 + length) {
          break;
        }
        Request request = Request.of(in.slice(in.position() + 4, length));
        in.position(in.position() + 4 + length);
        handle(request);
      }
      in.compact();
    }

    private void handle(Request request) {
      Verb verb = Verb.of(request.verb());
      try {
        if (verb == null) {
          plain(request, -Errno.ENOSYS, new Body());
        } else if (verb == Verb.HELLO) {
          hello(request);
        } else if (verb == Verb.BYE) {
          plain(request, 0, new Body());
          end();
        } else if (verb == Verb.SYSCTL || verb == Verb.CONNS) {
          control(verb, request);
        } else if (session == null || verbs == null) {
          plain(request, -Errno.EINVAL, new Body());
        } else {
          session.advanceTo(request.nowMicros());
          verbs.handle(verb, request);
        }
      } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
        plain(request, -Errno.EINVAL, new Body());
      }
    }

    private void hello(Request request) {
      int version = request.nextInt();
      boolean virtual = request.nextInt() != 0;
      Map<String, String> flags = flags(request.text());
      boolean isControl = "control".equals(flags.get("role"));
      if (version != VERSION || greeted || (!isControl && script != null)) {
        plain(request, -Errno.EINVAL, new Body());
        return;
      }
      greeted = true;
      if (!isControl) {
        try {
          session = new Session(virtual, flags, this::send);
        } catch (UsageException e) {
          plain(request, -Errno.EINVAL, new Body().put(String.valueOf(e.getMessage())));
          return;
        }
        verbs = new Verbs(session);
        script = this;
      }
      plain(request, VERSION, new Body().put("wisp"));
    }

    private static Map<String, String> flags(String text) {
      var flags = new HashMap<String, String>();
      for (String pair : text.split(",")) {
        int equals = pair.indexOf('=');
        if (equals > 0) {
          flags.put(pair.substring(0, equals), pair.substring(equals + 1));
        }
      }
      return flags;
    }

    private void control(Verb verb, Request request) {
      Peer of = script;
      if (of == null || of.session == null || of.verbs == null) {
        plain(request, -Errno.EINVAL, new Body());
      } else if (verb == Verb.SYSCTL) {
        Settings.apply(request.text(), of.session.sockets);
        plain(request, 0, new Body());
      } else {
        plain(request, 0, new Body().put(of.verbs.connections()));
      }
    }

    private void plain(Request request, int result, Body body) {
      Session clock = session != null ? session : script == null ? null : script.session;
      long now = clock == null ? 0 : clock.nowMicros();
      send(body.frame(request.id(), result < 0 ? -1 : result, result < 0 ? -result : 0, now));
    }

    /** Frames are small and the peer reads them at once: a full socket is waited for. */
    private void send(ByteBuffer frame) {
      try {
        while (frame.hasRemaining()) {
          if (channel.write(frame) == 0) {
            Thread.onSpinWait();
          }
        }
      } catch (IOException e) {
        // the peer is gone: reading will tell
      }
    }

    void end() {
      if (session != null) {
        session.close();
        session = null;
        script = null;
        over |= once;
      }
      try {
        channel.close();
      } catch (IOException e) {
        // gone is gone
      }
    }
  }
}
