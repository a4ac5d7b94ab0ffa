package wisp.core.ip.ndp;

import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.ip.Scope;
import wisp.core.link.EthernetOutput;
import wisp.core.wire.EthernetHeader;
import wisp.core.wire.HardwareAddress;
import wisp.core.wire.Icmpv6Header;
import wisp.core.wire.Ipv6Header;
import wisp.core.wire.MldReport;
import wisp.core.wire.NdpMessage;

/** Sends the messages of this package; one that finds the link full is lost. */
final class NdpOutput {
  private static final int LARGEST = NdpMessage.NEIGHBOUR_LENGTH + NdpMessage.LINK_OPTION_LENGTH;

  private final EthernetOutput ethernet;
  private final Counters counters;

  NdpOutput(EthernetOutput ethernet, Counters counters) {
    this.ethernet = ethernet;
    this.counters = counters;
  }

  long hardwareAddress() {
    return ethernet.hardwareAddress();
  }

  int mtu() {
    return ethernet.maxPacketBytes();
  }

  /** RFC 4861 §4.1; from the unspecified address without our station. */
  void routerSolicitation(long sourceHigh, long sourceLow) {
    if (begin(LARGEST)) {
      long at = ethernet.start() + Ipv6Header.LENGTH;
      long link = linkFor(sourceHigh, sourceLow);
      int bytes = NdpMessage.writeRouterSolicitation(ethernet.memory(), at, link);
      send(
          HardwareAddress.UNKNOWN,
          sourceHigh,
          sourceLow,
          Scope.LINK_GROUPS_HIGH,
          WellKnown.ALL_ROUTERS_LOW,
          bytes);
    }
  }

  /**
   * RFC 4861 §4.3; from the unspecified address it asks whether an address is free.
   *
   * @param hardware the station to be asked, or UNKNOWN for whom it may concern
   */
  void neighbourSolicitation(
      long sourceHigh, long sourceLow, long targetHigh, long targetLow, long hardware) {
    if (begin(LARGEST)) {
      long at = ethernet.start() + Ipv6Header.LENGTH;
      long link = linkFor(sourceHigh, sourceLow);
      int bytes =
          NdpMessage.writeNeighbourSolicitation(ethernet.memory(), at, targetHigh, targetLow, link);
      boolean all = hardware == HardwareAddress.UNKNOWN;
      send(
          hardware,
          sourceHigh,
          sourceLow,
          all ? Scope.LINK_GROUPS_HIGH : targetHigh,
          all ? Scope.solicitedNodeLow(targetLow) : targetLow,
          bytes);
      counters.add(Event.NEIGHBOUR_SOLICITATIONS);
    }
  }

  /**
   * RFC 4861 §4.4: tells our station for an address of ours.
   *
   * @param hardware of who asked, or UNKNOWN when everybody is to know
   */
  void neighbourAdvertisement(
      long targetHigh,
      long targetLow,
      long destinationHigh,
      long destinationLow,
      long hardware,
      int flags) {
    if (begin(LARGEST)) {
      long at = ethernet.start() + Ipv6Header.LENGTH;
      int bytes =
          NdpMessage.writeNeighbourAdvertisement(
              ethernet.memory(), at, flags, targetHigh, targetLow, ethernet.hardwareAddress());
      send(hardware, targetHigh, targetLow, destinationHigh, destinationLow, bytes);
      counters.add(Event.NEIGHBOUR_ADVERTISEMENTS);
    }
  }

  private long linkFor(long sourceHigh, long sourceLow) {
    return WellKnown.isUnspecified(sourceHigh, sourceLow)
        ? HardwareAddress.UNKNOWN
        : ethernet.hardwareAddress();
  }

  private boolean begin(int messageBytes) {
    return ethernet.begin(Ipv6Header.LENGTH + messageBytes);
  }

  private void send(
      long hardware,
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow,
      int messageBytes) {
    send(
        hardware,
        sourceHigh,
        sourceLow,
        destinationHigh,
        destinationLow,
        /* extensionBytes= */ 0,
        messageBytes);
  }

  private void send(
      long hardware,
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow,
      int extensionBytes,
      int messageBytes) {
    var memory = ethernet.memory();
    long start = ethernet.start();
    Icmpv6Header.completeChecksum(
        memory,
        start + Ipv6Header.LENGTH + extensionBytes,
        messageBytes,
        sourceHigh,
        sourceLow,
        destinationHigh,
        destinationLow);
    boolean mld = extensionBytes > 0;
    int payload = extensionBytes + messageBytes;
    Ipv6Header.write(
        memory,
        start,
        payload,
        mld ? MldReport.ROUTER_ALERT_NEXT_HEADER : Ipv6Header.PROTOCOL_ICMPV6,
        sourceHigh,
        sourceLow,
        destinationHigh,
        destinationLow,
        mld ? MldReport.HOP_LIMIT : NdpMessage.HOP_LIMIT,
        0,
        0);
    long destination =
        hardware == HardwareAddress.UNKNOWN
            ? HardwareAddress.ofMulticast(destinationHigh, destinationLow)
            : hardware;
    ethernet.send(destination, EthernetHeader.TYPE_IPV6, Ipv6Header.LENGTH + payload);
  }

  /** Claims room for a report (RFC 3810 §5.2), whose records are then written. */
  boolean beginReport(int records) {
    if (!begin(MldReport.ROUTER_ALERT_LENGTH + MldReport.reportLength(records))) {
      return false;
    }
    long alert = ethernet.start() + Ipv6Header.LENGTH;
    MldReport.writeRouterAlert(ethernet.memory(), alert, Ipv6Header.PROTOCOL_ICMPV6);
    MldReport.writeReport(ethernet.memory(), alert + MldReport.ROUTER_ALERT_LENGTH, records);
    return true;
  }

  /** Writes record number {@code i}. */
  void record(int i, int recordType, long groupHigh, long groupLow) {
    long report = ethernet.start() + Ipv6Header.LENGTH + MldReport.ROUTER_ALERT_LENGTH;
    MldReport.writeRecord(ethernet.memory(), report, i, recordType, groupHigh, groupLow);
  }

  /** Sends the report to all routers that listen for such. */
  void sendReport(long sourceHigh, long sourceLow, int records) {
    send(
        HardwareAddress.UNKNOWN,
        sourceHigh,
        sourceLow,
        Scope.LINK_GROUPS_HIGH,
        WellKnown.MLD_ROUTERS_LOW,
        MldReport.ROUTER_ALERT_LENGTH,
        MldReport.reportLength(records));
  }
}
