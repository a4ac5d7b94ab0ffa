package wisp.lab.script;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The other side of the script port, as a suite's plug-in is one. */
final class ScriptClient implements AutoCloseable {
  /** What a request was answered. */
  record Reply(int result, int errno, long micros, ByteBuffer body) {}

  private final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
  private final DataInputStream in;
  private final Map<Integer, Reply> replies = new HashMap<>();
  private int lastId;
  long micros;

  ScriptClient(Path path, String flags) throws IOException {
    channel.connect(UnixDomainSocketAddress.of(path));
    in = new DataInputStream(Channels.newInputStream(channel));
    Reply hello = call(Verb.HELLO, new Body().putInt(1).putInt(1).put(flags));
    if (hello.result != 1) {
      throw new IOException("HELLO was answered " + hello);
    }
  }

  /** Asks as the script does, and waits for the answer. */
  Reply call(Verb verb, Body body) throws IOException {
    return await(send(verb, true, body));
  }

  /** Asks as another thread of the script does; {@link #await} with the id returns the answer. */
  int send(Verb verb, boolean driver, Body body) throws IOException {
    int id = ++lastId;
    ByteBuffer reply = body.frame(0, 0, 0, 0);
    int length = reply.remaining() - 24;
    ByteBuffer frame = ByteBuffer.allocate(20 + length);
    frame.putInt(16 + length).putInt(id).putShort((short) (verb.ordinal() + 1));
    frame.putShort((short) (driver ? 1 : 0)).putLong(micros);
    frame.put(reply.position(24));
    frame.flip();
    while (frame.hasRemaining()) {
      channel.write(frame);
    }
    return id;
  }

  Reply await(int id) throws IOException {
    while (!replies.containsKey(id)) {
      byte[] rest = new byte[in.readInt() - 20];
      int of = in.readInt();
      int result = in.readInt();
      int errno = in.readInt();
      long now = in.readLong();
      in.readFully(rest);
      micros = Math.max(micros, now);
      replies.put(of, new Reply(result, errno, now, ByteBuffer.wrap(rest)));
    }
    return replies.remove(id);
  }

  /** Whether that answer came before one that has been awaited. */
  boolean hasReply(int id) {
    return replies.containsKey(id);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
