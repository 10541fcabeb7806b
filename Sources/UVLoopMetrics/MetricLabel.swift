/// The names of the metrics that `reportMetrics` reports.
public enum MetricLabel {
    /// Counter: how many callbacks and jobs of tasks the loop has run.
    public static let callbacks = "uvloop_callbacks"
    /// Counter: how many turns it has made.
    public static let turns = "uvloop_turns"
    /// Gauge: how many callbacks and jobs wait for the next turn.
    public static let waitingCallbacks = "uvloop_waiting_callbacks"
    /// Gauge: how many timers and sleeping tasks wait.
    public static let waitingTimers = "uvloop_waiting_timers"
    /// Gauge: how many of libuv's handles are at work, such as connections and servers.
    public static let handles = "uvloop_handles"
    /// Gauge: how many requests are under way.
    public static let requests = "uvloop_requests"
    /// Gauge: which part of the time since the last report the loop was at work, between 0 and 1.
    /// Near 1 it has more to do than one thread can. Always 1 on a loop that another one drives,
    /// as a run loop drives the installed one: it does not sleep itself.
    public static let load = "uvloop_load"
    /// Timer: how late the loop came to make the report. What everything else on the loop has to
    /// wait for as well: the first sign of callbacks that take too long.
    public static let lag = "uvloop_lag"
    /// Timer: how long the loop was at work in its last whole turn, as it measures itself: so long
    /// an event had to wait that came at the wrong moment. `LoopMetrics.lag`.
    public static let turnLag = "uvloop_turn_lag"
    /// Gauge: the longest such turn since measuring began, in seconds. `LoopMetrics.longestLag`.
    public static let longestLag = "uvloop_longest_lag"

    /// All of them.
    public static let all = [
        callbacks, turns, waitingCallbacks, waitingTimers, handles, requests, load, lag, turnLag,
        longestLag,
    ]
}
