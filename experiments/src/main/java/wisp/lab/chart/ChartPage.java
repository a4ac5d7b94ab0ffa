package wisp.lab.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.List;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.block.BlockBorder;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.HorizontalAlignment;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;

/** What all charts have in common: fonts, colours, title and legend. */
final class ChartPage {
  static final String FONT = "DejaVu Sans";
  static final Color TEXT = new Color(0x22, 0x22, 0x22);
  private static final Color GREY = new Color(0x66, 0x66, 0x66);
  private static final Color AXIS = new Color(0x88, 0x88, 0x88);
  private static final Color GRID = new Color(0xDD, 0xDD, 0xDD);
  private static final BasicStroke GRID_LINE = new BasicStroke(0.6f);

  private ChartPage() {}

  /** A plot with its title and the lines below it. */
  static JFreeChart of(String title, List<String> subtitle, XYPlot plot) {
    style(plot);
    return page(title, subtitle, plot);
  }

  private static void style(XYPlot plot) {
    plot.setBackgroundPaint(Color.WHITE);
    plot.setOutlineVisible(false);
    plot.setAxisOffset(RectangleInsets.ZERO_INSETS);
    plot.setDomainGridlinesVisible(true);
    plot.setDomainGridlinePaint(GRID);
    plot.setDomainGridlineStroke(GRID_LINE);
    plot.setRangeGridlinePaint(GRID);
    plot.setRangeGridlineStroke(GRID_LINE);
    for (ValueAxis axis : List.of(plot.getDomainAxis(), plot.getRangeAxis())) {
      axis.setAxisLinePaint(AXIS);
      axis.setTickMarkPaint(AXIS);
      axis.setTickLabelFont(new Font(FONT, Font.PLAIN, 11));
      axis.setTickLabelPaint(TEXT);
      axis.setLabelFont(new Font(FONT, Font.PLAIN, 13));
      axis.setLabelPaint(TEXT);
    }
  }

  private static JFreeChart page(String title, List<String> subtitle, XYPlot plot) {
    var chart = new JFreeChart(title, new Font(FONT, Font.BOLD, 15), plot, false);
    chart.setBackgroundPaint(Color.WHITE);
    chart.setAntiAlias(true);
    chart.setPadding(new RectangleInsets(14, 14, 10, 14));
    chart.getTitle().setPaint(TEXT);
    chart.getTitle().setHorizontalAlignment(HorizontalAlignment.LEFT);
    chart.getTitle().setPadding(new RectangleInsets(0, 2, 2, 0));
    for (int i = 0; i < subtitle.size(); i++) {
      var line = new TextTitle(subtitle.get(i), new Font(FONT, Font.PLAIN, 11));
      line.setPaint(GREY);
      line.setHorizontalAlignment(HorizontalAlignment.LEFT);
      line.setTextAlignment(HorizontalAlignment.LEFT);
      line.setPadding(new RectangleInsets(1, 2, i == subtitle.size() - 1 ? 12 : 0, 0));
      chart.addSubtitle(line);
    }
    var legend = new LegendTitle(plot);
    legend.setPosition(RectangleEdge.BOTTOM);
    legend.setHorizontalAlignment(HorizontalAlignment.LEFT);
    legend.setFrame(BlockBorder.NONE);
    legend.setBackgroundPaint(Color.WHITE);
    legend.setItemFont(new Font(FONT, Font.PLAIN, 12));
    legend.setItemPaint(TEXT);
    legend.setItemLabelPadding(new RectangleInsets(3, 4, 3, 14));
    chart.addLegend(legend);
    return chart;
  }
}
