package wisp.drivers.rawip;

import java.nio.file.Path;
import wisp.drivers.Links;
import wisp.drivers.changes.ChangeFolder;

/** A process that opens a link, says so, and never closes it. */
public final class RawIpHolder {
  private RawIpHolder() {}

  /** The link and the folder of changes. */
  public static void main(String[] args) throws Exception {
    RawIpLink.open(
        RawIpConfig.of(Links.parse(args[0]).parameters()), new ChangeFolder(Path.of(args[1])));
    System.out.println("open");
    Thread.sleep(Long.MAX_VALUE);
  }
}
