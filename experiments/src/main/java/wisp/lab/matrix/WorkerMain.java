package wisp.lab.matrix;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.LinkedBlockingQueue;
import wisp.lab.results.Json;

/**
 * Hears of cells, one a line: the seed and the cell; answers each with a line, the trial. Ends when
 * nobody is there any more to tell it of another, even in the midst of one.
 */
final class WorkerMain {
  private WorkerMain() {}

  /** Expects no arguments. */
  public static void main(String[] args) throws InterruptedException {
    var lines = new LinkedBlockingQueue<String>();
    Thread.ofPlatform().daemon().name("parent watch").start(() -> hear(lines));
    while (true) {
      String line = lines.take();
      int blank = line.indexOf(' ');
      Cell cell = Cell.parse(line.substring(blank + 1));
      long seed = Long.parseLong(line, 0, blank, 10);
      System.out.println(Json.line(Trial.run(cell, seed).toJson()));
    }
  }

  private static void hear(LinkedBlockingQueue<String> lines) {
    try {
      var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        lines.add(line);
      }
    } catch (IOException e) {
      // as good as the end
    }
    System.exit(0); // with hooks: they remove the namespaces
  }
}
