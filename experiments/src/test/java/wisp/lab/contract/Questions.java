package wisp.lab.contract;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.Endpoint;

/** Asks {@link Answers} once a connection, on so many connections, so many of them open at once. */
final class Questions implements ConnectionHandler {
  static final int BYTES = 16;
  private final Endpoint to;
  private final int total;
  private final int atOnce;
  private final CountDownLatch done;
  private final Map<Long, Question> open = new HashMap<>();
  private int begun;
  private @Nullable String trouble;

  private record Question(byte[] bytes, ByteArrayOutputStream answer) {}

  Questions(Endpoint to, int total, int atOnce) {
    this.to = to;
    this.total = total;
    this.atOnce = atOnce;
    done = new CountDownLatch(total);
  }

  /** The request of a connection. */
  static byte[] request(int number) {
    return ByteBuffer.allocate(BYTES).putInt(number).putInt(~number).putLong(number * 31L).array();
  }

  /** All have ended. */
  CountDownLatch done() {
    return done;
  }

  /** What went wrong first; null: nothing. */
  @Nullable String trouble() {
    return trouble;
  }

  /** Begins. With several at once a wave is opened when the one before has ended. */
  boolean dial(Context context) {
    if (open.isEmpty()) {
      for (int i = 0; i < atOnce && begun < total; i++) {
        long connection = context.connect(null, to, ConnectionProfile.NO_DELAY, this);
        if (connection < 0) {
          fail("connect: " + connection);
          begun++;
          done.countDown();
          continue;
        }
        open.put(connection, new Question(request(begun++), new ByteArrayOutputStream()));
      }
    }
    return true;
  }

  @Override
  public void onOpen(Context context, long connection) {
    byte[] bytes = question(connection).bytes;
    int frame = context.frame(BYTES);
    MemorySegment.copy(
        bytes, 0, context.memory(frame), ValueLayout.JAVA_BYTE, context.start(frame), BYTES);
    if (!context.send(connection, frame)) {
      fail("no memory");
    }
    context.release(frame);
  }

  @Override
  public void onData(Context context, long connection, MemorySegment memory, long at, int length) {
    Question question = question(connection);
    question.answer.writeBytes(memory.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE));
    if (question.answer.size() >= BYTES) {
      if (!Arrays.equals(question.answer.toByteArray(), Answers.answer(question.bytes))) {
        fail("another answer than expected");
      }
      if (!context.shutdown(connection)) {
        fail("no memory for a FIN");
      }
    }
  }

  @Override
  public void onClosed(Context context, long connection, CloseReason reason) {
    if (!(reason instanceof CloseReason.Closed)) {
      fail(reason.toString());
    }
    open.remove(connection);
    done.countDown();
    dial(context);
  }

  private Question question(long connection) {
    Question question = open.get(connection);
    if (question == null) {
      throw new IllegalStateException("a connection of nobody");
    }
    return question;
  }

  private void fail(String what) {
    trouble = trouble == null ? what : trouble;
  }
}
