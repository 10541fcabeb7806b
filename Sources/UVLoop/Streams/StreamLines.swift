/// The lines of a stream, as they come; see ``SocketStream/lines``.
public struct StreamLines: AsyncSequence, Sendable {
    /// A line, without its end.
    public typealias Element = String

    let stream: SocketStream
    let limit: Int

    /// Receives a line after the other until the end of the stream.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let stream: SocketStream
        let limit: Int

        /// The next line; nil at the end. Throws as ``SocketStream/receiveLine(limit:timeout:)``.
        public mutating func next() async throws -> String? {
            try await stream.receiveLine(limit: limit)
        }

        /// The same, where the caller is.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> String? {
            try await stream.receiveLine(limit: limit)
        }
    }

    /// Begins where the last receive has ended.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(stream: stream, limit: limit)
    }
}

extension SocketStream {
    /// The lines of the stream, without their ends, of at most 65,536 bytes each.
    ///
    /// ```swift
    /// for try await line in stream.lines { print(line) }
    /// ```
    public var lines: StreamLines { lines(limit: 65_536) }

    /// The lines of the stream, without their ends.
    ///
    /// - Parameter limit: the most bytes of a line, its end included. A longer one throws
    ///   ``StreamError/tooLong(limit:)``, and its bytes stay to be received.
    public func lines(limit: Int) -> StreamLines { StreamLines(stream: self, limit: limit) }

    /// Receives a line without its end, which is `\n` or `\r\n`; nil at the end of the stream. What
    /// comes after the last line's end counts as a line, too. Bytes that are not UTF-8 are replaced
    /// by U+FFFD.
    ///
    /// - Throws: as ``receive(until:limit:timeout:)``, but for
    ///   ``StreamError/incomplete(available:)``.
    public nonisolated(nonsending) func receiveLine(
        limit: Int = 65_536, timeout: Duration? = nil
    ) async throws -> String? {
        do {
            let line = try await receive(until: "\n", limit: limit, timeout: timeout)
            return line.map { Self.text($0.dropLast($0.suffix(2) == [13, 10] ? 2 : 1)) }
        } catch StreamError.incomplete(let available) {
            return try await receive(exactly: available).map { Self.text($0[...]) }
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
