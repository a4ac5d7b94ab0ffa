package wisp.lab.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.lab.Main;
import wisp.lab.kernel.KernelHost;
import wisp.lab.results.RunFolder;

@DisplayName("The command: one line an error, 2 for usage, 1 for failure")
class MainTest {
  @TempDir Path folder;

  private final StringWriter errors = new StringWriter();

  private int run(String... arguments) {
    return Main.commandLine().setErr(new PrintWriter(errors, true)).execute(arguments);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "rnu                                   | did you mean run?",
        "run memry                             | did you mean memory? (known: memory, goodput,"
            + " fairness, pauses, scarcity, trouble, matrix",
        "run --strategies slba                 | did you mean slab? (known: heap, pool, slab,"
            + " persocket",
        "run --links tnu                       | did you mean tun?",
        "run --links tun                       | suite memory runs on the in-memory link only",
        "run broadcast --links tun             | over tun run"
            + " experiments/scripts/broadcast_kernel.sh",
        "run --connections 1x                  | '1x' is not a whole number",
        "run --connections 0                   | --connections 0 is outside 1",
        "run --repeat 0                        | --repeat 0 is less than 1",
        "run --peers ghost                     | --peers is phantom or real, not 'ghost'",
        "run --param slab.blokc=1              | slab has no parameter 'blokc'",
        "run --param slab.slab=foo             | slab=foo is not a whole number",
        "run --param pool.frames=0             | frames=0 is outside",
        "run --param block=1                   | write it like slab.block=",
        "run --param slba.block=1              | did you mean slab?",
        "run --param memory.block=1            | memory has no parameter 'block'",
        "run --param memory.timestamps=maybe   | is none of on, off, both",
        "run --resume                          | --resume needs --out",
        "run --resume --out x                  | suite memory can't --resume",
        "run --connectoins 1k                  | did you mean --connections?",
        "doctor --link tnu                     | did you mean tun?",
        "doctor --link tun:wa,mtu=1            | mtu=1 is outside",
        "doctor --link tun+shaped:rtt=soon     | 'soon' is not a time",
        "doctor --link rawip:eth0              | rawip needs to know the stack's addresses",
        "serve                                 | SERVICE",
        "serve ehco --own 10.9.1.0/24          | did you mean echo?",
        "serve echo                            | --own is missing",
        "serve echo --own 10.9.1.0/33          | prefix length 33",
        "serve echo --own 10.9.1.1/24          | did you mean 10.9.1.0/24?",
        "serve echo --own 10.9.1.0/24 --peer-share 0 | a share of 0.0 is outside 0",
        "serve echo --own 10.9.1.0/24 --peer-share 2 | did you mean 2%?",
        "serve echo --own 10.9.1.0/24 --peer-connections 0 | a peer's limit is below 1",
        "run scarcity --param scarcity.pools=x | pools=x is not like 8Ki+64Ki",
        "run scarcity --param scarcity.path=x  | is not parameter=value",
        "run trouble --param trouble.connections=1 | connections=1 is outside 2",
        "serve echo --own 10.9.1.0/24 --port 0 | ports must lie in 1",
        "serve echo --link inmemory            | nobody else can reach an in-memory link",
        "serve echo --own 10.9.1.0/24 --link tnu | did you mean tun?",
        "serve echo --own 10.9.1.0/24 --memory x | no memory strategy 'x'",
        "serve echo --own 10.9.1.0/24 --congestion cubik     | did you mean cubic?",
        "serve echo --own 10.9.1.0/24 --keep-alive 60        | '60' is not a time like 20ms",
        "serve echo --own 10.9.1.0/24 --keep-alive 60s/1s/x  | is not like 60s/10s/3",
        "serve echo --own 10.9.1.0/24 --keep-alive 60s/1s/1  | 1 keep-alive probes are outside",
        "serve echo --own 10.9.1.0/24 --user-timeout 0       | --user-timeout 0 is no time",
        "load                                  | --to is missing",
        "load --to 10.9.0.1                    | is not like 10.9.0.1:5000",
        "load --connections 0                  | --connections 0 is outside",
        "wire --a tun --b tun --too-big         | needs --mtu",
        "wire --a tun --b tun --mtu 60          | mtu 60 is outside",
        "wire --a tun --b tun --path delay=1    | '1' is not a time like 20ms",
        "wire --a tun --b tun --trace-up /none  | there is no trace /none",
        "wire --a tun+shapd:rtt=1ms --b tun     | there is no wrapper 'shapd'",
        "serve echo --own 10.9.1.0/24 --link tun+shaped:loss=1% | shaped has no parameter 'loss'",
        "report                                | DIR",
      })
  void wrongUsage(String arguments, String expected) {
    int code = run(arguments.split(" +"));
    String error = errors.toString().strip();
    assertTrue(error.contains(expected), error);
    assertEquals(1, error.lines().count(), error);
    assertTrue(error.startsWith("wisp: "), error);
    assertEquals(2, code);
  }

  @Test
  @Timeout(60)
  void whenTheDeviceGoesWhileServing() throws Exception {
    String reason = KernelHost.unavailable();
    assumeTrue(reason == null, reason);
    try (var host = new KernelHost()) {
      host.veth("ours", "theirs", "10.9.0.1/16");
      String link = "afpacket:ours,netns=" + host.name();
      var code =
          CompletableFuture.supplyAsync(
              () -> run("serve", "echo", "--port", "7", "--own", "10.9.1.0/24", "--link", link));
      while (!host.run("ip", "-d", "link", "show", "ours").contains("promiscuity 1")) {
        Thread.sleep(10);
      }
      host.connect(new InetSocketAddress("10.9.1.1", 7)).close(); // it serves
      host.run("ip", "link", "del", "ours");
      assertEquals(1, code.get(30, TimeUnit.SECONDS));
      assertEquals(
          "wisp: afpacket:ours is gone: the interface or its network namespace was deleted",
          errors.toString().strip());
    }
  }

  @Test
  void failure() {
    assertEquals(1, run("report", folder.toString()));
    assertEquals(
        "wisp: " + folder + " is not a run: it has no data.csv", errors.toString().strip());
  }

  @ParameterizedTest
  @CsvSource({
    "--help",
    "list",
    "doctor",
    "'doctor --link rawip:nosuch,own=192.0.2.0/24'",
    "run --help",
    "serve --help",
    "load --help",
    "wire --help",
    "bench --help",
    "help run",
    "bench ReceivePath -f 1 -lp",
    "bench SendPath -f 1 -lp"
  })
  void whatOnlyTells(String arguments) {
    assertEquals(0, run(arguments.split(" ")));
    assertEquals("", errors.toString());
  }

  @Test
  @DisplayName("run leaves data, configuration, charts and a page, and report draws them again")
  void runLeavesAFolder() throws IOException {
    Path out = folder.resolve("run");
    assertEquals(
        0,
        run(
            "run",
            "--strategies",
            "heap,slab",
            "--connections",
            "500,1k",
            "--no-kernel",
            "--out",
            out.toString()),
        errors.toString());
    var rows = RunFolder.open(out).rows();
    assertTrue(
        rows.stream()
            .anyMatch(
                row ->
                    row.strategy().equals("slab")
                        && row.connections() == 1000
                        && row.metric().equals("bytes_per_connection")
                        && row.value() > 20));
    assertEquals(
        1000,
        rows.stream()
            .filter(row -> row.strategy().equals("slab") && row.connections() == 1000)
            .filter(row -> row.metric().equals("ack_packets"))
            .findFirst()
            .orElseThrow()
            .value());
    assertEquals("memory", RunFolder.open(out).info().get("suite"));
    for (String file :
        new String[] {"bytes-per-connection.svg", "bytes-per-connection.png", "total-memory.svg"}) {
      assertTrue(Files.size(out.resolve("charts").resolve(file)) > 5_000, file);
    }
    String page = Files.readString(out.resolve("report.html"));
    assertTrue(page.contains("<svg") && page.contains("recorded") && page.contains("--no-kernel"));
    Files.delete(out.resolve("report.html"));
    assertEquals(0, run("report", out.toString()));
    assertEquals(page, Files.readString(out.resolve("report.html")));
    assertTrue(Files.size(out.resolve("captures/slab.pcap")) > 10_000);
  }
}
