package wisp.lab.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import wisp.core.spi.LinkProvider;
import wisp.drivers.Links;
import wisp.drivers.changes.ChangeFolder;
import wisp.lab.chart.SiFormat;
import wisp.lab.kernel.KernelBaseline;
import wisp.lab.measure.Machine;
import wisp.lab.suite.Catalog;

/**
 * Looks at the machine: what runs here, and for what does not, the one command that would make it
 * so.
 */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description =
        "Checks what this machine can run; for the rest says which command would make it so.")
public final class DoctorCommand implements Runnable {
  private static final long MILLION_POINT_BYTES = 2L << 30;
  private static final int NEWEST_NEEDED = 25;

  @Option(
      names = "--link",
      paramLabel = "LINK",
      description =
          "look at this one, such as rawip:eth0,own=192.0.2.7; may be given more than once")
  private List<String> links = List.of();

  @Option(
      names = "--clean",
      description = "undo what programs that were killed have left changed on this machine")
  private boolean clean;

  @Override
  public void run() {
    List<Runnable> asked = links.stream().map(DoctorCommand::look).toList();
    check(
        "JDK",
        Runtime.version().toString(),
        Runtime.version().feature() >= NEWEST_NEEDED
            ? null
            : "needs 25 or later: apt install openjdk-25-jdk-headless (Debian 13)");
    check(
        "kernel",
        Machine.kernel(),
        System.getProperty("os.name").equals("Linux")
            ? null
            : "links other than inmemory need Linux");
    check("processor", Machine.cores() + " cores", null);
    check(
        "memory",
        SiFormat.bytes((double) Machine.availableBytes())
            + " free of "
            + SiFormat.bytes((double) Machine.memoryBytes()),
        Machine.availableBytes() > MILLION_POINT_BYTES
            ? null
            : "a million connections of every strategy need 2 GB; use --connections 1k,10k,100k");
    check(
        "load",
        String.valueOf(Machine.load().get("average_1m")),
        Machine.isNoisy(Machine.load())
            ? "the machine is busy: rates measured now say little"
            : null);
    check(
        "root",
        Machine.isRoot() ? "yes" : "no",
        Machine.isRoot() ? null : "TUN devices and the kernel's cost need it: sudo ./wisp …");
    check(
        "/dev/net/tun",
        Files.exists(Path.of("/dev/net/tun")) ? "there" : "not there",
        Files.exists(Path.of("/dev/net/tun")) ? null : "modprobe tun");
    program("ip", "network namespaces: apt install iproute2");
    program("tshark", "reading captures in tests: apt install tshark");
    program("curl", "tests of wisp serve http: apt install curl");
    program("git", "the commit in run.json: apt install git");
    check(
        "fonts",
        fonts() ? "there" : "none",
        fonts() ? null : "charts need one: apt install fontconfig fonts-dejavu-core");
    check(
        "kernel baseline",
        KernelBaseline.unavailable() == null ? "can be measured" : "recorded figure only",
        KernelBaseline.unavailable());
    for (LinkProvider link : Catalog.links()) {
      link(link.name(), link.unavailable());
    }
    asked.forEach(Runnable::run);
    leftovers();
  }

  /** What to say of a link; wrong usage is found at once, before anything is said. */
  private static Runnable look(String text) {
    Links.Spec spec = Links.parse(text);
    Links.checkWrappers(spec);
    String reason = Catalog.link(spec.provider()).unavailable(spec.parameters());
    return () -> link(text, reason);
  }

  private static void link(String name, @Nullable String reason) {
    check("link " + name, reason == null ? "usable" : "not usable", reason);
  }

  /** What killed programs have changed; the next link that changes something undoes it as well. */
  private void leftovers() {
    var folder = ChangeFolder.standard();
    List<ChangeFolder.Leftover> all = clean ? folder.cleanUp() : folder.leftovers();
    if (all.isEmpty()) {
      check("left behind", "nothing", null);
    }
    for (ChangeFolder.Leftover leftover : all) {
      check(
          "left behind",
          leftover.toString(),
          clean ? "it could not be undone" : "or all of it with: ./wisp doctor --clean");
    }
  }

  private static void program(String name, String remedy) {
    boolean there = Machine.hasProgram(name);
    check(name, there ? "there" : "not there", there ? null : remedy);
  }

  private static boolean fonts() {
    return (Files.isDirectory(Path.of("/usr/share/fonts")) && Machine.hasProgram("fc-list"))
        || System.getProperty("os.name").startsWith("Mac");
  }

  private static void check(String what, String found, @Nullable String remedy) {
    System.out.printf(
        Locale.ROOT,
        "%-4s %-16s %s%s%n",
        remedy == null ? "ok" : "--",
        what,
        found,
        remedy == null ? "" : "; " + remedy);
  }
}
