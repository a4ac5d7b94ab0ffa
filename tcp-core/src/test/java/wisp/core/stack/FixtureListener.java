package wisp.core.stack;

import java.lang.foreign.MemorySegment;

/** Finds the fixture whose connection it is: a listener serves them all. */
record FixtureListener(FixtureHost host) implements ConnectionHandler {
  private FixtureHandler of(Context c, long handle) {
    TcpFixture known = host.byHandle.get(handle);
    if (known == null || known.reason != null) {
      Endpoint remote = c.remote(handle);
      for (TcpFixture f : host.fixtures) {
        if (remote != null && f.remotePort == remote.port()) {
          known = f;
        }
      }
      host.byHandle.put(handle, known);
    }
    return new FixtureHandler(known);
  }

  /** What is sent on it a test sends. */
  @Override
  public boolean maySpeakFirst() {
    return false;
  }

  @Override
  public void onOpen(Context c, long handle) {
    TcpFixture stale = host.byHandle.get(handle);
    if (stale != null) {
      stale.reason = null;
    }
    of(c, handle).onOpen(c, handle);
  }

  @Override
  public void onData(Context c, long handle, MemorySegment m, long offset, int length) {
    of(c, handle).onData(c, handle, m, offset, length);
  }

  @Override
  public void onAcknowledged(Context c, long handle, int bytes) {
    of(c, handle).onAcknowledged(c, handle, bytes);
  }

  @Override
  public void onReleased(Context c, long handle, int frame, int acknowledged) {
    of(c, handle).onReleased(c, handle, frame, acknowledged);
  }

  @Override
  public void onWritable(Context c, long handle) {
    of(c, handle).onWritable(c, handle);
  }

  @Override
  public void onUrgent(Context c, long handle, int bytesAhead) {
    of(c, handle).onUrgent(c, handle, bytesAhead);
  }

  @Override
  public void onPeerClosed(Context c, long handle) {
    of(c, handle).onPeerClosed(c, handle);
  }

  @Override
  public void onUnreachable(Context c, long handle, int type, int code) {
    of(c, handle).onUnreachable(c, handle, type, code);
  }

  @Override
  public void onTrouble(Context c, long handle, int resends) {
    of(c, handle).onTrouble(c, handle, resends);
  }

  @Override
  public void onClosed(Context c, long handle, CloseReason why) {
    of(c, handle).onClosed(c, handle, why);
  }
}
