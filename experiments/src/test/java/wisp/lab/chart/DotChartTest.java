package wisp.lab.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.jfree.chart.axis.LogAxis;
import org.jfree.data.xy.IntervalXYDataset;
import org.junit.jupiter.api.Test;

class DotChartTest {
  private static DotChart chart(List<Series> series) {
    return new DotChart(
        "Goodput",
        List.of("one wire"),
        List.of("loss", "clean"),
        "Mbit/s",
        SiFormat::count,
        series);
  }

  @Test
  void theAxisBeginsAtZeroAndMarkersOfOneConditionStandApart() {
    var points = List.of(new Series.Point(1, 90, 80, 95));
    var chart =
        chart(List.of(new Series("wisp", false, points), new Series("other", true, points)));

    var plot = chart.draw().getXYPlot();
    var data = (IntervalXYDataset) plot.getDataset();

    assertEquals(0, plot.getRangeAxis().getLowerBound());
    assertTrue(plot.getRangeAxis().getUpperBound() > 95);
    assertTrue(data.getXValue(0, 0) < data.getXValue(1, 0));
    assertEquals(80, data.getStartYValue(0, 0));
    assertEquals(95, data.getEndYValue(0, 0));
  }

  @Test
  void aLogarithmicAxisHoldsValuesThatLieOrdersOfMagnitudeApart() {
    var points = List.of(new Series.Point(0, 1, 0.03, 14), new Series.Point(1, 0.9, 0.8, 1.1));
    var chart =
        new DotChart(
            "Ratios",
            List.of("one wire"),
            List.of("loss", "clean"),
            "ratio",
            SiFormat::count,
            true,
            List.of(new Series("wisp", false, points)));

    var axis = chart.draw().getXYPlot().getRangeAxis();

    assertInstanceOf(LogAxis.class, axis);
    assertEquals(0.02, axis.getLowerBound(), 1e-9);
    assertEquals(20, axis.getUpperBound(), 1e-9);
  }

  @Test
  void twoOfTheKernelAreToldApartByTheirMarkersAndARemarkIsNoOther() {
    var styles =
        Style.of(List.of("Linux kernel cubic", "Linux kernel reno", "Linux kernel reno (earlier)"));

    assertNotEquals(styles.get("Linux kernel cubic"), styles.get("Linux kernel reno"));
    assertEquals(styles.get("Linux kernel reno"), styles.get("Linux kernel reno (earlier)"));
  }

  @Test
  void withoutPointsThereIsNothingToDraw() {
    assertTrue(chart(List.of(new Series("wisp", false, List.of()))).isEmpty());
  }
}
