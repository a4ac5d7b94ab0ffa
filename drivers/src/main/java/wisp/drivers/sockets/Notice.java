package wisp.drivers.sockets;

/**
 * What a socket's error queue tells of what was written, by Linux's numbers.
 *
 * @param origin {@link #ZERO_COPY} or {@link #SEND_TIME}
 * @param code of {@link #ZERO_COPY}: {@link #COPIED}
 * @param info of {@link #ZERO_COPY}: the first write that it tells of, counted from 0; of {@link
 *     #SEND_TIME}: {@link #LEFT_SOCKET}, {@link #LEFT_HOST} or {@link #CONFIRMED}
 * @param data the last write; or the number of the byte that the time is of
 * @param atNanos when; of {@link #ZERO_COPY} 0
 */
public record Notice(int origin, int code, int info, int data, long atNanos) {
  /** The memory of writes is free again. */
  public static final int ZERO_COPY = 5;

  /** A byte got somewhere. */
  public static final int SEND_TIME = 4;

  /** The bytes were copied all the same: the caller's memory was free at once. */
  public static final int COPIED = 1;

  public static final int LEFT_HOST = 0;
  public static final int LEFT_SOCKET = 1;
  public static final int CONFIRMED = 2;

  /** The error number of it: send times have ENOMSG. */
  public int errno() {
    return origin == SEND_TIME ? Errno.ENOMSG : 0;
  }
}
