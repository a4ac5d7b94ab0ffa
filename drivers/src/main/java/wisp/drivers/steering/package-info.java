/**
 * Several contexts on one device, each with a link of its own and a thread of its own, nothing
 * shared but rings with one writer and one reader. {@link wisp.drivers.steering.FlowNumber} says
 * whose a packet is, {@link wisp.drivers.steering.Steering} sees to it that it gets there: whatever
 * queue of the device it came in by, or if the device has but one. Read in that order.
 */
@NullMarked
package wisp.drivers.steering;

import org.jspecify.annotations.NullMarked;
