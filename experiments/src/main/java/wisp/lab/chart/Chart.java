package wisp.lab.chart;

import org.jfree.chart.JFreeChart;

/** A picture of results. */
public interface Chart {
  /** What it shows. */
  String title();

  /** Whether there is anything to draw. */
  boolean isEmpty();

  /** The picture. */
  JFreeChart draw();
}
