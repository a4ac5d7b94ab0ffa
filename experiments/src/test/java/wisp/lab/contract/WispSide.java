package wisp.lab.contract;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Another stack of ours, in another process, where no kernel can be at the other end. */
final class WispSide implements FarSide {
  private final OurProcess process;

  WispSide(Path folder, String link, List<String> own) {
    process = new OurProcess(folder, link, 0, own);
    process.ask("open");
  }

  @Override
  public String send(String host, long bytes) {
    String[] end = process.ask("send " + host + " " + bytes).split(" ");
    return end[2].equals("Closed") ? end[0] : String.join(" ", end);
  }

  @Override
  public String receive(String host) {
    String[] end = process.ask("receive " + host).split(" ");
    return end[2].equals("Closed") ? end[1] : String.join(" ", end);
  }

  @Override
  public void ask(String host, int connections, int atOnce) {
    process.ask("ask " + host + " " + connections + " " + atOnce);
  }

  @Override
  public void hold(String host, int... ports) {
    String all = Arrays.stream(ports).mapToObj(String::valueOf).collect(Collectors.joining(" "));
    process.ask("hold " + host + " " + all);
  }

  @Override
  public String ended() {
    return process.ask("ended");
  }

  @Override
  public void close() {
    process.close();
  }
}
