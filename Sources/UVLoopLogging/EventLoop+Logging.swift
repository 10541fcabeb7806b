import UVLoop

#if Logging
import Logging

extension EventLoop {
    /// Writes to a logger of swift-log what the loop has to report: errors that callbacks and
    /// handlers throw, failing accepts, in debug mode slow callbacks and handles left open.
    ///
    /// ```swift
    /// loop.log(to: Logger(label: "server"))
    /// ```
    ///
    /// Takes the place of the ``UVLoop/EventLoop/exceptionHandler``, which it sets; nil there ends
    /// it. On the loop's thread only.
    ///
    /// What is about an error has the level `error`, and has the error; the rest has `warning`.
    /// Where it happened is in the metadata, see ``LogMetadata``. What the thread that watches a
    /// blocked loop has to say still goes to standard error.
    ///
    /// - Parameters:
    ///   - logger: called on the loop's thread; a handler that waits for a disk holds up the loop.
    ///   - metadata: added to each line, to tell this loop from others.
    public nonisolated func log(to logger: Logger, metadata: Logger.Metadata = [:]) {
        exceptionHandler = { report in
            var metadata = metadata
            metadata[LogMetadata.source] = "\(report.source)"
            if let error = report.error { metadata[LogMetadata.error] = "\(error)" }
            logger.log(
                level: report.error == nil ? .warning : .error, "\(report.message)",
                error: report.error, metadata: metadata, source: "UVLoop")
        }
    }
}

extension EventLoopGroup {
    /// ``UVLoop/EventLoop/log(to:metadata:)`` for each loop of the group, with its number in the
    /// metadata.
    ///
    /// - Throws: `EventLoopError.closed` after the group's end.
    public func log(to logger: Logger) async throws {
        for (number, loop) in loops.enumerated() {
            try await loop.perform { loop in
                loop.log(to: logger, metadata: [LogMetadata.loop: "\(number)"])
            }
        }
    }
}

/// The keys of the metadata that `log(to:)` adds to a line.
public enum LogMetadata {
    /// Which of the user's code it was: `timer callback`, `dataReceived`.
    public static let source = "uvloop.source"
    /// What was thrown, as text.
    public static let error = "uvloop.error"
    /// The number of the loop in its group.
    public static let loop = "uvloop.loop"
}

#else
extension EventLoop {
    /// Needs the trait `Logging`.
    @available(
        *, unavailable, message: "enable UVLoop's trait: .package(…, traits: [\"Logging\"])"
    )
    public nonisolated func log(to logger: Any) {}
}
#endif
