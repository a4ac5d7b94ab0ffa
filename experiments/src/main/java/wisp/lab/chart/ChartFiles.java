package wisp.lab.chart;

import java.awt.Rectangle;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jfree.chart.ChartUtils;
import org.jfree.chart.JFreeChart;
import org.jfree.svg.SVGGraphics2D;
import org.jfree.svg.SVGHints;
import org.jfree.svg.ViewBox;

/**
 * Writes a chart as SVG and, at twice the resolution, as PNG. The same data gives the same bytes.
 */
public final class ChartFiles {
  private static final int WIDTH = 860;
  private static final int HEIGHT = 560;

  private ChartFiles() {}

  /** {@code folder/name.svg} and {@code folder/name.png}. */
  public static void write(JFreeChart chart, Path folder, String name) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve(name + ".svg"), svg(chart, name) + "\n");
    try (var out = new BufferedOutputStream(Files.newOutputStream(folder.resolve(name + ".png")))) {
      ChartUtils.writeScaledChartAsPNG(out, chart, WIDTH, HEIGHT, 2, 2);
    }
  }

  /**
   * As an {@code <svg>} element that grows with its page; {@code name} keeps its ids apart from
   * those of others there.
   */
  static String svg(JFreeChart chart, String name) {
    var graphics = new SVGGraphics2D(WIDTH, HEIGHT);
    graphics.setDefsKeyPrefix(name.replaceAll("[^A-Za-z0-9]", "_"));
    graphics.setRenderingHint(SVGHints.KEY_ELEMENT_ID, name);
    chart.draw(graphics, new Rectangle(WIDTH, HEIGHT));
    return graphics.getSVGElement(null, true, new ViewBox(0, 0, WIDTH, HEIGHT), null, null);
  }
}
