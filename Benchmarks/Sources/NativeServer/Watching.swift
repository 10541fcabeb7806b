/// Where a system says that a connection's socket is ready; one of the two that Swift brings.
protocol Watching: AnyObject {
    func pauseReading()
    func resumeReading()
    func startWriting()
    func stopWriting()
    /// Ends the watching, and closes the descriptor when nobody looks at it any more.
    func close()
}

/// What turns, and what it watches.
protocol Platform {
    /// Calls the connection's `socketIsReadable` and `socketIsWritable` from now on, and keeps it
    /// until it is closed.
    func watch(_ connection: Connection) -> any Watching
    /// Calls the body for each connection that may be accepted.
    func watchListener(_ descriptor: Int32, _ body: @escaping () -> Void)
    /// Turns until a signal has come, and calls the body then, with everything still in place.
    func runUntilSignal(_ end: @escaping () -> Void)
}
