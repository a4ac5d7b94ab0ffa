package wisp.lab.sim;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import wisp.core.stack.CloseReason;

/**
 * The books of one connection of a {@link Monkey}: what it sent, what it was told, and whether that
 * is what it may be told.
 */
final class Ledger {
  /** A stretch of the stream: a frame's contents follow from its serial number. */
  record Text(int serial, int length) {}

  private record Sent(int frame, int length) {}

  final long handle;
  final boolean active;
  final String path;
  final List<Text> stream = new ArrayList<>();
  private final ArrayDeque<Sent> unreleased = new ArrayDeque<>();
  private final List<String> faults;

  /** Who sends what we receive; known when both have opened. */
  @Nullable Ledger peer;

  boolean opened;
  boolean peerClosed;
  boolean shut;
  boolean closedFully;
  boolean paused;
  boolean threw;
  long sentBytes;
  long receivedBytes;
  private long acknowledgedBytes;
  private long releasedBytes;
  private int readText;
  private int readOffset;
  @Nullable CloseReason reason;

  /**
   * @param path addresses and ports, the same text on both sides
   */
  Ledger(long handle, boolean active, String path, List<String> faults) {
    this.handle = handle;
    this.active = active;
    this.path = path;
    this.faults = faults;
  }

  static byte at(int serial, int offset) {
    int x = (serial * 0x9E37_79B9 + (offset >>> 2)) * 0x85EB_CA6B;
    x ^= x >>> 15;
    return (byte) (x >>> (8 * (offset & 3)));
  }

  static void fill(MemorySegment memory, long start, int serial, int length) {
    for (int i = 0; i < length; i++) {
      memory.set(ValueLayout.JAVA_BYTE, start + i, at(serial, i));
    }
  }

  boolean isOver() {
    return reason != null;
  }

  boolean isAllAcknowledged() {
    return acknowledgedBytes == sentBytes;
  }

  void fault(String what) {
    faults.add(what + ": " + this);
  }

  private void heard(String what) {
    if (reason != null) {
      fault(what + " after onClosed");
    }
    if (!opened && !active) {
      fault(what + " before onOpen");
    }
  }

  void sent(int frame, int serial, int length) {
    stream.add(new Text(serial, length));
    unreleased.add(new Sent(frame, length));
    sentBytes += length;
    if (shut || closedFully) {
      fault("sent after shutdown");
    }
  }

  void onOpen() {
    if (opened || reason != null || receivedBytes > 0) {
      fault("onOpen is not the first call");
    }
    opened = true;
  }

  void onData(MemorySegment memory, long start, int length, boolean exact) {
    heard("onData");
    if (!opened || peerClosed || closedFully || length < 1) {
      fault("onData of " + length + " bytes");
    }
    Ledger from = peer;
    if (exact && from == null) {
      fault("onData from nobody");
    } else if (exact && from != null) {
      read(from, memory, start, length);
    }
    receivedBytes += length;
  }

  private void read(Ledger from, MemorySegment memory, long start, int length) {
    for (int i = 0; i < length; i++) {
      if (readText == from.stream.size()) {
        fault("byte " + (receivedBytes + i) + " was never sent");
        return;
      }
      Text text = from.stream.get(readText);
      if (memory.get(ValueLayout.JAVA_BYTE, start + i) != at(text.serial, readOffset)) {
        fault("byte " + (receivedBytes + i) + " is wrong");
        return;
      }
      if (++readOffset == text.length) {
        readOffset = 0;
        readText++;
      }
    }
  }

  void onAcknowledged(int bytes) {
    heard("onAcknowledged");
    acknowledgedBytes += bytes;
    if (bytes < 1 || acknowledgedBytes > sentBytes) {
      fault("onAcknowledged of " + bytes);
    }
  }

  void onReleased(int frame, int acknowledged) {
    heard("onReleased");
    Sent head = unreleased.poll();
    if (head == null || head.frame != frame || acknowledged < 0 || acknowledged > head.length) {
      fault("onReleased of " + frame + ", " + acknowledged + " bytes, for " + head);
    }
    releasedBytes += acknowledged;
  }

  void onWritable() {
    heard("onWritable");
  }

  void onUrgent() {
    heard("onUrgent");
  }

  void onPeerClosed() {
    heard("onPeerClosed");
    if (peerClosed || closedFully || !opened) {
      fault("onPeerClosed once too often");
    }
    peerClosed = true;
  }

  void onClosed(CloseReason why) {
    heard("onClosed");
    reason = why;
    if (!unreleased.isEmpty()) {
      fault("frames were not released: " + unreleased.size());
    }
    if (releasedBytes != acknowledgedBytes) {
      fault("released " + releasedBytes + ", acknowledged " + acknowledgedBytes);
    }
    if (why instanceof CloseReason.Closed && acknowledgedBytes != sentBytes) {
      fault("closed in order with unacknowledged text");
    }
  }

  /** What must hold between two ends that nobody disturbed. */
  void compareWithPeer() {
    Ledger from = peer;
    if (from == null) {
      return;
    }
    if (peerClosed && receivedBytes != from.sentBytes) {
      fault("the end came before all was received");
    }
    boolean readOn =
        reason instanceof CloseReason.Closed; // else a classic buffer may hold unread text
    if (readOn && from.reason instanceof CloseReason.Closed && receivedBytes != from.sentBytes) {
      fault("confirmed to the peer, but never delivered");
    }
  }

  @Override
  public String toString() {
    String state =
        (opened ? " opened" : "")
            + (peerClosed ? " peerClosed" : "")
            + (shut ? " shut" : "")
            + (closedFully ? " closed" : "")
            + (paused ? " paused" : "")
            + (threw ? " threw" : "");
    return (active ? "active " : "passive ")
        + Long.toHexString(handle)
        + " "
        + path
        + state
        + " sent "
        + sentBytes
        + " acknowledged "
        + acknowledgedBytes
        + " received "
        + receivedBytes
        + " of "
        + (peer == null ? "?" : peer.sentBytes)
        + " "
        + reason;
  }
}
