package wisp.lab.contract;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.Context;

/** Answers each byte by its complement, on any number of connections, and closes with its peer. */
final class Answers implements ConnectionHandler {
  private final LentCheck lent;

  Answers(LentCheck lent) {
    this.lent = lent;
  }

  /** What a request of these bytes is answered. */
  static byte[] answer(byte[] request) {
    var answer = new byte[request.length];
    for (int i = 0; i < answer.length; i++) {
      answer[i] = (byte) ~request[i];
    }
    return answer;
  }

  @Override
  public void onData(Context context, long connection, MemorySegment memory, long at, int length) {
    lent.look(memory, at, length);
    int frame = context.frame(length);
    if (frame == Context.NO_FRAME) {
      context.abort(connection); // its peer will miss the answer
      return;
    }
    byte[] answer = answer(memory.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE));
    MemorySegment.copy(
        answer,
        0,
        context.memory(frame),
        ValueLayout.JAVA_BYTE,
        context.start(frame),
        answer.length);
    boolean taken = context.send(connection, frame);
    context.release(frame);
    if (!taken) {
      context.abort(connection);
    }
  }

  @Override
  public void onPeerClosed(Context context, long connection) {
    if (!context.shutdown(connection)) {
      context.abort(connection);
    }
  }
}
